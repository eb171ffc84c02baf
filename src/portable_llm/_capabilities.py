"""What a model at a provider accepts: data, every fact with its source and date.

A capability is keyed by the place in the portable request that it is about (`sampling/temperature`, `stop`,
`output/native`, …; the keys are listed in `FEATURES`). A key without a fact is *assumed* to be supported, and the
ledger says so where it is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

Support = Literal["yes", "no", "ignored"]
"""`ignored`: accepted and not applied, which is worse than refused since nobody notices."""

FEATURES: Mapping[str, str] = {
    "sampling/temperature": "range in minimum, maximum",
    "sampling/top_p": "range in minimum, maximum",
    "sampling/top_k": "range in minimum, maximum",
    "sampling/seed": "",
    "sampling/presence_penalty": "range in minimum, maximum",
    "sampling/frequency_penalty": "range in minimum, maximum",
    "sampling/logit_bias": "",
    "sampling/logprobs": "maximum = how many alternatives",
    "stop": "maximum = how many sequences",
    "max_output_tokens": "minimum, maximum = the model's limit; required = must be sent",
    "reasoning/effort": "values = the words it takes",
    "reasoning/budget_tokens": "minimum, maximum",
    "reasoning/summary": "readable reasoning in the response",
    "tools": "function tools at all",
    "tools/strict": "arguments held to the schema; maximum = how many such tools",
    "tools/name": "values = the characters a name begins with, and goes on with; maximum = its length",
    "tools/call_id": "values = the characters; minimum, maximum = its length; required = each call another one",
    "tools/count": "maximum = how many tools",
    "tools/description": "maximum = characters of one description",
    "tool_choice/required": "a call can be forced",
    "tool_choice/named": "a certain call can be forced",
    "tool_choice/none": "calls can be forbidden while tools are declared",
    "parallel_tool_calls": "the switch that allows one call per turn only",
    "output/native": "a schema held by the provider",
    "output/json": "any JSON held by the provider",
    "output/with_tools": "a native schema and tools in one request",
    "messages/system": "system text at all",
    "messages/late_system": "a system message after the first user message",
    "messages/prefill": "a last assistant message is continued",
    "parts/image": "images as bytes",
    "parts/image_uri": "images by URI; values = the schemes, if not every public address",
    "parts/document": "PDF as bytes",
    "parts/document_uri": "PDF by URI; values = the schemes, if not every public address",
    "parts/audio": "sound as bytes",
    "parts/file": "files stored at the provider, by id",
    "tool_result/media": "images or documents in a tool result",
    "tool_result/is_error": "the error mark of a tool result",
    "cache/breakpoints": "explicit prefix marks",
    "cache/key": "a routing key",
    "metadata": "key-value pairs kept with the request",
    "context_window": "maximum = tokens of input and output together",
    "tokenizer": "values = its neutral name, that of the chat format, that of the rule for images",
}
"""Every key, and which of a fact's fields it uses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known about one feature."""

    support: Support = "yes"
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    required: bool = False
    default: float | None = None
    """What is filled in where the provider demands a value and the request has none."""
    source: str = "assumed"
    """Where it was read, e.g. `"anthropic docs"`; `"assumed"`: nobody checked; `"observed"`: an answer said so."""
    date: str = ""
    """ISO day on which it was read."""
    note: str = ""

    @property
    def is_assumed(self) -> bool:
        return self.source == "assumed"

    @property
    def reference(self) -> str:
        """Source and date in one string, as the ledger shows it."""
        return f"{self.source} {self.date}".strip()


ASSUMED = Fact()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The facts about one model at one provider, and how the wire spells some things for it."""

    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    spelling: Mapping[str, str] = field(default_factory=dict[str, str])
    """Portable name → wire name where hosts of one wire format differ, e.g. `max_output_tokens` → `max_tokens`."""

    def __getitem__(self, feature: str) -> Fact:
        """The fact, `ASSUMED` if none is known; raises `KeyError` for a key that is no feature."""
        fact = self.facts.get(feature)
        if fact is None:
            if feature not in FEATURES:
                raise KeyError(feature)
            return ASSUMED
        return fact

    def with_(self, facts: Mapping[str, Fact] | None = None, spelling: Mapping[str, str] | None = None) -> Capabilities:
        """These capabilities with some facts replaced; raises `KeyError` for a key that is no feature."""
        unknown = (facts or {}).keys() - FEATURES.keys()
        if unknown:
            raise KeyError(f"{min(unknown)!r} is no feature; see portable_llm FEATURES")
        return replace(
            self,
            facts={**self.facts, **(facts or {})},
            spelling={**self.spelling, **(spelling or {})},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRule:
    """What is different for the models whose id matches."""

    pattern: str
    """Regular expression, matched against the whole model id."""
    when: Literal["always", "thinking"] = "always"
    """`thinking`: only for requests that let the model think, because they ask for it or because it does so unasked."""
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    spelling: Mapping[str, str] = field(default_factory=dict[str, str])

    def matches(self, model: str) -> bool:
        return _compiled(self.pattern).fullmatch(model) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
