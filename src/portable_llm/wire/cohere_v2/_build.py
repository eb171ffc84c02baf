"""A portable request → the chat request, with every change of name or place in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._http import HttpCall
from portable_llm._json import dump_json
from portable_llm._request import NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm.wire._extra import add_extra
from portable_llm.wire.cohere_v2._ledger import SOURCE, Add, entry
from portable_llm.wire.cohere_v2._messages import MessageBuilder

PATH = "/v2/chat"

_HEADERS: Mapping[str, str] = {"content-type": "application/json"}


def build_request(
    request: Request[Any], capabilities: Capabilities, *, stream: bool = False
) -> tuple[HttpCall, tuple[Adaptation, ...]]:
    """The wire request and what was renamed, moved or could not be carried; raises `InvalidRequestError` for an
    `extra` field that would overwrite a portable option."""
    ledger: list[Adaptation] = []
    add = ledger.append
    body: dict[str, Any] = {"model": request.model, "messages": MessageBuilder(add).build(request.messages)}
    _tools(body, request, add)
    if request.output is not None:
        _output(body, request.output, add)
    _sampling(body, request.sampling, add)
    if request.reasoning is not None:
        _reasoning(body, request.reasoning, add)
    if request.max_output_tokens is not None:
        body["max_tokens"] = request.max_output_tokens
        add(entry("tokens", "/max_output_tokens", "renamed", "sent as max_tokens"))
    if request.stop:
        body["stop_sequences"] = list(request.stop)
        add(entry("wire", "/stop", "renamed", "sent as stop_sequences"))
    if request.cache is not None:
        add(entry("tokens", "/cache", "dropped", "caching is automatic and takes no hints", "nobody"))
    if request.metadata:
        add(entry("wire", "/metadata", "dropped", "the protocol has no such field", "nobody"))
    if stream:
        body["stream"] = True
    if request.extra:
        ledger += add_extra(body, request.extra, SOURCE)
    return HttpCall(path=PATH, headers=_HEADERS, body=dump_json(body)), tuple(ledger)


# ---- tools -----------------------------------------------------------------------------------------------------------


def _tools(body: dict[str, Any], request: Request[Any], add: Add) -> None:
    if request.tools:
        body["tools"] = [wire_tool(tool) for tool in request.tools]
        add(entry("tools", "/tools", "renamed", "each tool is sent as {type: function, function: {...}}"))
        _strict(body, request.tools, add)
    if request.parallel_tool_calls is not None:
        add(entry("tools", "/parallel_tool_calls", "dropped", "the protocol has no such switch", "nobody"))
    choice = request.tool_choice
    if isinstance(choice, NamedTool):
        detail = "a certain call cannot be forced; send that tool alone"
        add(entry("tools", "/tool_choice", "dropped", detail, "nobody"))
    elif choice in ("required", "none"):
        body["tool_choice"] = choice.upper()
        add(entry("tools", "/tool_choice", "renamed", f"sent as {choice.upper()}"))


def _strict(body: dict[str, Any], tools: tuple[Tool, ...], add: Add) -> None:
    """One switch for all tools: on where all want it."""
    strict = [number for number, tool in enumerate(tools) if tool.strict]
    if not strict:
        return
    if len(strict) == len(tools):
        body["strict_tools"] = True
        for number in strict:
            add(entry("tools", f"/tools/{number}/strict", "moved", "sent as strict_tools, which holds for all"))
        return
    detail = "strict_tools holds for all tools, and not all of these are strict: its arguments may break the schema"
    for number in strict:
        add(entry("tools", f"/tools/{number}/strict", "dropped", detail, "nobody"))


def wire_tool(tool: Tool) -> dict[str, Any]:
    """The declaration of one tool."""
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = tool.parameters
    return {"type": "function", "function": function}


# ---- options ---------------------------------------------------------------------------------------------------------


def _output(body: dict[str, Any], output: Output[Any], add: Add) -> None:
    wanted: dict[str, Any] = {"type": "json_object"}
    body["response_format"] = wanted
    if not output.schema:
        detail = "sent as response_format json_object: it gives an object, and asks that the messages say JSON"
        add(entry("json", "/output", "narrowed", detail))
        return
    wanted["json_schema"] = output.schema
    add(entry("json", "/output", "renamed", "sent as response_format json_object with json_schema"))
    if output.name != "output":
        detail = "the protocol has no name for a schema; nothing depends on it"
        add(entry("json", "/output/name", "dropped", detail))
    if output.strict is not None:
        add(entry("json", "/output/strict", "dropped", "the schema is always held to; the protocol has no switch"))


SAMPLING: Mapping[str, str] = {
    "temperature": "temperature",
    "top_p": "p",
    "top_k": "k",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
"""Our name → the protocol's."""


def _sampling(body: dict[str, Any], sampling: Sampling, add: Add) -> None:
    if sampling == _NO_SAMPLING:
        return
    for name, sent in SAMPLING.items():
        value = getattr(sampling, name)
        if value is not None:
            body[sent] = value
            if sent != name:
                add(entry("sampling", f"/sampling/{name}", "renamed", f"sent as {sent}"))
    if sampling.logprobs is not None:
        body["logprobs"] = True
        add(entry("sampling", "/sampling/logprobs", "renamed", "sent as logprobs: true"))
        if sampling.logprobs:
            detail = "only of the chosen tokens; the protocol has no alternatives"
            add(entry("sampling", "/sampling/logprobs", "clamped", detail, "nobody"))
    if sampling.logit_bias is not None:
        add(entry("sampling", "/sampling/logit_bias", "dropped", "the protocol has no such field", "nobody"))


_NO_SAMPLING = Sampling()


def _reasoning(body: dict[str, Any], reasoning: Reasoning, add: Add) -> None:
    if reasoning.effort == "none":
        body["thinking"] = {"type": "disabled"}
        add(entry("sampling", "/reasoning/effort", "renamed", "sent as thinking: disabled"))
        if reasoning.budget_tokens is not None:
            detail = "a model that does not think needs no budget"
            add(entry("sampling", "/reasoning/budget_tokens", "dropped", detail, "nobody"))
        return
    thinking: dict[str, Any] = {"type": "enabled"}
    if reasoning.effort is not None or reasoning.summary or reasoning.budget_tokens is not None:
        body["thinking"] = thinking
    if reasoning.effort is not None:
        detail = "sent as thinking: enabled; how much is said by a budget only"
        add(entry("sampling", "/reasoning/effort", "renamed", detail))
    if reasoning.budget_tokens is not None:
        thinking["token_budget"] = reasoning.budget_tokens
        add(entry("sampling", "/reasoning/budget_tokens", "renamed", "sent as thinking.token_budget"))
    if reasoning.summary:
        add(entry("sampling", "/reasoning/summary", "renamed", "sent as thinking: enabled, which shows it"))
    elif reasoning.summary is False:
        detail = "a model that thinks shows it all the same; use effort='none'"
        add(entry("sampling", "/reasoning/summary", "dropped", detail, "nobody"))
