"""`Request` → the wire request of the Messages protocol."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._http import HttpCall
from portable_llm._json import dump_json
from portable_llm._request import Request, Sampling
from portable_llm.wire.anthropic_messages import _ledger as ledger_
from portable_llm.wire.anthropic_messages._blocks import Block, Ledger
from portable_llm.wire.anthropic_messages._capabilities import (
    DEFAULT_MAX_TOKENS,
    HOSTED_VERSION_WITH_SAMPLING,
    PATH,
    SAMPLING,
    VERSION,
    VERSION_WITH_SAMPLING,
)
from portable_llm.wire.anthropic_messages._ledger import dropped
from portable_llm.wire.anthropic_messages._options import (
    add_cache,
    add_extra,
    add_metadata,
    add_tools,
    output_format,
)
from portable_llm.wire.anthropic_messages._reasoning import reasoning_fields, settle
from portable_llm.wire.anthropic_messages._turns import Conversation, build_conversation, shorten

_NOT_SENT = ("seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs")
_NO_SAMPLING = Sampling()


def build_request(
    request: Request[Any], capabilities: Capabilities, *, stream: bool = False
) -> tuple[HttpCall, tuple[Adaptation, ...]]:
    """The wire request, and an entry for every option that has another name or place there, or none."""
    talk = build_conversation(request.messages)
    ledger = talk.ledger
    if "exclusive" in capabilities.spelling:
        request = settle(request, capabilities, ledger)
    body = _body(request, capabilities, talk)
    betas = _add_last(body, request, ledger)
    if stream:
        body["stream"] = True
    if capabilities.spelling.get("model") == "in_path":
        return _hosted_call(body, betas, stream), (*ledger, ledger_.MODEL_IN_PATH)
    return HttpCall(path=PATH, headers=_headers(body, betas), body=dump_json(body)), tuple(ledger)


def _hosted_call(body: Block, betas: object, stream: bool) -> HttpCall:
    """The call to a cloud host: the model in the path, the version in the body."""
    model = quote(str(body.pop("model")), safe="@")
    headers = _headers(body, betas)
    version = headers.pop("anthropic-version")
    body["anthropic_version"] = HOSTED_VERSION_WITH_SAMPLING if version == VERSION_WITH_SAMPLING else version
    path = f"/models/{model}:{'streamRawPredict' if stream else 'rawPredict'}"
    return HttpCall(path=path, headers=headers, body=dump_json(body))


def _body(request: Request[Any], capabilities: Capabilities, talk: Conversation) -> Block:
    ledger = talk.ledger
    body: Block = {"model": request.model}
    if request.max_output_tokens is not None:
        body["max_tokens"] = request.max_output_tokens
        ledger.append(ledger_.MAX_TOKENS)
    add_tools(body, request, ledger)
    if request.cache is not None:
        add_cache(body, request.cache, talk, ledger)
    if talk.system:
        body["system"] = shorten(talk.system)
    for turn in talk.turns:
        turn["content"] = shorten(turn["content"])
    body["messages"] = talk.turns
    if request.stop:
        _add_stop(body, request.stop, capabilities, ledger)
    if request.sampling != _NO_SAMPLING:
        _add_sampling(body, request.sampling, ledger)
    if request.reasoning is not None or request.output is not None:
        _add_output_config(body, request, capabilities, ledger)
    return body


def _add_last(body: Block, request: Request[Any], ledger: Ledger) -> object:
    """Metadata and extras; gives the beta names, which travel in a header as the vendor's SDK has it."""
    if request.metadata:
        add_metadata(body, request.metadata, ledger)
    if not request.extra:
        return None
    fields = dict(request.extra)
    betas = fields.pop("betas", None)
    if betas is not None:
        ledger.append(ledger_.extra("betas"))
    add_extra(body, fields, ledger)
    return betas


def _headers(body: Block, betas: object) -> dict[str, str]:
    has_sampling = any(name in body for name in SAMPLING)
    headers = {"anthropic-version": VERSION_WITH_SAMPLING if has_sampling else VERSION}
    if betas:
        headers["anthropic-beta"] = betas if isinstance(betas, str) else ",".join(map(str, betas))  # type: ignore[call-overload]
    return headers


def _add_stop(body: Block, stop: tuple[str, ...], capabilities: Capabilities, ledger: Ledger) -> None:
    kept = stop
    if capabilities.spelling.get("stop/blank") == "refused":
        kept = tuple(word for word in stop if word.strip())
        for index, word in enumerate(stop):
            if not word.strip():
                detail = "not sent: this provider refuses a stop sequence of white space alone"
                ledger.append(dropped("sampling", f"/stop/{index}", detail))
    if kept:
        body["stop_sequences"] = list(kept)
        ledger.append(ledger_.STOP)


def _add_sampling(body: Block, sampling: Sampling, ledger: Ledger) -> None:
    for name in SAMPLING:
        value = getattr(sampling, name)
        if value is not None:
            body[name] = value
    for name in _NOT_SENT:
        if getattr(sampling, name) is not None:
            ledger.append(ledger_.option_dropped(name))


def _add_output_config(body: Block, request: Request[Any], capabilities: Capabilities, ledger: Ledger) -> None:
    config: Block = {}
    if request.reasoning is not None:
        limit = request.max_output_tokens or DEFAULT_MAX_TOKENS
        thinking, effort = reasoning_fields(request.reasoning, limit, capabilities, ledger)
        if thinking is not None:
            body["thinking"] = thinking
        if effort is not None:
            config["effort"] = effort
    if request.output is not None:
        wanted = output_format(request.output, ledger)
        if wanted is not None:
            config["format"] = wanted
    if config:
        body["output_config"] = config
