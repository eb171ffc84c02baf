"""The fake server says no in every way the table of signals knows, and the client reads each for what it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portable_llm._http import HttpReply
from portable_llm._response import Refused, Response
from portable_llm.refusal import SIGNALS, Signal, signal_of
from portable_llm.testing import Decline, FakeServer, fault_from_json, refusal_names
from portable_llm.wire import wire_format, wire_names
from support.loopback import ORIGIN, ask, read

WHOLE_AND_STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
EVERY_SIGNAL = pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: f"{signal.wire}-{signal.name}")
SAID = "Sure, first"


def declined(signal: Signal, *, stream: bool, text: str = "", is_inside: bool = False) -> Response[None]:
    fault = Decline(signal=signal.name, text=text, is_inside=is_inside)
    with FakeServer(faults=[fault]) as server:
        got = ask(server, signal.wire, stream=stream)
    if got.status >= 400:
        reply = HttpReply(status=got.status, headers=got.headers, body=got.body)
        answer = wire_format(signal.wire).parse_error(reply, ORIGIN)
        assert isinstance(answer, Response), answer
        return answer
    return read(signal.wire, got, stream=stream)


@pytest.mark.parametrize("wire", wire_names())
def test_every_signal_of_every_wire_can_be_given(wire: str) -> None:
    assert set(refusal_names(wire)) == {signal.name for signal in SIGNALS if signal.wire == wire}


@EVERY_SIGNAL
@WHOLE_AND_STREAMED
def test_every_signal_is_read_for_what_it_is(signal: Signal, stream: bool) -> None:
    response = declined(signal, stream=stream)

    assert response.refusal is not None
    assert response.outcome == Refused(refusal=response.refusal)
    assert (response.refusal.kind, response.refusal.source) == ("hard", signal.source)
    assert response.refusal.evidence
    if signal.category != "unspecified":
        assert response.refusal.category == signal.category or response.refusal.raw_category
    assert response.finish_reason == ("refusal" if is_a_stop(signal) else "content_filter")
    assert not response.is_complete


def is_a_stop(signal: Signal) -> bool:
    """The model's own refusals end as `refusal`, whatever a filter or an error stopped as `content_filter`."""
    return signal.source == "model" or signal.place == "stop_details.category"


@EVERY_SIGNAL
@WHOLE_AND_STREAMED
def test_text_before_a_refusal_is_kept_and_marked_where_it_is_withdrawn(signal: Signal, stream: bool) -> None:
    response = declined(signal, stream=stream, text=SAID)

    assert response.refusal is not None
    if response.text:
        assert response.text == SAID
        assert response.refusal.is_withdrawn == signal.withdraws
    else:
        # An error in the place of the answer, or a blocked prompt: nothing had been said.
        assert signal.source != "model"
        assert not response.refusal.is_withdrawn


@EVERY_SIGNAL
@pytest.mark.parametrize("text", ["", SAID], ids=["at once", "after text"])
def test_whole_and_streamed_say_the_same(signal: Signal, text: str) -> None:
    whole, streamed = (declined(signal, stream=stream, text=text) for stream in (False, True))

    assert streamed.refusal == whole.refusal
    assert (streamed.text, streamed.finish_reason, streamed.raw_finish_reason, streamed.usage) == (
        whole.text,
        whole.finish_reason,
        whole.raw_finish_reason,
        whole.usage,
    )


@EVERY_SIGNAL
def test_a_refusal_that_is_cut_off_is_never_a_success(signal: Signal) -> None:
    with FakeServer(faults=[Decline(signal=signal.name, text=SAID, is_inside=True)]) as server:
        got = ask(server, signal.wire, stream=True)
    if got.headers["content-type"] != wire_format(signal.wire).FRAMING.media_type:
        pytest.skip("this signal comes whole, in the place of a stream")

    for size in range(0, len(got.body), 3):
        wire = wire_format(signal.wire)
        frames, decoder = wire.FRAMING.decoder(), wire.stream_decoder(ORIGIN)
        for frame in frames.feed(got.body[:size]):
            decoder.feed(frame)
        if decoder.is_complete:
            assert decoder.finish()[1].refusal is not None, size


LATER_STOPS = {
    "openai-chat": b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n',
    "mistral-chat": b'data: {"choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}]}\n\n',
    "gemini": b'data: {"candidates": [{"index": 0, "finishReason": "STOP"}]}\n\n',
}
"""A chunk that some hosts send after the one with the reason."""
ENDINGS = [row for row in SIGNALS if row.wire in LATER_STOPS and row.place.lower().startswith(("finish", "safety"))]


@pytest.mark.parametrize("signal", ENDINGS, ids=lambda signal: f"{signal.wire}-{signal.name}")
def test_a_plain_stop_after_a_filter_does_not_unsay_it(signal: Signal) -> None:
    with FakeServer(faults=[Decline(signal=signal.name, text=SAID)]) as server:
        got = ask(server, signal.wire, stream=True)
    body = got.body.replace(b"data: [DONE]\n\n", b"") + LATER_STOPS[signal.wire]
    response = read(signal.wire, replace(got, body=body), stream=True)

    assert response.finish_reason == "content_filter"
    assert response.refusal is not None
    assert response.refusal.source == signal.source
    assert response.text == SAID


ERRORS = [row for row in SIGNALS if row.place in ("code", "error.message", "misalignment")]
"""Signals that are errors: several vendors send them in the middle of a stream as well."""


@pytest.mark.parametrize("signal", ERRORS, ids=lambda signal: signal.name)
def test_a_filter_that_breaks_into_a_stream_is_a_refusal_and_no_error(signal: Signal) -> None:
    response = declined(signal, stream=True, text=SAID, is_inside=True)

    assert response.text == SAID
    assert response.refusal is not None
    assert (response.refusal.kind, response.refusal.source) == ("hard", signal.source)
    assert response.finish_reason == "content_filter"


@pytest.mark.parametrize("wire", [wire for wire in wire_names() if refusal_names(wire)])
def test_by_default_the_first_signal_of_the_wire_is_given(wire: str) -> None:
    with FakeServer(faults=[fault_from_json({"fault": "decline"})]) as server:
        response = read(wire, ask(server, wire))

    assert response.refusal is not None
    sources = {signal.source for signal in SIGNALS if signal.wire == wire}
    assert response.refusal.source == "model" or "model" not in sources


def test_an_unknown_signal_is_an_error_of_the_server_that_names_the_known_ones() -> None:
    with FakeServer(faults=[Decline(signal="nonsense")]) as server:
        got = ask(server, "gemini")

        assert got.status == 500
        assert b"promptFeedback.blockReason" in got.body
        assert server.errors


def test_the_table_knows_no_word_twice() -> None:
    places = [(signal.wire, signal.place, signal.word) for signal in SIGNALS]

    assert len(set(places)) == len(places)
    assert all(signal_of(*place) == signal for place, signal in zip(places, SIGNALS, strict=True))
