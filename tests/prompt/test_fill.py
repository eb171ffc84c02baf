"""Variables: typed, all of them needed, none too many; fields take a value and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from portable_llm import PromptError, PromptVariableError
from portable_llm.prompt import Document, Prompt, Section, Variable
from portable_llm.prompt._values import data_of


def prompt(text: str, **variables: Variable) -> Prompt:
    return Prompt(sections=(Section(name="task", text=text),), variables=variables)


def filled(text: str, **values: Any) -> str:
    return prompt(text).fill(**values)[0].text


def test_braces_mean_themselves_but_for_names() -> None:
    code = 'f = {"a": {"b": 1}}; x = {1, 2}; {}; { a }; {a: 1}; ${2}; \\frac{1}{2}; type T = {name: string}'

    assert filled(code) == code


def test_doubled_braces_are_a_name_in_single_ones() -> None:
    assert filled("{{name}} is {name}", name="x") == "{name} is x"


def test_a_value_is_not_read_as_a_template() -> None:
    assert filled("{a}{b}", a="{b}", b="{a}") == "{b}{a}"


@pytest.mark.parametrize(
    ("spec", "value", "text"),
    [
        ("str", "x", "x"),
        ("int", 7, "7"),
        ("number", 0.5, "0.5"),
        ("bool", True, "true"),
        ("enum(a, b)", "b", "b"),
        ("list", ["a", 1], "- a\n- 1"),
        ("json", {"ä": [1]}, '{\n  "ä": [\n    1\n  ]\n}'),
    ],
)
def test_each_type_is_written_in_its_way(spec: str, value: object, text: str) -> None:
    assert filled(f"{{v:{spec}}}", v=value) == text


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ("str", 1),
        ("int", True),
        ("int", "7"),
        ("number", float("nan")),
        ("bool", "true"),
        ("enum(a, b)", "c"),
        ("list", "abc"),
        ("list", [{}]),
        ("json", {1, 2}),
        ("documents", "text"),
        ("documents", [{"body": "x"}]),
    ],
)
def test_a_value_of_another_type_is_an_error_that_shows_no_data(spec: str, value: object) -> None:
    section = Section(name="documents", text=f"{{v:{spec}}}")
    with pytest.raises(PromptVariableError) as caught:
        Prompt(sections=(section,)).fill(v=value)

    assert (caught.value.name, caught.value.problem) == ("v", "type")
    assert "abc" not in str(caught.value)


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(PromptVariableError, match="needs a value for 'name'") as caught:
        filled("{name}")

    assert (caught.value.name, caught.value.problem) == ("name", "missing")


def test_a_value_too_many_is_an_error_that_names_the_others() -> None:
    with pytest.raises(PromptVariableError, match="no variable 'nmae'; its variables: name") as caught:
        filled("{name}", name="x", nmae="y")

    assert caught.value.problem == "unused"


def test_a_default_stands_in() -> None:
    assert prompt("{n}", n=Variable(type="int", default=3)).fill()[0].text == "3"


def test_where_variables_are_declared_all_have_to_be() -> None:
    with pytest.raises(PromptError, match=r"\{b\} is not among the variables \(a\)"):
        prompt("{a} {b}", a=Variable())


@pytest.mark.parametrize("text", ["{a.b}", "{a[0]}", "{a!r}", "{{ a }}", "{% if a %}"])
def test_what_looks_like_more_than_a_name_is_an_error(text: str) -> None:
    with pytest.raises(PromptError):
        prompt(text)


def test_text_knows_which_of_it_is_data() -> None:
    sections = Prompt(
        sections=(Section(name="task", text="Say {a} to {b}, {n:int} times, {c}."),),
        variables={"a": Variable(), "b": Variable(is_trusted=True), "c": Variable(type="enum", values=("x",)),
                   "n": Variable(type="int")},
    ).fill(a="hi", b="me", c="x", n=1)  # fmt: skip

    assert data_of(sections[0].text) == ((4, 6),)


def test_documents_are_items_and_data() -> None:
    section = Section(name="documents", text="Read:\n{docs}\nAll of it.", items=(Document(text="Ours."),))
    made = Prompt(sections=(section,), variables={"docs": Variable(type="documents")}).fill(
        docs=["one", {"title": "T", "text": "two"}, Document(text="three")]
    )

    assert made == (
        Section(
            name="documents",
            text="Read:\nAll of it.",
            items=(Document(text="Ours."), Document(text="one"), Document(text="two", title="T"),
                   Document(text="three")),
        ),
    )  # fmt: skip
    assert data_of(made[0].items[2].text) == ((0, 3),)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "section", [Section(name="task", text="{docs:documents}"), Section(name="documents", text="See {docs:documents}.")]
)
def test_documents_stand_alone_in_their_section(section: Section) -> None:
    with pytest.raises(PromptError, match="documents"):
        Prompt(sections=(section,)).fill(docs=["x"])


def test_values_are_in_no_repr() -> None:
    filling = prompt("{a}").filling({"a": "secret"})
    asked = prompt("{a}").request("openai:gpt-6-luna", a="secret")

    assert "secret" not in repr(filling)
    assert "secret" not in repr(asked.prompt)
