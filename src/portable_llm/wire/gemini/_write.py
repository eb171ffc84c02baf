"""`Response` → the wire response, whole or streamed, and error answers: the way back of `_parse` and `_errors`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._messages import Part, ReasoningPart, RefusalPart, TextPart
from portable_llm._response import FinishReason, Refusal, Response, Usage
from portable_llm.refusal import vendor_word
from portable_llm.wire._finish import finish_reason
from portable_llm.wire._logprobs import Dealer, tokens_of, wire_candidates
from portable_llm.wire.gemini._capabilities import FINISH_REASONS, NAME
from portable_llm.wire.gemini._citations import wire_grounding
from portable_llm.wire.gemini._parts import CONTINUATION_TOKEN, continuation_token, wire_part

_JSON = {"content-type": "application/json; charset=UTF-8"}

# A word for each reason: what the service has no word for goes as the nearest that is no success.
_WORDS: Mapping[FinishReason, str] = {
    "stop": "STOP",
    "tool_call": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "refusal": "SAFETY",
    "pause": "CONTINUATION",
    "error": "MALFORMED_RESPONSE",
    "context_overflow": "OTHER",
    "cancelled": "OTHER",
    "unknown": "OTHER",
}


def write_response(response: Response[Any]) -> HttpReply:
    """The answer as one body."""
    if _is_blocked_prompt(response):
        return _json_reply(200, {**_blocked(response), **_frame(response, response.usage)})
    candidate: dict[str, Any] = {
        "content": {"role": "model", "parts": [wire_part(part, {}) for part in _said(response)]},
        **_ending(response),
        "index": 0,
    }
    if tokens := tokens_of(response, "text"):
        candidate["logprobsResult"] = wire_candidates(tokens)
    return _json_reply(200, {"candidates": [candidate], **_frame(response, response.usage)})


def write_stream(response: Response[Any], *, pieces: int = 4) -> Iterable[bytes]:
    """The answer as server-sent events: texts in pieces, each call whole, the reason to end in the last."""
    if _is_blocked_prompt(response):
        yield _event({**_blocked(response), **_frame(response, response.usage)})
        return
    dealer = Dealer(tokens_of(response, "text"))
    for part in _said(response):
        for piece in _cut(part, pieces):
            content: dict[str, Any] = {"content": {"role": "model", "parts": [piece]}, "index": 0}
            if told := dealer.next(piece["text"]) if isinstance(part, TextPart) else []:
                content["logprobsResult"] = wire_candidates(told)
            yield _event({"candidates": [content], **_frame(response, None)})
    last = {"content": {"role": "model", "parts": [{"text": ""}]}, **_ending(response), "index": 0}
    if rest := dealer.rest():
        last["logprobsResult"] = wire_candidates(rest)
    yield _event({"candidates": [last], **_frame(response, response.usage)})


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + dump_json(chunk) + b"\r\n\r\n"


def _json_reply(status: int, body: dict[str, Any]) -> HttpReply:
    return HttpReply(status=status, headers=_JSON, body=dump_json(body))


def _said(response: Response[Any]) -> list[Part]:
    """The parts that stand in the content: a typed refusal and a continuation token stand beside it."""
    return [
        part
        for part in response.message.parts
        if not (isinstance(part, RefusalPart) and response.refusal) and continuation_token(part) is None
    ]


def _cut(part: Part, pieces: int) -> Iterator[dict[str, Any]]:
    """The deltas of one part; what carries state stays whole, since the state belongs to all of it."""
    whole = wire_part(part, {})
    if not isinstance(part, (TextPart, ReasoningPart)) or part.state or not part.text:
        yield whole
        return
    step = max(1, -(-len(part.text) // max(1, pieces)))
    for start in range(0, len(part.text), step):
        yield {**whole, "text": part.text[start : start + step]}


def _frame(response: Response[Any], usage: Usage | None) -> dict[str, Any]:
    frame: dict[str, Any] = {}
    counts = _counts(usage) if usage is not None else {}
    if counts:
        frame["usageMetadata"] = counts
    if response.model is not None:
        frame["modelVersion"] = response.model
    if response.id is not None:
        frame["responseId"] = response.id
    return frame


def _counts(usage: Usage) -> dict[str, int]:
    thoughts = usage.reasoning_output_tokens
    said = None if usage.output_tokens is None else usage.output_tokens - (thoughts or 0)
    known = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": said,
        "thoughtsTokenCount": thoughts,
        "cachedContentTokenCount": usage.cache_read_input_tokens,
    }
    counts = {name: count for name, count in known.items() if count is not None}
    total = (usage.input_tokens or 0) + (usage.output_tokens or 0)
    return {**counts, "totalTokenCount": total} if counts else {}


# ---- endings ---------------------------------------------------------------------------------------------------------


def _ending(response: Response[Any]) -> dict[str, Any]:
    word = _word(response)
    ending: dict[str, Any] = {"finishReason": int(word) if word.isdigit() else word}
    if response.refusal is not None:
        if response.refusal.text is not None:
            ending["finishMessage"] = response.refusal.text
        ending.update(_ratings(response.refusal, word))
    token = next((found for part in response.message.parts if (found := continuation_token(part))), None)
    if token is not None:
        ending[CONTINUATION_TOKEN] = token
    texts = [part for part in response.message.parts if isinstance(part, TextPart)]
    if any(part.citations for part in texts):
        ending["groundingMetadata"] = wire_grounding(texts)
    return ending


def _word(response: Response[Any]) -> str:
    """The provider's own word if it says what the response says, else ours for it."""
    raw = response.raw_finish_reason
    if raw:
        read = finish_reason(raw.upper(), FINISH_REASONS, has_calls=bool(response.tool_calls))
        if read == response.finish_reason:
            return raw
    return _WORDS[response.finish_reason]


