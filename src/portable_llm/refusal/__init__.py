"""Did it decline: by whom, why, how we know, and what to do about it.

`SIGNALS` types what providers say, `empty` names answers that say nothing, `classify` reads plain words. A refusal is
an answer: `RefusalOptions` say when it should be more. Names load on first use, since most programs never need most.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from portable_llm.refusal._signals import (
        SIGNALS,
        WORDS,
        Signal,
        category_of,
        hard,
        signal_in,
        signal_of,
        vendor_word,
    )
    from portable_llm.refusal._soft import Verdict, classify
    from portable_llm.refusal._spoken import (
        Classifier,
        SoftRefusals,
        SpokenVerdict,
        default_classifier,
        prompt_of,
        spoken,
    )

_MODULES = {
    "portable_llm._response": ("Refusal", "RefusalCategory", "RefusalKind", "RefusalSource"),
    "portable_llm.refusal._empty": ("empty",),
    "portable_llm.refusal._guardrail": ("Guarded", "guardrail"),
    "portable_llm.refusal._policy": (
        "DEFAULT_POLICY",
        "HARMS",
        "REFUSAL_OPTIONS",
        "OnRefusal",
        "RefusalOptions",
        "RefusalPolicy",
        "is_declined",
        "may_clarify",
    ),
    "portable_llm.refusal._rates": ("Rates", "RefusalCounter", "refusal_attributes", "refusal_rates"),
    "portable_llm.refusal._signals": (
        "SIGNALS",
        "WORDS",
        "Signal",
        "category_of",
        "hard",
        "signal_in",
        "signal_of",
        "vendor_word",
    ),
    "portable_llm.refusal._soft": ("Verdict", "classify"),
    "portable_llm.refusal._spoken": (
        "Classifier",
        "SoftRefusals",
        "SpokenVerdict",
        "default_classifier",
        "prompt_of",
        "spoken",
    ),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

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
    "Verdict",
    "category_of",
    "classify",
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


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
