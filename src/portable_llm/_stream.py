"""Bytes of an answer → events → Response; pure, and the same whether they come over a line or out of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import AnswerTooLargeError, ProviderError, StreamInterruptedError, UnreadableAnswerError
from portable_llm._events import (
    Delta,
    PartEnd,
    PartialOutput,
    PartKind,
    PartStart,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from portable_llm._http import HttpReply
from portable_llm._messages import Part, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from portable_llm._plan import Plan
from portable_llm._response import Attempt, Invalid, NoOutput, Refused, Response
from portable_llm.output import OutputPlan, check
from portable_llm.refusal import empty
from portable_llm.wire._errors import request_id

if TYPE_CHECKING:
    from portable_llm.output._deltas import DeltaReader

T = TypeVar("T")

MAX_PLAIN_BODY = 64 * 1024 * 1024
"""Bytes of an answer that comes whole where a stream was asked for."""


_NO_LOGPROBS = entry(
    "sampling", "/response/logprobs", "dropped", "asked for, and accepted; the answer came without them", "nobody"
)


def _ledger(plan: Plan[Any], response: Response[Any]) -> tuple[Adaptation, ...]:
    """The ledger of the plan, and what of the wish only the answer shows to be lost."""
    wanted = plan.request.sampling.logprobs is not None
    if not wanted or response.logprobs is not None or not response.text:
        return plan.adaptations
    # Where they were never asked for, the plan has said so.
    if any(one.subject == "/sampling/logprobs" and one.action == "dropped" for one in plan.adaptations):
        return plan.adaptations
    return (*plan.adaptations, _NO_LOGPROBS)


def complete(plan: Plan[T], response: Response[Any], attempts: tuple[Attempt, ...] = ()) -> Response[T]:
    """The response as the application gets it: with ledger and attempts, and checked for the wanted value."""
    known = response.answering(plan.target.provider.name, _ledger(plan, response), attempts, _hash_of(plan))
    if plan.tools is not None:
        known = plan.tools.check(plan.tools.restore(known))
    checked = check(known, plan.request.output, plan.output)
    nothing = empty(checked, plan.request)
    if nothing is None:
        return checked
    # Where a value was wanted, an empty answer stays invalid: it may be asked for again.
    outcome = Refused(refusal=nothing) if isinstance(checked.outcome, NoOutput) else checked.outcome
    return replace(checked, refusal=nothing, outcome=outcome)


def _hash_of(plan: Plan[Any]) -> str | None:
    return None if plan.prompt is None else plan.prompt.hash


def read_reply(plan: Plan[T], reply: HttpReply, attempts: tuple[Attempt, ...] = ()) -> Response[T]:
    """Read a whole answer; raises `ProviderError` or `UnreadableAnswerError`. A filter's no is a response."""
    wire = plan.wire
    if reply.status < 400:
        return complete(plan, wire.parse_response(reply, plan.origin), attempts)
    answer = wire.parse_error(reply, plan.origin)
    if isinstance(answer, ProviderError):
        raise answer
    return complete(plan, answer, attempts)


def _reader_of(how: OutputPlan) -> DeltaReader:
    from portable_llm.output._deltas import DeltaReader  # here: only streams of a wanted value pay for its reader

    return DeltaReader(how)


