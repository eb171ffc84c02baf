"""Ledger entries of this wire format, each made once and shared by all requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from portable_llm import _adaptation
from portable_llm._adaptation import Adaptation

SOURCE = "cohere-v2 wire facts 2026-11-23"

Add: TypeAlias = Callable[[Adaptation], None]
"""Where an entry goes."""

entry = partial(_adaptation.entry, source=SOURCE)
"""An entry with this format's source."""
