"""What only the Messages protocol knows: signed reasoning, citations, server blocks, late system turns, cache marks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from portable_llm._messages import (
    Citation,
    FilePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
    system,
)
from portable_llm._request import CacheHint, Reasoning, Request
from portable_llm._response import Refused, Response
from portable_llm.wire.anthropic_messages._parse import refusal_of
from strategies import ORIGIN, json_objects, requests, responses, text_parts, texts, tool_calls, words

signatures = st.text("ABCDEFabcdef0123456789+/=", min_size=4, max_size=24)

signed_reasoning: st.SearchStrategy[Part] = st.builds(
    lambda text, signature: ReasoningPart(text=text, state={"signature": signature}, origin=ORIGIN),
    texts | st.just(""),
    signatures,
)
redacted_reasoning: st.SearchStrategy[Part] = st.builds(
    lambda data: ReasoningPart(state={"redacted_data": data}, origin=ORIGIN), signatures
)


@st.composite
def cited_texts(draw: st.DrawFn) -> TextPart:
    """Text of a web search, with the records the vendor wants back."""
    raws: list[dict[str, Any]] = [
        {"type": "web_search_result_location", "url": url, "title": url, "cited_text": quote, "encrypted_index": "Eo8"}
        for url, quote in draw(st.lists(st.tuples(words, texts), min_size=1, max_size=2))
    ]
    citations = tuple(Citation(url=raw["url"], title=raw["title"], quote=raw["cited_text"], raw=raw) for raw in raws)
    return TextPart(text=draw(texts), citations=citations, state={"citations": list(raws)}, origin=ORIGIN)


@st.composite
def server_blocks(draw: st.DrawFn) -> UnknownPart:
    """A block of a tool that the vendor runs itself."""
    block: dict[str, Any] = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search"}
    return UnknownPart(raw={**block, "input": draw(json_objects)}, origin=ORIGIN)


own_parts: st.SearchStrategy[Part] = st.one_of(
    text_parts(), signed_reasoning, redacted_reasoning, cited_texts(), server_blocks()
)
"""Parts of an answer with all that this wire wants back."""


@st.composite
def own_responses(draw: st.DrawFn) -> Response[None]:
    """An answer with everything this wire can say, refusals by category included."""
    response = draw(responses(cannot=("reasoning", "refusal")))
    parts = (*draw(st.lists(own_parts, max_size=3)), *response.message.tool_calls)
    response = replace(response, message=Message(role="assistant", parts=parts))
    if response.message.tool_calls or draw(st.integers(0, 3)):
        return response
    category = draw(st.sampled_from(["cyber", "bio", "frontier_llm", None]))
    details = {"type": "refusal", "category": category, "explanation": draw(st.none() | texts)}
    refusal = refusal_of(
        {"stop_reason": "refusal", "stop_details": details},
        response.usage,
        has_text=bool(response.text),
        is_empty=not any(getattr(part, "text", "") or isinstance(part, UnknownPart) for part in parts),
    )
    assert refusal is not None
    return replace(response, finish_reason="refusal", refusal=refusal, outcome=Refused(refusal=refusal))


@st.composite
def own_rounds(draw: st.DrawFn) -> list[Message]:
    """A turn of the model as this wire gives it, with a call, and its result of several parts."""
    lead = draw(st.lists(own_parts, max_size=3))
    call = draw(tool_calls())
    media: list[Any] = [
        TextPart(text=draw(texts)),
        UriPart(uri="https://example.test/a.png"),
        FilePart(id=draw(words), mime_type="image/*"),
    ]
    result = ToolResultPart(call_id=call.id, parts=tuple(media))
    return [Message(role="assistant", parts=(*lead, call)), Message(role="tool", parts=(result,))]


@st.composite
def own_requests(draw: st.DrawFn) -> Request[Any]:
    """A request with what only this wire can carry. State has no origin once it was read from a wire."""
    base = draw(requests(carries={"messages/system", "max_output_tokens", "stop", "sampling/top_k"}))
    messages = [*base.messages, *draw(own_rounds())]
    if draw(st.booleans()):
        messages.append(system(draw(texts)))
    reasoning = st.builds(
        Reasoning,
        effort=st.sampled_from([None, "low", "max"]),
        budget_tokens=st.none() | st.integers(1024, 2000),
        summary=st.none() | st.booleans(),
    )
    return replace(
        base,
        messages=tuple(_without_origin(message) for message in messages),
        reasoning=draw(st.none() | st.just(Reasoning(effort="none")) | reasoning.filter(_says_something)),
        max_output_tokens=4096,
        cache=draw(st.none() | st.just(CacheHint(breakpoints=("/messages/0/parts/0",), ttl="1h"))),
        metadata=draw(st.sampled_from([{}, {"user_id": "u"}])),
        extra=draw(st.sampled_from([{}, {"service_tier": "auto", "container": "c_1"}])),
    )


def _says_something(reasoning: Reasoning) -> bool:
    return reasoning.effort is not None or reasoning.budget_tokens is not None or reasoning.summary is True


def _without_origin(message: Message) -> Message:
    def bare(part: Part) -> Part:
        # Unsigned reasoning without an origin is nobody's and not sent; everything drawn here is signed.
        return replace(part, origin=None) if isinstance(part, (TextPart, ReasoningPart, UnknownPart)) else part

    return replace(message, parts=tuple(bare(part) for part in message.parts))
