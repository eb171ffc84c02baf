"""What only generateContent knows: signatures on single parts, built-in tools, grounding, blocks, its own words."""

from __future__ import annotations

import base64
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

import strategies
from portable_llm._messages import Citation, Message, Part, ReasoningPart, TextPart, ToolCallPart, UnknownPart
from portable_llm._response import NoOutput, Refusal, Refused, Response, Usage
from portable_llm.refusal import hard, signal_of
from portable_llm.wire.gemini import FINISH_REASONS

ORIGIN = strategies.ORIGIN

signatures = st.binary(min_size=3, max_size=12).map(lambda data: {"thoughtSignature": base64.b64encode(data).decode()})


def _signed(part: Part) -> st.SearchStrategy[Any]:
    return signatures.map(lambda state: replace(part, state=state, origin=ORIGIN))  # type: ignore[type-var]


@st.composite
def cited_texts(draw: st.DrawFn) -> TextPart:
    """A text with a passage that has a source."""
    text = draw(strategies.texts)
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    source = Citation(start=start, end=end, url=f"https://example.test/{draw(strategies.words)}", title="Source")
    return TextPart(text=text, citations=(source,))


_UNKNOWN = st.sampled_from(
    [
        {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}},
        {"toolCall": {"id": "t1", "toolType": "GOOGLE_SEARCH_WEB", "args": {}}, "thoughtSignature": "CrUE"},
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
    ]
).map(lambda raw: UnknownPart(raw=raw, origin=ORIGIN))

_texts = strategies.text_parts()
_thoughts = st.builds(lambda text: ReasoningPart(text=text, origin=ORIGIN), strategies.texts)
_parts: st.SearchStrategy[Part] = st.one_of(
    _texts,
    cited_texts(),
    _texts.flatmap(_signed),
    st.just(TextPart(text="")).flatmap(_signed),
    _thoughts,
    _thoughts.flatmap(_signed),
    strategies.tool_calls(),
    strategies.tool_calls().flatmap(_signed),
    _UNKNOWN,
)


def _no_neighbours_merge(parts: list[Part]) -> bool:
    """Two unsigned texts of one kind next to each other are one part on the wire."""

    def kind(part: Part) -> str | None:
        plain = isinstance(part, (TextPart, ReasoningPart)) and not part.state
        return type(part).__name__ if plain else None

    return all(kind(one) is None or kind(one) != kind(next_) for one, next_ in pairwise(parts))


def part_lists() -> st.SearchStrategy[list[Part]]:
    """Parts of one answer; ids of calls differ."""
    return (
        st.lists(_parts, max_size=5)
        .filter(_no_neighbours_merge)
        .filter(lambda parts: len(ids := [p.id for p in parts if isinstance(p, ToolCallPart)]) == len(set(ids)))
    )


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    usage = draw(strategies.usages())
    return replace(usage, cache_creation_input_tokens=None)


@st.composite
def answers(draw: st.DrawFn) -> Response[None]:
    """Any answer that generateContent can give."""
    parts = draw(part_lists())
    word = draw(st.sampled_from([word for word in FINISH_REASONS if not word.isdigit()]))
    reason = FINISH_REASONS[word]
    if reason == "stop" and any(isinstance(part, ToolCallPart) for part in parts):
        reason = "tool_call"
    if reason == "pause":
        parts.append(UnknownPart(raw={"continuationToken": draw(strategies.words)}, origin=ORIGIN))
    refusal = None
    if reason == "content_filter":
        signal = signal_of("gemini", "finishReason", word)
        assert signal is not None
        refusal = hard(signal, word, text=draw(st.none() | strategies.texts))
    return _response(draw, parts, reason, word, refusal)


@st.composite
def blocked_prompts(draw: st.DrawFn) -> Response[None]:
    """The prompt was blocked: no candidate at all."""
    word = draw(st.sampled_from(["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "JAILBREAK"]))
    signal = signal_of("gemini", "promptFeedback.blockReason", word)
    assert signal is not None
    refusal = hard(signal, word, text=draw(st.none() | strategies.texts))
    return _response(draw, [], "content_filter", word, refusal)


def _response(draw: st.DrawFn, parts: list[Part], reason: str, word: str, refusal: Refusal | None) -> Response[None]:
    usage = draw(usages())
    if refusal is not None and usage.output_tokens:
        refusal = replace(refusal, is_billed=True)
    return Response(
        message=Message(role="assistant", parts=tuple(parts)),
        finish_reason=reason,  # type: ignore[arg-type]
        raw_finish_reason=word,
        outcome=NoOutput() if refusal is None else Refused(refusal=refusal),
        refusal=refusal,
        usage=usage,
        model=ORIGIN.model,
        id=draw(strategies.words),
        provider=ORIGIN.provider,
    )


def without_raw_sources(response: Response[None]) -> Response[None]:
    """The answer without the provider's own records: they are what came, not what was meant."""
    parts = tuple(
        replace(part, citations=tuple(replace(citation, raw=None) for citation in part.citations))
        if isinstance(part, TextPart)
        else part
        for part in response.message.parts
    )
    return replace(response, message=replace(response.message, parts=parts), raw=None, request_id=None)


@st.composite
def own_histories(draw: st.DrawFn) -> tuple[Message, ...]:
    """A conversation whose assistant turns came from this wire: state on single parts, built-in tools, thoughts."""
    messages: list[Message] = [Message(role="user", parts=(draw(_texts),))]
    for _ in range(draw(st.integers(0, 2))):
        parts = [part for part in draw(part_lists()) if not (isinstance(part, TextPart) and part.citations)]
        parts = [part for part in parts if not _is_media(part)] or [TextPart(text="well")]
        messages.append(Message(role="assistant", parts=tuple(parts)))
        messages.append(Message(role="user", parts=(draw(_texts),)))
    return tuple(messages)


def _is_media(part: Part) -> bool:
    """Bytes in a stored turn are read back as a `BlobPart`."""
    return isinstance(part, UnknownPart) and "inlineData" in part.raw


def without_origins(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Stored wire JSON does not say who made it."""

    def bare(part: Any) -> Any:
        return replace(part, origin=None) if getattr(part, "origin", None) is not None else part

    return tuple(replace(message, parts=tuple(bare(part) for part in message.parts)) for message in messages)
