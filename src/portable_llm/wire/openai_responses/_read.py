"""A stored Responses request → a portable one: the way back of `build_request`.

What has no portable field goes into `extra` and comes out again unchanged; what has no place at all gets an entry.
Opaque state is read without an origin, since a stored request does not say who made it: set it, or it is not replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from portable_llm._adaptation import Adaptation
from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue
from portable_llm._messages import Message, TextPart
from portable_llm._request import CacheHint, Effort, NamedTool, Output, Reasoning, Request, Sampling, Tool, ToolChoice
from portable_llm.wire._fields import Fields
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.openai_responses._build import ENCRYPTED, LOGPROBS, SERVER_STATE, thinks
from portable_llm.wire.openai_responses._ledger import Add, entry
from portable_llm.wire.openai_responses._read_items import ItemReader

_EFFORTS: tuple[Effort, ...] = get_args(Effort)
_NUMBERS = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
_CHOICES: Mapping[str, ToolChoice] = {"auto": "auto", "none": "none", "required": "required"}
_OWN_WORDS = frozenset({"type", "name", "description", "parameters", "strict"})
"""Members of a function tool that a portable one has."""


def read_request(body: Mapping[str, Any], *, path: str = "") -> tuple[Request[Any], tuple[Adaptation, ...]]:
    """The portable request, its model bare, with an entry for all that has no place in it.

    Raises `InvalidRequestError` for JSON that is no Responses request.
    """
    model, given = body.get("model"), cast("object", body.get("input"))
    if not isinstance(model, str) or not (isinstance(given, (str, list)) or (given is None and body.get("prompt"))):
        raise InvalidRequestError("a Responses request has a model (text) and an input (text or an array of items)")
    ledger: list[Adaptation] = []
    fields = _Fields(body, ledger.append)
    lead = fields.instructions()
    output, reasoning = fields.output(), fields.reasoning()
    choice, allowed = fields.tool_choice()
    reader = ItemReader(ledger.append, first=len(lead))
    values: dict[str, Any] = {
        "messages": (*lead, *reader.read(cast("object", given))),
        "output": output,
        "tools": fields.tools(),
        "tool_choice": choice,
        "allowed_tools": allowed,
        "parallel_tool_calls": fields.take("parallel_tool_calls", bool),
        "sampling": fields.sampling(),
        "reasoning": reasoning,
        "max_output_tokens": fields.take("max_output_tokens", int),
        "cache": fields.cache(),
        "metadata": fields.metadata(),
    }
    fields.include(is_asked=thinks(reasoning))
    fields.store(needs_state=reader.needs_state)
    fields.call_options()
    return Request(model=model, **values, extra=fields.rest()), tuple(ledger)


class _Fields(Fields):
    """The top-level fields that nobody has read yet."""

    def __init__(self, body: Mapping[str, Any], add: Add) -> None:
        super().__init__(body, without=("model", "input"))
        self._add = add

    def rest(self) -> dict[str, JsonValue]:
        """What is left: provider-specific, passed through as it is."""
        for name in self._left:
            self._add(entry("wire", f"/extra/{name}", "moved", "has no portable name; kept as extra"))
        return self._left

    def instructions(self) -> tuple[Message, ...]:
        """Instructions stand in front of everything, as the first system message does."""
        text = self.take("instructions", str)
        if not text:
            return ()
        self._add(entry("prompt", "/messages/0", "renamed", "instructions are the first system message"))
        return (Message(role="system", parts=(TextPart(text=text),)),)

    def sampling(self) -> Sampling:
        values: dict[str, Any] = {
            name: value for name in _NUMBERS if (value := self.take(name, int, float)) is not None
        }
        include = as_list(self._left.get("include"))
        if LOGPROBS in include:
            self._left["include"] = [name for name in include if name != LOGPROBS]
            values["logprobs"] = self.take("top_logprobs", int) or 0
        return Sampling(**values)

    def reasoning(self) -> Reasoning | None:
        """Effort and summary; other members stay in extra."""
        given = self._left.get("reasoning")
        if not isinstance(given, dict):
            return None
        wanted = dict(as_dict(self._left.pop("reasoning")))
        effort = wanted.pop("effort") if wanted.get("effort") in _EFFORTS else None
        summary = as_str(wanted.pop("summary", None))
        if summary not in (None, "auto"):
            detail = f"{summary!r} is read as a summary that is wanted; how long it is, is left to the provider"
            self._add(entry("sampling", "/reasoning/summary", "renamed", detail))
        if wanted := {name: value for name, value in wanted.items() if value is not None}:
            self._left["reasoning"] = wanted
        return Reasoning(effort=effort, summary=summary is not None or None) if effort or summary else None

    def include(self, *, is_asked: bool) -> None:
        """Encrypted reasoning is asked for anew wherever the request says that the model reasons."""
        include = as_list(self._left.get("include"))
        left = [name for name in include if not (is_asked and name == ENCRYPTED)]
        if left:
            self._left["include"] = left
        else:
            self._left.pop("include", None)

    def store(self, *, needs_state: bool) -> None:
        """Stateless is how requests are built; where state is kept or needed, it stays so."""
        if self._left.get("store") is False:
            del self._left["store"]
        elif needs_state:
            self._left.setdefault("store", True)
        elif not any(name in self._left for name in SERVER_STATE):
            detail = "the answer would be kept by the API; built again, store: false is sent"
            self._add(entry("wire", "/extra/store", "defaulted", detail))

    def cache(self) -> CacheHint | None:
        key = self.take("prompt_cache_key", str)
        return None if key is None else CacheHint(key=key)

    def metadata(self) -> dict[str, str]:
        metadata = as_dict(self._left.get("metadata"))
        if not metadata or not all(isinstance(value, str) for value in metadata.values()):
            return {}
        return self._left.pop("metadata")

    def output(self) -> Output[Any] | None:
        """The format of the text; how wordy it is stays in extra."""
        text = as_dict(self._left.get("text"))
        wanted = as_dict(text.get("format"))
        kind = wanted.get("type")
        if kind not in ("json_object", "json_schema", "text"):
            return None
        rest = {name: value for name, value in text.items() if name != "format" and value is not None}
        if rest:
            self._left["text"] = rest
        else:
            del self._left["text"]
        if kind == "text":
            return None
        return Output() if kind == "json_object" else self._schema(wanted)

    def _schema(self, wanted: Mapping[str, Any]) -> Output[Any]:
        if wanted.get("description"):
            detail = "an output has no description of its own; put it into the schema"
            self._add(entry("json", "/output/description", "dropped", detail, "nobody", effect="annotation"))
        strict = wanted.get("strict")
        return Output(
            schema=as_dict(wanted.get("schema")),
            name=as_str(wanted.get("name")) or "output",
            strict=strict if isinstance(strict, bool) else None,
        )

    def tools(self) -> tuple[Tool, ...]:
        """Function tools; tools of the provider's own stay in extra."""
        listed: list[Tool] = []
        others: list[Any] = []
        is_in_order = True
        for item in as_list(self.take("tools", list)):
            fields = as_dict(item)
            if fields.get("type") == "function" and as_str(fields.get("name")):
                is_in_order &= not others
                listed.append(self._tool(fields, f"/tools/{len(listed)}"))
            else:
                others.append(item)
        if others:
            self._left["tools"] = others
        if not is_in_order:
            self._add(entry("tools", "/tools", "moved", "functions come first, then the provider's own tools"))
        return tuple(listed)

    def _tool(self, fields: Mapping[str, Any], pointer: str) -> Tool:
        for name in fields.keys() - _OWN_WORDS:
            if fields[name] is not None:
                detail = f"{name!r} of a function has no portable field"
                self._add(entry("tools", f"{pointer}/{name}", "dropped", detail, "nobody"))
        strict, parameters = fields.get("strict"), fields.get("parameters")
        if strict is None:
            detail = "unset here means strict where the schema allows it; it is read as unset"
            self._add(entry("tools", f"{pointer}/strict", "defaulted", detail))
        values: dict[str, Any] = {"parameters": parameters} if isinstance(parameters, dict) else {}
        return Tool(
            name=fields["name"],
            description=as_str(fields.get("description")) or "",
            # What is unset is written as false.
            strict=True if strict is True else None,
            **values,
        )

    def tool_choice(self) -> tuple[ToolChoice | None, tuple[str, ...] | None]:
        """Which call is wanted, and which tools may be called if not all; what is not portable stays in extra."""
        value = self._left.get("tool_choice")
        if isinstance(value, str):
            choice = _CHOICES.get(value)
            if choice is not None:
                del self._left["tool_choice"]
            return choice, None
        fields = as_dict(value)
        name = as_str(fields.get("name"))
        if fields.get("type") == "function" and name is not None:
            del self._left["tool_choice"]
            return NamedTool(name), None
        if fields.get("type") == "allowed_tools":
            return self._allowed(fields)
        return None, None

    def _allowed(self, fields: Mapping[str, Any]) -> tuple[ToolChoice | None, tuple[str, ...] | None]:
        tools = [as_dict(tool) for tool in as_list(fields.get("tools"))]
        names = [as_str(tool.get("name")) for tool in tools if tool.get("type") == "function"]
        mode = _CHOICES.get(as_str(fields.get("mode")) or "")
        if mode is None or len(names) < len(tools) or None in names:
            return None, None  # tools of the provider's own among them
        del self._left["tool_choice"]
        return mode, tuple(name for name in names if name is not None)

    def call_options(self) -> None:
        """Whether the answer is streamed is an argument of the call and no part of a request."""
        for name in ("stream", "stream_options"):
            if self._left.pop(name, None):
                self._add(entry("wire", f"/{name}", "moved", "streaming is chosen by the method that is called"))
