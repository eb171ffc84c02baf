"""A whole answer → `Response`. A tolerant reader: the dialect has many speakers, and each adds or omits something.

Part order is fixed, since the wire has no order between its fields: reasoning, text, refusal, what has no type, calls.
The stream decoder shares `finished`, `usage_of` and the readers of single pieces with this module.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, cast

from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Citation, Origin
from portable_llm._response import NoOutput, Refusal, Refused, Response, Usage
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._errors import request_id
from portable_llm.wire._finish import finish_reason
from portable_llm.wire._logprobs import read_choice
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, body_object
from portable_llm.wire.openai_chat._declined import declined_by_answer, declined_inside
from portable_llm.wire.openai_chat._errors import error_inside

FINISH_REASONS: Mapping[str, str] = {
    "stop": "stop",
    "end_turn": "stop",
    "eos": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_call",
    "tool_use": "tool_call",
    "function_call": "tool_call",
    "content_filter": "content_filter",
    "sensitive": "content_filter",
    "model_context_window_exceeded": "context_overflow",
    "error": "error",
    "network_error": "error",
    "malformed_function_call": "error",
    "insufficient_system_resource": "error",
}
"""Lower case; the first of each meaning is the protocol's own word, the others are those of its many hosts."""

_PLAIN = ("stop", "tool_calls", "length")

REASONING_FIELDS = ("reasoning_content", "reasoning")
"""Where hosts put readable reasoning; several at once hold the same text, so the first that is filled counts."""

UNTYPED_FIELDS = ("audio", "images")
"""Content of a message that has no portable type: kept whole as `{field: value}`."""


def parse_response(reply: HttpReply, origin: Origin) -> Response[None]:
    """Read a 2xx answer; raises `UnreadableAnswerError`, or a `ProviderError` for an error inside it.

    Only the first choice is read; others stay in `raw`. An error beside a partial answer carries it as `partial`.
    """
    body = body_object(reply, "chat completion")
    choice = as_dict(next(iter(as_list(body.get("choices"))), None))
    assembly = Assembly(origin)
    assembly.start(as_str(body.get("id")) or None, as_str(body.get("model")))
    # Some hosts answer in the older completions form: a text and no message.
    read_message(assembly, as_dict(choice.get("message")) or {"content": choice.get("text")})
    if logprobs := choice.get("logprobs"):
        read_choice(assembly, logprobs)
    declined = declined_inside(body, choice, has_text=assembly.has_text)
    error = None if declined is not None else error_inside(body, choice, reply)
    response = finished(
        assembly,
        choice,
        usage_of(body, choice),
        reports=body,
        request_id_=request_id(reply),
        raw=body,
        declined=declined,
        is_error=error is not None,
    )
    if error is not None:
        error.partial = response if response.message.parts else None
        raise error
    return response


def read_message(assembly: Assembly, message: Mapping[str, Any]) -> None:
    """Put every piece of a whole message into the assembly, in the fixed order."""
    read_reasoning(assembly, message)
    details = as_list(message.get("reasoning_details"))
    if details:
        assembly.reasoning("reasoning", "", {"reasoning_details": details})
    read_content(assembly, message.get("content"))
    for annotation in as_list(message.get("annotations")):
        assembly.cite("text", citation(as_dict(annotation)))
    if refused := as_str(message.get("refusal")):
        assembly.refusal("refusal", refused)
    for field in UNTYPED_FIELDS:
        if message.get(field):
            assembly.unknown(field, {field: message[field]})
    for position, call in enumerate(as_list(message.get("tool_calls"))):
        read_call(assembly, ("call", position), as_dict(call))
    if legacy := as_dict(message.get("function_call")):
        read_call(assembly, "function_call", {"function": legacy})


def read_reasoning(assembly: Assembly, fields: Mapping[str, Any]) -> None:
    """Readable reasoning of a message or delta, with the name of its field: the host may want it back there."""
    for name in REASONING_FIELDS:
        text = fields.get(name)
        if text and isinstance(text, str):
            assembly.reasoning("reasoning", text, {"field": name})
            return
    for detail in as_list(fields.get("reasoning_details")):
        if text := detail_text(as_dict(detail)):
            assembly.reasoning("reasoning", text)


def detail_text(detail: Mapping[str, Any]) -> str:
    """What a piece of `reasoning_details` says; `""` for an encrypted one."""
    return as_str(detail.get("text")) or as_str(detail.get("summary")) or ""


def read_content(assembly: Assembly, content: object) -> None:
    """Content as text, or as the list of typed pieces that some hosts send."""
    if isinstance(content, str):
        if content:
            assembly.text("text", content)
        return
    for item in as_list(content):
        piece = as_dict(item)
        match piece.get("type"):
            case "text":
                assembly.text("text", as_str(piece.get("text")) or "")
            case "refusal":
                assembly.refusal("refusal", as_str(piece.get("refusal")) or "")
            case "thinking" | "reasoning":
                assembly.reasoning("reasoning", thinking_text(piece), {"field": "content"})
            case _:
                if piece:
                    assembly.unknown(object(), piece)  # each a part of its own


