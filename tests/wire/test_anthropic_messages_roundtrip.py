"""The way there and back for what only the Messages protocol knows; `test_contract` has what all formats share."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portable_llm._frames import Frame, SseDecoder
from portable_llm._messages import Message, UriPart
from portable_llm._request import Request
from portable_llm._response import Response
from portable_llm.wire.anthropic_messages import (
    CAPABILITIES,
    build_request,
    parse_response,
    read_request,
    stream_decoder,
    write_response,
    write_stream,
)
from strategies import ORIGIN
from wire.anthropic_messages_strategies import own_requests, own_responses

FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(request=own_requests())
def test_a_request_reads_back_equal_state_included(request: Request[Any]) -> None:
    call, ledger = build_request(request, CAPABILITIES)

    read, _ = read_request(json.loads(call.body))

    assert read == request
    assert {entry.severity for entry in ledger} <= {"exact", "advisory"}


@FEW
@given(response=own_responses())
def test_an_answer_parses_back_equal_state_included(response: Response[None]) -> None:
    read = parse_response(write_response(response), ORIGIN)

    assert _essence(read) == _essence(response)


@FEW
@given(response=own_responses(), pieces=st.integers(1, 5))
def test_a_stream_adds_up_to_the_same_answer(response: Response[None], pieces: int) -> None:
    decoder, frames = stream_decoder(ORIGIN), SseDecoder()
    for frame in frames.feed(b"".join(write_stream(response, pieces=pieces))):
        decoder.feed(frame)

    _, streamed = decoder.finish()

    assert decoder.is_complete
    assert streamed == replace(parse_response(write_response(response), ORIGIN), raw=None)


@FEW
@given(response=own_responses())
def test_an_answer_can_be_sent_back_as_it_came(response: Response[None]) -> None:
    """The vendor refuses reasoning that was changed: what was read is replayed block by block."""
    body = json.loads(write_response(response).body)
    read = parse_response(write_response(response), ORIGIN)
    request = Request(model="m", messages=(read.message,))

    call, _ = build_request(request, CAPABILITIES)

    turns = json.loads(call.body)["messages"]
    sent = turns[0]["content"] if turns else []
    assert ([{"type": "text", "text": sent}] if isinstance(sent, str) else sent) == body["content"]


@FEW
@given(response=own_responses(), data=st.data())
def test_unknown_events_change_nothing(response: Response[None], data: st.DataObject) -> None:
    stream = SseDecoder().feed(b"".join(write_stream(response)))
    at = data.draw(st.integers(0, len(stream)))
    strange = data.draw(st.sampled_from([b'{"type":"ping"}', b'{"type":"galaxy","index":0}', b"{}", b"[1]"]))

    plain, disturbed = stream_decoder(ORIGIN), stream_decoder(ORIGIN)
    deltas = [delta for frame in stream for delta in plain.feed(frame)]
    others = [delta for frame in [*stream[:at], Frame("", strange), *stream[at:]] for delta in disturbed.feed(frame)]

    assert others == deltas
    assert disturbed.finish() == plain.finish()


def _essence(response: Response[Any]) -> dict[str, Any]:
    return {
        "message": _untyped(response.message),
        "finish_reason": response.finish_reason,
        "refusal": response.refusal,
        "outcome": response.outcome,
        "usage": response.usage,
        "model": response.model,
        "id": response.id,
    }


def _untyped(message: Message) -> Message:
    parts = tuple(replace(part, mime_type=None) if isinstance(part, UriPart) else part for part in message.parts)
    return replace(message, parts=parts)
