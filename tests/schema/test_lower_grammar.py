"""Patterns that become a grammar: same strings, or not taken at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.schema import lower
from portable_llm.schema._lowering._grammar import grammar_pattern


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (r"^\d{3}-\d+$", "^[0-9]{3}-[0-9]+$"),
        (r"^[\w\.]+$", "^[A-Za-z0-9_.]+$"),
        (r"^a\/b\@c$", "^a/b@c$"),
        (r"^a\.b$", r"^a\.b$"),
        (r"^[\+\w-]{5,96}$", r"^[+A-Za-z0-9_\-]{5,96}$"),
        (r"^[\w-.]+$", r"^[A-Za-z0-9_\-.]+$"),
        (r"^[\]\-a]$", r"^[\]\-a]$"),
        (r"^(a|b)+$", r"^(a|b)+$"),
    ],
)
def test_escapes_that_the_grammar_lacks_are_spelled_out(pattern, written):
    assert grammar_pattern(pattern) == written


@pytest.mark.parametrize(
    "pattern",
    [
        "a",
        "^a",
        r"^a\$",
        "^a|b$",
        "^.+$",
        "^[^a]$",
        r"^[\^a]$",
        r"^\s$",
        r"^\S$",
        r"^a\\b$",
        '^a"b$',
        "^é$",
        "^(?=a)a$",
    ],
)
def test_what_would_say_something_else_is_left_to_the_client(pattern):
    lowered = lower({"type": "string", "pattern": pattern}, "llama-cpp", at="")

    assert grammar_pattern(pattern) is None
    assert "pattern" not in lowered.schema
    assert [(each.subject, each.action) for each in lowered.adaptations] == [("/pattern", "weakened")]


@given(
    st.lists(st.sampled_from([r"\d", r"\w", "[a-c]", r"[\w.-]", r"[-\d]", r"\.", r"\/", "a", "_"]), min_size=1).map(
        "".join
    ),
    st.text("abc019_-./ ", max_size=6),
)
def test_a_written_pattern_takes_the_same_strings(body, text):
    pattern = f"^{body}$"
    written = grammar_pattern(pattern)

    assert written is not None
    assert bool(re.search(pattern, text, re.ASCII)) == bool(re.search(written, text, re.ASCII))