def _ratings(refusal: Refusal, word: str) -> dict[str, Any]:
    """The ratings that name the category, where the word does not."""
    if refusal.category == "unspecified" or (refusal.raw_category or "").lower() == word.lower():
        return {}
    theirs = refusal.raw_category or vendor_word(NAME, refusal.category) or refusal.category
    names = [name.upper() for name in theirs.split(",")]
    return {"safetyRatings": [{"category": name, "probability": "HIGH", "blocked": True} for name in names]}


def _is_blocked_prompt(response: Response[Any]) -> bool:
    return response.refusal is not None and response.refusal.source == "input_filter"


def _blocked(response: Response[Any]) -> dict[str, Any]:
    refusal = response.refusal
    feedback: dict[str, Any] = {"blockReason": response.raw_finish_reason or "SAFETY"}
    if refusal is not None and refusal.text is not None:
        feedback["blockReasonMessage"] = refusal.text
    return {"promptFeedback": feedback}


# ---- errors ----------------------------------------------------------------------------------------------------------

_ERRORS: Mapping[str, tuple[int, str]] = {
    "rate_limit": (429, "RESOURCE_EXHAUSTED"),
    "quota": (429, "RESOURCE_EXHAUSTED"),
    "overloaded": (503, "UNAVAILABLE"),
    "server_error": (500, "INTERNAL"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
    "auth": (400, "INVALID_ARGUMENT"),
    "permission": (403, "PERMISSION_DENIED"),
    "not_found": (404, "NOT_FOUND"),
    "invalid_request": (400, "INVALID_ARGUMENT"),
    "context_overflow": (400, "INVALID_ARGUMENT"),
    "unknown": (409, "ABORTED"),
}
_TYPES = "type.googleapis.com/google.rpc."
_DETAILS: Mapping[str, dict[str, Any]] = {
    "auth": {"@type": f"{_TYPES}ErrorInfo", "reason": "API_KEY_INVALID"},
    "quota": {
        "@type": f"{_TYPES}QuotaFailure",
        "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}],
    },
}


def write_error(kind: str, message: str, *, status: int | None = None) -> HttpReply:
    """An error answer of that `ErrorKind`; `content_filter` is a blocked prompt, which comes with status 200."""
    if kind == "content_filter":
        feedback = {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": message}
        return _json_reply(status or 200, {"promptFeedback": feedback})
    code, word = _ERRORS.get(kind, _ERRORS["unknown"])
    if kind == "context_overflow":
        message = f"The input token count exceeds the maximum number of tokens allowed. {message}"
    error: dict[str, Any] = {"code": status or code, "message": message, "status": word}
    if kind in _DETAILS:
        error["details"] = [_DETAILS[kind]]
    return _json_reply(status or code, {"error": error})
