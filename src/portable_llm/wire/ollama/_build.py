"""A portable request → the chat request, with every change of name or place in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._http import HttpCall
from portable_llm._json import dump_json
from portable_llm._request import Output, Reasoning, Request, Sampling
from portable_llm.wire._extra import add_extra
from portable_llm.wire._reading import as_dict
from portable_llm.wire.ollama._ledger import SOURCE, Add, entry
from portable_llm.wire.ollama._messages import MessageBuilder
from portable_llm.wire.openai_chat._build import wire_tool

PATH = "/api/chat"

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
    if options := _options(request, add):
        body["options"] = options
    _logprobs(body, request.sampling, add)
    if request.reasoning is not None:
        _reasoning(body, request.reasoning, add)
    _left_out(request, add)
    # The server streams where nobody says otherwise.
    body["stream"] = stream
    if request.extra:
        ledger += add_extra(body, request.extra, SOURCE)
    if capabilities.spelling.get("messages/too_long") == "error":
        _window(body, add)
    return HttpCall(path=PATH, headers=_HEADERS, body=dump_json(body)), tuple(ledger)


# ---- the context window ----------------------------------------------------------------------------------------------

_WINDOW = entry(
    "tokens",
    "/extra/options/num_ctx",
    "defaulted",
    "the server's own window holds (4096 tokens, or by memory) and cuts off the oldest messages without a word: set "
    "extra={'options': {'num_ctx': ...}}",
    "nobody",
)
_REFUSES = entry(
    "tokens",
    "/extra/truncate",
    "defaulted",
    "sent as false: a prompt that does not fit the window is an error then; a server too old to know it cuts all the "
    "same",
)


def _window(body: dict[str, Any], add: Add) -> None:
    """Say how long a prompt may be, and ask for an error in the place of a silent cut."""
    if "num_ctx" not in as_dict(body.get("options")):
        add(_WINDOW)
    if "truncate" not in body:
        body["truncate"] = False
        add(_REFUSES)


# ---- options ---------------------------------------------------------------------------------------------------------


def _tools(body: dict[str, Any], request: Request[Any], add: Add) -> None:
    if request.tools:
        body["tools"] = [wire_tool(tool) for tool in request.tools]
        add(entry("tools", "/tools", "renamed", "each tool is sent as {type: function, function: {...}}"))
    if request.tool_choice not in (None, "auto"):
        add(entry("tools", "/tool_choice", "dropped", "the protocol has no tool choice", "nobody"))
    if request.parallel_tool_calls is not None:
        add(entry("tools", "/parallel_tool_calls", "dropped", "the protocol has no such switch", "nobody"))


def _output(body: dict[str, Any], output: Output[Any], add: Add) -> None:
    body["format"] = output.schema or "json"
    detail = (
        "sent as format: a grammar holds the answer; the model is not shown it, so say in the messages what you want"
    )
    add(entry("json", "/output", "renamed", detail))
    if output.name != "output":
        detail = "the protocol has no name for a schema; nothing depends on it"
        add(entry("json", "/output/name", "dropped", detail))
    if output.strict is not None:
        add(entry("json", "/output/strict", "dropped", "the grammar always holds; the protocol has no switch"))


_OPTIONS = ("temperature", "top_p", "top_k", "seed", "presence_penalty", "frequency_penalty")


def _options(request: Request[Any], add: Add) -> dict[str, Any]:
    """What stands in `options`: at the top the server ignores it."""
    options: dict[str, Any] = {}
    for name in _OPTIONS:
        value = getattr(request.sampling, name)
        if value is not None:
            options[name] = value
            add(entry("sampling", f"/sampling/{name}", "moved", f"goes to options.{name}"))
    if request.max_output_tokens is not None:
        options["num_predict"] = request.max_output_tokens
        add(entry("tokens", "/max_output_tokens", "renamed", "sent as options.num_predict"))
    if request.stop:
        options["stop"] = list(request.stop)
        add(entry("sampling", "/stop", "moved", "goes to options.stop"))
    if request.sampling.logit_bias is not None:
        add(entry("sampling", "/sampling/logit_bias", "dropped", "the server has no such option", "nobody"))
    return options


def _logprobs(body: dict[str, Any], sampling: Sampling, add: Add) -> None:
    if sampling.logprobs is None:
        return
    body["logprobs"] = True
    if sampling.logprobs:
        body["top_logprobs"] = sampling.logprobs
    add(entry("sampling", "/sampling/logprobs", "renamed", "sent as logprobs: true and top_logprobs"))


def _reasoning(body: dict[str, Any], reasoning: Reasoning, add: Add) -> None:
    if reasoning.effort is not None:
        body["think"] = False if reasoning.effort == "none" else reasoning.effort
        add(entry("sampling", "/reasoning/effort", "renamed", "sent as think"))
        if reasoning.summary is not None:
            add(entry("sampling", "/reasoning/summary", "renamed", "a model that thinks shows it; there is no switch"))
    elif reasoning.summary:
        body["think"] = True
        add(entry("sampling", "/reasoning/summary", "renamed", "sent as think: true"))
    elif reasoning.summary is False:
        detail = "a model that thinks shows it all the same; use effort='none'"
        add(entry("sampling", "/reasoning/summary", "dropped", detail, "nobody"))
    if reasoning.budget_tokens is not None:
        detail = "the protocol has no budget; use effort"
        add(entry("sampling", "/reasoning/budget_tokens", "dropped", detail, "nobody"))


def _left_out(request: Request[Any], add: Add) -> None:
    if request.cache is not None:
        add(entry("tokens", "/cache", "dropped", "the server keeps the last prompt by itself", "nobody"))
    if request.metadata:
        add(entry("wire", "/metadata", "dropped", "the protocol has no such field", "nobody"))
