"""Ledger entries of this wire format, each made once and shared by all requests."""

from __future__ import annotations

from functools import partial

from portable_llm import _adaptation
from portable_llm.wire.gemini._capabilities import SOURCE

entry = partial(_adaptation.entry, source=SOURCE)
"""An entry with this format's source."""
