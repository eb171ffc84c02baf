"""Stored histories: in from any vendor's JSON, repaired, and out again; made to fit a context window.

from portable_llm import history

stored = history.load(open("conversation.json").read())
sound = history.repair(stored.messages)
written = history.dump(sound.messages, "gemini")
"""

from __future__ import annotations

from portable_llm.history._dump import Dumped, dump
from portable_llm.history._load import MAX_BYTES, MAX_TURNS, History, load

__all__ = ["MAX_BYTES", "MAX_TURNS", "Dumped", "History", "dump", "load"]
