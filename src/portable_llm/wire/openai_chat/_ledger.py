"""Ledger entries of this wire format, each made once and shared by all requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from portable_llm._adaptation import Action, Adaptation, Axis, Effect, Enforcer

SOURCE = "openai-chat wire facts 2026-11-23"

Add: TypeAlias = Callable[[Adaptation], None]
"""Where an entry goes."""


@lru_cache(maxsize=1024)
def entry(
    axis: Axis,
    subject: str,
    action: Action,
    detail: str,
    enforced_by: Enforcer = "provider",
    effect: Effect | None = None,
) -> Adaptation:
    """The entry; equal arguments give the same object."""
    return Adaptation(
        axis=axis,
        subject=subject,
        action=action,
        detail=detail,
        enforced_by=enforced_by,
        source=SOURCE,
        effect=effect,
    )
