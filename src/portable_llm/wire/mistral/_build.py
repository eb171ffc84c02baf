"""A portable request → the chat completion request, with every change of name or place in the ledger.

Identical spelling needs no entry. Messages are built in `_messages.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._http import HttpCall
from portable_llm._json import dump_json
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool, ToolChoice
from portable_llm.wire._extra import add_extra
from portable_llm.wire.mistral._ledger import SOURCE, Add, entry
from portable_llm.wire.mistral._messages import MessageBuilder
from portable_llm.wire.openai_chat._build import wire_tool

PATH = "/chat/completions"

_HEADERS: Mapping[str, str] = {"content-type": "application/json"}


def build_request(
    request: Request[Any], capabilities: Capabilities, *, stream: bool = False
) -> tuple[HttpCall, tuple[Adaptation, ...]]:
    """The wire request and what was renamed, moved or could not be carried; raises `InvalidRequestError` for an
    `extra` field that would overwrite a portable option."""
    ledger: list[Adaptation] = []
    messages = MessageBuilder(ledger.append, capabilities.spelling.get("messages/after_tool", ""))
    body: dict[str, Any] = {"model": request.model, "messages": messages.build(request.messages)}
    _tools(body, request, ledger.append)
    if request.output is not None:
        _output(body, request.output, ledger.append)
    _sampling(body, request.sampling, ledger.append)
    if request.reasoning is not None:
        _reasoning(body, request.reasoning, ledger.append)
    if request.max_output_tokens is not None:
        body["max_tokens"] = request.max_output_tokens
        ledger.append(_LIMIT)
    if request.stop:
        body["stop"] = list(request.stop)
    if request.cache is not None:
        _cache(body, request.cache, ledger.append)
    if request.metadata:
        body["metadata"] = dict(request.metadata)
    if stream:
        body["stream"] = True
    if request.extra:
        ledger += add_extra(body, request.extra, SOURCE)
    return HttpCall(path=PATH, headers=_HEADERS, body=dump_json(body)), tuple(ledger)


_LIMIT = entry("tokens", "/max_output_tokens", "renamed", "sent as max_tokens")
_NO_TOOLS = "without tools no call can be made"


def _tools(body: dict[str, Any], request: Request[Any], add: Add) -> None:
    if request.tools:
        body["tools"] = [wire_tool(_without_names(tool, i, add)) for i, tool in enumerate(request.tools)]
        add(entry("tools", "/tools", "renamed", "each tool is sent as {type: function, function: {...}}"))
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    elif request.parallel_tool_calls is not None:
        add(entry("tools", "/parallel_tool_calls", "dropped", _NO_TOOLS))
    if request.tool_choice is not None:
        body["tool_choice"] = _choice(request.tool_choice, add)


_NAMES = ("$schema", "$id")
"""Names of schemas, at which the grammar of tools failed: 400 (BerriAI/litellm #13389)."""


def _without_names(tool: Tool, number: int, add: Add) -> Tool:
    kept = {keyword: value for keyword, value in tool.parameters.items() if keyword not in _NAMES}
    if len(kept) == len(tool.parameters):
        return tool
    detail = f"{' and '.join(_NAMES)} name the schema and hold nothing; the provider's grammar cannot read them"
    add(entry("tools", f"/tools/{number}/parameters", "dropped", detail, "nobody", effect="annotation"))
    return replace(tool, parameters=kept)


def _choice(choice: ToolChoice, add: Add) -> str | dict[str, Any]:
    if isinstance(choice, NamedTool):
        add(entry("tools", "/tool_choice", "renamed", "sent as {type: function, function: {name}}"))
        return {"type": "function", "function": {"name": choice.name}}
    if choice == "required":
        add(entry("tools", "/tool_choice", "renamed", "sent as any"))
        return "any"
    return choice


def _output(body: dict[str, Any], output: Output[Any], add: Add) -> None:
    if not output.schema:
        body["response_format"] = {"type": "json_object"}
        detail = "sent as response_format json_object: it gives an object, and asks that the messages say JSON"
        add(entry("json", "/output", "narrowed", detail))
        return
    schema: dict[str, Any] = {"name": output.name, "schema": output.schema}
    if output.strict is not None:
        schema["strict"] = output.strict
    body["response_format"] = {"type": "json_schema", "json_schema": schema}
    add(entry("json", "/output", "renamed", "sent as response_format json_schema"))


_SAME_NAME = ("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty")


def _sampling(body: dict[str, Any], sampling: Sampling, add: Add) -> None:
    if sampling == _NO_SAMPLING:
        return
    for name in _SAME_NAME:
        value = getattr(sampling, name)
        if value is not None:
            body[name] = value
    if sampling.seed is not None:
        body["random_seed"] = sampling.seed
        add(entry("sampling", "/sampling/seed", "renamed", "sent as random_seed"))
    if sampling.logprobs is not None:
        body["logprobs"] = True
        if sampling.logprobs:
            body["top_logprobs"] = sampling.logprobs
        add(entry("sampling", "/sampling/logprobs", "renamed", "sent as logprobs: true and top_logprobs"))
    if sampling.logit_bias is not None:
        add(entry("sampling", "/sampling/logit_bias", "dropped", "the protocol has no such field", "nobody"))


_NO_SAMPLING = Sampling()


def _reasoning(body: dict[str, Any], reasoning: Reasoning, add: Add) -> None:
    if reasoning.effort is not None:
        body["reasoning_effort"] = reasoning.effort
        add(entry("sampling", "/reasoning/effort", "renamed", "sent as reasoning_effort"))
    if reasoning.budget_tokens is not None:
        detail = "the protocol has no budget; use effort"
        add(entry("sampling", "/reasoning/budget_tokens", "dropped", detail, "nobody"))
    if reasoning.summary:
        detail = "no switch is needed: a model that thinks shows it"
        add(entry("sampling", "/reasoning/summary", "renamed", detail))
    elif reasoning.summary is False:
        detail = "no switch: a model that thinks shows it all the same"
        add(entry("sampling", "/reasoning/summary", "dropped", detail, "nobody"))


def _cache(body: dict[str, Any], cache: CacheHint, add: Add) -> None:
    if cache.key is not None:
        body["prompt_cache_key"] = cache.key
        add(entry("tokens", "/cache/key", "renamed", "sent as prompt_cache_key"))
    if cache.breakpoints:
        add(entry("tokens", "/cache/breakpoints", "dropped", "prefixes are cached without marks", "nobody"))
    if cache.ttl is not None:
        add(entry("tokens", "/cache/ttl", "dropped", "the provider chooses how long a prefix is kept", "nobody"))