def thinking_text(piece: Mapping[str, Any]) -> str:
    """Text of a thinking piece: a string, or a list of text pieces under `thinking` or `summary`."""
    for name in ("thinking", "summary", "text"):
        value = piece.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return "".join(as_str(as_dict(item).get("text")) or "" for item in as_list(cast("object", value)))
    return ""


def read_call(assembly: Assembly, key: Hashable, call: Mapping[str, Any]) -> None:
    """A call, whole or the next piece of one; a kind unknown here is kept untyped.

    A custom call's input is free text: it reads as arguments that are no JSON object, and `state` says how to send it.
    """
    custom, function = call.get("custom"), call.get("function")
    is_custom = isinstance(custom, dict) and not isinstance(function, dict)
    if not is_custom and not isinstance(function, dict) and call.get("type") not in (None, "function", "custom"):
        assembly.unknown(key, {name: value for name, value in call.items() if name != "index"})
        return
    fields = as_dict(cast("object", custom if is_custom else function))
    text = fields.get("input" if is_custom else "arguments")
    assembly.tool_call(
        key,
        id=as_str(call.get("id")) or None,
        name=as_str(fields.get("name")) or None,
        piece=text if isinstance(text, str) else "",
        arguments=as_dict(cast("object", text)) if isinstance(text, dict) else None,
        state=_call_state(call, is_custom),
    )


def _call_state(call: Mapping[str, Any], is_custom: bool) -> dict[str, JsonValue] | None:
    if is_custom:
        return {"type": "custom"}
    extra = call.get("extra_content")
    return {"extra_content": extra} if extra else None


def citation(annotation: Mapping[str, Any]) -> Citation:
    """One annotation; the provider's record is kept beside."""
    source = as_dict(annotation.get("url_citation"))
    return Citation(
        start=as_int(source.get("start_index")),
        end=as_int(source.get("end_index")),
        url=as_str(source.get("url")),
        title=as_str(source.get("title")),
        raw=annotation,
    )


def usage_of(body: Mapping[str, Any], choice: Mapping[str, Any]) -> Mapping[str, Any]:
    """The usage object, wherever this host puts it; an empty one if there is none."""
    return (
        as_dict(body.get("usage")) or as_dict(choice.get("usage")) or as_dict(as_dict(body.get("x_groq")).get("usage"))
    )


def read_usage(fields: Mapping[str, Any]) -> Usage:
    """Counts: input includes cached tokens here, and output includes reasoning.

    One host reports reasoning beside the completion; its total then is the sum of all three (33 of 33 recordings).
    """
    prompt, completion = as_int(fields.get("prompt_tokens")), as_int(fields.get("completion_tokens"))
    details = as_dict(fields.get("prompt_tokens_details")) or as_dict(fields.get("prompt_token_details"))
    thought = as_int(as_dict(fields.get("completion_tokens_details")).get("reasoning_tokens"))
    total = as_int(fields.get("total_tokens"))
    if thought and prompt is not None and completion is not None and total == prompt + completion + thought:
        completion += thought
    cached = as_int(details.get("cached_tokens"))
    if cached is None and (cached := as_int(fields.get("prompt_cache_hit_tokens"))) is None:
        cached = as_int(fields.get("cached_tokens"))
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cache_read_input_tokens=cached,
        cache_creation_input_tokens=as_int(details.get("cache_write_tokens")),
        reasoning_output_tokens=thought,
    )


def finished(
    assembly: Assembly,
    choice: Mapping[str, Any],
    usage: Mapping[str, Any],
    *,
    reports: Mapping[str, Any],
    request_id_: str | None = None,
    raw: Mapping[str, JsonValue] | None = None,
    declined: tuple[Refusal, str] | None = None,
    is_error: bool = False,
) -> Response[None]:
    """The response that an assembled message, its choice (finish word, filter report) and a usage object add up to.

    `reports` holds what filters say beside the choices; `declined` is a refusal that came as an error, with its word.
    """
    word = as_str(choice.get("finish_reason"))
    said, counts = assembly.refusal_text, read_usage(usage)
    found = declined
    # Nearly every answer ends plainly and without a filter's report: nothing more is looked for then.
    if found is None and (said or word not in _PLAIN or choice.get("content_filter_results")):
        found = declined_by_answer(reports, choice, said=said, usage=counts, has_text=assembly.has_text)
    refusal = found[0] if found else None
    reason = finish_reason(
        word.lower() if word else None,
        FINISH_REASONS,
        has_calls=assembly.has_calls,
        has_refusal=bool(said),
        is_filtered=refusal is not None and refusal.source != "model",
        is_error=is_error,
    )
    return Response(
        message=assembly.message(),
        finish_reason=reason,
        raw_finish_reason=declined[1] if declined else word,
        outcome=NoOutput() if refusal is None else Refused(refusal=refusal),
        refusal=refusal,
        usage=counts,
        model=assembly.model,
        id=assembly.id,
        provider=assembly.origin.provider,
        request_id=request_id_,
        raw=raw,
        logprobs=assembly.token_logprobs,
    )
