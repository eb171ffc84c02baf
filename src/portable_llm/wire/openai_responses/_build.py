"""A portable request → the Responses request, with every change of name or place in the ledger.

Stateless by default: `store: false` is sent, and the whole conversation goes along each time, encrypted reasoning
included. Nothing then has to exist at the provider for a request to mean the same tomorrow. Whoever names server-side
state in `extra` (`previous_response_id`, `conversation`, `background`) gets the API's own default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._errors import InvalidRequestError
from portable_llm._http import HttpCall
from portable_llm._json import JsonValue, dump_json
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool, ToolChoice
from portable_llm.wire.openai_responses._items import ItemBuilder
from portable_llm.wire.openai_responses._ledger import Add, entry

PATH = "/responses"
SERVER_STATE = ("store", "previous_response_id", "conversation", "background")
"""Fields of `extra` that say where state is kept: with any of them, `store` is not set here."""
ENCRYPTED = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"

_HEADERS: Mapping[str, str] = {"content-type": "application/json"}
_LISTS = ("include", "tools")
"""Fields of which `extra` may hold further elements: hosted tools stand beside the application's own."""

_STATELESS = entry(
    "wire",
    "/extra/store",
    "defaulted",
    "store: false is sent, since the API would keep the answer for 30 days; extra={'store': True} keeps it",
)

_ENCRYPTED_ASKED = entry(
    "wire", "/extra/include", "defaulted", f"include: {ENCRYPTED} is sent, so that reasoning can be replayed"
)


def build_request(
    request: Request[Any], capabilities: Capabilities, *, stream: bool = False
) -> tuple[HttpCall, tuple[Adaptation, ...]]:
    """The wire request and what was renamed, moved or could not be carried; raises `InvalidRequestError` for an
    `extra` field that would overwrite a portable option."""
    ledger: list[Adaptation] = []
    add = ledger.append
    is_stateless = not any(name in request.extra for name in SERVER_STATE) or request.extra.get("store") is False
    items = ItemBuilder(add, is_stateless=is_stateless).build(request.messages)
    body: dict[str, Any] = {"model": request.model}
    if items or "prompt" not in request.extra:
        body["input"] = items
    include: list[str] = []
    _tools(body, request, add)
    if request.output is not None:
        _output(body, request.output, add)
    _sampling(body, request.sampling, include, add)
    if request.reasoning is not None:
        _reasoning(body, request.reasoning, add)
    if thinks(request.reasoning) or capabilities.spelling.get("reasoning/encrypted") == "include":
        include.append(ENCRYPTED)
        add(_ENCRYPTED_ASKED)
    if request.max_output_tokens is not None:
        body["max_output_tokens"] = request.max_output_tokens
    if request.stop:
        add(entry("wire", "/stop", "dropped", "the API has no stop sequences; the text will run on past it", "nobody"))
    if request.cache is not None:
        _cache(body, request.cache, add)
    if request.metadata:
        body["metadata"] = dict(request.metadata)
    if include:
        body["include"] = include
    if not any(name in request.extra for name in SERVER_STATE):
        body["store"] = False
        add(_STATELESS)
    if stream:
        body["stream"] = True
    if request.extra:
        _extra(body, request.extra, add)
    return HttpCall(path=PATH, headers=_HEADERS, body=dump_json(body)), tuple(ledger)


# ---- options ---------------------------------------------------------------------------------------------------------


def _tools(body: dict[str, Any], request: Request[Any], add: Add) -> None:
    if request.tools:
        body["tools"] = [wire_tool(tool, f"/tools/{place}", add) for place, tool in enumerate(request.tools)]
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls
    choice, allowed = request.tool_choice, request.allowed_tools
    if allowed is not None:
        names = [choice.name] if isinstance(choice, NamedTool) else allowed
        mode = "auto" if choice is None else "required" if isinstance(choice, NamedTool) else choice
        tools = [{"type": "function", "name": name} for name in names]
        body["tool_choice"] = {"type": "allowed_tools", "mode": mode, "tools": tools}
        add(entry("tools", "/allowed_tools", "renamed", "sent as tool_choice of type allowed_tools"))
    elif choice is not None:
        body["tool_choice"] = wire_tool_choice(choice)
        if isinstance(choice, NamedTool):
            add(entry("tools", "/tool_choice", "renamed", "sent as {type: function, name}"))


