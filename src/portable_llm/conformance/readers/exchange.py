"""What the readers share: frames of a stream, failed exchanges, and the strict parse at the end.

Deliberately naive where a consumer is naive (no repair, no second try) and careful where bytes are untrusted (a broken
body is an error of kind `unreadable`, never a crash).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from portable_llm.conformance.case import json_list, json_object
from portable_llm.conformance.observation import ABSENT, Observation, ToolCall

_KINDS = {
    401: "auth",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    429: "rate_limit",
    501: "unsupported",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_ERROR_TYPES = {
    "rate_limit_error": "rate_limit",
    "overloaded_error": "overloaded",
    "api_error": "server_error",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "UNAVAILABLE": "overloaded",
    "INTERNAL": "server_error",
}
_FILTER_CODES = ("content_filter", "content_policy_violation")
"""The `code` by which hosts of OpenAI's formats say that a filter, and not a fault, stopped the request."""
MAX_MESSAGE = 500


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; an empty one where it is something else. Raises `ValueError` for broken JSON."""
    try:
        return json_object(json.loads(body))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def frames(body: bytes) -> list[dict[str, Any]]:
    """The JSON objects of a `text/event-stream` body. Raises `ValueError` for a broken one."""
    if body.lstrip().startswith(b"["):  # Gemini without `alt=sse`
        return [json_object(item) for item in json_list(json.loads(body))]
    lines = body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    return [decode(item.encode()) for item in data if item and not item.startswith("[DONE]")]


def event_frames(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and payload of every frame of a binary event stream: lengths, a checksum, headers, payload, a checksum.

    Raises `ValueError` for a frame that does not fit. Checksums are the transport's business.
    """
    at = 0
    while at < len(body):
        total, heads = int.from_bytes(body[at : at + 4]), int.from_bytes(body[at + 4 : at + 8])
        if total < heads + 16 or at + total > len(body):
            raise ValueError(f"a frame of {total} bytes at byte {at} of {len(body)}")
        headers = body[at + 12 : at + 12 + heads]
        yield _header(headers, b":event-type") or "exception", decode(body[at + 12 + heads : at + total - 4] or b"{}")
        at += total


def _header(headers: bytes, name: bytes) -> str:
    """The text of a header; every one that a consumer reads is text (type 7)."""
    _, found, rest = headers.partition(bytes([len(name)]) + name + b"\x07")
    return rest[2 : 2 + int.from_bytes(rest[:2])].decode("utf-8", "replace") if found else ""


def all_text(content: object) -> str:
    """A text, or the texts of a list of parts, which some hosts send."""
    parts = [json_object(part) for part in json_list(content)]
    return "".join(text_of(part.get("text")) for part in parts) or text_of(content)


def text_of(value: object) -> str:
    """`value` if it is text, else nothing."""
    return value if isinstance(value, str) else ""


def count_of(value: object) -> int:
    """`value` if it is a whole number, else 0."""
    return value if isinstance(value, int) else 0


def with_logprobs(*lists: object) -> int:
    """How many tokens the lists hold that come with a log-probability, as any wire format spells it."""
    tokens = [json_object(token) for items in lists for token in json_list(items)]
    singly = sum("logprob" in token or "logProbability" in token for token in tokens)
    return singly + sum(len(json_list(token.get("logprobs"))) for token in tokens)


def first_choice(chunk: Mapping[str, Any]) -> dict[str, Any]:
    """The choice 0 of a chat completion, or of a piece of one."""
    choices = map(json_object, json_list(chunk.get("choices")))
    return next((choice for choice in choices if not choice.get("index")), json_object(None))


def choice_scores(chunks: Sequence[Mapping[str, Any]]) -> int:
    """How many tokens of choice 0 come with a log-probability."""
    return with_logprobs(*(json_object(first_choice(chunk).get("logprobs")).get("content") for chunk in chunks))


def failure(status: int | None, body: bytes) -> Observation | None:
    """The observation of an HTTP error status, or `None`."""
    if status is not None and status < 400:
        return None
    try:
        error = decode(body)
        return failed(status, error.get("error") or error)
    except ValueError:
        return failed(status, body[:MAX_MESSAGE].decode("utf-8", "replace"))


def failed(status: int | None, error: object) -> Observation:
    """The observation of an error object, in the status line or in the body."""
    fields = json_object(error)
    said = fields.get("message") or fields.get("Message") or fields.get("detail") or ""
    message = str(said if fields else error or "")[:MAX_MESSAGE]
    named = _ERROR_TYPES.get(str(fields.get("type"))) or _ERROR_TYPES.get(str(fields.get("status")))
    by_status = _KINDS.get(status or 0) or ("server_error" if (status or 0) >= 500 else "invalid_request")
    kind = by_status if (status or 0) >= 400 else named or "unknown"
    kind = "content_filter" if fields.get("code") in _FILTER_CODES else kind
    return Observation(finish="error", error={"kind": kind, "status": status, "message": message})


def call(call_id: object, name: object, raw: object) -> ToolCall:
    """A call with its arguments parsed strictly: an object, JSON text of one, or nothing."""
    if isinstance(raw, dict):
        arguments = cast("dict[str, Any]", raw)
        return ToolCall(id=str(call_id or ""), name=str(name or ""), arguments=arguments, raw_arguments=json.dumps(raw))
    value, _ = strict_value(str(raw or "{}"))
    return ToolCall(
        id=str(call_id or ""),
        name=str(name or ""),
        arguments=cast("dict[str, Any]", value) if isinstance(value, dict) else None,
        raw_arguments=str(raw or ""),
    )


def observation(
    text: str,
    calls: Sequence[ToolCall],
    raw_finish: object,
    words: Mapping[str, str],
    usage: tuple[object, object],
    *,
    streamed: bool,
    wants_json: bool,
    refusal: str | None = None,
    logprobs: int = 0,
) -> Observation:
    """The observation of an answer. The finish word goes through the wire's table; an unknown one stays unknown."""
    value, value_error = strict_value(text) if wants_json else (ABSENT, None)
    word = None if raw_finish is None else str(raw_finish)
    finish = words.get(word or "", "unknown")
    if refusal:
        finish = "refusal"
    elif finish == "stop" and calls:
        finish = "tool_call"  # two of the three vendors say "stop" beside calls (the third has no such case)
    return Observation(
        text=text,
        tool_calls=tuple(calls),
        value=value,
        value_error=value_error,
        finish=finish,
        raw_finish=word,
        refusal=refusal or None,
        usage=_usage(*usage),
        events={"streamed": True, "ended": word is not None} if streamed else {},
        facts={"logprobs": logprobs} if logprobs else {},
    )


def strict_value(text: str) -> tuple[object, str | None]:
    """The value of strict `json.loads` (NaN is no JSON), or `ABSENT` and why."""
    try:
        return json.loads(text, parse_constant=_no_constant), None
    except (ValueError, RecursionError) as error:
        return ABSENT, f"{type(error).__name__}: {error}"[:200]


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _usage(input_tokens: object, output_tokens: object) -> dict[str, int | None] | None:
    counts = {"input_tokens": input_tokens, "output_tokens": output_tokens}
    kept = {name: count if isinstance(count, int) else None for name, count in counts.items()}
    return kept if any(count is not None for count in kept.values()) else None
