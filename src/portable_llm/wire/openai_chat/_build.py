"""A portable request → the chat completion request, with every change of name or place in the ledger.

Identical spelling needs no entry. Messages are built in `_messages.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._http import HttpCall
from portable_llm._json import dump_json
from portable_llm._request import CacheHint, NamedTool, Output, Request, Sampling, Tool, ToolChoice
from portable_llm.wire._extra import add_extra
from portable_llm.wire.openai_chat._ledger import SOURCE, Add, entry
from portable_llm.wire.openai_chat._messages import MessageBuilder
from portable_llm.wire.openai_chat._reasoning import write_reasoning

PATH = "/chat/completions"

_HEADERS: Mapping[str, str] = {"content-type": "application/json"}


def build_request(
    request: Request[Any], capabilities: Capabilities, *, stream: bool = False
) -> tuple[HttpCall, tuple[Adaptation, ...]]:
    """The wire request and what was renamed, moved or could not be carried; raises `InvalidRequestError` for an
    `extra` field that would overwrite a portable option."""
    spelling = capabilities.spelling
    ledger: list[Adaptation] = []
    messages = MessageBuilder(ledger.append, spelling)
    body: dict[str, Any] = {"model": request.model, "messages": messages.build(request.messages)}
    _tools(body, request, spelling, ledger.append)
    if request.output is not None:
        _output(body, request.output, spelling, ledger.append)
    _sampling(body, request.sampling, spelling, ledger.append)
    if request.reasoning is not None:
        write_reasoning(body, request.reasoning, spelling, ledger.append)
    if request.max_output_tokens is not None:
        name = spelling.get("max_output_tokens", "max_completion_tokens")
        body[name] = request.max_output_tokens
        ledger.append(entry("tokens", "/max_output_tokens", "renamed", f"sent as {name}"))
    if request.stop:
        body["stop"] = list(request.stop)
    if request.cache is not None:
        _cache(body, request.cache, ledger.append)
    if request.metadata:
        body["metadata"] = dict(request.metadata)
    if stream:
        body["stream"] = True
        if name := spelling.get("stream_options", "stream_options"):
            body[name] = {"include_usage": True}
    if request.extra:
        ledger += add_extra(body, request.extra, SOURCE)
    return HttpCall(path=spelling.get("path", PATH), headers=_HEADERS, body=dump_json(body)), tuple(ledger)


# ---- options ---------------------------------------------------------------------------------------------------------


def _tools(body: dict[str, Any], request: Request[Any], spelling: Mapping[str, str], add: Add) -> None:
    if request.tools:
        body["tools"] = [wire_tool(tool) for tool in request.tools]
        add(entry("tools", "/tools", "renamed", "each tool is sent as {type: function, function: {...}}"))
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    elif request.parallel_tool_calls is not None and "tools" in request.extra:
        body["parallel_tool_calls"] = request.parallel_tool_calls
    elif request.parallel_tool_calls is not None:
        detail = "refused by the provider without tools, and without tools no call can be made"
        add(entry("tools", "/parallel_tool_calls", "dropped", detail))
    choice = request.tool_choice
    if choice is None:
        return
    if not request.tools and "tools" not in request.extra and choice in ("auto", "none"):
        detail = "refused by the provider without tools, and without tools no call can be made"
        add(entry("tools", "/tool_choice", "dropped", detail))
        return
    body["tool_choice"] = wire_tool_choice(choice)
    if choice == "required" and (word := spelling.get("tool_choice/required")):
        body["tool_choice"] = word
        add(entry("tools", "/tool_choice", "renamed", f"sent as {word!r}"))
    if isinstance(choice, NamedTool):
        add(entry("tools", "/tool_choice", "renamed", "sent as {type: function, function: {name}}"))


def wire_tool(tool: Tool) -> dict[str, Any]:
    """The declaration of one tool."""
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def wire_tool_choice(choice: ToolChoice) -> str | dict[str, Any]:
    """Which call is wanted."""
    if isinstance(choice, NamedTool):
        return {"type": "function", "function": {"name": choice.name}}
    return choice


def _output(body: dict[str, Any], output: Output[Any], spelling: Mapping[str, str], add: Add) -> None:
    if not output.schema:
        body["response_format"] = {"type": "json_object"}
        detail = "sent as response_format json_object: it gives an object, and asks that the messages say JSON"
        add(entry("json", "/output", "narrowed", detail))
        return
    if spelling.get("output/native") == "json_object":
        body["response_format"] = {"type": "json_object", "schema": output.schema}
        add(entry("json", "/output", "renamed", "sent as response_format json_object with a schema"))
        return
    schema: dict[str, Any] = {"name": output.name, "schema": output.schema}
    if output.strict is not None:
        schema["strict"] = output.strict
    body["response_format"] = {"type": "json_schema", "json_schema": schema}
    add(entry("json", "/output", "renamed", "sent as response_format json_schema"))


def _sampling(body: dict[str, Any], sampling: Sampling, spelling: Mapping[str, str], add: Add) -> None:
    if sampling == _NO_SAMPLING:
        return
    for name in ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty", "top_k"):
        value = getattr(sampling, name)
        if value is not None:
            sent = spelling.get(f"sampling/{name}", name)
            body[sent] = value
            if sent != name:
                add(entry("sampling", f"/sampling/{name}", "renamed", f"sent as {sent}"))
    if sampling.logit_bias is not None:
        body["logit_bias"] = dict(sampling.logit_bias)
    if sampling.logprobs is not None:
        body["logprobs"] = True
        if sampling.logprobs:
            body["top_logprobs"] = sampling.logprobs
        add(entry("sampling", "/sampling/logprobs", "renamed", "sent as logprobs: true and top_logprobs"))


_NO_SAMPLING = Sampling()


def _cache(body: dict[str, Any], cache: CacheHint, add: Add) -> None:
    if cache.key is not None:
        body["prompt_cache_key"] = cache.key
        add(entry("tokens", "/cache/key", "renamed", "sent as prompt_cache_key"))
    if cache.breakpoints:
        add(entry("tokens", "/cache/breakpoints", "dropped", "prefixes are cached without marks", "nobody"))
    if cache.ttl is not None:
        add(entry("tokens", "/cache/ttl", "dropped", "the provider chooses how long a prefix is kept", "nobody"))
