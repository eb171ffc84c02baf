"""`Prompt`: a prompt as named sections, which is filled and rendered for each target."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import PromptError
from portable_llm._json import JsonValue
from portable_llm.prompt._fields import FieldError
from portable_llm.prompt._file import MAX_FILE, PromptFile, read_file, write_file
from portable_llm.prompt._fill import Filling, declared, fields_of, filling, texts_of
from portable_llm.prompt._overlay import Overlay, read_overlays
from portable_llm.prompt._values import (
    Document,
    ExamplesAs,
    Item,
    Place,
    Rendering,
    Section,
    TemplateKind,
    Variable,
)

OVERLAYS_SUFFIX = ".overlays.toml"
"""`refund.md` has its overlays in `refund.overlays.toml`."""

_HASH_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt that moves between models: sections, variables, and what is different for some targets.

    Raises `PromptError` for sections that stand twice, fields that are none, variables that nobody declared or uses.
    """

    name: str = ""
    sections: tuple[Section, ...]
    variables: Mapping[str, Variable] = field(default_factory=dict[str, Variable])
    """Types by name; complete after construction, with those that the fields themselves declare."""
    description: str = ""
    template: TemplateKind = "fields"
    rendering: Rendering | None = None
    """Always in this form; `None`: as the target's model prefers it."""
    examples_as: ExamplesAs = "inline"
    placement: Mapping[str, Place] = field(default_factory=dict[str, Place])
    """Sections that stand elsewhere than the rules of placement have it."""
    overlays: tuple[Overlay, ...] = ()
    """Patches that have not been applied."""
    adaptations: tuple[Adaptation, ...] = ()
    """Which overlays have been applied, and that others were not."""

    def __post_init__(self) -> None:
        names = [section.name for section in self.sections]
        if not names or len(set(names)) < len(names):
            twice = next((name for name in names if names.count(name) > 1), None)
            raise PromptError(f"the section {twice!r} stands twice" if names else "a prompt needs at least one section")
        strangers = self.placement.keys() - set(names) - {name for one in self.overlays for name in one.add}
        if strangers and not self.adaptations:
            raise PromptError(f"placement names the section {min(strangers)!r}; there is none")
        texts = [*texts_of(self.sections), *(text for one in self.overlays for text in _texts_of_overlay(one))]
        known = declared(self.variables, texts, self.template)
        if not self.adaptations:
            self._check_used(known, texts)
            for overlay in self.overlays:
                overlay.patch(self.sections)
        object.__setattr__(self, "variables", known)

    def _check_used(self, known: Mapping[str, Variable], texts: Sequence[str]) -> None:
        used = {one.name for text in texts for one in fields_of(text, self.template)}
        unused = known.keys() - used
        if unused:
            raise PromptError(f"the variable {min(unused)!r} is declared and no section uses it")

    def __repr__(self) -> str:
        names = ", ".join(section.name for section in self.sections)
        return f"Prompt({self.name!r}, {self.short_hash}, sections: {names})"

    # ---- from and to files -------------------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | Path) -> Prompt:
        """The prompt of a Markdown file, with the overlays beside it (`name.overlays.toml`) if there are any.

        Raises `PromptError` as `file:line: …`.
        """
        file = Path(path)
        beside = file.with_name(file.stem + OVERLAYS_SUFFIX)
        overlays = read_overlays(_read(beside), str(beside)) if beside.exists() else ()
        return cls.parse(_read(file), name=file.stem, source=str(file), overlays=overlays)

    @classmethod
    def parse(cls, text: str, *, name: str = "", source: str = "prompt", overlays: Sequence[Overlay] = ()) -> Prompt:
        """The prompt of a Markdown text; `name` holds where its front matter says none."""
        read = read_file(text, source)
        _check_fields(read, source)
        try:
            return cls(
                name=read.name or name,
                sections=read.sections,
                variables=read.variables,
                description=read.description,
                template=read.template,
                rendering=read.rendering,
                examples_as=read.examples_as,
                placement=read.placement,
                overlays=tuple(overlays),
            )
        except FieldError as error:
            raise PromptError(f"{source}: in an overlay: {error}") from error
        except PromptError as error:
            raise PromptError(f"{source}:1: {error}") from error

    @classmethod
    def from_text(cls, text: str, *, name: str = "") -> Prompt:
        """Any text as a prompt of one section, `task`: nothing in it is a heading, a field or front matter."""
        return cls(name=name, sections=(Section(name="task", text=text),), template="none")

    def dump(self) -> str:
        """The file that `parse` reads as this prompt; overlays are a file of their own."""
        return write_file(
            PromptFile(
                name=self.name,
                description=self.description,
                variables=self.variables,
                template=self.template,
                rendering=self.rendering,
                examples_as=self.examples_as,
                placement=self.placement,
                sections=self.sections,
                places=(),
            )
        )

    # ---- identity ----------------------------------------------------------------------------------------------------

    @property
    def hash(self) -> str:
        """SHA-256 (hex) over all that makes a difference to what a model sees; overlays count once applied."""
        canonical = json.dumps(self._canonical(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def short_hash(self) -> str:
        """The first twelve digits of `hash`, for people."""
        return self.hash[:12]

    def _canonical(self) -> dict[str, JsonValue]:
        return {
            "version": _HASH_VERSION,
            "template": self.template,
            "rendering": self.rendering,
            "examples_as": self.examples_as,
            "placement": dict(self.placement),
            "variables": {name: variable.to_json() for name, variable in self.variables.items()},
            "sections": [
                [section.name, section.text, [_item_json(item) for item in section.items]] for section in self.sections
            ],
        }

    def section(self, name: str) -> Section | None:
        """The section of this name."""
        return next((section for section in self.sections if section.name == name), None)

    # ---- overlays ----------------------------------------------------------------------------------------------------

    def for_model(self, model: str) -> Prompt:
        """The prompt as it is for `provider:model`: all overlays that fit, in their order, each in the ledger."""
        patched = self
        for overlay in self.overlays:
            if overlay.matches(model):
                patched = _applied(patched, overlay)
        return patched if patched is self else replace(patched, overlays=())

    # ---- filling -----------------------------------------------------------------------------------------------------

    def filling(self, variables: Mapping[str, object]) -> Filling:
        """The values, checked; raises `PromptVariableError` for one that is missing, not used, or of another type."""
        used = {one.name for text in texts_of(self.sections) for one in fields_of(text, self.template)}
        return filling(self.variables, self.template, frozenset(used), variables)

    def fill(self, **variables: Any) -> tuple[Section, ...]:
        """The sections with these values."""
        return self.filling(variables).sections(self.sections)


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise PromptError(f"{path}: {error.strerror or error}; check the path") from error
    except UnicodeDecodeError as error:
        raise PromptError(f"{path}: no UTF-8 text ({error.reason} at byte {error.start})") from error


def _check_fields(read: PromptFile, source: str) -> None:
    """Fields that are none, or nobody declared, with the line they stand on."""
    for text, line in read.places:
        try:
            declared(read.variables, (text,), read.template)
        except FieldError as error:
            raise PromptError(f"{source}:{line + text.count(chr(10), 0, error.at)}: {error}") from error
        except PromptError as error:
            raise PromptError(f"{source}:{line}: {error}") from error


def _texts_of_overlay(overlay: Overlay) -> list[str]:
    examples = [text for one in overlay.examples or () for text in (one.input, one.output)]
    return [*overlay.replace.values(), *overlay.append.values(), *overlay.add.values(), *examples]


def _item_json(item: Item) -> list[JsonValue]:
    if isinstance(item, Document):
        return ["document", item.title, item.text]
    return ["example", item.input, item.output]


def _applied(prompt: Prompt, overlay: Overlay) -> Prompt:
    detail = f"the prompt's own overlay {overlay.name!r} for {', '.join(overlay.models)}"
    said = entry("prompt", "/prompt/overlay", "substituted", detail, "client", source=f"prompt {prompt.name}".strip())
    return replace(
        prompt,
        sections=overlay.patch(prompt.sections),
        rendering=overlay.rendering or prompt.rendering,
        examples_as=overlay.examples_as or prompt.examples_as,
        adaptations=(*prompt.adaptations, said),
    )
