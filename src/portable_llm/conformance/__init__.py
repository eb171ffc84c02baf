"""The conformance suite's engine: what one endpoint does reliably, and how much of it another endpoint keeps.

`trials` is the common currency: one row per judged trial. `score` and `verdict` are pure functions of such rows,
`statistics` holds the formulas they use. None of them reads a clock, a file or a source of chance.

    done, report = execute(compare("openai:gpt-6-luna", "anthropic:claude-sonnet-5", depth="smoke"), Path("run"))

Names are loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portable_llm.conformance.comparison import Comparison, compare, execute
    from portable_llm.conformance.rehearsal import scripted_answers
    from portable_llm.conformance.runner import Limits, Progress

_HOMES = {
    "Comparison": "comparison",
    "Limits": "runner",
    "Progress": "runner",
    "compare": "comparison",
    "execute": "comparison",
    "scripted_answers": "rehearsal",
}

__all__ = [
    "Comparison",
    "Limits",
    "Progress",
    "compare",
    "execute",
    "scripted_answers",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