def wire_tool(tool: Tool, pointer: str, add: Add) -> dict[str, Any]:
    """The declaration of one tool.

    Without `strict` this API holds the arguments to a schema of its own making, in which what was optional is null:
    other arguments than anybody asked for. So an unset one is said.
    """
    function: dict[str, Any] = {"type": "function", "name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.parameters
    function["strict"] = bool(tool.strict)
    if tool.strict is None:
        detail = "strict: false is sent, since this API else tries strict and makes optional arguments nullable"
        add(entry("tools", f"{pointer}/strict", "defaulted", detail))
    return function


def wire_tool_choice(choice: ToolChoice) -> str | dict[str, Any]:
    """Which call is wanted."""
    return {"type": "function", "name": choice.name} if isinstance(choice, NamedTool) else choice


def _output(body: dict[str, Any], output: Output[Any], add: Add) -> None:
    if not output.schema:
        body["text"] = {"format": {"type": "json_object"}}
        detail = "sent as text.format json_object: it gives an object, and asks that the messages say JSON"
        add(entry("json", "/output", "narrowed", detail))
        return
    wanted: dict[str, Any] = {"type": "json_schema", "name": output.name, "schema": output.schema}
    if output.strict is not None:
        wanted["strict"] = output.strict
    body["text"] = {"format": wanted}
    add(entry("json", "/output", "renamed", "sent as text.format json_schema"))


_NO_SAMPLING = Sampling()
_NUMBERS = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
_ABSENT = ("top_k", "seed", "logit_bias")


def _sampling(body: dict[str, Any], sampling: Sampling, include: list[str], add: Add) -> None:
    if sampling == _NO_SAMPLING:
        return
    for name in _NUMBERS:
        if (value := getattr(sampling, name)) is not None:
            body[name] = value
    for name in _ABSENT:
        if getattr(sampling, name) is not None:
            add(entry("sampling", f"/sampling/{name}", "dropped", "this API has no such field", "nobody"))
    if sampling.logprobs is not None:
        include.append(LOGPROBS)
        if sampling.logprobs:
            body["top_logprobs"] = sampling.logprobs
        add(entry("sampling", "/sampling/logprobs", "renamed", f"sent as include: {LOGPROBS} and top_logprobs"))


def thinks(reasoning: Reasoning | None) -> bool:
    """Whether the request says that the model reasons."""
    return reasoning is not None and reasoning.effort not in (None, "none")


def _reasoning(body: dict[str, Any], reasoning: Reasoning, add: Add) -> None:
    wanted: dict[str, Any] = {}
    if reasoning.effort is not None:
        wanted["effort"] = reasoning.effort
        add(entry("sampling", "/reasoning/effort", "renamed", "sent as reasoning.effort"))
    if reasoning.summary:
        wanted["summary"] = "auto"
        add(entry("sampling", "/reasoning/summary", "renamed", "sent as reasoning.summary: auto"))
    if reasoning.budget_tokens is not None:
        detail = "the protocol has no budget; use effort"
        add(entry("sampling", "/reasoning/budget_tokens", "dropped", detail, "nobody"))
    if wanted:
        body["reasoning"] = wanted


def _cache(body: dict[str, Any], cache: CacheHint, add: Add) -> None:
    if cache.key is not None:
        body["prompt_cache_key"] = cache.key
        add(entry("tokens", "/cache/key", "renamed", "sent as prompt_cache_key"))
    if cache.breakpoints:
        add(entry("tokens", "/cache/breakpoints", "dropped", "prefixes are cached without marks", "nobody"))
    if cache.ttl is not None:
        add(entry("tokens", "/cache/ttl", "dropped", "the provider chooses how long a prefix is kept", "nobody"))


# ---- provider-specific fields ----------------------------------------------------------------------------------------


def _extra(body: dict[str, Any], extra: Mapping[str, JsonValue], add: Add) -> None:
    for key, value in extra.items():
        pointer = f"/extra/{_escape(key)}"
        if key in _LISTS and key in body and isinstance(value, list):
            body[key] = [*body[key], *(item for item in value if item not in body[key])]
        else:
            _merge(body, key, value, pointer, key)
        add(entry("wire", pointer, "moved", f"passed through as {key}"))


def _merge(into: dict[str, Any], key: str, value: object, pointer: str, place: str) -> None:
    """Put `value` at `key`, objects member by member; a field that a portable option has set stays as it is."""
    if key not in into:
        into[key] = value
        return
    present = into[key]
    if not isinstance(present, dict) or not isinstance(value, dict):
        raise InvalidRequestError(
            f"extra sets {place!r} ({pointer}), which a portable option of this request has set already; "
            "use the portable option or the extra field, not both"
        )
    merged = into[key] = dict(cast("dict[str, Any]", present))
    for name, member in cast("dict[str, Any]", value).items():
        _merge(merged, name, member, f"{pointer}/{_escape(name)}", f"{place}.{name}")


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
