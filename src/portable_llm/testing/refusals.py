"""Every way in which a vendor says no, written as that vendor writes it: whole, and as the events of a stream.

The bodies stand here by hand, from the vendors' documents and recordings, and not through this library's own writers:
so that what reads them is held against something else than itself. A row is named as in the table of signals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from portable_llm._errors import ConfigurationError
from portable_llm._eventstream import write_event, write_exception
from portable_llm._json import dump_json
from portable_llm.testing.delivery import Answer
from portable_llm.testing.fault import Fault

if TYPE_CHECKING:
    from portable_llm.wire import WireFormat

Row: TypeAlias = Mapping[str, Any]
"""What an answer has at the places of its wire; with `status`, the signal is an error answer whose body is `error`."""

_VIOLENCE = {"hate": {"filtered": False, "severity": "safe"}, "violence": {"filtered": True, "severity": "high"}}
_FILTERED = "The response was filtered due to the prompt triggering the content management policy."
_AZURE = {
    "message": _FILTERED,
    "type": None,
    "param": "prompt",
    "code": "content_filter",
    "status": 400,
    "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": _VIOLENCE},
}


def _error(code: Any, message: str = "This request was declined.", **more: Any) -> Row:
    return {"status": 400, "error": {"error": {"message": message, "type": None, "param": None, "code": code, **more}}}


_CHAT: Mapping[str, Row] = {
    "message.refusal": {"finish_reason": "stop", "message": {"refusal": "I'm sorry, I can't help with that."}},
    "finish_reason=content_filter": {"finish_reason": "content_filter"},
    "finish_reason=sensitive": {"finish_reason": "sensitive"},
    "content_filter_results": {"finish_reason": "stop", "choice": {"content_filter_results": _VIOLENCE}},
    "prompt_filter_results": {
        "finish_reason": "content_filter",
        "beside": {"prompt_filter_results": [{"prompt_index": 0, "content_filter_results": _VIOLENCE}]},
    },
    "content_filter_offsets": {
        "finish_reason": "content_filter",
        "choice": {
            "content_filter_results": _VIOLENCE,
            "content_filter_offsets": {"check_offset": 0, "start_offset": 0, "end_offset": 4},
        },
    },
    "code=content_filter": {"status": 400, "error": {"error": {**_AZURE, "innererror": {"code": "Other"}}}},
    "code=responsibleaipolicyviolation": {"status": 400, "error": {"error": {**_AZURE, "code": None}}},
    "code=data_inspection_failed": _error("data_inspection_failed", "Input data may contain inappropriate content."),
    "code=datainspectionfailed": _error("DataInspectionFailed", "Input data may contain inappropriate content."),
    "code=internalerror.algo.datainspectionfailed": _error("InternalError.Algo.DataInspectionFailed"),
    "code=1301": _error("1301"),
    "code=moderation": {
        "status": 403,
        "error": {"error": {"code": 403, "message": "Flagged.", "metadata": {"reasons": ["violence"]}}},
    },
    "code=moderation_blocked": _error("moderation_blocked"),
    "code=content_policy_violation": _error("content_policy_violation"),
    "code=image_content_policy_violation": _error("image_content_policy_violation"),
    "code=invalid_prompt": _error("invalid_prompt", "Invalid prompt: it was flagged as violating a usage policy."),
    "code=bio_policy": _error("bio_policy"),
    "code=cyber_policy": _error("cyber_policy"),
    "code=misalignment_policy_violation": _error("misalignment_policy_violation"),
    "misalignment": _error(
        None,
        misalignment={"error_type": "potentially_unintended_data_access", "detailed_explanation": "Blocked."},
    ),
    "error.message=input or output data may contain inappropriate content": _error(
        "data_inspection_failed", "Input or output data may contain inappropriate content."
    ),
    "error.message=output data may contain inappropriate content": _error(
        "data_inspection_failed", "Output data may contain inappropriate content."
    ),
    "error.message=output text data may contain inappropriate": _error(
        "data_inspection_failed", "Output text data may contain inappropriate content."
    ),
    "error.message=datainspectionfailed": _error(
        None, "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content."
    ),
    "error.message=content management policy": _error(None, _FILTERED),
    "error.message=content violates usage guidelines": {
        "status": 403,
        "error": {
            "code": "The caller does not have permission to execute the specified operation",
            "error": "Content violates usage guidelines. Team: t, Model: m, Failed check: SAFETY_CHECK_TYPE_BIO",
        },
    },
}

_MESSAGES: Mapping[str, Row] = {
    "stop_reason=refusal": {"end": {"stop_reason": "refusal", "stop_details": None}},
    "stop_details.category": {
        "end": {
            "stop_reason": "refusal",
            "stop_details": {"type": "refusal", "category": "cyber", "explanation": "Blocked under a usage policy."},
        }
    },
    "error.message=content filtering policy": {
        "status": 400,
        "error": {
            "type": "error",
            "error": {"type": "invalid_request_error", "message": "Output blocked by content filtering policy"},
            "request_id": "req_fake",
        },
    },
    "amazon-bedrock-guardrailAction=intervened": {
        "end": {"stop_reason": "end_turn", "stop_details": None},
        "beside": {
            "amazon-bedrock-guardrailAction": "INTERVENED",
            "amazon-bedrock-trace": {
                "guardrail": {
                    "outputs": [{"id": {"contentPolicy": {"filters": [{"type": "HATE", "action": "BLOCKED"}]}}}]
                }
            },
        },
    },
}

_CONVERSE: Mapping[str, Row] = {
    "additionalModelResponseFields.stop_reason=refusal": {
        "end": {"stopReason": "end_turn", "additionalModelResponseFields": {"stop_reason": "refusal"}}
    },
    "stopReason=guardrail_intervened": {
        "end": {"stopReason": "guardrail_intervened"},
        "beside": {
            "trace": {
                "guardrail": {
                    "outputAssessments": {
                        "g1": [{"contentPolicy": {"filters": [{"type": "VIOLENCE", "action": "BLOCKED"}]}}]
                    }
                }
            }
        },
    },
    "stopReason=content_filtered": {"end": {"stopReason": "content_filtered"}},
    "error.message=request has been blocked by our content filters": {
        "status": 400,
        "error": {
            "message": "This request has been blocked by our content filters. Please adjust your text prompt to submit "
            "a new request."
        },
    },
    "error.message=content filtering policy": {
        "status": 400,
        "error": {"message": "The model returned the following errors: Output blocked by content filtering policy"},
    },
}

_ENDINGS = (
    *("SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "RECITATION", "LANGUAGE", "MODEL_ARMOR", "ESCALATION"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
)


def _gemini_rows() -> Iterator[tuple[str, Row]]:
    for word in ("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR", "JAILBREAK"):
        yield f"promptFeedback.blockReason={word.lower()}", {"feedback": {"blockReason": word}}
    yield "promptFeedback.blockReason", {"feedback": {"blockReason": "NEXT_YEARS_REASON"}}
    for word in _ENDINGS:
        yield f"finishReason={word.lower()}", {"end": {"finishReason": word}}
    yield "finishReason=3", {"end": {"finishReason": 3}}
    yield "finishReason=4", {"end": {"finishReason": 4}}
    yield "finishReason", {"end": {"finishReason": 8}}
    rating = {"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH", "blocked": True}
    yield "safetyRatings.blocked", {"end": {"finishReason": "STOP", "safetyRatings": [rating]}}


_BLOCKED = {"sexual": {"violated": False}, "violence_and_threats": {"violated": True}}
_DECISIONS = {name: {"threshold": 0.1, "score": 0.3, **found} for name, found in _BLOCKED.items()}
_MISTRAL: Mapping[str, Row] = {
    "code=guardrail_violation": {
        "status": 403,
        "error": {
            "object": "error",
            "message": "Request blocked by guardrail policy",
            "type": "guardrail_violation",
            "param": None,
            "code": "1920",
            "raw_status_code": 403,
            "guardrails": [{"moderation_llm_v2": {"action": "block", "categories": _BLOCKED}}],
        },
    },
    "code=guardrail_triggered": {
        "status": 403,
        "error": {
            "error": {
                "code": "guardrail_triggered",
                "message": "Request blocked due to: jailbreaking",
                "details": {"categories": ["jailbreaking"]},
            }
        },
    },
    "guardrails": {
        "status": 403,
        "error": {
            "error": {"message": "Content blocked by guardrail", "status": 403},
            "guardrails": {
                "results": {"moderation_llm_v2": {"violated": True, "action": "block", "decisions": _DECISIONS}}
            },
        },
    },
    "finish_reason=content_filter": {"finish_reason": "content_filter"},
}

_SHARED = (
    *("content_filter", "responsibleaipolicyviolation", "content_policy_violation", "image_content_policy_violation"),
    *("invalid_prompt", "bio_policy", "cyber_policy", "misalignment_policy_violation", "moderation"),
)
"""Errors that are the same in both protocols of their host."""


def _responses_rows() -> Iterator[tuple[str, Row]]:
    said = {"type": "refusal", "refusal": "I'm sorry, I can't help with that."}
    yield "content.refusal", {"part": said}
    filtered = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
    yield "incomplete_details.reason=content_filter", {"end": filtered}
    for side in ("completion", "prompt"):
        report = {"blocked": True, "source_type": side, "content_filter_results": _VIOLENCE}
        yield f"content_filters.{side}", {"end": {**filtered, "content_filters": [report]}}
    late = {"content_filter_offsets": {"start_offset": 0, "end_offset": 4, "check_offset": 0}}
    report = {"blocked": True, "source_type": "completion", "content_filter_results": _VIOLENCE, **late}
    yield "content_filters.content_filter_offsets", {"end": {**filtered, "content_filters": [report]}}
    for code in _SHARED:
        yield f"code={code}", _CHAT[f"code={code}"]
    for name in ("misalignment", "error.message=content management policy"):
        yield name, _CHAT[name]
    name = "error.message=content violates usage guidelines"
    yield name, _CHAT[name]


REFUSALS: Mapping[str, Mapping[str, Row]] = {
    "anthropic-messages": _MESSAGES,
    "bedrock-converse": _CONVERSE,
    "cohere-v2": {"finish_reason=error_toxic": {"finish_reason": "ERROR_TOXIC"}},
    "gemini": dict(_gemini_rows()),
    "mistral-chat": _MISTRAL,
    "openai-chat": _CHAT,
    "openai-responses": dict(_responses_rows()),
}
"""Wire format → name of the signal → what the answer has."""

_COUNTS = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}


# ---- one writer per wire format --------------------------------------------------------------------------------------


def _chat_body(row: Row, text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text or None, **row.get("message", {})}
    choice = {"index": 0, "message": message, "finish_reason": row["finish_reason"], **row.get("choice", {})}
    head = {"id": "chatcmpl-fake", "object": "chat.completion", "created": 0, "model": "fake"}
    return {**head, "choices": [choice], "usage": _COUNTS, **row.get("beside", {})}


def _chat_events(row: Row, text: str) -> Iterator[bytes]:
    head = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 0, "model": "fake"}
    if "beside" in row:
        yield _data({**head, "choices": [], **row["beside"]})
    deltas = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in _halves(text))]
    said = row.get("message", {}).get("refusal", "")
    deltas += [{"refusal": piece} for piece in _halves(said)]
    for delta in deltas:
        yield _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    if "error" in row:
        yield _data(row["error"])
        return
    last: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": row["finish_reason"], **row.get("choice", {})}
    yield _data({**head, "choices": [last]})
    yield _data({**head, "choices": [], "usage": _COUNTS})
    yield b"data: [DONE]\n\n"


def _responses_body(row: Row, text: str) -> dict[str, Any]:
    content: list[Any] = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    content += [row["part"]] if "part" in row else []
    message = {"type": "message", "id": "msg_fake", "role": "assistant", "status": "completed", "content": content}
    head = {"id": "resp_fake", "object": "response", "created_at": 0, "status": "completed", "model": "fake"}
    usage = {"input_tokens": 9, "output_tokens": 3, "total_tokens": 12}
    return {**head, "output": [message] if content else [], "usage": usage, **row.get("end", {})}


def _responses_events(row: Row, text: str) -> Iterator[bytes]:
    whole = _responses_body(row, text)
    yield _named("response.created", response={**whole, "status": "in_progress", "output": [], "usage": None})
    for item in whole["output"]:
        yield _named("response.output_item.added", output_index=0, item={**item, "content": []})
        for place, part in enumerate(item["content"]):
            field, kind = ("refusal", "refusal") if part["type"] == "refusal" else ("text", "output_text")
            at = {"output_index": 0, "content_index": place, "item_id": item["id"]}
            for piece in _halves(part[field]):
                yield _named(f"response.{kind}.delta", **at, delta=piece)
            yield _named(f"response.{kind}.done", **at, **{field: part[field]})
        if "error" not in row:
            yield _named("response.output_item.done", output_index=0, item=item)
    if "error" in row:
        error = row["error"]["error"]
        yield _named("error", **(row["error"] if isinstance(error, str) else {"error": error}))
    else:
        yield _named(f"response.{whole['status']}", response=whole)


def _messages_body(row: Row, text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text}] if text else []
    head = {"id": "msg_fake", "type": "message", "role": "assistant", "model": "fake", "content": content}
    usage = {"input_tokens": 9, "output_tokens": 3 if text else 0}
    return {**head, "stop_sequence": None, **row["end"], "usage": usage, **row.get("beside", {})}


def _messages_events(row: Row, text: str) -> Iterator[bytes]:
    head = {"id": "msg_fake", "type": "message", "role": "assistant", "model": "fake", "content": list[Any]()}
    yield _named("message_start", message={**head, "stop_reason": None, "usage": {"input_tokens": 9}})
    if text:
        yield _named("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for piece in _halves(text):
            yield _named("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    if "error" in row:
        yield _named("error", **{name: value for name, value in row["error"].items() if name != "type"})
        return
    if text:
        yield _named("content_block_stop", index=0)
    yield _named("message_delta", delta=row["end"], usage={"output_tokens": 3 if text else 0})
    yield _named("message_stop", **row.get("beside", {}))


def _converse_body(row: Row, text: str) -> dict[str, Any]:
    content = [{"text": text}] if text else []
    message = {"output": {"message": {"role": "assistant", "content": content}}}
    return {**message, **row["end"], "usage": _converse_counts(text), "metrics": {}, **row.get("beside", {})}


def _converse_counts(text: str) -> dict[str, int]:
    said = 3 if text else 0
    return {"inputTokens": 9, "outputTokens": said, "totalTokens": 9 + said}


def _converse_events(row: Row, text: str) -> Iterator[bytes]:
    yield _message("messageStart", role="assistant")
    for piece in _halves(text):
        yield _message("contentBlockDelta", contentBlockIndex=0, delta={"text": piece}, p="abc")
    if "error" in row:
        yield write_exception("validationException", dump_json(dict(row["error"])))
        return
    if text:
        yield _message("contentBlockStop", contentBlockIndex=0)
    yield _message("messageStop", **row["end"])
    yield _message("metadata", usage=_converse_counts(text), metrics={}, **row.get("beside", {}))


def _message(name: str, **fields: Any) -> bytes:
    return write_event(name, dump_json(fields))


def _gemini_body(row: Row, text: str) -> dict[str, Any]:
    head = {"modelVersion": "fake", "responseId": "fake", "usageMetadata": {"promptTokenCount": 9}}
    if "feedback" in row:
        return {"promptFeedback": row["feedback"], **head}
    content = {"content": {"role": "model", "parts": [{"text": text}]}} if text else {}
    return {"candidates": [{**content, "index": 0, **row["end"]}], **head}


def _gemini_events(row: Row, text: str) -> Iterator[bytes]:
    for piece in _halves(text) if "end" in row else ():
        yield _data({"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}]})
    yield _data(_gemini_body(row, ""))


def _mistral_body(row: Row, text: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": row["finish_reason"]}
    head = {"id": "fake", "object": "chat.completion", "created": 0, "model": "fake"}
    return {**head, "choices": [choice], "usage": _COUNTS}


def _mistral_events(row: Row, text: str) -> Iterator[bytes]:
    head = {"id": "fake", "object": "chat.completion.chunk", "created": 0, "model": "fake"}
    for delta in ({"role": "assistant", "content": ""}, *({"content": piece} for piece in _halves(text))):
        yield _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    if "error" in row:
        yield _data(row["error"])
        return
    last = {"index": 0, "delta": {"content": ""}, "finish_reason": row["finish_reason"]}
    yield _data({**head, "choices": [last], "usage": _COUNTS})
    yield b"data: [DONE]\n\n"


_COHERE_USAGE = {"tokens": {"input_tokens": 9.0, "output_tokens": 3.0}}


def _cohere_body(row: Row, text: str) -> dict[str, Any]:
    content = [{"type": "text", "text": text}] if text else []
    message = {"role": "assistant", "content": content}
    return {"id": "fake", "finish_reason": row["finish_reason"], "message": message, "usage": _COHERE_USAGE}


def _cohere_events(row: Row, text: str) -> Iterator[bytes]:
    yield _named("message-start", id="fake", delta={"message": {"role": "assistant", "content": []}})
    if text:
        yield _named("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}})
        for piece in _halves(text):
            yield _named("content-delta", index=0, delta={"message": {"content": {"text": piece}}})
        yield _named("content-end", index=0)
    yield _named("message-end", delta={"finish_reason": row["finish_reason"], "usage": _COHERE_USAGE})
    yield b"data: [DONE]\n\n"


def _halves(text: str) -> list[str]:
    return [piece for piece in (text[: len(text) // 2], text[len(text) // 2 :]) if piece]


def _data(value: Mapping[str, Any]) -> bytes:
    return b"data: " + dump_json(dict(value)) + b"\n\n"


def _named(name: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), dump_json({"type": name, **fields}))


_BODIES = {
    "anthropic-messages": _messages_body,
    "bedrock-converse": _converse_body,
    "cohere-v2": _cohere_body,
    "gemini": _gemini_body,
    "mistral-chat": _mistral_body,
    "openai-chat": _chat_body,
    "openai-responses": _responses_body,
}
_EVENTS = {
    "anthropic-messages": _messages_events,
    "bedrock-converse": _converse_events,
    "cohere-v2": _cohere_events,
    "gemini": _gemini_events,
    "mistral-chat": _mistral_events,
    "openai-chat": _chat_events,
    "openai-responses": _responses_events,
}


def written(wire: str, row: Row, text: str) -> Mapping[str, Any]:
    """The body of a whole answer that has what the row says, after some text."""
    return _BODIES[wire](row, text)


def refusal_names(wire: str) -> tuple[str, ...]:
    """The signals that `Decline` can give on that wire format; none where a vendor only says no in words."""
    return tuple(REFUSALS.get(wire, ()))


@dataclass(frozen=True, slots=True)
class Decline(Fault):
    """The provider declines: a filter, a policy, or the model by a typed signal."""

    signal: str | None = None
    """Its name, from `refusal_names(wire)`; by default the first of the wire format."""
    text: str = ""
    """What was said before; an error answer and a blocked prompt come before anything is said."""
    is_inside: bool = False
    """A signal that is an error comes inside a stream that began well, and not in the place of the answer."""

    @property
    def is_answer(self) -> bool:
        return True

    def reply(self, answer: Answer, wire: WireFormat) -> Answer:
        rows = REFUSALS.get(wire.NAME, {})
        name = next(iter(rows), "") if self.signal is None else self.signal
        if name not in rows:
            raise ConfigurationError(f"{wire.NAME} has no signal {name!r}; it has: {', '.join(rows) or 'none'}")
        row = rows[name]
        if "status" in row and not (self.is_inside and answer.is_stream):
            return _whole(row["error"], row["status"])
        if not answer.is_stream:
            return _whole(written(wire.NAME, row, self.text))
        events = tuple(_EVENTS[wire.NAME](row, self.text))
        return Answer(headers={"content-type": wire.FRAMING.media_type}, chunks=events, is_stream=True)


def _whole(body: Mapping[str, Any], status: int = 200) -> Answer:
    headers = {"content-type": "application/json"}
    return Answer(status=status, headers=headers, chunks=(dump_json(dict(body)),))
