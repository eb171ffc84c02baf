"""Templates in Jinja's sandbox: what they may do, and that their output is known to be data."""

from __future__ import annotations

import pytest

from portable_llm import PromptError, PromptVariableError
from portable_llm.prompt import Prompt
from portable_llm.prompt._values import data_of

HEAD = "---\ntemplate: jinja\nvariables:\n  items: list\n---\n"


def prompt(body: str) -> Prompt:
    return Prompt.parse(HEAD + body)


def test_a_loop_is_filled_and_its_output_is_data() -> None:
    (section,) = prompt("{% for item in items %}- {{ item|upper }}\n{% endfor %}").fill(items=["a", "b"])

    assert section.text == "- A\n- B\n"
    assert [section.text[start:end] for start, end in data_of(section.text)] == ["A", "B"]


def test_what_a_block_captures_stays_data() -> None:
    (section,) = prompt("{% set all %}<{{ items[0] }}>{% endset %}{{ all }}!").fill(items=["x"])

    assert section.text == "<x>!"
    assert [section.text[start:end] for start, end in data_of(section.text)] == ["<x>"]


def test_a_variable_that_the_template_does_not_declare_is_an_error() -> None:
    with pytest.raises(PromptError, match=r"\{other\} is not among the variables"):
        prompt("{{ items }} {{ other }}")


def test_what_is_not_there_is_no_empty_text() -> None:
    with pytest.raises(PromptVariableError, match="has no element 7"):
        prompt("{{ items[7] }}").fill(items=[])


@pytest.mark.parametrize(
    "body",
    [
        "{{ items.__class__.__mro__ }}",
        "{{ ''.__class__ }}{{ items }}",
        "{{ items|attr('__class__') }}",
        "{{ items.append('x') }}",
        "{{ 'x' * 10000000000 }}{{ items }}",
        "{{ 9 ** 999999999 }}{{ items }}",
        "{% for a in range(99999999) %}{{ items }}{% endfor %}",
        "{% for a in range(9999) %}{% for b in range(9999) %}{{ items }}{% endfor %}{% endfor %}",
        "{% include '/etc/passwd' %}{{ items }}",
        "{{ lipsum() }}{{ items }}",
    ],
)
def test_the_sandbox_holds(body: str) -> None:
    with pytest.raises(PromptError):
        prompt(body).fill(items=["x"])


def test_an_error_of_syntax_names_its_line() -> None:
    with pytest.raises(PromptError, match="line 3 of the template"):
        prompt("# Task\n\na\nb\n{% for %}\n{{ items }}")
