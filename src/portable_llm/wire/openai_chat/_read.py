"""A stored chat completion request → a portable one: the way back of `build_request`.

What has no portable field goes into `extra` and comes out again unchanged; what has no place at all gets an entry.
Opaque state is read without an origin, since a stored request does not say who made it: set it, or it is not replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from portable_llm._adaptation import Adaptation
from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue
from portable_llm._request import CacheHint, Effort, NamedTool, Output, Reasoning, Request, Sampling, Tool, ToolChoice
from portable_llm.wire._fields import Fields, unread
from portable_llm.wire._functions import read_tool
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.openai_chat._ledger import Add, entry
from portable_llm.wire.openai_chat._read_messages import MessageReader

_EFFORTS: tuple[Effort, ...] = get_args(Effort)
_CHOICES: Mapping[str, ToolChoice] = {"auto": "auto", "none": "none", "required": "required", "any": "required"}
_NUMBERS = ("temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty")


def read_request(body: Mapping[str, Any], *, path: str = "") -> tuple[Request[Any], tuple[Adaptation, ...]]:
    """The portable request, its model bare, with an entry for all that has no place in it.

    Raises `InvalidRequestError` for JSON that is no chat completion request.
    """
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not isinstance(messages, list):
        raise InvalidRequestError("a chat completion request has a model (text) and messages (an array)")
    ledger: list[Adaptation] = []
    fields = _Fields(body, ledger.append)
    tools = fields.tools()
    values: dict[str, Any] = {
        "messages": MessageReader(ledger.append).read(as_list(body["messages"])),
        "output": fields.output(),
        "tools": tools,
        "tool_choice": fields.tool_choice(),
        "parallel_tool_calls": fields.take("parallel_tool_calls", bool),
        "sampling": fields.sampling(),
        "reasoning": fields.reasoning(),
        "max_output_tokens": fields.limit(),
        "stop": fields.stop(),
        "cache": fields.cache(),
        "metadata": fields.metadata(),
    }
    fields.call_options()
    return Request(model=model, **values, extra=fields.rest()), tuple(ledger)


class _Fields(Fields):
    """The top-level fields that nobody has read yet."""

    def __init__(self, body: Mapping[str, Any], add: Add) -> None:
        super().__init__(body, without=("model", "messages"))
        self._add = add

    def rest(self) -> dict[str, JsonValue]:
        """What is left: provider-specific, passed through as it is."""
        for name in self._left:
            self._add(entry("wire", f"/extra/{name}", "moved", "has no portable name; kept as extra"))
        return self._left

    def limit(self) -> int | None:
        for name in ("max_completion_tokens", "max_tokens"):
            if (limit := self.take(name, int)) is not None:
                return limit
        return None

    def stop(self) -> tuple[str, ...]:
        stop = self.take("stop", str, list)
        if stop is None:
            return ()
        return (stop,) if isinstance(stop, str) else tuple(text for text in as_list(stop) if isinstance(text, str))

    def sampling(self) -> Sampling:
        values: dict[str, Any] = {
            name: value for name in _NUMBERS if (value := self.take(name, int, float)) is not None
        }
        if (bias := self.take("logit_bias", dict)) is not None:
            values["logit_bias"] = bias
        if self._left.get("logprobs") is True:
            del self._left["logprobs"]
            values["logprobs"] = self.take("top_logprobs", int) or 0
        return Sampling(**values)

    def reasoning(self) -> Reasoning | None:
        if self._left.get("reasoning_effort") not in _EFFORTS:
            return None
        return Reasoning(effort=self._left.pop("reasoning_effort"))

    def cache(self) -> CacheHint | None:
        key = self.take("prompt_cache_key", str)
        return None if key is None else CacheHint(key=key)

    def metadata(self) -> dict[str, str]:
        metadata = as_dict(self._left.get("metadata"))
        if not metadata or not all(isinstance(value, str) for value in metadata.values()):
            return {}
        return self._left.pop("metadata")

    def output(self) -> Output[Any] | None:
        wanted = as_dict(self._left.get("response_format"))
        match wanted.get("type"):
            case "json_object":
                del self._left["response_format"]
                return Output(schema=wanted.get("schema"))
            case "json_schema":
                del self._left["response_format"]
                return self._schema(as_dict(wanted.get("json_schema")))
            case "text":
                del self._left["response_format"]
                return None
            case _:
                return None

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
        """Functions; tools of another kind stay in extra."""
        listed: list[Tool] = []
        others: list[Any] = []
        is_in_order = True
        for item in as_list(self.take("tools", list)):
            function = as_dict(item).get("function")
            if isinstance(function, dict):
                is_in_order &= not others
                self._unlisted(as_dict(item), as_dict(function), f"/tools/{len(listed)}")  # type: ignore[reportUnknownArgumentType]
                listed.append(read_tool(as_dict(function)))  # type: ignore[reportUnknownArgumentType]
            else:
                others.append(item)
        if others:
            self._left["tools"] = others
        if not is_in_order:
            self._add(entry("tools", "/tools", "moved", "functions come first, then the provider's own tools"))
        if legacy := as_list(self.take("functions", list)):
            self._add(entry("tools", "/tools", "renamed", "the deprecated functions are read as tools"))
            listed += [read_tool(as_dict(function)) for function in legacy]
        return tuple(listed)

    def _unlisted(self, item: Mapping[str, Any], function: Mapping[str, Any], pointer: str) -> None:
        """Say what a tool carries that a portable one has no place for."""
        if item.get("cache_control"):
            detail = f"the mark for the cache at {pointer} is not kept; give breakpoints"
            self._add(entry("tokens", "/cache/breakpoints", "dropped", detail, "nobody"))
        own = unread(item, ("type", "function", "cache_control"))
        for name in (*own, *unread(function, ("name", "description", "parameters", "strict"))):
            detail = f"{name!r} of a function has no portable field"
            self._add(entry("tools", f"{pointer}/{name}", "dropped", detail, "nobody"))

    def tool_choice(self) -> ToolChoice | None:
        for name, read in (("tool_choice", _choice), ("function_call", _legacy_choice)):
            choice = read(self._left.get(name))
            if choice is not None:
                del self._left[name]
                return choice
        return None

    def call_options(self) -> None:
        """Whether the answer is streamed is an argument of the call and no part of a request."""
        for name in ("stream", "stream_options"):
            if self._left.pop(name, None):
                self._add(entry("wire", f"/{name}", "moved", "streaming is chosen by the method that is called"))


def _choice(value: object) -> ToolChoice | None:
    if isinstance(value, str):
        return _CHOICES.get(value)
    name = as_str(as_dict(as_dict(value).get("function")).get("name"))
    return None if name is None else NamedTool(name)


def _legacy_choice(value: object) -> ToolChoice | None:
    if isinstance(value, str):
        return _CHOICES.get(value)
    name = as_str(as_dict(value).get("name"))
    return None if name is None else NamedTool(name)
