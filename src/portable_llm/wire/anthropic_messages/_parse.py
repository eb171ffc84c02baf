"""A wire answer → `Response`. A tolerant reader: it takes what it knows and keeps what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from portable_llm._errors import ProviderError, UnreadableAnswerError
from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Citation, Origin
from portable_llm._response import NoOutput, Refusal, Refused, Response, Usage
from portable_llm.refusal import guardrail, hard, signal_of
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._errors import request_id
from portable_llm.wire._finish import finish_reason
from portable_llm.wire._reading import add, as_dict, as_int, as_list, as_str, body_object
from portable_llm.wire.anthropic_messages._capabilities import FINISH_REASONS, NAME
from portable_llm.wire.anthropic_messages._errors import error_of, parse_error

_CALL_STATE = ("caller", "toolset_name")
GUARDRAIL_FLAG = "amazon-bedrock-guardrailAction"
GUARDRAIL_TRACE = "amazon-bedrock-trace"
_INPUT_COUNTS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def parse_response(reply: HttpReply, origin: Origin) -> Response[None]:
    """Read a 2xx answer.

    Raises `UnreadableAnswerError` for JSON that is no message, and a `ProviderError` for an error inside it.
    """
    body = body_object(reply, "answer")
    if body.get("type") == "error" or body.get("error"):
        answer = parse_error(reply, origin)
        if isinstance(answer, ProviderError):
            raise error_of(body, reply, "server_error")
        return answer
    content = body.get("content")
    if not isinstance(content, list):
        raise UnreadableAnswerError(
            f"answer: expected a message with a list 'content', got the fields {sorted(body)[:8]}",
            status=reply.status,
            body=reply.body,
        )
    assembly = Assembly(origin)
    for index, block in enumerate(cast("list[Any]", content)):
        read_block(assembly, index, as_dict(block) or {"block": block})
    assembly.start(as_str(body.get("id")), as_str(body.get("model")))
    return response_of(assembly, body, as_dict(body.get("usage")), request_id=request_id(reply), raw=body)


def response_of(
    assembly: Assembly,
    end: Mapping[str, Any],
    usage: Mapping[str, Any],
    *,
    request_id: str | None = None,
    raw: Mapping[str, JsonValue] | None = None,
    declined: Refusal | None = None,
) -> Response[None]:
    """The response of an assembled message; `end` holds the stop fields, `declined` a refusal that came as an error."""
    word = as_str(end.get("stop_reason"))
    counts = usage_of(usage)
    refusal = declined or refusal_of(end, counts, has_text=assembly.has_text, is_empty=assembly.is_empty)
    return Response(
        message=assembly.message(),
        finish_reason=finish_reason(
            word.lower() if word else word,
            FINISH_REASONS,
            has_calls=assembly.has_calls,
            is_filtered=refusal is not None and refusal.source.endswith("_filter"),
        ),
        raw_finish_reason=word,
        outcome=NoOutput() if refusal is None else Refused(refusal=refusal),
        refusal=refusal,
        usage=counts,
        model=assembly.model,
        id=assembly.id,
        provider=assembly.origin.provider,
        request_id=request_id,
        raw=raw,
    )


# ---- blocks ----------------------------------------------------------------------------------------------------------


def read_block(assembly: Assembly, key: int, block: dict[str, Any]) -> None:
    """One whole block, as a part of the message."""
    match block.get("type"):
        case "text":
            read_text(assembly, key, block)
        case "tool_use":
            read_call(assembly, key, block)
            read_input(assembly, key, block.get("input"))
        case "thinking":
            read_thinking(assembly, key, block)
        case "redacted_thinking":
            assembly.reasoning(key, "", {"redacted_data": block.get("data")})
        case _:  # server tools and their results, and what comes next year
            assembly.unknown(key, block)
    assembly.close(key)


def read_text(assembly: Assembly, key: int, block: Mapping[str, Any]) -> None:
    """Text, and where it comes from."""
    assembly.text(key, as_str(block.get("text")) or "")
    citations = as_list(block.get("citations"))
    if citations:
        for citation in citations:
            assembly.cite(key, citation_of(as_dict(citation)))
        assembly.state(key, {"citations": citations})


def citation_of(raw: dict[str, Any]) -> Citation:
    """One citation; it stands for the whole text block, so it has no start or end."""
    return Citation(
        url=as_str(raw.get("url")) or (as_str(raw.get("source")) or None),
        title=as_str(raw.get("title")) or as_str(raw.get("document_title")),
        quote=as_str(raw.get("cited_text")),
        raw=raw,
    )


def read_call(assembly: Assembly, key: int, block: Mapping[str, Any]) -> None:
    """The head of a call. `caller: direct` is the normal case and refused by some hosts when it is echoed."""
    state = {name: block[name] for name in _CALL_STATE if block.get(name) is not None}
    if as_dict(state.get("caller")).get("type") == "direct":
        del state["caller"]
    assembly.tool_call(key, id=as_str(block.get("id")), name=as_str(block.get("name")), state=state)


def read_input(assembly: Assembly, key: int, value: object) -> None:
    """The arguments of a whole call: an object; hosts that send JSON text are read as well, `None` is no arguments."""
    if isinstance(value, dict):
        assembly.tool_call(key, arguments=cast("dict[str, JsonValue]", value))
    elif isinstance(value, str):
        assembly.tool_call(key, piece=value)


def read_thinking(assembly: Assembly, key: int, block: Mapping[str, Any]) -> None:
    """Reasoning, with the signature the vendor wants back; the text may be empty."""
    signature = as_str(block.get("signature"))
    state = None if signature is None else {"signature": signature}
    assembly.reasoning(key, as_str(block.get("thinking")) or "", cast("Mapping[str, JsonValue] | None", state))


# ---- the end ---------------------------------------------------------------------------------------------------------


def refusal_of(end: Mapping[str, Any], usage: Usage, *, has_text: bool, is_empty: bool) -> Refusal | None:
    """A refusal, by the stop reason alone: the details may be missing (vendor docs 2026-11-23)."""
    word = as_str(end.get("stop_reason")) or ""
    signal = signal_of(NAME, "stop_reason", word)
    if signal is None:
        return _guarded(end, has_text=has_text)
    details = as_dict(end.get("stop_details"))
    category = as_str(details.get("category"))
    named = signal_of(NAME, "stop_details.category", category) if category else None
    return hard(
        named or signal,
        categories=[category] if category else (),
        text=as_str(details.get("explanation")),
        evidence=(f"stop_reason={word}", *((f"stop_details.category={category}",) if category else ())),
        # Nothing is charged for a refusal before any output (the vendor's release notes, read 2026-11-24); tokens
        # without anything to be seen leave it open.
        usage=None if is_empty else usage,
        is_billed=False if is_empty and not usage.output_tokens else None,
        has_text=has_text,
    )


def _guarded(end: Mapping[str, Any], *, has_text: bool) -> Refusal | None:
    """A guardrail of the host that stepped in: only a flag beside the answer tells, the stop reason is a plain one."""
    flag = as_str(end.get(GUARDRAIL_FLAG))
    signal = signal_of(NAME, GUARDRAIL_FLAG, flag) if flag else None
    if signal is None:
        return None
    found = guardrail(as_dict(as_dict(end.get(GUARDRAIL_TRACE)).get("guardrail")))
    evidence = (f"{GUARDRAIL_FLAG}={flag}", *found.evidence)
    refusal = hard(signal, categories=found.categories, evidence=evidence, has_text=has_text)
    return replace(refusal, source="input_filter") if found.is_input else refusal


def usage_of(usage: Mapping[str, Any]) -> Usage:
    """Token counts. This wire reports cached tokens beside `input_tokens`; OpenTelemetry counts them inside."""
    fresh, created, read = (as_int(usage.get(name)) for name in _INPUT_COUNTS)
    details = as_dict(usage.get("output_tokens_details"))
    return Usage(
        input_tokens=None if fresh is None else add(fresh, created, read),
        output_tokens=as_int(usage.get("output_tokens")),
        cache_read_input_tokens=read,
        cache_creation_input_tokens=created,
        reasoning_output_tokens=as_int(details.get("thinking_tokens")),
    )


def merge_usage(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The counts after a later event: they are cumulative, so the later wins.

    A later event that splits the input into fresh and cached tokens replaces the whole input side: hosts report the
    full prompt first and the split at the end, and the two must not be mixed.
    """
    later = {name: value for name, value in new.items() if value is not None}
    if "input_tokens" in later and ("cache_read_input_tokens" in later or "cache_creation_input_tokens" in later):
        old = {name: value for name, value in old.items() if name not in _INPUT_COUNTS}
    return {**old, **later}
