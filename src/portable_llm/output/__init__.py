"""Model text → the value asked for, or an honest no. A value is never invented, and every edit is on record."""

from __future__ import annotations

from portable_llm.output._again import ask_again
from portable_llm.output._check import OutputPlan, check
from portable_llm.output._partial import PartialReader
from portable_llm.output._policy import Choose, Policy, ReadPolicy
from portable_llm.output._read import read

__all__ = ["Choose", "OutputPlan", "PartialReader", "Policy", "ReadPolicy", "ask_again", "check", "read"]
