"""Prompts as Markdown files: what is read, what comes back, and errors that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import PromptError
from portable_llm.prompt import Document, Example, Prompt, Section, Variable

REFUND = """\
---
name: refund
variables:
  ticket: str
  tone: enum(friendly, formal) = friendly
  limit: int = 100   # euros
placement:
  rules: user
---
# Role

You decide on refunds up to {limit} euros. Answer like {"category": "x"}.

# Rules

- be {tone}

```python
# no heading
```

# Examples

## Input

My parcel is late.

## Output

{"a": {"b": 1}}

# Documents

## Terms

Thirty days.

# Data

{ticket}
"""


def test_headings_of_the_first_level_are_sections_and_those_of_the_second_items() -> None:
    prompt = Prompt.parse(REFUND)

    assert [section.name for section in prompt.sections] == ["role", "rules", "examples", "documents", "data"]
    assert prompt.sections[1].text == "- be {tone}\n\n```python\n# no heading\n```"
    assert prompt.sections[2].items == (Example(input="My parcel is late.", output='{"a": {"b": 1}}'),)
    assert prompt.sections[3].items == (Document(title="Terms", text="Thirty days."),)
    assert prompt.variables["tone"] == Variable(type="enum", values=("friendly", "formal"), default="friendly")
    assert prompt.variables["limit"].default == 100
    assert prompt.placement == {"rules": "user"}


def test_a_dumped_prompt_is_read_as_the_same() -> None:
    prompt = Prompt.parse(REFUND)

    assert Prompt.parse(prompt.dump()) == prompt
    assert Prompt.parse(prompt.dump()).hash == prompt.hash


def test_toml_does_as_well(tmp_path: Path) -> None:
    path = tmp_path / "hello.md"
    path.write_text('+++\ndescription = "Greets."\n[variables.who]\ntype = "str"\ndefault = "you"\n+++\nHello {who}\n')

    prompt = Prompt.load(path)

    assert (prompt.name, prompt.description) == ("hello", "Greets.")
    assert prompt.fill() == (Section(name="task", text="Hello you"),)


def test_the_hash_is_of_what_the_model_sees() -> None:
    prompt = Prompt.parse(REFUND)

    assert Prompt.parse(REFUND.replace("name: refund", "name: other\ndescription: new")).hash == prompt.hash
    assert Prompt.parse(REFUND.replace("Thirty", "Forty")).hash != prompt.hash
    assert Prompt.parse(REFUND.replace("= 100", "= 101")).hash != prompt.hash
    assert len(prompt.hash) == 64


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "p.md:1: the prompt is empty"),
        ("---\nname: x\n", "p.md:1: the front matter has no end"),
        ("---\nname: x\nwhat: y\n---\nHi", "p.md:1: unknown key 'what'"),
        ("---\nname: x\nname: y\n---\nHi", "p.md:3: 'name' stands twice"),
        ("---\nname: &a x\n---\nHi", "p.md:2: '&a x' needs quotes"),
        ("---\nname: [a\n---\nHi", "p.md:2: a list in brackets"),
        ("---\nname: x\n   deep: y\n---\nHi", "p.md:3: this line is indented deeper"),
        ("---\n\tname: x\n---\nHi", "p.md:2: indent with spaces"),
        ("+++\nname = x\n+++\nHi", "p.md:2: the front matter is no TOML"),
        ("---\nvariables:\n  a: text\n---\n{a}", "p.md:1: variable 'a': 'text' is no type"),
        ("---\nvariables:\n  a: str\n---\nHi", "p.md:1: the variable 'a' is declared and no section uses it"),
        ("---\nvariables:\n  a: str\n---\n# Data\n\n{a}\n{b}", "p.md:7: {b} is not among the variables"),
        ("# Data\n\none\n{user.name}", "p.md:4: '{user.name}': a field is a name and nothing else"),
        ("# Data\n\n{user[0]}", "p.md:3: '{user[0]}'"),
        ("# Data\n\n{user!r}", "p.md:3: '{user!r}'"),
        ("# Data\n\n{{ user }}", "p.md:3: '{{ user }}' is Jinja"),
        ("# Data\n\n{n:int}\n\n# Task\n\n{n:str}", "p.md:1: {n} is declared twice"),
        ("# Task\n\na\n\n# Task\n\nb", "p.md:5: the section 'task' stands twice"),
        ("# Wow!\n\na", "p.md:1: 'Wow!' is no name of a section"),
        ("# Examples\n\n## Output\n\nx", "p.md:3: expected ## Input"),
        ("# Examples\n\n## Input\n\nx", "p.md:3: an ## Input without its ## Output"),
        ("---\nplacement:\n  rules: user\n---\nHi", "p.md:1: placement names the section 'rules'"),
        ("---\nrendering: html\n---\nHi", "p.md:1: rendering 'html' is unknown"),
    ],
)
def test_an_error_names_file_and_line(text: str, said: str) -> None:
    with pytest.raises(PromptError) as caught:
        Prompt.parse(text, source="p.md")

    assert str(caught.value).startswith(said)


def test_a_missing_file_is_a_prompt_error(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="check the path"):
        Prompt.load(tmp_path / "none.md")


def test_any_text_is_a_prompt_of_one_task() -> None:
    prompt = Prompt.from_text("# Wow!\n\n{{ x }} {y.z}")

    assert prompt.fill() == (Section(name="task", text="# Wow!\n\n{{ x }} {y.z}"),)


MARKS = st.lists(
    st.sampled_from(["# ", "## ", "#", "\\", "```", "~~~", "````", "\n", "\n\n", "Task", "Input", " ", "text", "---"]),
    max_size=12,
).map(lambda pieces: "".join(pieces).strip("\n"))


@given(MARKS, MARKS, MARKS)
def test_no_text_breaks_a_file(one: str, two: str, three: str) -> None:
    prompt = Prompt(
        sections=(
            Section(name="task", text=one or "x"),
            Section(name="documents", text=two, items=(Document(text=three, title="T"),)),
            Section(name="examples", items=(Example(input=two, output=one),)),
            Section(name="data", text=three),
        ),
        template="none",
    )

    assert Prompt.parse(prompt.dump()) == prompt
