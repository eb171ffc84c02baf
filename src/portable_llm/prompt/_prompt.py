"""`Prompt`: a prompt as named sections, which is filled and rendered for each target."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import PromptError
from portable_llm._json import JsonValue
from portable_llm._messages import Message
from portable_llm._request import JsonSchema, Options, Output, PromptRef, Request, request
from portable_llm.prompt._fields import FieldError
from portable_llm.prompt._file import MAX_FILE, PromptFile, read_file, write_file
from portable_llm.prompt._fill import Filling, declared, fields_of, filling, texts_of
from portable_llm.prompt._overlay import Overlay, read_overlays
from portable_llm.prompt._place import inline_sections, place, places
from portable_llm.prompt._render import render
from portable_llm.prompt._use import PromptUse
from portable_llm.prompt._values import (
    NEUTRAL,
    Document,
    ExamplesAs,
    Item,
    Place,
    Rendering,
    Section,
    TemplateKind,
    Variable,
)

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")

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
    applied: tuple[str, ...] = ()
    """Names of the overlays that are in it already, in order."""
    adaptations: tuple[Adaptation, ...] = ()
    """The ledger of those overlays."""

    def __post_init__(self) -> None:
        names = Counter(section.name for section in self.sections)
        twice = [name for name, times in names.items() if times > 1]
        if twice or not names:
            raise PromptError(f"the section {twice[0]!r} stands twice" if twice else "a prompt needs a section")
        strangers = self.placement.keys() - set(names) - {name for one in self.overlays for name in one.add}
        if strangers and not self.applied:
            raise PromptError(f"placement names the section {min(strangers)!r}; there is none")
        texts = [*texts_of(self.sections), *(text for one in self.overlays for text in _texts_of_overlay(one))]
        known = declared(self.variables, texts, self.template)
        if not self.applied:
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

    @property
    def ref(self) -> PromptRef:
        """Name and version, as a request and an answer carry it."""
        return PromptRef(name=self.name, hash=self.hash, overlays=self.applied)

    @property
    def neutral(self) -> Rendering:
        """The form where nothing is known of the target."""
        return self.rendering or NEUTRAL

    def render(self, *, rendering: Rendering | None = None, **variables: Any) -> str:
        """All sections as one text; `None`: in the prompt's own form, or else in the neutral one, Markdown."""
        return render(self.fill(**variables), rendering or self.neutral)

    def messages(self, *, rendering: Rendering | None = None, **variables: Any) -> tuple[Message, ...]:
        """The messages that the prompt makes; `None`: in the form `render` takes. The last one is the user's."""
        return self.messages_with(variables, rendering)

    def messages_with(self, variables: Mapping[str, object], rendering: Rendering | None) -> tuple[Message, ...]:
        """The same with the variables as a mapping."""
        sections = self.filling(variables).sections(self.sections)
        shown = inline_sections(self.sections, self.examples_as)
        if not shown:
            raise PromptError("all that the prompt has are examples, and they are turns: write a task")
        where = places(shown, self.placement, self._with_data())
        return place(sections, where, rendering or self.neutral, self.examples_as)

    def _with_data(self) -> frozenset[str]:
        """Sections whose text takes values that may hold anything."""
        return frozenset(
            section.name
            for section in self.sections
            for text in texts_of((section,))
            for one in fields_of(text, self.template)
            if self.variables[one.name].is_data
        )

    @overload
    def request(
        self,
        model: str,
        /,
        *,
        output: Output[T],
        rendering: Rendering | None = None,
        messages: Sequence[Message] = (),
        variables: Mapping[str, object] | None = None,
        **values: Any,
    ) -> Request[T]: ...
    @overload
    def request(
        self,
        model: str,
        /,
        *,
        output: JsonSchema | Literal["json"],
        rendering: Rendering | None = None,
        messages: Sequence[Message] = (),
        variables: Mapping[str, object] | None = None,
        **values: Any,
    ) -> Request[JsonValue]: ...
    @overload
    def request(
        self,
        model: str,
        /,
        *,
        output: TypeForm[T],
        rendering: Rendering | None = None,
        messages: Sequence[Message] = (),
        variables: Mapping[str, object] | None = None,
        **values: Any,
    ) -> Request[T]: ...
    @overload
    def request(
        self,
        model: str,
        /,
        *,
        output: None = None,
        rendering: Rendering | None = None,
        messages: Sequence[Message] = (),
        variables: Mapping[str, object] | None = None,
        **values: Any,
    ) -> Request[None]: ...
    def request(
        self,
        model: str,
        /,
        *,
        output: Any = None,
        rendering: Rendering | None = None,
        messages: Sequence[Message] = (),
        variables: Mapping[str, object] | None = None,
        **values: Any,
    ) -> Request[Any]:
        """A request with this prompt, and `messages` behind it: to be planned and sent like any other.

        `values` are the prompt's variables and, by the names they have everywhere, the options of the request; a
        variable that is called like an option or a parameter is given in `variables`. The prompt stays portable:
        planning writes it for the target, with the overlays and in the form meant for it; `rendering` insists on one
        form. Raises `PromptVariableError`, and `InvalidRequestError` for what is neither.
        """
        options = {name: values.pop(name) for name in values.keys() & Options.__annotations__.keys()}
        given = {**values, **(variables or {})}
        made = self.messages_with(given, rendering)
        asked = request(model, [*made, *messages], output=output, **cast("Options", options))
        ref = self.ref
        use = PromptUse(
            name=ref.name,
            hash=ref.hash,
            overlays=ref.overlays,
            prompt=self,
            variables=given,
            rendering=rendering,
            messages=made,
        )
        return replace(asked, prompt=use)


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
        applied=(*prompt.applied, overlay.name),
        adaptations=(*prompt.adaptations, said),
    )
