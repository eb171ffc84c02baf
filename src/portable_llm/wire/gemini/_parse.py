"""The chunks of an answer → `Response`. A whole answer is one chunk, a stream or a JSON array are many."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from portable_llm._errors import UnreadableAnswerError
from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Origin, TextPart
from portable_llm._response import NoOutput, Refusal, Refused, Response, Usage
from portable_llm.refusal import hard, signal_of
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._errors import request_id
from portable_llm.wire._finish import finish_reason
from portable_llm.wire._logprobs import read_candidates
from portable_llm.wire._reading import add, as_dict, as_int, as_list, as_str, frame_json
from portable_llm.wire.gemini._capabilities import FINISH_REASONS, NAME
from portable_llm.wire.gemini._citations import Mark, citation_marks, grounding_marks, place
from portable_llm.wire.gemini._error_body import error_of
from portable_llm.wire.gemini._partial_arguments import PartialArguments
from portable_llm.wire.gemini._parts import CONTINUATION_TOKEN

_NO_REASON = ("0", "FINISH_REASON_UNSPECIFIED")
_NO_BLOCK = (None, "0", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED")


def parse_response(reply: HttpReply, origin: Origin) -> Response[None]:
    """Read a 2xx answer: one object, or the array that a stream without `alt=sse` is."""
    body = frame_json(reply.body, "gemini answer", status=reply.status)
    chunks: list[Any] = cast("list[Any]", body) if isinstance(body, list) else [body]
    if not chunks:
        raise UnreadableAnswerError("gemini answer: an array without chunks", status=reply.status, body=reply.body)
    reader = ChunkReader(origin)
    for chunk in chunks:
        if not isinstance(chunk, dict):
            raise UnreadableAnswerError(
                f"gemini answer: expected a JSON object, got {type(chunk).__name__}",
                status=reply.status,
                body=reply.body,
            )
        reader.read(cast("dict[str, Any]", chunk), reply)
    raw: Any = {"chunks": chunks} if isinstance(body, list) else body
    return reader.finish(raw=raw, request_id_=request_id(reply))


def _word(value: object) -> str | None:
    """A reason: a word, or the number of an enum."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return as_str(value) or None


