"""Stored histories: in from any vendor's JSON, repaired, and out again; made to fit a context window.

from portable_llm import history

stored = history.load(open("conversation.json").read())
sound = history.repair(stored.messages)
written = history.dump(sound.messages, "gemini")
"""

from __future__ import annotations

from portable_llm.history._dump import Dumped, dump
from portable_llm.history._fit import SUMMARY, Fitted, fit, fit_async
from portable_llm.history._load import MAX_BYTES, MAX_TURNS, History, load
from portable_llm.history._pairs import NO_RESULT
from portable_llm.history._repair import NO_OPENING, Repaired, RepairPolicy, repair
from portable_llm.history._strategies import DropOldest, ElideResults, FitOptions, FitPolicy, Strategy, Summarise

__all__ = [
    "MAX_BYTES",
    "MAX_TURNS",
    "NO_OPENING",
    "NO_RESULT",
    "SUMMARY",
    "DropOldest",
    "Dumped",
    "ElideResults",
    "FitOptions",
    "FitPolicy",
    "Fitted",
    "History",
    "RepairPolicy",
    "Repaired",
    "Strategy",
    "Summarise",
    "dump",
    "fit",
    "fit_async",
    "load",
    "repair",
]
