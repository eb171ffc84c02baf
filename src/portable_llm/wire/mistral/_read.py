"""A stored chat completion request → a portable one: the way back of `build_request`.

What has no portable field goes into `extra` and comes out again unchanged; what has no place at all gets an entry.
Thinking is read without an origin, since a stored request does not say who made it: set it, or it is not replayed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from portable_llm._adaptation import Adaptation
from portable_llm._errors import InvalidRequestError
from portable_llm._request import CacheHint, Effort, NamedTool, Output, Reasoning, Request, Sampling, Tool, ToolChoice
from portable_llm.wire._fields import Fields, kept_as_extra
from portable_llm.wire._functions import read_tool
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.mistral._ledger import SOURCE, Add, entry
from portable_llm.wire.mistral._read_messages import MessageReader

_EFFORTS: tuple[Effort, ...] = get_args(Effort)
_CHOICES: Mapping[str, ToolChoice] = {"auto": "auto", "none": "none", "required": "required", "any": "required"}
_NUMBERS: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "random_seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}


def read_request(body: Mapping[str, Any], *, path: str = "") -> tuple[Request[Any], tuple[Adaptation, ...]]:
    """The portable request, its model bare, with an entry for all that has no place in it.

    Raises `InvalidRequestError` for JSON that is no such request.
    """
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not isinstance(messages, list):
        raise InvalidRequestError("a chat completion request has a model (text) and messages (an array)")
    ledger: list[Adaptation] = []
    add = ledger.append
    fields = Fields(body, without=("model", "messages"))
    values: dict[str, Any] = {
        "messages": MessageReader(add).read(as_list(body["messages"])),
        "output": _output(fields, add),
        "tools": _tools(fields, add),
        "tool_choice": _tool_choice(fields),
        "parallel_tool_calls": fields.take("parallel_tool_calls", bool),
        "sampling": _sampling(fields),
        "reasoning": _reasoning(fields),
        "max_output_tokens": fields.take("max_tokens", int),
        "stop": _stop(fields),
        "cache": _cache(fields),
        "metadata": _metadata(fields),
    }
    if fields.take("stream", bool):
        add(entry("wire", "/stream", "moved", "streaming is chosen by the method that is called"))
    extra = fields.rest()
    return Request(model=model, **values, extra=extra), (*ledger, *kept_as_extra(extra, SOURCE))


def _stop(fields: Fields) -> tuple[str, ...]:
    stop = fields.take("stop", str, list)
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(text for text in as_list(stop) if isinstance(text, str))


def _sampling(fields: Fields) -> Sampling:
    values: dict[str, Any] = {
        name: value for wire, name in _NUMBERS.items() if (value := fields.take(wire, int, float)) is not None
    }
    if fields.peek("logprobs") is True:
        fields.drop("logprobs")
        values["logprobs"] = fields.take("top_logprobs", int) or 0
    return Sampling(**values)


def _reasoning(fields: Fields) -> Reasoning | None:
    effort = fields.peek("reasoning_effort")
    if effort not in _EFFORTS:
        return None
    fields.drop("reasoning_effort")
    return Reasoning(effort=effort)


def _cache(fields: Fields) -> CacheHint | None:
    key = fields.take("prompt_cache_key", str)
    return None if key is None else CacheHint(key=key)


def _metadata(fields: Fields) -> dict[str, str]:
    metadata = as_dict(fields.peek("metadata"))
    if not metadata or not all(isinstance(value, str) for value in metadata.values()):
        return {}
    fields.drop("metadata")
    return metadata


def _output(fields: Fields, add: Add) -> Output[Any] | None:
    wanted = as_dict(fields.peek("response_format"))
    kind = wanted.get("type")
    if kind not in ("json_object", "json_schema", "text"):
        return None
    fields.drop("response_format")
    if kind == "text":
        return None
    if kind == "json_object":
        return Output()
    schema = as_dict(wanted.get("json_schema"))
    if schema.get("description"):
        detail = "an output has no description of its own; put it into the schema"
        add(entry("json", "/output/description", "dropped", detail, "nobody", effect="annotation"))
    strict = schema.get("strict")
    return Output(
        schema=as_dict(schema.get("schema")),
        name=as_str(schema.get("name")) or "output",
        strict=strict if isinstance(strict, bool) else None,
    )


def _tools(fields: Fields, add: Add) -> tuple[Tool, ...]:
    listed: list[Tool] = []
    for index, item in enumerate(as_list(fields.take("tools", list))):
        function = as_dict(item).get("function")
        if isinstance(function, dict):
            listed.append(read_tool(as_dict(function)))  # type: ignore[reportUnknownArgumentType]
        else:
            detail = "a tool that is no function has no portable form"
            add(entry("tools", f"/tools/{index}", "dropped", detail, "nobody"))
    return tuple(listed)


def _tool_choice(fields: Fields) -> ToolChoice | None:
    value = fields.peek("tool_choice")
    name = as_str(as_dict(as_dict(value).get("function")).get("name"))
    choice = _CHOICES.get(value) if isinstance(value, str) else None if name is None else NamedTool(name)
    if choice is not None:
        fields.drop("tool_choice")
    return choice
