"""Where sections go: into the system text, the first turn of the user, or turns of their own.

Instructions stand in the system text and what is to be read in the user's turn. What holds data never stands in the
system text unless the prompt says so by name: there it would speak with the application's authority. The turn of the
user is never empty: the task moves there, or else everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from portable_llm._messages import Message, assistant, system, user
from portable_llm.prompt._render import render, turn_text
from portable_llm.prompt._values import Example, ExamplesAs, Place, Rendering, Section

PLACES: Mapping[str, Place] = {"documents": "user", "data": "user"}
"""Where sections stand; those not named here in the system text."""


def places(sections: Sequence[Section], chosen: Mapping[str, Place], with_data: frozenset[str]) -> dict[str, Place]:
    """The place of each section; `with_data` are those whose text takes values that may hold anything."""
    found: dict[str, Place] = {section.name: _place(section.name, chosen, with_data) for section in sections}
    if "user" not in found.values():
        moved = ["task"] if found.keys() > {"task"} and "task" in found and "task" not in chosen else list(found)
        for name in moved:
            found[name] = "user"
    return found


def _place(name: str, chosen: Mapping[str, Place], with_data: frozenset[str]) -> Place:
    if name in chosen:
        return chosen[name]
    return "user" if name in with_data else PLACES.get(name, "system")


def place(
    sections: Sequence[Section], where: Mapping[str, Place], rendering: Rendering, examples_as: ExamplesAs
) -> tuple[Message, ...]:
    """The messages that the filled sections make."""
    inline = inline_sections(sections, examples_as)
    above = [section for section in inline if where[section.name] == "system"]
    below = [section for section in inline if where[section.name] == "user"]
    turns = _turns(sections) if examples_as == "turns" else ()
    instructions = (system(render(above, rendering)),) if above else ()
    return (*instructions, *turns, user(render(below, rendering)))


def inline_sections(sections: Sequence[Section], examples_as: ExamplesAs) -> tuple[Section, ...]:
    """The sections that are written as sections: without the examples where those are turns."""
    return tuple(_without_examples(sections)) if examples_as == "turns" else tuple(sections)


def _without_examples(sections: Sequence[Section]) -> Iterator[Section]:
    for section in sections:
        if section.name != "examples":
            yield section
        elif section.text:
            yield replace(section, items=())


def _turns(sections: Sequence[Section]) -> Iterator[Message]:
    for section in sections:
        for item in section.items:
            if isinstance(item, Example):
                yield user(turn_text(item.input))
                yield assistant(turn_text(item.output))
