"""A whole answer → `Response`. Parts come in a fixed order, since the wire has none: reasoning, text, calls.

The stream decoder shares `read_message` and `finished` with this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Origin
from portable_llm._response import NoOutput, Response, Usage
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._errors import request_id
from portable_llm.wire._finish import finish_reason
from portable_llm.wire._logprobs import read_tokens
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, body_object
from portable_llm.wire.ollama._errors import error_inside

FINISH_REASONS: Mapping[str, str] = {"stop": "stop", "length": "length"}
"""`load` and `unload` (an answer to no messages) and words of runners of one's own are no endings of an answer."""

KNOWN = ("role", "content", "thinking", "tool_calls", "tool_name", "tool_call_id")
"""Fields of a message that have a portable form; others are kept whole."""


def parse_response(reply: HttpReply, origin: Origin) -> Response[None]:
    """Read a 2xx answer; raises `UnreadableAnswerError`, or a `ProviderError` for an error inside it."""
    body = body_object(reply, "chat answer")
    if (error := error_inside(body, reply)) is not None:
        raise error
    assembly = Assembly(origin)
    start(assembly, body)
    read_message(assembly, message_of(body))
    if logprobs := body.get("logprobs"):
        assembly.logprobs("content", read_tokens(logprobs))
    return finished(assembly, body, request_id_=request_id(reply), raw=body)


def start(assembly: Assembly, body: Mapping[str, Any]) -> None:
    """Who answers. The protocol has no ids: when the answer was made tells its calls from those of other turns."""
    assembly.start(None, as_str(body.get("model")) or None)
    assembly.mark = assembly.mark or as_str(body.get("created_at"))


def message_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message; `/api/generate` has its text and thinking at the top."""
    message = as_dict(body.get("message"))
    return message or {"content": body.get("response"), "thinking": body.get("thinking")}


def read_message(assembly: Assembly, message: Mapping[str, Any], calls: int = 0) -> None:
    """Put a message, whole or the next piece of one, into the assembly; `calls` have come before."""
    if thinking := as_str(message.get("thinking")):
        assembly.reasoning("thinking", thinking)
    if text := as_str(message.get("content")):
        assembly.text("content", text)
    for name, value in message.items():
        if name not in KNOWN and value:
            assembly.unknown(object(), {name: value})  # each a part of its own
    for position, call in enumerate(as_list(message.get("tool_calls"))):
        _call(assembly, ("call", calls + position), as_dict(call))


def _call(assembly: Assembly, key: tuple[str, int], call: Mapping[str, Any]) -> None:
    function = as_dict(call.get("function"))
    arguments = function.get("arguments")
    assembly.tool_call(
        key,
        id=as_str(call.get("id")) or None,
        name=as_str(function.get("name")) or None,
        # Some hosts write a text, as the protocol they copy does.
        piece=arguments if isinstance(arguments, str) else "",
        arguments=as_dict(arguments) if isinstance(arguments, dict) else None,  # type: ignore[reportUnknownArgumentType]
    )


def finished(
    assembly: Assembly,
    last: Mapping[str, Any],
    *,
    request_id_: str | None = None,
    raw: Mapping[str, JsonValue] | None = None,
    is_error: bool = False,
) -> Response[None]:
    """The response that an assembled message and the last object of an answer add up to.

    The count of the prompt is missing where all of it came from the cache: not reported, and not zero.
    """
    word = as_str(last.get("done_reason"))
    reason = finish_reason(word, FINISH_REASONS, has_calls=assembly.has_calls, is_error=is_error)
    return Response(
        message=assembly.message(),
        finish_reason=reason,
        raw_finish_reason=word,
        outcome=NoOutput(),
        refusal=None,
        usage=Usage(input_tokens=as_int(last.get("prompt_eval_count")), output_tokens=as_int(last.get("eval_count"))),
        model=assembly.model,
        id=None,
        provider=assembly.origin.provider,
        request_id=request_id_,
        raw=raw,
        logprobs=assembly.token_logprobs,
    )
