"""Stored histories: in from any vendor's JSON, repaired, and out again; made to fit a context window.

from portable_llm import history

stored = history.load(open("conversation.json").read())
sound = history.repair(stored.messages)
written = history.dump(sound.messages, "gemini")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from portable_llm.history._dump import Dumped, dump
from portable_llm.history._fit import SUMMARY, Fitted, fit, fit_async
from portable_llm.history._load import MAX_BYTES, MAX_TURNS, History, load
from portable_llm.history._pairs import NO_RESULT
from portable_llm.history._repair import NO_OPENING, Repaired, RepairPolicy, repair
from portable_llm.history._strategies import DropOldest, ElideResults, FitPolicy, Strategy, Summarise

if TYPE_CHECKING:
    from portable_llm import Handoff as Handoff
    from portable_llm import explain_handoff as explain_handoff

__all__ = [
    "MAX_BYTES",
    "MAX_TURNS",
    "NO_OPENING",
    "NO_RESULT",
    "SUMMARY",
    "DropOldest",
    "Dumped",
    "ElideResults",
    "FitPolicy",
    "Fitted",
    "Handoff",
    "History",
    "RepairPolicy",
    "Repaired",
    "Strategy",
    "Summarise",
    "dump",
    "explain_handoff",
    "fit",
    "fit_async",
    "load",
    "repair",
]


def __getattr__(name: str) -> object:
    # What a hand-over does is planned, and plans are made in a room behind this one: only the package knows both.
    if name not in ("Handoff", "explain_handoff"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import portable_llm

    return getattr(portable_llm, name)
