"""Did it decline: by whom, why, and how we know."""

from __future__ import annotations

from portable_llm.refusal._guardrail import Guarded, guardrail
from portable_llm.refusal._signals import SIGNALS, WORDS, Signal, category_of, hard, signal_in, signal_of, vendor_word

__all__ = [
    "SIGNALS",
    "WORDS",
    "Guarded",
    "Signal",
    "category_of",
    "guardrail",
    "hard",
    "signal_in",
    "signal_of",
    "vendor_word",
]
