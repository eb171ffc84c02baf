"""`Request` → the wire request of the Converse protocol."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._http import HttpCall
from portable_llm._json import dump_json
from portable_llm._request import Request, Sampling
from portable_llm.wire.anthropic_messages._reasoning import settle
from portable_llm.wire.bedrock_converse import _ledger as ledger_
from portable_llm.wire.bedrock_converse._blocks import Writing
from portable_llm.wire.bedrock_converse._capabilities import MORE
from portable_llm.wire.bedrock_converse._media import Block
from portable_llm.wire.bedrock_converse._options import add_cache, add_extra, add_output, add_tools, more_fields
from portable_llm.wire.bedrock_converse._turns import Conversation, build_conversation

_NOT_SENT = ("seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs")
_NO_SAMPLING = Sampling()


def path_of(model: str, *, stream: bool = False) -> str:
    """Path of a call: a model id, a profile or an ARN is one segment, so `:` and `/` are escaped in it."""
    return f"/model/{quote(model, safe='')}/{'converse-stream' if stream else 'converse'}"


def build_request(
    request: Request[Any], capabilities: Capabilities, *, stream: bool = False
) -> tuple[HttpCall, tuple[Adaptation, ...]]:
    """The wire request, and an entry for every option that has another name or place there, or none."""
    writing = Writing(capabilities)
    talk = build_conversation(request.messages, writing)
    if "exclusive" in capabilities.spelling:
        request = settle(request, capabilities, writing.ledger)
    body = _body(request, talk)
    if request.extra:
        add_extra(body, request.extra, writing)
    return HttpCall(path=path_of(request.model, stream=stream), body=dump_json(body)), tuple(writing.ledger)


def _body(request: Request[Any], talk: Conversation) -> Block:
    writing = talk.writing
    body: Block = {"messages": talk.turns}
    if talk.system:
        body["system"] = talk.system
    config = _inference_config(request, writing)
    if config:
        body["inferenceConfig"] = config
    add_tools(body, request, writing)
    if request.output is not None:
        add_output(body, request.output, writing)
    if request.cache is not None:
        add_cache(body, request.cache, talk)
    if request.metadata:
        body["requestMetadata"] = dict(request.metadata)
        writing.ledger.append(ledger_.METADATA)
    more = more_fields(request, writing)
    if more:
        body[MORE] = more
    return body


def _inference_config(request: Request[Any], writing: Writing) -> Block:
    config: Block = {}
    if request.max_output_tokens is not None:
        config["maxTokens"] = request.max_output_tokens
        writing.ledger.append(ledger_.MAX_TOKENS)
    if request.stop:
        config["stopSequences"] = list(request.stop)
        writing.ledger.append(ledger_.STOP)
    if request.sampling != _NO_SAMPLING:
        _add_sampling(config, request.sampling, writing)
    return config


def _add_sampling(config: Block, sampling: Sampling, writing: Writing) -> None:
    for name, wire_name in (("temperature", "temperature"), ("top_p", "topP")):
        value = getattr(sampling, name)
        if value is not None:
            config[wire_name] = value
            writing.ledger.append(ledger_.SAMPLING[name])
    for name in _NOT_SENT:
        if getattr(sampling, name) is not None:
            writing.ledger.append(ledger_.option_dropped(name))
