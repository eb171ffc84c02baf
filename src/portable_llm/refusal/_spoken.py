"""A refusal in plain words: when a text is classified at all, and what its verdict means for the answer.

Classifying costs nothing where it is not needed: by default only an answer that failed to give the value asked for is
looked at, so that "I can't help with that" in the place of JSON is a refusal and no error of parsing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, Protocol, TypeVar, cast, get_args

from portable_llm._messages import ToolResultPart, text_of
from portable_llm._request import Request
from portable_llm._response import Invalid, NoOutput, Refusal, RefusalCategory, Refused, Response

T = TypeVar("T")

SoftRefusals = Literal["never", "output", "always"]
"""Which texts are classified: none, those that lack the value asked for (the default), or all."""

CATEGORIES: frozenset[str] = frozenset(get_args(RefusalCategory))


class SpokenVerdict(Protocol):
    """What a classifier says about an answer."""

    @property
    def label(self) -> Literal["compliance", "partial", "refusal"]: ...
    @property
    def probability(self) -> float:
        """How sure it is of the label."""
        ...

    @property
    def evidence(self) -> Sequence[Any]:
        """The words that say so: texts, spans with a `text`, or pairs of a start and an end in the answer.

        A verdict may have a `category` as well: one of the words of `RefusalCategory`.
        """
        ...


class Classifier(Protocol):
    """Anything that tells a refusal from an answer: the library's own, or a judge of yours (a model, too)."""

    def __call__(self, prompt: str, response: str, /) -> SpokenVerdict: ...


def spoken(
    response: Response[T], request: Request[Any], when: SoftRefusals, classifier: Classifier | None = None
) -> Response[T]:
    """The response with the refusal that its words are, if they are one; `None` takes the library's classifier.

    A text that failed to give a value and declines becomes `Refused`. A value that is valid stays `Parsed` whatever its
    words say: the refusal stands beside it.
    """
    text = _classified(response, when)
    if not text:
        return response
    judge = default_classifier() if classifier is None else classifier
    verdict = judge(prompt_of(request), text)
    if verdict.label == "compliance":
        return response
    refusal = _refusal(verdict, text, response)
    has_result = refusal.is_partial or response.tool_calls or not isinstance(response.outcome, (Invalid, NoOutput))
    return replace(response, refusal=refusal, outcome=response.outcome if has_result else Refused(refusal=refusal))


def _classified(response: Response[Any], when: SoftRefusals) -> str:
    """The text to look at; `""` for none. Words of a call count where nothing else was said."""
    if when == "never" or response.refusal is not None:
        return ""
    if when == "output" and not isinstance(response.outcome, Invalid):
        return ""
    return response.text or "\n".join(call.raw_arguments for call in response.tool_calls)


def default_classifier() -> Classifier:
    """The library's own classifier, loaded when the first text is to be judged: most programs never need it."""
    from portable_llm.refusal._soft import classify

    return classify


def prompt_of(request: Request[Any]) -> str:
    """What was asked last: the words of the last turn that is the user's or a tool's."""
    for message in reversed(request.messages):
        if message.role in ("user", "tool"):
            parts = [part.parts if isinstance(part, ToolResultPart) else (part,) for part in message.parts]
            return text_of([inner for group in parts for inner in group])
    return ""


def _refusal(verdict: SpokenVerdict, text: str, response: Response[Any]) -> Refusal:
    category = getattr(verdict, "category", None)
    return Refusal(
        kind="soft",
        source="model",
        category=cast("RefusalCategory", category) if category in CATEGORIES else "unspecified",
        text=response.text or None,
        evidence=tuple(_quoted(item, text) for item in _outermost(verdict.evidence)),
        is_billed=True if response.usage.output_tokens else None,
        is_partial=verdict.label == "partial",
        probability=verdict.probability,
    )


def _outermost(evidence: Sequence[Any]) -> list[Any]:
    """The evidence without spans that lie inside another one: `sorry` in `I'm sorry`."""
    spans = [cast("tuple[int, int]", item[:2]) for item in evidence if isinstance(item, tuple)]

    def is_inside(item: Any) -> bool:
        start, end = item[:2]
        return any((a, b) != (start, end) and a <= start and end <= b for a, b in spans)

    return [item for item in evidence if not (isinstance(item, tuple) and is_inside(item))]


def _quoted(item: Any, text: str) -> str:
    if isinstance(item, tuple):
        start, end = cast("tuple[int, int]", item)[:2]
        return text[start:end]
    said = getattr(item, "text", item)
    return said if isinstance(said, str) else str(said)
