"""Whether a pattern of a schema is found in a text, under a time limit."""

from __future__ import annotations

PATTERN_SECONDS = 0.05


def matches(pattern: str, text: str) -> bool | None:
    """Whether the pattern is found; `None` if it is no pattern or took too long (`regex` costs 20 ms to import)."""
    import regex

    try:
        return regex.search(pattern, text, timeout=PATTERN_SECONDS) is not None
    except (TimeoutError, regex.error):
        return None
