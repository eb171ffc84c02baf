"""Did it decline in words? `classify` says so offline, with a probability and the words that show it.

No model is called and nothing but the standard library is used. A judge of yours, a language model too, may be asked
instead; it is never the default. How this was made and what it gets wrong: `docs/explanation/refusal-classifier.md`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from portable_llm.refusal._soft_cues import APOLOGY, CAPABILITY, IDENTITY, NEGATED, POLICY, REFUSE, SCOPE, TAGS
from portable_llm.refusal._soft_features import Reading, read
from portable_llm.refusal._soft_model import Model, model

Label = Literal["compliance", "partial", "refusal"]
LABELS: Final[tuple[Label, Label, Label]] = ("compliance", "partial", "refusal")
EVIDENCE_LIMIT: Final = 8
JSON_LIMIT: Final = 100_000
"""Characters of JSON that are looked into; longer ones are read as text."""
JSON_DEPTH: Final = 4
JSON_STRINGS: Final = 24
"""Longest strings of a JSON text that are read on their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer does with its request."""

    label: Label
    """`partial`: one part is refused and another served, or help is given after a refusal."""
    probability: float
    """How sure it is of the label, calibrated on answers it was not fitted on."""
    evidence: tuple[tuple[int, int, str], ...] = ()
    """Words that speak for a refusal: start and end in the answer, and what they do (`apology`, `refuse`, …)."""
    category: str | None = None
    """`capability` (cannot), `out_of_scope` (not here), a topic of the rule it names, or `unspecified`; None for
    compliance."""


class Judge(Protocol):
    """Something else that decides, such as a language model of yours."""

    def __call__(self, prompt: str, response: str, /) -> Verdict: ...


def classify(prompt: str, response: str, *, judge: Judge | None = None) -> Verdict:
    """Whether `response` serves `prompt`, refuses it, or does both; `judge` decides instead where one is given.

    Deterministic and offline. Only the opening, some windows and the end of a long answer are read, so the time has a
    bound. An answer in JSON is looked into: a refusal in a field is a refusal.
    """
    if judge is not None:
        return judge(prompt, response)
    return verdict(prompt, response, model())


def verdict(prompt: str, response: str, weights: Model) -> Verdict:
    """What these weights say of an answer, its JSON looked into."""
    if response.lstrip()[:1] not in ("{", "[", "`", '"'):
        return _verdict(prompt, response, weights)
    return _inside(prompt, response, weights) or _verdict(prompt, response, weights)


def _verdict(prompt: str, response: str, weights: Model) -> Verdict:
    if not response.strip():
        return Verdict(label="compliance", probability=1 / 3)
    reading = read(prompt, response)
    logits = weights.logits(reading)
    chosen = weights.choice(logits)
    # The last digits of a logarithm differ between platforms.
    probability = round(weights.probabilities(logits)[chosen], 6)
    if chosen == 0:
        return Verdict(label="compliance", probability=probability)
    return Verdict(
        label=LABELS[chosen], probability=probability, evidence=_evidence(reading), category=_category(reading)
    )


# --- evidence and category ----------------------------------------------------------------------------------------

_STRONG: Final = frozenset((NEGATED, REFUSE, SCOPE, CAPABILITY))
_WEAK: Final = frozenset((APOLOGY, IDENTITY, POLICY))


def _evidence(reading: Reading) -> tuple[tuple[int, int, str], ...]:
    """The first cues that speak for a refusal, the act before its trimmings, in the order of the text."""
    strong = reading.spans(_STRONG, EVIDENCE_LIMIT)[:EVIDENCE_LIMIT]
    weak = reading.spans(_WEAK, EVIDENCE_LIMIT - len(strong)) if len(strong) < EVIDENCE_LIMIT else []
    return tuple(_placed(span, reading) for span in sorted(strong + weak[: EVIDENCE_LIMIT - len(strong)]))


def _placed(span: tuple[int, int, int], reading: Reading) -> tuple[int, int, str]:
    start, end, tag = span
    written, original = max(piece for piece in reading.pieces if piece[0] <= start)
    shift = original - written
    return start + shift, end + shift, TAGS[tag]


# Stems of rules and harms; the vocabulary of `RefusalCategory`. The first that stands near a cue counts.
_TOPICS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("self_harm", ("suicid", "self-harm", "self harm", "hurt yourself")),
    ("privacy", ("privacy", "personal information", "personal data", "confidential", "privatsph", "vie privée")),
    ("privacy", ("privacidad", "プライバシー", "隐私", "개인")),
    ("copyright", ("copyright", "urheberrecht", "droit d'auteur", "derechos de autor", "direitos autorais", "著作権")),
    ("copyright", ("版权", "저작권", "авторск")),
    ("hate", ("hate speech", "racis", "sexis", "discrimin", "derogatory", "bigot", "diskriminier", "差別", "歧视")),
    ("hate", ("차별", "혐오", "дискрим")),
    ("sexual", ("sexual", "explicit content", "porn", "nsfw")),
    ("cyber", ("hack", "malware", "phishing", "cyber", "ransomware")),
    ("violence", ("violen", "weapon", "bomb", "murder", "gewalt", "暴力", "폭력", "насили")),
    ("illegal", ("illegal", "unlawful", "against the law", "criminal", "illicit", "fraud", "ilegal", "illégal")),
    ("illegal", ("rechtswidrig", "違法", "非法", "违法", "불법")),
)


_PLAIN_TOPICS: Final = tuple((topic, tuple(filter(str.isascii, stems))) for topic, stems in _TOPICS)


def _category(reading: Reading) -> str:
    """Cannot, may not here, or a rule: by the cues of the opening; the topic by the words around them."""
    opening = reading.opening()
    if SCOPE in opening and POLICY not in opening:
        return "out_of_scope"
    if CAPABILITY in opening and POLICY not in opening:
        return "capability"
    text = reading.text[:600]
    topics = _PLAIN_TOPICS if text.isascii() else _TOPICS
    return next((topic for topic, stems in topics if any(stem in text for stem in stems)), "unspecified")


# --- inside JSON --------------------------------------------------------------------------------------------------

_FENCE: Final = re.compile(r"\s*```[a-z]{0,10}[ \t]*\n")
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"(\s*+:)?', re.DOTALL)
_Field = tuple[int, int, str]
"""A string that is a value: where it stands in the answer, and what it says once unescaped."""


def _inside(prompt: str, response: str, weights: Model) -> Verdict | None:
    """What the sentences among the strings of an answer in JSON do; None where there are none, or no JSON.

    A refusal that stands alone refuses; beside a string of twice its length that does not, it refuses a part.
    """
    fields = sorted(_fields(response, 0, JSON_DEPTH), key=lambda field: -len(field[2]))
    sentences = [field for field in fields if " " in field[2] or not field[2].isascii()]
    said = [(field, _verdict(prompt, field[2], weights)) for field in sentences[:JSON_STRINGS]]
    if not said:
        return None
    refused = [(field, one) for field, one in said if one.label == "refusal" and one.evidence]
    field, surest = max(refused, key=lambda item: item[1].probability) if refused else said[0]
    served = any(len(other[2]) >= 2 * len(field[2]) for other, one in said if one.label == "compliance")
    return Verdict(
        label="partial" if refused and served else surest.label,
        probability=surest.probability,
        evidence=_moved(surest.evidence, field),
        category=surest.category,
    )


def _moved(evidence: tuple[tuple[int, int, str], ...], field: _Field) -> tuple[tuple[int, int, str], ...]:
    """Places in a field as places in the answer; the whole field where escapes have moved its letters."""
    start, end, text = field
    if evidence and end - start != len(text):
        return ((start, end, TAGS[REFUSE]),)
    return tuple((start + one, start + two, tag) for one, two, tag in evidence)


def _fields(text: str, offset: int, depth: int) -> list[_Field]:
    """Strings of a JSON text that are values, those of JSON inside them among them."""
    fence = _FENCE.match(text)
    if fence:
        closing = text.rfind("```", fence.end())
        text = text[fence.end() : closing if closing > 0 else len(text)]
        offset += fence.end()
    if len(text) > JSON_LIMIT or not _is_json(text):
        return []
    found: list[_Field] = []
    for match in _STRING.finditer(text):
        if not match[2]:
            found += _field(match[1], offset + match.start(1), depth)
    return found


def _field(raw: str, start: int, depth: int) -> list[_Field]:
    said = raw if "\\" not in raw else json.loads(f'"{raw}"', strict=False)
    inner = _fields(said, start, depth - 1) if depth and said[:1] in ("{", "[") else []
    if inner and said != raw:
        inner = [(start, start + len(raw), text) for _, _, text in inner]
    return inner or [(start, start + len(raw), said)]


def _is_json(text: str) -> bool:
    try:
        json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return False
    return True
