"""Model text → the value asked for, or an honest no. A value is never invented, and every edit is on record.

The readers are loaded on first use: a request that asks for no value pays nothing for them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from portable_llm.output._again import ask_again
from portable_llm.output._check import OutputPlan, check
from portable_llm.output._policy import Choose, Policy, ReadPolicy

if TYPE_CHECKING:
    from portable_llm.output._partial import PartialReader
    from portable_llm.output._read import read

_LATER = {"PartialReader": "portable_llm.output._partial", "read": "portable_llm.output._read"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(_LATER[name]), name)
    return found


__all__ = ["Choose", "OutputPlan", "PartialReader", "Policy", "ReadPolicy", "ask_again", "check", "read"]
