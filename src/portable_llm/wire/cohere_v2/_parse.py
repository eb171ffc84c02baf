"""A whole answer → `Response`. Parts keep the order of the content list; the plan and the calls come after it.

Version 1 has its text at the top and its counts in `meta`. The stream decoder shares the readers with this module.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from portable_llm._http import HttpReply
from portable_llm._json import JsonValue
from portable_llm._messages import Citation, Origin
from portable_llm._response import NoOutput, Refused, Response, Usage
from portable_llm.refusal import hard, signal_of
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._errors import request_id
from portable_llm.wire._finish import finish_reason
from portable_llm.wire._logprobs import read_pieces
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str, body_object
from portable_llm.wire.cohere_v2._capabilities import NAME
from portable_llm.wire.cohere_v2._errors import error_inside
from portable_llm.wire.cohere_v2._messages import PLAN

FINISH_REASONS: Mapping[str, str] = {
    "complete": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_call": "tool_call",
    "error": "error",
    "timeout": "error",
    "error_toxic": "content_filter",
    "error_limit": "context_overflow",
    "user_cancel": "cancelled",
}
"""Lower case; the last three are words of version 1."""


def parse_response(reply: HttpReply, origin: Origin) -> Response[None]:
    """Read a 2xx answer; raises `UnreadableAnswerError`, or a `ProviderError` for an error inside it."""
    body = body_object(reply, "chat answer")
    if (error := error_inside(body, reply)) is not None:
        raise error
    assembly = Assembly(origin)
    if "message" in body:
        assembly.start(as_str(body.get("id")) or None, origin.model)
        ContentReader(assembly).message(as_dict(body["message"]))
        if logprobs := body.get("logprobs"):
            assembly.logprobs("logprobs", read_pieces(logprobs))
        word, usage = body.get("finish_reason"), as_dict(body.get("usage"))
    else:
        word, usage = read_version_1(assembly, body)
    return finished(assembly, word, usage, request_id_=request_id(reply), raw=body)


class ContentReader:
    """Puts the pieces of a message into an assembly, whole or streamed."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._texts: list[int] = []

    def message(self, message: Mapping[str, Any]) -> None:
        """A whole message."""
        for index, item in enumerate(as_list(message.get("content"))):
            self.content(index, as_dict(item))
        if text := as_str(message.get("content")):
            self.content(0, {"type": "text", "text": text})
        if plan := as_str(message.get(PLAN)):
            self.plan(plan)
        for citation in as_list(message.get("citations")):
            self.citation(as_dict(citation))
        for position, call in enumerate(as_list(message.get("tool_calls"))):
            self.call(("call", position), as_dict(call))

    def content(self, index: int, item: Mapping[str, Any]) -> None:
        """A piece of content, or more of one: text or thinking; what has no type here is kept whole."""
        key = ("content", index)
        if isinstance(item.get("text"), str):
            if index not in self._texts:
                self._texts.append(index)
            self._assembly.text(key, item["text"])
        elif isinstance(item.get("thinking"), str):
            self._assembly.reasoning(key, item["thinking"])
        elif item.get("type") not in (None, "text", "thinking"):
            self._assembly.unknown(key, item)

    def plan(self, piece: str) -> None:
        """More of what the model means to do with its calls: reasoning, marked with where it stood."""
        self._assembly.reasoning(PLAN, piece, {"field": PLAN})

    def citation(self, record: Mapping[str, Any]) -> None:
        """A citation of the text that it belongs to; one of thinking or of a plan is kept untyped."""
        index = as_int(record.get("content_index"))
        if index is None:
            index = self._texts[0] if self._texts else None
        if record.get("type") in (None, "TEXT_CONTENT") and index in self._texts:
            self._assembly.cite(("content", index), read_citation(record))
        elif record:
            self._assembly.unknown(object(), {"citations": [dict(record)]})

    def call(self, key: Hashable, call: Mapping[str, Any]) -> None:
        """A call, whole or more of one."""
        function = as_dict(call.get("function"))
        arguments = function.get("arguments")
        self._assembly.tool_call(
            key,
            id=as_str(call.get("id")) or None,
            name=as_str(function.get("name")) or None,
            piece=arguments if isinstance(arguments, str) else "",
        )


def read_citation(record: Mapping[str, Any]) -> Citation:
    """A passage and where it comes from; title and address of the first source that has them."""
    sources = [as_dict(source) for source in as_list(record.get("sources"))]
    documents = [as_dict(source.get("document")) or as_dict(source.get("tool_output")) for source in sources]

    def first(name: str) -> str | None:
        return next((text for document in documents if (text := as_str(document.get(name)))), None)

    return Citation(
        start=as_int(record.get("start")),
        end=as_int(record.get("end")),
        url=first("url"),
        title=first("title"),
        raw=record,
    )


def read_usage(fields: Mapping[str, Any]) -> Usage:
    """Counts of what the model saw and wrote, its template included; what is billed is less and stays in `raw`."""
    tokens, billed = as_dict(fields.get("tokens")), as_dict(fields.get("billed_units"))
    read, written = as_int(tokens.get("input_tokens")), as_int(tokens.get("output_tokens"))
    return Usage(
        input_tokens=as_int(billed.get("input_tokens")) if read is None else read,
        output_tokens=as_int(billed.get("output_tokens")) if written is None else written,
        cache_read_input_tokens=as_int(fields.get("cached_tokens")),
        reasoning_output_tokens=as_int(tokens.get("reasoning_tokens")),
    )


def read_version_1(assembly: Assembly, body: Mapping[str, Any]) -> tuple[object, Mapping[str, Any]]:
    """An answer of version 1: its text, calls, finish word and counts."""
    first = as_dict(next(iter(as_list(body.get("generations"))), None))
    assembly.start(as_str(body.get("response_id")) or as_str(body.get("id")) or None, assembly.origin.model)
    if text := as_str(body.get("text")) or as_str(first.get("text")):
        assembly.text(("content", 0), text)
    for position, call in enumerate(as_list(body.get("tool_calls"))):
        fields = as_dict(call)
        assembly.tool_call(
            ("call", position), name=as_str(fields.get("name")) or None, arguments=as_dict(fields.get("parameters"))
        )
    return body.get("finish_reason") or first.get("finish_reason"), as_dict(body.get("meta"))


def finished(
    assembly: Assembly,
    word: object,
    usage: Mapping[str, Any],
    *,
    request_id_: str | None = None,
    raw: Mapping[str, JsonValue] | None = None,
    is_error: bool = False,
) -> Response[None]:
    """The response that an assembled message, a finish word and a usage object add up to.

    The protocol does not name the model that answers: the one that was asked stands in its place.
    """
    said, counts = as_str(word), read_usage(usage)
    signal = signal_of(NAME, "finish_reason", said or "")
    refusal = None if signal is None else hard(signal, said, usage=counts, has_text=assembly.has_text)
    reason = finish_reason(
        said.lower() if said else None,
        FINISH_REASONS,
        has_calls=assembly.has_calls,
        is_filtered=refusal is not None,
        is_error=is_error,
    )
    return Response(
        message=assembly.message(),
        finish_reason=reason,
        raw_finish_reason=said,
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
