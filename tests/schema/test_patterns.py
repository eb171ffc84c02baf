"""Patterns mean what ECMA-262 says, not what Python's `re` says; hypothesis compares the common part with `re`."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.schema._patterns import Clock, compiled


def found(pattern: str, text: str) -> bool:
    return Clock().found(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"^a$", "a\n", False),  # `re` says yes
        (r"^\d$", "\u0663", False),  # an Arabic digit
        (r"^\w$", "é", False),
        (r"^[\w-]+$", "a-b_1", True),
        (r"^\W$", "é", True),
        (r"^[^\W]$", "é", False),
        (r"^[\D]$", "7", False),
        (r"^\s$", "\ufeff", True),
        (r"^\S$", "\x85", True),
        (r"^.$", "\u2028", False),
        (r"^[^]$", "\n", True),
        (r"^[]$", "", False),
        (r"^\p{L}+$", "né", True),
        (r"^\p{Script=Greek}$", "α", True),
        (r"^\P{L}$", "1", True),
        (r"^\u{1F600}$", "😀", True),
        (r"^\uD83D\uDE00$", "😀", True),
        (r"^\x41\u0042$", "AB", True),
        (r"^\cA$", "\x01", True),
        (r"^\/$", "/", True),
        (r"^(?<y>\d{4})-\k<y>$", "2026-2026", True),
        (r"^(?!x)[a-z]+$", "xa", False),
        (r"(?<=a)b", "ab", True),
        (r"\bé", "é", False),  # é is no word character
        (r"^a{,2}$", "a{,2}", True),
        (r"^(?:a){e<=1}$", "b", False),  # fuzzy matching is the regex module's own
        (r"^[a&&b]+$", "&a", True),
        (r"^[[]$", "[", True),
        (r"^\h$", "h", True),
        (r"\A\d+\Z", "12", True),  # Python's, which pydantic models write
        (r"(?i)^abc$", "ABC", True),
    ],
)
def test_patterns_mean_what_ecma_262_says(pattern: str, text: str, expected: bool) -> None:
    assert found(pattern, text) is expected


@pytest.mark.parametrize("pattern", ["(", "[z-a]", "*", "a{2,1}", "(?<n>", "x" * 20_001])
def test_what_is_no_pattern_says_so(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"not a regular expression|characters"):
        compiled(pattern)


@given(
    st.lists(
        st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "(?:ab)", "(a|b)", "-", "_", r"\.", r"\-", "[a-c-]"]),
        max_size=6,
    ),
    st.sampled_from(["", "*", "+", "?", "{1,2}", "{2}"]),
    st.text("abc-_. ", max_size=8),
)
def test_what_both_write_alike_means_the_same(pieces: list[str], times: str, text: str) -> None:
    pattern = "".join(pieces) + (times if pieces else "")

    assert found(pattern, text) == (re.search(pattern, text) is not None)
