"""Ledger entries of this wire format, each made once and shared by all requests."""

from __future__ import annotations

from functools import lru_cache

from portable_llm._adaptation import Action, Adaptation, Axis, Enforcer
from portable_llm.wire.gemini._capabilities import SOURCE


@lru_cache(maxsize=4096)
def entry(axis: Axis, subject: str, action: Action, detail: str, enforced_by: Enforcer = "provider") -> Adaptation:
    """The entry; equal arguments give the same object."""
    return Adaptation(axis=axis, subject=subject, action=action, detail=detail, enforced_by=enforced_by, source=SOURCE)