class ChunkReader:
    """Chunks in, deltas into the `assembly`, the response at the end.

    Neighbouring texts of one kind are one part, wherever the provider cut them; a part that carries anything besides
    its text (a signature) stays by itself, since the provider wants it back on just that part. Texts stay open until
    the end, because citations come last.
    """

    __slots__ = (
        "_calls",
        "_feedback",
        "_key",
        "_kind",
        "_marks",
        "_message",
        "_partial",
        "_ratings",
        "_repeats",
        "_text_keys",
        "_token",
        "_usage",
        "_word",
        "assembly",
    )

    def __init__(self, origin: Origin) -> None:
        self.assembly = Assembly(origin)
        self._key = 0
        self._kind: str | None = None  # what the open text part is: "text", "reasoning" or none
        self._text_keys: list[int] = []
        self._calls = 0
        self._repeats: set[tuple[str, str, str]] = set()
        self._partial: PartialArguments | None = None
        self._word: str | None = None
        self._message: str | None = None
        self._token: str | None = None
        self._usage: dict[str, Any] = {}
        self._feedback: dict[str, Any] = {}
        self._ratings: list[dict[str, Any]] = []
        self._marks: dict[str, list[Mark]] = {}

    @property
    def has_ended(self) -> bool:
        """Whether a reason to end has been seen: the wire has no other end mark."""
        return self._word is not None or self._block_word is not None

    def read(self, chunk: dict[str, Any], source: HttpReply | bytes) -> None:
        """One chunk; raises the `ProviderError` it may hold (`source`: the answer or the frame it came in)."""
        if chunk.get("error"):
            raise error_of(chunk, HttpReply(status=200, body=source) if isinstance(source, bytes) else source)
        assembly = self.assembly
        if assembly.id is None or assembly.model is None:
            assembly.start(as_str(chunk.get("responseId")), as_str(chunk.get("modelVersion")))
        usage = chunk.get("usageMetadata")
        if isinstance(usage, dict):
            self._usage = cast("dict[str, Any]", usage)  # cumulative: the last one counts
        if "promptFeedback" in chunk:
            # Merged: a later report without a reason does not unblock the prompt.
            self._feedback = {**self._feedback, **as_dict(chunk["promptFeedback"])}
        candidates = chunk.get("candidates")
        if isinstance(candidates, list):
            for candidate in cast("list[Any]", candidates):
                if isinstance(candidate, dict) and not candidate.get("index"):  # pyright: ignore[reportUnknownMemberType]
                    self._read_candidate(cast("dict[str, Any]", candidate))
                    break

    def _read_candidate(self, candidate: dict[str, Any]) -> None:
        content = candidate.get("content")
        if isinstance(content, dict):
            for part in as_list(cast("dict[str, Any]", content).get("parts")):
                if isinstance(part, dict):
                    self._read_part(cast("dict[str, Any]", part))
        if "finishReason" in candidate:
            self._end_with(_word(candidate["finishReason"]))
        if len(candidate) > 2 or "content" not in candidate:
            self._read_rest(candidate)

    def _end_with(self, word: str | None) -> None:
        """The reason to end: the gravest counts, of equals the last.

        Some hosts say `STOP` in every chunk, before and after the one with the reason.
        """
        if word is not None and (self._word is None or _gravity(word) >= _gravity(self._word)):
            self._word = word

    def _read_rest(self, candidate: dict[str, Any]) -> None:
        self._message = as_str(candidate.get("finishMessage")) or self._message
        self._token = as_str(candidate.get(CONTINUATION_TOKEN)) or self._token
        # A rating that blocked stays: the next chunk's ratings are those of its own text.
        for rating in map(as_dict, as_list(candidate.get("safetyRatings"))):
            if rating.get("blocked") is True and rating not in self._ratings:
                self._ratings.append(rating)
        if "logprobsResult" in candidate:
            # Of this chunk's tokens alone, as its content is.
            self.assembly.logprobs("logprobs", read_candidates(as_dict(candidate["logprobsResult"])))
        # Grounding is repeated as a whole, citations come where they belong.
        if "groundingMetadata" in candidate:
            marks = list(grounding_marks(as_dict(candidate["groundingMetadata"])))
            self._marks["grounding"] = marks or self._marks.get("grounding", [])
        if "citationMetadata" in candidate:
            self._marks.setdefault("citations", []).extend(citation_marks(as_dict(candidate["citationMetadata"])))

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _read_part(self, part: dict[str, Any]) -> None:
        text = part.get("text")
        if text and len(part) == 1 and self._kind == "text" and isinstance(text, str):
            self.assembly.text(self._key, text)  # by far the most frequent
        elif isinstance(text, str):
            self._read_text(text, part)
        elif isinstance(part.get("functionCall"), dict):
            self._read_call(part["functionCall"], part)
        elif part:
            self._next()
            self.assembly.unknown(self._key, part)
            self.assembly.close(self._key)

    def _read_text(self, text: str, part: dict[str, Any]) -> None:
        kind = "reasoning" if part.get("thought") else "text"
        state = {key: value for key, value in part.items() if key not in ("text", "thought")} if len(part) > 1 else None
        if not text and not state:
            return
        if state or kind != self._kind:
            self._next()
            self._kind = kind
            if kind == "text":
                self._text_keys.append(self._key)
        if kind == "text":
            self.assembly.text(self._key, text)
            if state:
                self.assembly.state(self._key, state)
        else:
            self.assembly.reasoning(self._key, text, state)
        if state:
            self._end_text()

    def _next(self) -> None:
        self._end_text()
        self._key += 1

    def _end_text(self) -> None:
        if self._kind == "reasoning":
            self.assembly.close(self._key)
        self._kind = None

    def _read_call(self, call: dict[str, Any], part: dict[str, Any]) -> None:
        state = {key: value for key, value in part.items() if key != "functionCall"} if len(part) > 1 else None
        if self._partial is not None and not call.get("name"):
            if state:
                self.assembly.state(self._key, state)
            self._go_on(self._partial, call)
        elif not self._is_repeat(call):
            self._end_partial()
            self._next()
            self._begin_call(call, state)

    def _is_repeat(self, call: dict[str, Any]) -> bool:
        """Whether a later chunk says the same call again; without ids a model may mean it twice."""
        call_id, name = call.get("id"), call.get("name")
        if not isinstance(call_id, str) or not call_id or not isinstance(name, str) or "args" not in call:
            return False
        seen = (call_id, name, json.dumps(call["args"], sort_keys=True))
        if seen in self._repeats:
            return True
        self._repeats.add(seen)
        return False

    def _begin_call(self, call: dict[str, Any], state: Mapping[str, JsonValue] | None) -> None:
        call_id = as_str(call.get("id")) or self._made_up_id()
        self._calls += 1
        name = as_str(call.get("name"))
        if "partialArgs" in call or call.get("willContinue"):
            self.assembly.tool_call(self._key, id=call_id, name=name, state=state)
            self._partial = PartialArguments()
            self._go_on(self._partial, call)
            return
        arguments = call.get("args", {})
        whole = cast("dict[str, JsonValue]", arguments or {}) if isinstance(arguments, dict | None) else None
        piece = "" if whole is not None else arguments if isinstance(arguments, str) else json.dumps(arguments)
        try:
            self.assembly.tool_call(self._key, id=call_id, name=name, piece=piece, arguments=whole, state=state)
        except ValueError:  # NaN or an infinity, which our own writer refuses
            self.assembly.tool_call(self._key, id=call_id, name=name, piece=json.dumps(whole))
        self.assembly.close(self._key)

    def _made_up_id(self) -> str:
        """An id for a call that has none, always the same: its position, and the answer's id to tell turns apart."""
        answer = "".join(sign for sign in self.assembly.id or "" if sign.isascii() and sign.isalnum())[:24]
        return f"call_{self._calls}_{answer}" if answer else f"call_{self._calls}"

    def _go_on(self, partial: PartialArguments, call: dict[str, Any]) -> None:
        for argument in as_list(call.get("partialArgs")):
            partial.add(argument)
        if not call.get("willContinue"):
            self._end_partial(is_whole=True)

    def _end_partial(self, *, is_whole: bool = False) -> None:
        """Close a call whose arguments came in pieces; one that was cut stays unreadable, never `{}`."""
        if self._partial is None:
            return
        arguments = self._partial.finish() if is_whole else None
        if arguments is not None:
            self.assembly.tool_call(self._key, arguments=arguments)
        else:
            self.assembly.tool_call(self._key, piece=self._partial.raw)
        self.assembly.close(self._key)
        self._partial = None

    # ---- the end -----------------------------------------------------------------------------------------------------

    def finish(self, *, raw: Mapping[str, JsonValue] | None = None, request_id_: str | None = None) -> Response[None]:
        """The response so far; closes the parts, whose `PartEnd`s the assembly then holds."""
        self._end_partial()
        self._end_text()
        if self._marks:
            self._cite()
        if self._token is not None:
            self._next()
            self.assembly.unknown(self._key, {CONTINUATION_TOKEN: self._token})
        self.assembly.close_all()
        block = self._block_word
        reason = finish_reason(
            (self._word or "").upper(),
            FINISH_REASONS,
            has_calls=self.assembly.has_calls,
            is_filtered=block is not None or bool(self._ratings),
        )
        usage = usage_of(self._usage)
        refusal = self._refusal(usage) if reason == "content_filter" else None
        return Response(
            message=self.assembly.message(),
            finish_reason=reason,
            raw_finish_reason=self._word or block,
            outcome=NoOutput() if refusal is None else Refused(refusal=refusal),
            refusal=refusal,
            usage=usage,
            model=self.assembly.model,
            id=self.assembly.id,
            provider=self.assembly.origin.provider,
            request_id=request_id_,
            raw=raw,
            logprobs=self.assembly.token_logprobs,
        )

    def _cite(self) -> None:
        parts = [part for part in self.assembly.message().parts if isinstance(part, TextPart)]
        if not parts:
            return
        for marks in self._marks.values():
            for number, citation in place(marks, [part.text for part in parts]):
                self.assembly.cite(self._text_keys[number], citation)

    @property
    def _block_word(self) -> str | None:
        word = _word(self._feedback.get("blockReason"))
        return None if word in _NO_BLOCK else word

    def _refusal(self, usage: Usage) -> Refusal:
        """The refusal that a block of the prompt, a reason to end, or a rating of the answer stands for."""
        block, ratings = self._block_word, self._ratings
        seen = [("promptFeedback.blockReason", block)] if block else []
        if self._word is not None and FINISH_REASONS.get(self._word.upper()) == "content_filter":
            seen.append(("finishReason", self._word))
        seen += [("safetyRatings.blocked", as_str(rating.get("category")) or "?") for rating in ratings]
        signal = signal_of(NAME, *seen[0])
        assert signal is not None, "the table of signals has a row for any word at these places"
        named = [word for place, word in seen if place == "safetyRatings.blocked"]
        rated = as_list(self._feedback.get("safetyRatings")) if block and not named else []
        return hard(
            signal,
            seen[0][1],
            categories=named or _worst(rated),
            text=(as_str(self._feedback.get("blockReasonMessage")) if block else None) or self._message,
            evidence=[f"{place}={word}" for place, word in seen],
            usage=usage,
        )


