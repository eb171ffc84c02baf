"""Overlays: small patches of a portable prompt for some targets, kept in one file beside it."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, cast

from portable_llm._errors import PromptError
from portable_llm.prompt._values import RENDERINGS, Example, ExamplesAs, Rendering, Section

MAX_OVERLAYS = 1 << 20
"""Characters of a file of overlays."""

_KEYS = {"name", "models", "rendering", "examples_as", "remove", "replace", "append", "add", "examples"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What is different for some targets."""

    name: str
    models: tuple[str, ...]
    """Patterns for `provider:model` with `*`, `?` and `[…]`; one that fits is enough."""
    replace: Mapping[str, str] = field(default_factory=dict[str, str])
    """Section → its text instead."""
    append: Mapping[str, str] = field(default_factory=dict[str, str])
    """Section → what comes behind its text, after an empty line."""
    add: Mapping[str, str] = field(default_factory=dict[str, str])
    """New sections, at the end."""
    remove: tuple[str, ...] = ()
    examples: tuple[Example, ...] | None = None
    """Other examples instead; `()` for none."""
    rendering: Rendering | None = None
    examples_as: ExamplesAs | None = None

    def matches(self, model: str) -> bool:
        """Whether it is for this `provider:model`; an address behind `@` does not count."""
        name = model.partition("@")[0]
        return any(fnmatchcase(name, pattern) for pattern in self.models)

    def patch(self, sections: Sequence[Section]) -> tuple[Section, ...]:
        """The sections with this overlay; raises `PromptError` for one that it names and that is not there."""
        known = {section.name for section in sections}
        for key, names in (("replace", self.replace), ("append", self.append), ("remove", self.remove)):
            missing = set(names) - known
            if missing:
                raise PromptError(f"overlay {self.name!r}: {key} names the section {min(missing)!r}; there is none")
        there = known & self.add.keys()
        if there:
            raise PromptError(
                f"overlay {self.name!r}: add names the section {min(there)!r}, which is there: replace it"
            )
        kept = [self._patched(section) for section in sections if section.name not in self.remove]
        kept += [Section(name=name, text=text) for name, text in self.add.items()]
        if self.examples and "examples" not in {section.name for section in kept}:
            kept.append(Section(name="examples", items=self.examples))
        return tuple(kept)

    def _patched(self, section: Section) -> Section:
        text = self.replace.get(section.name, section.text)
        more = self.append.get(section.name)
        if more is not None:
            text = f"{text}\n\n{more}" if text else more
        if section.name == "examples" and self.examples is not None:
            return replace(section, text=text, items=self.examples)
        # Other words in the place of the whole section take its documents or examples with them.
        items = () if section.name in self.replace else section.items
        return replace(section, text=text, items=items)


def read_overlays(text: str, source: str) -> tuple[Overlay, ...]:
    """The overlays of a TOML text; raises `PromptError` as `file:line: …` or `file: overlay 'x': …`."""
    if len(text) > MAX_OVERLAYS:
        raise PromptError(f"{source}: over {MAX_OVERLAYS} characters")
    try:
        table = tomllib.loads(text.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        raise PromptError(f"{source}:{found[1] if found else 1}: no TOML: {error}") from error
    listed = table.get("overlay", [])
    unknown = table.keys() - {"overlay"}
    if unknown or not isinstance(listed, list):
        raise PromptError(f"{source}: expected tables [[overlay]], got {min(unknown, default='overlay')!r}")
    overlays = tuple(_overlay(one, f"{source}: overlay {n}") for n, one in enumerate(cast("list[Any]", listed), 1))
    twice = [name for name, times in Counter(one.name for one in overlays).items() if times > 1]
    if twice:
        raise PromptError(f"{source}: the overlay {twice[0]!r} stands twice")
    return overlays


def _overlay(table: Any, where: str) -> Overlay:
    if not isinstance(table, dict):
        raise PromptError(f"{where} is no table")
    known = cast("dict[str, Any]", table)
    unknown = known.keys() - _KEYS
    if unknown:
        raise PromptError(f"{where}: unknown key {min(unknown)!r}; known: {', '.join(sorted(_KEYS))}")
    models = _words(known.get("models", []), f"{where}: models")
    if not models:
        raise PromptError(f"{where}: models is missing: a list of patterns such as 'anthropic:claude-*'")
    return Overlay(
        name=str(known.get("name") or models[0]),
        models=models,
        replace=_texts(known.get("replace"), f"{where}: replace"),
        append=_texts(known.get("append"), f"{where}: append"),
        add=_texts(known.get("add"), f"{where}: add"),
        remove=_words(known.get("remove", []), f"{where}: remove"),
        examples=None if "examples" not in known else _examples(known["examples"], f"{where}: examples"),
        rendering=read_rendering(known.get("rendering"), where),
        examples_as=read_examples_as(known.get("examples_as"), where),
    )


def _words(value: Any, where: str) -> tuple[str, ...]:
    listed = cast("list[Any]", value) if isinstance(value, list) else [value]
    if value is not None and all(isinstance(word, str) for word in listed):
        return tuple(listed)
    raise PromptError(f"{where} has to be a list of strings")


def _texts(value: Any, where: str) -> dict[str, str]:
    table = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    if value is not None and (not isinstance(value, dict) or not all(isinstance(text, str) for text in table.values())):
        raise PromptError(f"{where} has to be a table: section = text")
    return {name: text.strip("\n") for name, text in table.items()}


def _examples(value: Any, where: str) -> tuple[Example, ...]:
    found: list[Example] = []
    for item in cast("list[Any]", value) if isinstance(value, list) else [None]:
        fields = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
        if fields.keys() != {"input", "output"} or not all(isinstance(text, str) for text in fields.values()):
            raise PromptError(f"{where}: an example has an input and an output, both text")
        found.append(Example(input=fields["input"].strip("\n"), output=fields["output"].strip("\n")))
    return tuple(found)


def read_rendering(value: Any, where: str) -> Rendering | None:
    """The rendering of this name; raises `PromptError` for an unknown one."""
    if value is None or value in RENDERINGS:
        return value
    raise PromptError(f"{where}: rendering {value!r} is unknown; known: {', '.join(RENDERINGS)}")


def read_examples_as(value: Any, where: str) -> ExamplesAs | None:
    """`inline` or `turns`; raises `PromptError` for anything else."""
    if value is None or value in ("inline", "turns"):
        return value
    raise PromptError(f"{where}: examples_as is 'inline' or 'turns', got {value!r}")
