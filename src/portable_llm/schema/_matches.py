"""Whether a pattern of a schema is found in a text, under a time limit."""

from __future__ import annotations

from portable_llm.schema._patterns import TimeOut, compiled

PATTERN_SECONDS = 0.05


def search(pattern: str, text: str) -> bool | None:
    """Whether the pattern is found; `None` if it is no pattern. Raises `TimeOut` (`regex` costs 20 ms to import)."""
    try:
        return compiled(pattern).search(text, timeout=PATTERN_SECONDS) is not None
    except ValueError:
        return None
    except TimeoutError:
        raise TimeOut from None


def matches(pattern: str, text: str) -> bool | None:
    """Whether the pattern is found; `None` if it is no pattern or took too long."""
    try:
        return search(pattern, text)
    except TimeOut:
        return None