class Decoding(Generic[T]):
    """One streamed answer: `feed` it bytes, then `finish` it."""

    def __init__(self, plan: Plan[T], reply: HttpReply, *, partials: bool = False) -> None:
        """With `partials`, what a delta adds to the wanted value comes behind it, if a value is wanted."""
        self._plan = plan
        self._reply = reply
        framing = plan.wire.FRAMING
        self._frames = framing.decoder()
        self._decoder = plan.wire.stream_decoder(plan.origin)
        # Some hosts answer a stream request with one plain JSON body; among lines of JSON it is the only line.
        is_plain = reply.media_type.endswith("json") and not framing.media_type.endswith("json")
        self._plain: list[bytes] | None = [] if is_plain else None
        self._plain_size = 0
        self._value = _reader_of(plan.output) if partials and plan.output is not None else None
        self.has_output = False
        """Something that a reader could have used has come."""

    def feed(self, chunk: bytes) -> list[Delta | PartialOutput]:
        """The deltas that `chunk` completes; raises `ProviderError` for an error inside the stream."""
        if self._plain is not None:
            self._plain_size += len(chunk)
            if self._plain_size > MAX_PLAIN_BODY:
                raise AnswerTooLargeError(f"the answer exceeds {MAX_PLAIN_BODY} bytes", status=self._reply.status)
            self._plain.append(chunk)
            return []
        frames = self._frames.feed(chunk)
        if len(frames) == 1:
            return self._note(self._decoder.feed(frames[0]))
        return self._note([delta for frame in frames for delta in self._decoder.feed(frame)])

    def _note(self, deltas: list[Delta]) -> list[Delta | PartialOutput]:
        tools = self._plan.tools
        if tools is not None:
            deltas = [tools.restore_delta(delta) for delta in deltas]
        if not self.has_output and any(not isinstance(delta, (Started, PartStart)) for delta in deltas):
            self.has_output = True
        return self._with_partials(deltas)

    def _with_partials(self, deltas: list[Delta]) -> list[Delta | PartialOutput]:
        if self._value is None:
            return cast("list[Delta | PartialOutput]", deltas)
        found: list[Delta | PartialOutput] = []
        for delta in deltas:
            found.append(delta)
            partial = self._value.read(delta)
            if partial is not None:
                found.append(partial)
        return found

    def finish(self, attempts: tuple[Attempt, ...] = ()) -> tuple[list[Delta | PartialOutput], Response[T]]:
        """The last deltas and the response; raises `StreamInterruptedError` if the end mark never came."""
        if self._plain is not None:
            reply = replace(self._reply, body=b"".join(self._plain), is_open=False)
            response = read_reply(self._plan, reply, attempts)
            return self._with_partials([*deltas_of(response)]), response
        deltas = [delta for frame in self._frames.close() for delta in self._decoder.feed(frame)]
        if not self._decoder.is_complete:
            raise StreamInterruptedError("the stream ended before its last event", status=self._reply.status)
        last, response = self._decoder.finish()
        return self._note([*deltas, *last]), complete(self._plan, self._named(response), attempts)

    def partial(self, attempts: tuple[Attempt, ...] = ()) -> Response[T]:
        """What has come so far, as a response that says that it is not whole; a value so far is its best effort."""
        _, response = self._decoder.finish()
        if self._value is not None and self._value.value is not None:
            broken = Invalid(errors=("/: the stream ended before the value did",), best_effort=self._value.value)
            response = replace(response, outcome=broken)
        if self._plan.tools is not None:
            response = self._plan.tools.restore(response)
        # A word of success is not one: what it crowns did not come whole.
        reason = "unknown" if response.finish_reason in ("stop", "tool_call") else response.finish_reason
        return cast(
            "Response[T]",
            replace(
                self._named(response).answering(
                    self._plan.target.provider.name, self._plan.adaptations, attempts, _hash_of(self._plan)
                ),
                finish_reason=reason,
            ),
        )

    def _named(self, response: Response[None]) -> Response[None]:
        if response.request_id is not None:
            return response
        return replace(response, request_id=request_id(self._reply))


def read_stream(plan: Plan[T], reply: HttpReply, chunks: Iterable[bytes]) -> Response[T]:
    """Read a stored stream to its end, as if it came over the line; raises as the live one would."""
    decoding = Decoding(plan, reply)
    try:
        for chunk in chunks:
            decoding.feed(chunk)
        return decoding.finish()[1]
    except (ProviderError, UnreadableAnswerError, StreamInterruptedError) as error:
        error.partial = decoding.partial()
        raise


def deltas_of(response: Response[Any]) -> Iterator[Delta]:
    """The deltas of an answer that came whole: one per part."""
    yield Started(response.id, response.model)
    for index, part in enumerate(response.message.parts):
        yield PartStart(index, _kind(part))
        yield from _delta(index, part)
        yield PartEnd(index, part)


def _kind(part: Part) -> PartKind:
    kinds: dict[type, PartKind] = {
        TextPart: "text",
        ReasoningPart: "reasoning",
        ToolCallPart: "tool_call",
        RefusalPart: "refusal",
    }
    return kinds.get(type(part), "unknown")


def _delta(index: int, part: Part) -> Iterator[Delta]:
    match part:
        case TextPart(text=text) if text:
            yield TextDelta(index, text)
        case ReasoningPart(text=text) if text:
            yield ReasoningDelta(index, text)
        case RefusalPart(text=text) if text:
            yield RefusalDelta(index, text)
        case ToolCallPart():
            yield ToolCallDelta(index, part.id, part.name, part.raw_arguments)
        case _:
            return
