"""Checks of plain text. Each is one row of data in a contract: `{"check": name, ...}`; the first that fails decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from portable_llm.conformance.case import JsonObject
from portable_llm.conformance.judges.outcome import Judgement, found

Check = Callable[[str, JsonObject], str | None]

_EDGE = " \t\r\n\"'`*."


def holds_word(text: str, word: str) -> bool:
    """Whether a word, number or code stands in the text on its own (not as part of a longer one)."""
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\d)", text, re.IGNORECASE) is not None


def _equals(text: str, rule: JsonObject) -> str | None:
    """The exact text; only white space at the edges is free."""
    if text.strip() == rule["value"]:
        return None
    return "extra_text" if rule["value"] in text else "wrong_format"


def _answer(text: str, rule: JsonObject) -> str | None:
    """Exactly the closed answer; case, quotes, asterisks and a final full stop are free."""
    said = text.strip(_EDGE).casefold()
    return None if said in [str(value).casefold() for value in rule["any_of"]] else "wrong_answer"


def _holds(text: str, rule: JsonObject) -> str | None:
    """Each of the words (`all_of`), or one of them (`any_of`)."""
    every, some = rule.get("all_of", ()), rule.get("any_of", ())
    missing = not all(holds_word(text, w) for w in every) or (some and not any(holds_word(text, w) for w in some))
    return rule.get("code", "wrong_answer") if missing else None


def _lacks(text: str, rule: JsonObject) -> str | None:
    """None of the words, in any case."""
    return rule.get("code", "forbidden_text") if any(holds_word(text, word) for word in rule["words"]) else None


def _starts(text: str, rule: JsonObject) -> str | None:
    return None if text.strip().startswith(rule["value"]) else "wrong_format"


def _ends(text: str, rule: JsonObject) -> str | None:
    return None if text.strip().endswith(rule["value"]) else "wrong_format"


def _matches(text: str, rule: JsonObject) -> str | None:
    """The whole text against a pattern of ours (never a user's: patterns are not time-limited here)."""
    return None if re.fullmatch(rule["pattern"], text.strip()) else "wrong_format"


def _lines(text: str, rule: JsonObject) -> str | None:
    """The number of non-empty lines, and each against a pattern when there is one."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if len(lines) != rule["count"]:
        return "wrong_count"
    pattern = rule.get("pattern")
    return None if pattern is None or all(re.fullmatch(pattern, line) for line in lines) else "wrong_format"


def _words(text: str, rule: JsonObject) -> str | None:
    """The number of words between `least` and `most`."""
    return None if rule["least"] <= len(text.split()) <= rule["most"] else rule.get("code", "wrong_count")


def _case(text: str, rule: JsonObject) -> str | None:
    wanted = text.upper() if rule["letters"] == "upper" else text.lower()
    return None if text == wanted and any(c.isalpha() for c in text) else "wrong_case"


def _label(text: str, rule: JsonObject) -> str | None:
    """Exactly the right label, letter for letter."""
    return None if text.strip() == rule["value"] else "wrong_label"


CHECKS: dict[str, Check] = {
    "equals": _equals,
    "answer": _answer,
    "holds": _holds,
    "lacks": _lacks,
    "starts": _starts,
    "ends": _ends,
    "matches": _matches,
    "lines": _lines,
    "words": _words,
    "case": _case,
    "label": _label,
}


def first_fault(text: str, checks: Sequence[dict[str, Any]]) -> Judgement | None:
    """The judgement of the first check that fails, or `None`. Raises `KeyError` for an unknown check."""
    for rule in checks:
        code = CHECKS[rule["check"]](text, rule)
        if code is not None:
            return found(code, text)
    return None
