"""Where this protocol says that an answer was declined; what the words mean stands in the table of signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portable_llm._response import Refusal, Usage
from portable_llm.refusal import Signal, hard, signal_of
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str
from portable_llm.wire.openai_chat._declined import hits_of, shown
from portable_llm.wire.openai_responses._capabilities import NAME

_FILTERS = "content_filters"


def row(place: str, word: str = "") -> Signal:
    """The row of the table of signals."""
    signal = signal_of(NAME, place, word)
    assert signal is not None, f"the table of signals has no row for {place}"
    return signal


def declined_by_answer(
    body: Mapping[str, Any], word: str | None, *, said: str, usage: Usage, has_text: bool
) -> tuple[Refusal, str] | None:
    """The refusal in an answer, with the word for it: a filter's reason or report, or words of refusal (`said`).

    `word` is why the answer ended. A filter's report names the categories, and whether it read the prompt.
    """
    ending = signal_of(NAME, "incomplete_details.reason", word or "")
    blocked = [as_dict(item) for item in as_list(body.get(_FILTERS)) if as_dict(item).get("blocked") is True]
    if ending is None and not blocked:
        if not said:
            return None
        return hard(row("content.refusal"), text=said, usage=usage, evidence=("content.refusal",)), word or ""
    signal, hits = _reported(ending, blocked)
    at = f"{_FILTERS}.{_place(blocked[0])}" if blocked else ""
    refusal = hard(
        signal,
        categories=[name for name, _ in hits],
        text=said or None,
        evidence=(
            *((f"incomplete_details.reason={word}",) if ending else ()),
            *(shown(at, hits) or ([at] if blocked else ())),
            *(("content.refusal",) if said else ()),
        ),
        usage=usage,
        has_text=has_text,
    )
    return refusal, word if ending and word else "content_filter"


def _reported(ending: Signal | None, blocked: Sequence[Mapping[str, Any]]) -> tuple[Signal, list[tuple[str, str]]]:
    if not blocked:
        assert ending is not None
        return ending, []
    hits = [hit for item in blocked for hit in hits_of(as_dict(item.get("content_filter_results")))]
    return row(f"{_FILTERS}.{_place(blocked[0])}"), hits


def _place(item: Mapping[str, Any]) -> str:
    """Which filter it was: one that names a passage of the answer came to it when that had gone out."""
    if as_str(item.get("source_type")) == "prompt":
        return "prompt"
    offsets = as_dict(item.get("content_filter_offsets"))
    end, start = as_int(offsets.get("end_offset")), as_int(offsets.get("start_offset")) or 0
    return "content_filter_offsets" if end is not None and end > start else "completion"