def _gravity(word: str) -> int:
    """How much a reason to end says against the answer: a filter, a failure, a cut or an unknown word, a plain stop."""
    if word in _NO_REASON:
        return 0
    match FINISH_REASONS.get(word.upper()):
        case "content_filter":
            return 3
        case "error":
            return 2
        case "stop" | "pause":
            return 0
        case _:
            return 1


def _worst(ratings: list[Any]) -> list[str]:
    """The harm that a blocked prompt is rated worst for, where no rating is marked as the one that blocked it."""
    likely = [rating for rating in map(as_dict, ratings) if rating.get("probability") in ("MEDIUM", "HIGH")]
    highest = [rating for rating in likely if rating.get("probability") == "HIGH"] or likely
    return [as_str(rating.get("category")) or "?" for rating in highest]


def usage_of(counts: Mapping[str, Any]) -> Usage:
    """Tokens as the library counts them: thoughts are output, what built-in tools put into the prompt is input."""
    thoughts = as_int(counts.get("thoughtsTokenCount"))
    return Usage(
        input_tokens=add(as_int(counts.get("promptTokenCount")), as_int(counts.get("toolUsePromptTokenCount"))),
        output_tokens=add(as_int(counts.get("candidatesTokenCount")), thoughts),
        cache_read_input_tokens=as_int(counts.get("cachedContentTokenCount")),
        reasoning_output_tokens=thoughts,
    )
