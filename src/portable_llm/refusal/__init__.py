"""Did it decline: by whom, why, how we know, and what to do about it.

`SIGNALS` types what providers say, `empty` names answers that say nothing, `classify` reads plain words. A refusal is
an answer: `RefusalOptions` say when it should be more.
"""

from __future__ import annotations

from portable_llm._response import Refusal, RefusalCategory, RefusalKind, RefusalSource
from portable_llm.refusal._empty import empty
from portable_llm.refusal._guardrail import Guarded, guardrail
from portable_llm.refusal._policy import (
    DEFAULT_POLICY,
    HARMS,
    REFUSAL_OPTIONS,
    OnRefusal,
    RefusalOptions,
    RefusalPolicy,
    is_declined,
    may_clarify,
)
from portable_llm.refusal._rates import Rates, RefusalCounter, refusal_attributes, refusal_rates
from portable_llm.refusal._signals import SIGNALS, WORDS, Signal, category_of, hard, signal_in, signal_of, vendor_word
from portable_llm.refusal._spoken import Classifier, SoftRefusals, SpokenVerdict, default_classifier, prompt_of, spoken

__all__ = [
    "DEFAULT_POLICY",
    "HARMS",
    "REFUSAL_OPTIONS",
    "SIGNALS",
    "WORDS",
    "Classifier",
    "Guarded",
    "OnRefusal",
    "Rates",
    "Refusal",
    "RefusalCategory",
    "RefusalCounter",
    "RefusalKind",
    "RefusalOptions",
    "RefusalPolicy",
    "RefusalSource",
    "Signal",
    "SoftRefusals",
    "SpokenVerdict",
    "category_of",
    "default_classifier",
    "empty",
    "guardrail",
    "hard",
    "is_declined",
    "may_clarify",
    "prompt_of",
    "refusal_attributes",
    "refusal_rates",
    "signal_in",
    "signal_of",
    "spoken",
    "vendor_word",
]
