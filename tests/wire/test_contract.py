"""What holds for every wire format: the same names, the way there and back, streams that add up, errors that stay.

Parametrised over `wire_names()`, so a new format is covered unasked.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import FEATURES
from portable_llm._errors import BY_KIND, PortableLLMError, ProviderError, UnreadableAnswerError
from portable_llm._events import Delta, PartEnd, ReasoningDelta, TextDelta
from portable_llm._frames import Frame
from portable_llm._http import HttpCall, HttpReply
from portable_llm._messages import BlobPart, Origin, Part, TextPart, ToolCallPart, UriPart, user
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import FinishReason, NoOutput, Refused, Response
from portable_llm.wire import WireFormat, wire_format, wire_names

ORIGIN = strategies.ORIGIN
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

CANNOT_CARRY: dict[str, frozenset[str]] = {
    # The one key it takes is `user_id`.
    "anthropic-messages": frozenset({"metadata"}),
    # Thinking is on or off, strictness is one switch for all tools, and log-probabilities come without alternatives.
    "cohere-v2": frozenset({"reasoning/effort", "tools/strict", "sampling/logprobs"}),
}
"""Features a format supports in part, so that not every value can be read back from its requests."""

CANNOT_SAY: dict[str, tuple[str, ...]] = {
    # A refusal is a stop reason with an explanation, no part of the message.
    "anthropic-messages": ("refusal", "logprobs"),
    # Filters decline, the model only in words; an answer has no id, and its reasoning is not counted apart.
    "bedrock-converse": ("refusal", "id", "reasoning_tokens", "logprobs"),
    # Refusals are prose (wire facts, 2026-11-23).
    "cohere-v2": ("refusal", "cache_creation", "token_bytes", "alternatives"),
    # No words of refusal of the model's own, and no count of what was written to a cache (wire facts, 2026-11-23).
    "gemini": ("refusal", "cache_creation", "token_bytes"),
    # Refusals are prose; reasoning is counted with the rest (wire facts, 2026-11-23).
    "mistral-chat": ("refusal", "cache_creation", "reasoning_tokens"),
    # Refusals are prose; an answer has no id, and two counts.
    "ollama-chat": ("refusal", "id", "cache_creation", "cache_read", "reasoning_tokens"),
}
"""What an answer of the format has no place for."""


ONE_TEXT = ("ollama-chat",)
"""Formats whose messages have one text, and images beside it."""

NEVER_FILTERS = ("cohere-v2", "ollama-chat")
"""Formats without an error that means that a filter declined."""


def answers(wire: WireFormat) -> st.SearchStrategy[Response[None]]:
    """Answers that this format can say."""
    return strategies.responses(cannot=CANNOT_SAY.get(wire.NAME, ()))


@pytest.fixture(params=wire_names(), scope="session")
def wire(request: pytest.FixtureRequest) -> WireFormat:
    return wire_format(request.param)


def carried(wire: WireFormat) -> frozenset[str]:
    """What the format itself can express, and say again when its request is read."""
    lost = CANNOT_CARRY.get(wire.NAME, frozenset())
    facts = wire.CAPABILITIES
    # Addresses are drawn as https only.
    lost |= {name for name in ("parts/image_uri", "parts/document_uri") if facts[name].values not in ((), ("https",))}
    return frozenset(name for name in FEATURES if facts[name].support == "yes") - lost


# ---- facts and tables ------------------------------------------------------------------------------------------------


def test_every_feature_has_a_fact_with_source_and_day(wire: WireFormat) -> None:
    facts = wire.CAPABILITIES.facts

    # How much a model holds, how it counts, and how it likes its prompts, is nothing that a protocol knows.
    assert facts.keys() == FEATURES.keys() - {"context_window", "prompt/rendering", "tokenizer"}
    assert [name for name, fact in facts.items() if fact.is_assumed or not fact.date] == []


def test_finish_words_mean_portable_reasons(wire: WireFormat) -> None:
    assert set(wire.FINISH_REASONS.values()) <= set(get_args(FinishReason))


# ---- requests --------------------------------------------------------------------------------------------------------


@MANY
@given(data=st.data())
def test_what_is_built_reads_back_equal(wire: WireFormat, data: st.DataObject) -> None:
    request = data.draw(strategies.requests(carries=carried(wire)))
    call, _ = wire.build_request(request, wire.CAPABILITIES)

    read, _ = wire.read_request(_body(call), path=call.path)

    assert _comparable(read, wire) == _comparable(request, wire)


@MANY
@given(data=st.data())
def test_what_was_read_is_built_again_as_it_was(wire: WireFormat, data: st.DataObject) -> None:
    request = data.draw(strategies.requests(carries=carried(wire)))
    call, _ = wire.build_request(request, wire.CAPABILITIES)
    read, _ = wire.read_request(_body(call), path=call.path)

    assert wire.build_request(read, wire.CAPABILITIES)[0] == call


def _body(call: HttpCall) -> dict[str, Any]:
    body = call.json
    assert isinstance(body, dict)
    return body


def _comparable(request: Request[Any], wire: WireFormat) -> Request[Any]:
    """The request without what some formats have no place for: the type of an address, the name of a schema, how
    readable arguments were written, whether the default choice was said, and where a text ends and the next begins."""
    output = request.output
    if output is not None:
        output = replace(output, name="output", schema=output.schema or None)
    messages = tuple(
        replace(message, parts=_joined(parts) if wire.NAME in ONE_TEXT else parts)
        for message in request.messages
        for parts in [tuple(_bare(part) for part in message.parts)]
    )
    choice = None if request.tool_choice == "auto" else request.tool_choice
    return replace(request, messages=messages, output=output, tool_choice=choice)


def _joined(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    text = "".join(part.text for part in parts if isinstance(part, TextPart))
    beside = tuple(part for part in parts if not isinstance(part, TextPart))
    beside = tuple(replace(part, mime_type="image/png") if isinstance(part, BlobPart) else part for part in beside)
    return (TextPart(text=text), *beside) if text else beside


def _bare(part: Part) -> Part:
    if isinstance(part, UriPart):
        return replace(part, mime_type=None)
    return replace(part, raw_arguments="") if isinstance(part, ToolCallPart) else part


TOOL = Tool(name="weather", description="The weather.", parameters={"type": "object", "properties": {}})
BARE: Request[Any] = Request(model="some-model", messages=(user("hello"),), max_output_tokens=64, tools=(TOOL,))
OPTIONS: dict[str, Request[Any]] = {
    "/output": replace(BARE, output=Output(schema={"type": "object", "properties": {}})),
    "/tools": replace(BARE, tools=(TOOL, replace(TOOL, name="time"))),
    "/tools/0/strict": replace(BARE, tools=(replace(TOOL, strict=True),)),
    "/tool_choice": replace(BARE, tool_choice="required"),
    "/tool_choice/name": replace(BARE, tool_choice=NamedTool("weather")),
    "/parallel_tool_calls": replace(BARE, parallel_tool_calls=False),
    "/reasoning/effort": replace(BARE, reasoning=Reasoning(effort="high")),
    "/reasoning/budget_tokens": replace(BARE, reasoning=Reasoning(budget_tokens=2000)),
    "/reasoning/summary": replace(BARE, reasoning=Reasoning(summary=True)),
    "/max_output_tokens": replace(BARE, max_output_tokens=65),
    "/stop": replace(BARE, stop=("END",)),
    "/cache/key": replace(BARE, cache=CacheHint(key="k")),
    "/cache/breakpoints": replace(BARE, cache=CacheHint(breakpoints=("/messages/0",))),
    "/metadata": replace(BARE, metadata={"team": "a"}),
    "/extra/vendor_option": replace(BARE, extra={"vendor_option": 1}),
    **{
        f"/sampling/{name}": replace(BARE, sampling=Sampling(**value))
        for name, value in {
            "temperature": {"temperature": 0.5},
            "top_p": {"top_p": 0.5},
            "top_k": {"top_k": 5},
            "seed": {"seed": 5},
            "presence_penalty": {"presence_penalty": 0.5},
            "frequency_penalty": {"frequency_penalty": 0.5},
            "logit_bias": {"logit_bias": {"5": 1.0}},
            "logprobs": {"logprobs": 0},
        }.items()
    },
}


@pytest.mark.parametrize("pointer", OPTIONS)
def test_an_option_the_format_has_is_on_the_wire(wire: WireFormat, pointer: str) -> None:
    feature = {
        "/output": "output/native",
        "/tool_choice": "tool_choice/required",
        "/tool_choice/name": "tool_choice/named",
    }
    name = feature.get(pointer, pointer.strip("/").replace("tools/0", "tools"))
    if name in FEATURES and wire.CAPABILITIES[name].support != "yes":
        return  # the passes drop it with an entry before the format is asked

    bare, _ = wire.build_request(BARE, wire.CAPABILITIES)
    call, ledger = wire.build_request(OPTIONS[pointer], wire.CAPABILITIES)

    assert call != bare or _speaks_of(ledger, pointer)


def _speaks_of(ledger: Iterable[Adaptation], pointer: str) -> bool:
    return any(entry.subject.startswith(pointer) for entry in ledger)


def test_extra_fields_pass_through_and_are_listed(wire: WireFormat) -> None:
    call, ledger = wire.build_request(OPTIONS["/extra/vendor_option"], wire.CAPABILITIES)

    assert _body(call)["vendor_option"] == 1
    assert [entry.severity for entry in ledger if entry.subject == "/extra/vendor_option"] == ["exact"]


def test_the_same_request_gives_the_same_bytes_and_the_same_entries(wire: WireFormat) -> None:
    first, ledger = wire.build_request(OPTIONS["/stop"], wire.CAPABILITIES)
    second, again = wire.build_request(OPTIONS["/stop"], wire.CAPABILITIES)

    assert first == second
    assert all(one is other for one, other in zip(ledger, again, strict=True))


# ---- answers ---------------------------------------------------------------------------------------------------------


@MANY
@given(data=st.data())
def test_what_is_written_parses_back(wire: WireFormat, data: st.DataObject) -> None:
    response = data.draw(answers(wire))
    read = wire.parse_response(wire.write_response(response), ORIGIN)

    assert strategies.without_wire_words(read) == strategies.without_wire_words(response)
    assert isinstance(read.outcome, NoOutput if read.refusal is None else Refused)


@MANY
@given(data=st.data(), pieces=st.integers(1, 5))
def test_a_stream_adds_up_to_the_whole_answer(wire: WireFormat, data: st.DataObject, pieces: int) -> None:
    response = data.draw(answers(wire))
    whole = wire.parse_response(wire.write_response(response), ORIGIN)

    _, streamed, is_complete = _decode(wire, wire.write_stream(response, pieces=pieces))

    assert is_complete
    assert streamed == replace(whole, raw=None, request_id=streamed.request_id)


@MANY
@given(data=st.data(), size=st.integers(1, 64))
def test_how_the_bytes_are_cut_into_chunks_changes_nothing(wire: WireFormat, data: st.DataObject, size: int) -> None:
    response = data.draw(answers(wire))
    stream = b"".join(wire.write_stream(response))

    assert _decode(wire, [stream]) == _decode(wire, [stream[i : i + size] for i in range(0, len(stream), size)])


@MANY
@given(data=st.data())
def test_a_stream_cut_anywhere_is_a_prefix_and_says_so(wire: WireFormat, data: st.DataObject) -> None:
    response = data.draw(answers(wire))
    stream = b"".join(wire.write_stream(response))
    everything, whole, _ = _decode(wire, [stream])
    cut = data.draw(st.integers(0, len(stream) - 1))

    deltas, partial, is_complete = _decode(wire, [stream[:cut]], is_closed=False)

    begun = [delta for delta in deltas if not isinstance(delta, PartEnd)]
    assert begun == [delta for delta in everything if not isinstance(delta, PartEnd)][: len(begun)]
    assert whole.text.startswith(partial.text)
    if is_complete:
        assert partial.message == whole.message
    else:
        assert partial.finish_reason == "unknown" or partial.finish_reason == whole.finish_reason


def _decode(
    wire: WireFormat, chunks: Iterable[bytes], *, is_closed: bool = True
) -> tuple[list[Delta], Response[None], bool]:
    frames, decoder, deltas = wire.FRAMING.decoder(), wire.stream_decoder(ORIGIN), list[Delta]()
    for chunk in chunks:
        for frame in frames.feed(chunk):
            deltas += decoder.feed(frame)
    for frame in frames.close() if is_closed else ():
        deltas += decoder.feed(frame)
    is_complete = decoder.is_complete
    last, response = decoder.finish()
    return [*deltas, *last], response, is_complete


@MANY
@given(data=st.data())
def test_deltas_and_part_ends_say_the_same_as_the_response(wire: WireFormat, data: st.DataObject) -> None:
    response = data.draw(answers(wire))
    deltas, streamed, _ = _decode(wire, wire.write_stream(response))

    assert "".join(delta.text for delta in deltas if isinstance(delta, TextDelta)) == streamed.text
    ended = sorted((delta for delta in deltas if isinstance(delta, PartEnd)), key=lambda delta: delta.index)
    assert tuple(delta.part for delta in ended) == streamed.message.parts
    assert all(delta.text for delta in deltas if isinstance(delta, (TextDelta, ReasoningDelta)))


def test_an_empty_stream_is_an_interruption(wire: WireFormat) -> None:
    _, response, is_complete = _decode(wire, [])

    assert not is_complete
    assert response.message.parts == ()
    assert response.finish_reason == "unknown"


# ---- what cannot be read ---------------------------------------------------------------------------------------------

UNREADABLE = [b"", b"<html>Bad gateway</html>", b"42", b'"text"', b"{", b"[" * 5000]


@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: body[:12].decode())
def test_a_2xx_that_is_no_answer_is_unreadable(wire: WireFormat, body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError) as caught:
        wire.parse_response(HttpReply(status=200, body=body), ORIGIN)

    assert caught.value.status == 200


@MANY
@given(body=strategies.json_values | st.dictionaries(strategies.texts, strategies.json_values))
def test_strange_json_never_crashes_a_reader(wire: WireFormat, body: Any) -> None:
    _reads_or_raises(lambda: wire.parse_response(_reply(200, body), ORIGIN))
    _reads_or_raises(lambda: wire.stream_decoder(ORIGIN).feed(Frame("", json.dumps(body).encode())))
    answer = wire.parse_error(_reply(400, body), ORIGIN)

    assert isinstance(answer, (ProviderError, Response))


@MANY
@given(data=st.data())
def test_an_answer_with_wrong_types_inside_never_crashes_a_reader(wire: WireFormat, data: st.DataObject) -> None:
    response = data.draw(answers(wire))
    body = json.loads(wire.write_response(response).body)
    _spoil(body, data)

    _reads_or_raises(lambda: wire.parse_response(_reply(200, body), ORIGIN))


@MANY
@given(data=st.data())
def test_a_stream_with_wrong_types_inside_never_crashes_a_reader(wire: WireFormat, data: st.DataObject) -> None:
    response = data.draw(answers(wire))
    frames = wire.FRAMING.decoder()
    decoder = wire.stream_decoder(ORIGIN)
    for frame in frames.feed(b"".join(wire.write_stream(response))):
        try:
            body = json.loads(frame.data)
        except ValueError:
            continue
        _spoil(body, data)
        _reads_or_raises(lambda frame=frame, body=body: decoder.feed(Frame(frame.event, json.dumps(body).encode())))

    assert isinstance(decoder.finish()[1], Response)


def _reply(status: int, body: Any) -> HttpReply:
    return HttpReply(status=status, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def _reads_or_raises(read: Callable[[], Any]) -> None:
    """Anything but our own errors is a crash."""
    with contextlib.suppress(PortableLLMError):
        read()


def _spoil(body: Any, data: st.DataObject) -> None:
    """Replace one value somewhere in the JSON by one of another type."""
    places: list[tuple[Any, Any]] = []
    _places(body, places)
    if places:
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = data.draw(st.sampled_from([None, True, 0, 1.5, "", "x", [], [None], {}, {"x": None}]))


def _places(value: Any, found: list[tuple[Any, Any]]) -> None:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found.append((value, key))
        _places(inner, found)


# ---- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BY_KIND)
def test_an_error_keeps_kind_message_and_status(wire: WireFormat, kind: str) -> None:
    reply = wire.write_error(kind, "something went wrong")

    error = wire.parse_error(reply, ORIGIN)

    assert isinstance(error, ProviderError)
    assert (error.kind, error.status) == (kind, reply.status)
    assert "something went wrong" in str(error)


def test_a_filter_that_answers_with_an_error_is_a_refusal(wire: WireFormat) -> None:
    answer = wire.parse_error(wire.write_error("content_filter", "blocked by policy"), ORIGIN)

    if wire.NAME in NEVER_FILTERS:
        assert isinstance(answer, ProviderError)
        return
    assert isinstance(answer, Response)
    assert answer.finish_reason == "content_filter"
    assert answer.refusal is not None
    assert answer.refusal.kind == "hard"
    assert answer.refusal.evidence
    assert answer.outcome == Refused(refusal=answer.refusal)


@pytest.mark.parametrize(
    ("status", "kind"), [(500, "server_error"), (503, "overloaded"), (429, "rate_limit"), (401, "auth")]
)
@pytest.mark.parametrize("body", UNREADABLE, ids=lambda body: body[:12].decode())
def test_an_error_without_a_readable_body_goes_by_its_status(
    wire: WireFormat, status: int, kind: str, body: bytes
) -> None:
    error = wire.parse_error(HttpReply(status=status, body=body), Origin(provider="p", host="h", model="m"))

    assert isinstance(error, ProviderError)
    assert (error.kind, error.status) == (kind, status)
