"""Where this protocol and its hosts say that they decline: in an error, in the answer, and in reports beside it.

What the words mean stands in the table of signals; this module only knows the places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portable_llm._response import Refusal, Usage
from portable_llm.refusal import Signal, hard, signal_in, signal_of
from portable_llm.wire._reading import as_dict, as_list, as_str, error_message

_WIRE = "openai-chat"
_SEVERITIES = ("safe", "low", "medium", "high")


def words_of(fields: Mapping[str, Any], error: Mapping[str, Any]) -> list[str]:
    """The provider's words for an error, the most specific first."""
    inner = as_dict(error.get("innererror"))
    listed = (error.get("code"), error.get("type"), inner.get("code"), fields.get("code"), fields.get("type"))
    return [str(word) for word in listed if isinstance(word, (str, int)) and not isinstance(word, bool) and word != ""]


def _row(place: str, word: str = "", wire: str = _WIRE) -> Signal:
    signal = signal_of(wire, place, word)
    assert signal is not None, f"the table of signals has no row for {place}"
    return signal


# ---- errors ----------------------------------------------------------------------------------------------------------


def declined_by_error(
    fields: Mapping[str, Any],
    status: int = 200,
    *,
    before: Sequence[str] = (),
    has_text: bool = False,
    wire: str = _WIRE,
) -> tuple[Refusal, str] | None:
    """The refusal that comes as an error, with the word for it: a code or type, a list of reasons, or a sentence.

    `before`: evidence that goes first. `has_text`: text came before the error. `wire`: whose signals count, since
    another protocol of the same hosts has the same errors.
    """
    error = as_dict(fields.get("error"))
    inner = as_dict(error.get("innererror"))
    reasons = [str(reason) for reason in as_list(as_dict(error.get("metadata")).get("reasons"))]
    word = next((word for word in words_of(fields, error) if signal_of(wire, "code", word)), None)
    if word is None and reasons and 403 in (status, error.get("code")):
        word = "moderation"
    if word is None:
        return _by_report(error, before, wire) or _by_sentence(fields, before, wire)
    report = as_dict(inner.get("content_filter_result")) or as_dict(inner.get("content_filter_results"))
    hits = hits_of(report)
    # Azure wraps the code of its policy into a plainer one; the inner one knows about the bill.
    policy = signal_of(wire, "code", as_str(inner.get("code")) or "")
    # One code may stand for two filters: DashScope says in the sentence that the output was stopped.
    sentence = signal_in(wire, error_message(fields) or "")
    refusal = hard(
        sentence if sentence and sentence.source != "input_filter" else _row("code", word, wire),
        word,
        categories=[name for name, _ in hits] or reasons,
        evidence=(
            *before,
            f"code={word}",
            *shown("content_filter_result", hits),
            *(f"metadata.reasons={reason}" for reason in reasons),
        ),
        is_billed=policy.is_billed if policy else None,
        has_text=has_text,
    )
    return refusal, word


def declined_inside(
    body: Mapping[str, Any], choice: Mapping[str, Any], *, has_text: bool = False
) -> tuple[Refusal, str] | None:
    """The refusal of a filter that speaks up as an error in a 2xx answer or in the middle of a stream."""
    error = body.get("error") or choice.get("error")
    if not error and "choices" in body:
        return None
    return declined_by_error({**({} if "choices" in body else body), "error": error}, has_text=has_text)


def _by_report(error: Mapping[str, Any], before: Sequence[str], wire: str) -> tuple[Refusal, str] | None:
    if not isinstance(error.get("misalignment"), dict):
        return None
    report = as_dict(error["misalignment"])
    said = as_str(report.get("error_type"))
    refusal = hard(
        _row("misalignment", wire=wire),
        categories=[said] if said else (),
        text=as_str(report.get("detailed_explanation")),
        evidence=(*before, f"misalignment={said}" if said else "misalignment"),
    )
    return refusal, "misalignment"


def _by_sentence(fields: Mapping[str, Any], before: Sequence[str], wire: str) -> tuple[Refusal, str] | None:
    message = error_message(fields)
    signal = signal_in(wire, message) if message else None
    if signal is None:
        return None
    failed = message.rpartition("Failed check:")[2].strip() if "Failed check:" in message else ""
    refusal = hard(
        signal,
        categories=[failed] if failed else (),
        text=message,
        evidence=(*before, f"error.message={message[:200]}"),
    )
    return refusal, signal.word


