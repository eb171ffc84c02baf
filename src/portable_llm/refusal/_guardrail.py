"""What a guardrail of a host says in its trace: on which side it stepped in, and by which of its policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

_ACTIONS = ("BLOCKED", "ANONYMIZED")
_INPUTS = ("input", "inputAssessment")
_OUTPUTS = ("outputs", "outputAssessments")
# Policy → the list in it, and where the vendor's word for the category stands; `None`: the policy itself is the word.
_POLICIES: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "contentPolicy": (("filters",), "type"),
    "topicPolicy": (("topics",), None),
    "wordPolicy": (("customWords", "managedWordLists"), None),
    "sensitiveInformationPolicy": (("piiEntities", "regexes"), None),
    "contextualGroundingPolicy": (("filters",), None),
}
_NAMES = {
    "topicPolicy": "topic_policy",
    "wordPolicy": "word_policy",
    "sensitiveInformationPolicy": "sensitive_information_policy",
    "contextualGroundingPolicy": "contextual_grounding_policy",
}


@dataclass(frozen=True, slots=True)
class Guarded:
    """What was found in a trace. Never the texts that were matched: they are what had to stay hidden."""

    is_input: bool
    categories: tuple[str, ...]
    evidence: tuple[str, ...]


def guardrail(trace: Mapping[str, Any]) -> Guarded:
    """Read the trace of a guardrail, in the shape of Converse or of InvokeModel (wire facts, 2026-11-23)."""
    asked = [hit for side in _INPUTS for hit in _hits(trace.get(side), "input")]
    answered = [hit for side in _OUTPUTS for hit in _hits(trace.get(side), "output")]
    hits = asked or answered
    names = dict.fromkeys(name for name, _ in hits)
    return Guarded(bool(asked), tuple(names), tuple(dict.fromkeys(shown for _, shown in hits)))


def _hits(value: Any, side: str) -> Iterator[tuple[str, str]]:
    """All policies that acted, wherever the assessments are nested: by guardrail, in lists, or both."""
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _hits(item, side)
    elif isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        if not fields.keys() & _POLICIES.keys():
            for item in fields.values():
                yield from _hits(item, side)
            return
        for policy in _POLICIES:  # in this order, so that the same trace always reads the same
            if isinstance(fields.get(policy), dict):
                yield from _acted(policy, fields[policy], side)


def _acted(policy: str, fields: Mapping[str, Any], side: str) -> Iterator[tuple[str, str]]:
    lists, word = _POLICIES[policy]
    for name in lists:
        for item in _objects(fields.get(name)):
            if item.get("action") in _ACTIONS:
                category = str(item.get(word)) if word else _NAMES[policy]
                yield category, f"guardrail.{side}.{policy}={item['action']}"


def _objects(value: Any) -> list[Mapping[str, Any]]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("Mapping[str, Any]", item) for item in items if isinstance(item, dict)]
