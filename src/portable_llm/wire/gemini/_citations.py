"""Grounding and citation metadata → `Citation`s, and back.

Offsets count the UTF-8 bytes of the visible text, all parts joined (so in 46 of 46 recorded answers whose segment
matched any reading, 2026-11-23); a segment that repeats its text is checked against it, and one that does not match
stays without a place rather than with a wrong one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from portable_llm._messages import Citation, TextPart
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str


class Mark(NamedTuple):
    """One citation as the wire places it."""

    start: int | None
    """First byte of the passage in the visible text."""
    end: int | None
    text: str | None
    """The passage, where the wire repeats it."""
    citation: Citation
    """Without its place."""


def grounding_marks(metadata: Mapping[str, Any]) -> Iterator[Mark]:
    """One mark per passage and source of a `groundingMetadata`."""
    chunks = as_list(metadata.get("groundingChunks"))
    for support in as_list(metadata.get("groundingSupports")):
        fields = as_dict(support)
        segment = as_dict(fields.get("segment"))
        for number in as_list(fields.get("groundingChunkIndices")):
            index = as_int(number)
            chunk = as_dict(chunks[index]) if index is not None and 0 <= index < len(chunks) else {}
            yield Mark(
                as_int(segment.get("startIndex")) or 0,
                as_int(segment.get("endIndex")),
                as_str(segment.get("text")),
                _source(chunk),
            )


def _source(chunk: dict[str, Any]) -> Citation:
    source = next((found for value in chunk.values() if (found := as_dict(value))), as_dict(None))
    return Citation(url=as_str(source.get("uri")), title=as_str(source.get("title")), raw=chunk)


def citation_marks(metadata: Mapping[str, Any]) -> Iterator[Mark]:
    """One mark per entry of a `citationMetadata` (`citations`; older: `citationSources`)."""
    for entry in as_list(metadata.get("citations")) or as_list(metadata.get("citationSources")):
        fields = as_dict(entry)
        citation = Citation(url=as_str(fields.get("uri")), title=as_str(fields.get("title")), raw=fields)
        yield Mark(as_int(fields.get("startIndex")) or 0, as_int(fields.get("endIndex")), None, citation)


def place(marks: Sequence[Mark], texts: Sequence[str]) -> Iterator[tuple[int, Citation]]:
    """For each mark the number of the text it belongs to, and the citation with its place there.

    Linear in the text and the marks (apart from sorting the offsets).
    """
    visible = "".join(texts)
    data = visible.encode("utf-8", "surrogatepass")
    characters = _characters(data, {at for mark in marks for at in (mark.start, mark.end) if at is not None})
    begins = [0, *accumulate(len(text) for text in texts)]
    for mark in marks:
        start, end = characters.get(mark.start), characters.get(mark.end)
        is_placed = start is not None and end is not None and start <= end
        if is_placed and mark.text is not None and not _reads(visible, start, end, mark.text):
            is_placed = False
        if not is_placed or start is None or end is None:
            yield max(len(texts) - 1, 0), mark.citation
            continue
        number = max(min(bisect_right(begins, start) - 1, len(texts) - 1), 0)
        base, length = begins[number], len(texts[number])
        yield number, _placed(mark.citation, start - base, min(end - base, length))


def _reads(visible: str, start: int | None, end: int | None, text: str) -> bool:
    """Whether the passage is this text; the length is compared first, so a check costs no more than the text."""
    return start is not None and end == start + len(text) and visible.startswith(text, start)


def _placed(citation: Citation, start: int, end: int) -> Citation:
    return Citation(start=start, end=end, url=citation.url, title=citation.title, raw=citation.raw)


def _characters(data: bytes, offsets: set[int]) -> dict[int | None, int]:
    """Byte offset → character offset, for those that fall between characters."""
    found: dict[int | None, int] = {}
    at = count = 0
    for offset in sorted(offset for offset in offsets if 0 <= offset <= len(data)):
        # A continuation byte is inside a character.
        if offset < len(data) and data[offset] & 0xC0 == 0x80:
            continue
        count += len(data[at:offset].decode("utf-8", "surrogatepass"))
        at = offset
        found[offset] = count
    return found


def wire_grounding(parts: Sequence[TextPart]) -> dict[str, Any]:
    """The citations of these texts as `groundingMetadata`: the way back."""
    chunks: list[dict[str, Any]] = []
    supports: list[dict[str, Any]] = []
    base = 0
    for part in parts:
        for citation in part.citations:
            web = {"uri": citation.url, "title": citation.title}
            segment = {} if citation.start is None else _segment(part.text, citation, base)
            supports.append({"segment": segment, "groundingChunkIndices": [len(chunks)]})
            chunks.append({"web": {key: value for key, value in web.items() if value is not None}})
        base += _size(part.text)
    return {"groundingChunks": chunks, "groundingSupports": supports}


def _segment(text: str, citation: Citation, base: int) -> dict[str, Any]:
    start, end = citation.start or 0, len(text) if citation.end is None else citation.end
    return {
        "startIndex": base + _size(text[:start]),
        "endIndex": base + _size(text[:end]),
        "text": text[start:end],
    }


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