# ---- answers ---------------------------------------------------------------------------------------------------------


def declined_by_answer(
    body: Mapping[str, Any],
    choice: Mapping[str, Any],
    *,
    said: str = "",
    usage: Usage | None = None,
    has_text: bool = False,
    before: Sequence[str] = (),
) -> tuple[Refusal, str] | None:
    """The refusal in an answer, with the word for it: a filter's finish reason or report, or words of refusal.

    `body` and `choice` hold what an answer has, or what a stream has said in all; `said` are the words of refusal.
    """
    word = as_str(choice.get("finish_reason")) or ""
    hits = hits_of(as_dict(choice.get("content_filter_results")))
    ending = signal_of(_WIRE, "finish_reason", word)
    if ending is None and not hits:
        if not said:
            return None
        return hard(_row("message.refusal"), text=said, usage=usage, evidence=(*before, "message.refusal")), word
    signal, categories, reports = _reported(ending, body, choice, hits)
    refusal = hard(
        signal,
        categories=categories,
        text=said or _label(choice),
        evidence=(
            *before,
            *((f"finish_reason={word}",) if ending else ()),
            *reports,
            *(("message.refusal",) if said else ()),
        ),
        usage=usage,
        has_text=has_text,
    )
    return refusal, word if ending else "content_filter"


def is_filter(word: str | None) -> bool:
    """Whether a finish reason is a filter's."""
    return word is not None and signal_of(_WIRE, "finish_reason", word) is not None


def _reported(
    ending: Signal | None, body: Mapping[str, Any], choice: Mapping[str, Any], hits: list[tuple[str, str]]
) -> tuple[Signal, list[str], list[str]]:
    """Which filter it was, the categories it names, and the reports that say so.

    The report on the answer comes first; without one, a report on the prompt says that its filter cut the answer.
    """
    offsets = ["content_filter_offsets"] if choice.get("content_filter_offsets") else []
    place = "content_filter_offsets" if offsets else "content_filter_results"
    if hits:
        names, seen = [name for name, _ in hits], shown("content_filter_results", hits)
        return (ending if ending and not offsets else _row(place)), names, [*seen, *offsets]
    prompt = [hit for item in as_list(body.get("prompt_filter_results")) for hit in _prompt_hits(item)]
    if prompt:
        return _row("prompt_filter_results"), [name for name, _ in prompt], shown("prompt_filter_results", prompt)
    for side, at in (("output", "content_filter_results"), ("input", "prompt_filter_results")):
        if flagged := _flagged(body, side):
            return _row(at), flagged, [f"moderation.{side}={name}" for name in flagged]
    return (ending if ending and not offsets else _row(place)), [], offsets


def _prompt_hits(item: object) -> list[tuple[str, str]]:
    return hits_of(as_dict(as_dict(item).get("content_filter_results")))


def _flagged(body: Mapping[str, Any], side: str) -> list[str]:
    """The categories that a moderation beside the answer flags; on its own this is a score and no refusal."""
    results = as_list(as_dict(as_dict(body.get("moderation")).get(side)).get("results"))
    return [
        name
        for result in results
        for name, is_hit in as_dict(as_dict(result).get("categories")).items()
        if is_hit is True
    ]


def _label(choice: Mapping[str, Any]) -> str | None:
    """The sentence of a filter that reports its block as an error of its own."""
    error = as_dict(as_dict(choice.get("content_filter_results")).get("error"))
    return as_str(error.get("message")) if as_str(error.get("code")) == "content_filter" else None


def hits_of(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a filter report marks as filtered, with its severity; the gravest first."""
    found = [
        (name, as_str(as_dict(result).get("severity")) or "")
        for name, result in report.items()
        if as_dict(result).get("filtered") is True
    ]
    return sorted(found, key=lambda hit: -(_SEVERITIES.index(hit[1]) if hit[1] in _SEVERITIES else 0))


def shown(place: str, hits: list[tuple[str, str]]) -> list[str]:
    """The same as evidence."""
    return [f"{place}.{name}={severity}" if severity else f"{place}.{name}" for name, severity in hits]
