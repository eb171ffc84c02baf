"""Judges: pure functions from an observation and a case to an outcome with a reason code and evidence."""

from portable_llm.conformance.judges.judge import JUDGES_VERSION, judge
from portable_llm.conformance.judges.outcome import REASONS, Judgement, Outcome

__all__ = ["JUDGES_VERSION", "REASONS", "Judgement", "Outcome", "judge"]
