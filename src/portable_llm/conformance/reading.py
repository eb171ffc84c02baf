"""A stored exchange → what a lane sees in it.

Home and raw read as a team's own consumer code would (`readers/`); norm reads through the library, repairs included.
"""

from __future__ import annotations

from typing import Any

from portable_llm._errors import PortableLLMError, ProviderError, StreamInterruptedError, UnreadableAnswerError
from portable_llm._events import TextDelta
from portable_llm._http import HttpReply
from portable_llm._plan import Plan
from portable_llm._response import Invalid, NoOutput, Parsed, Response
from portable_llm._stream import Decoding, read_reply
from portable_llm.conformance.case import Case
from portable_llm.conformance.observation import ABSENT, Observation, ToolCall
from portable_llm.conformance.readers import READERS
from portable_llm.conformance.store import Record
from portable_llm.output import read
from portable_llm.output._check import WHOLE_ONLY


def observe_plain(record: Record, case: Case, wire: str) -> Observation:
    """The exchange as home and raw read it."""
    failed = _not_answered(record)
    if failed is not None:
        return failed
    return READERS[wire](record.status, record.headers, record.body, record.streamed, case.wants_json)


def observe_norm(record: Record, case: Case, plan: Plan[Any] | None) -> Observation:
    """The exchange as the library reads it for the application; `plan` wrote its request."""
    failed = _not_answered(record)
    if failed is not None or plan is None:
        return failed or Observation(finish="error", error={"kind": "invalid_request", "message": "not planned"})
    ledger = tuple(dict(entry.to_json()) for entry in plan.adaptations)
    reply = record.reply or HttpReply(status=0)
    try:
        if not (record.streamed and reply.status < 400):
            return _observation(read_reply(plan, reply), case, {}, ledger)
        return _stream_observation(plan, reply, case, ledger)
    except PortableLLMError as error:
        return Observation(finish="error", error=_error(error, record.status), ledger=ledger)


def _not_answered(record: Record) -> Observation | None:
    """The observation of an exchange without a whole answer: the line broke, or nothing could be sent."""
    if record.error is None:
        return None
    return Observation(finish="error", error={**record.error, "status": record.status})


def _stream_observation(
    plan: Plan[Any], reply: HttpReply, case: Case, ledger: tuple[dict[str, Any], ...]
) -> Observation:
    decoding = Decoding(plan, reply)
    deltas = decoding.feed(reply.body)
    try:
        last, response = decoding.finish()
    except StreamInterruptedError:
        # The bytes are whole as sent: a stream that the endpoint ended without its end mark is its own answer.
        partial = decoding.partial()
        return _observation(partial, case, {"streamed": True, "ended": False, "text_equal": True}, ledger)
    pieces = "".join(delta.text for delta in (*deltas, *last) if isinstance(delta, TextDelta))
    events = {"streamed": True, "ended": True, "text_equal": pieces == response.text}
    return _observation(response, case, events, ledger)


def _observation(
    response: Response[Any], case: Case, events: dict[str, Any], ledger: tuple[dict[str, Any], ...]
) -> Observation:
    wants_value = case.wants_json
    # Where a case asks for JSON in words only, an application reads the text with the library's reader.
    outcome = (
        read(response.text, policy=WHOLE_ONLY)
        if wants_value and isinstance(response.outcome, NoOutput)
        else response.outcome
    )
    usage = response.usage
    return Observation(
        text=response.text,
        tool_calls=tuple(
            ToolCall(id=call.id, name=call.name, arguments=call.arguments, raw_arguments=call.raw_arguments)
            for call in response.tool_calls
        ),
        value=outcome.value if wants_value and isinstance(outcome, Parsed) else ABSENT,
        value_error="; ".join(outcome.errors) if wants_value and isinstance(outcome, Invalid) else None,
        finish=response.finish_reason,
        raw_finish=response.raw_finish_reason,
        refusal=_typed_refusal(response),
        usage={"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
        if usage.input_tokens is not None or usage.output_tokens is not None
        else None,
        ledger=ledger,
        repairs=tuple(repair.kind for repair in outcome.repairs) if wants_value and isinstance(outcome, Parsed) else (),
        events=events,
        facts={"logprobs": len(response.logprobs)} if response.logprobs else {},
    )


def _typed_refusal(response: Response[Any]) -> str | None:
    """What a typed refusal says; what the library makes of an empty answer is no observation."""
    refusal = response.refusal
    if refusal is None or refusal.kind != "hard":
        return None
    return refusal.text or ", ".join(refusal.evidence)


def _error(error: PortableLLMError, status: int | None) -> dict[str, Any]:
    if isinstance(error, ProviderError):
        kind = error.kind
    elif isinstance(error, UnreadableAnswerError):
        kind = "unreadable"
    else:
        kind = "unknown"
    return {"kind": kind, "status": status, "message": error.message}
