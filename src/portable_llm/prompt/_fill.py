"""Variables into sections: what is missing, not used or of another type is an error, never an empty string."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portable_llm._errors import PromptError, PromptVariableError
from portable_llm.prompt import _fields as plain
from portable_llm.prompt._fields import Field
from portable_llm.prompt._values import (
    Document,
    Example,
    Item,
    Section,
    TemplateKind,
    Text,
    Variable,
    read_variable,
)


def fields_of(text: str, template: TemplateKind) -> tuple[Field, ...]:
    """The fields of a text by the rules of its template; raises `PromptError` for one that is none."""
    if template == "fields":
        return plain.fields_of(text)
    if template == "none":
        return ()
    from portable_llm.prompt._jinja import variables_of  # here: an extra

    return tuple(Field(name, "") for name in sorted(variables_of(text)))


def texts_of(sections: Iterable[Section]) -> Iterable[str]:
    """Every text of the sections that may have fields."""
    for section in sections:
        yield section.text
        for item in section.items:
            yield from (item.title, item.text) if isinstance(item, Document) else (item.input, item.output)


def declared(variables: Mapping[str, Variable], texts: Iterable[str], template: TemplateKind) -> dict[str, Variable]:
    """All variables: those declared, and those that the fields themselves declare.

    Where the prompt declares none, a bare `{name}` is text of that name; where it declares any, all have to be.
    Raises `PromptError` for a field that is not declared, or differently in two places.
    """
    found = dict(variables)
    for text in texts:
        for field in fields_of(text, template):
            if field.spec:
                _declare(found, field, variables)
            elif field.name not in found:
                if variables:
                    raise PromptError(
                        f"{{{field.name}}} is not among the variables ({', '.join(variables)}); declare it, "
                        "or double the braces if it is meant as it stands"
                    )
                found[field.name] = Variable()
    return found


def _declare(found: dict[str, Variable], field: Field, variables: Mapping[str, Variable]) -> None:
    try:
        said = read_variable(field.spec)
    except PromptError as error:
        raise PromptError(f"{{{field.name}:{field.spec}}}: {error}") from error
    before = found.get(field.name)
    if before is not None and before != said and (field.name in variables or before != Variable()):
        raise PromptError(f"{{{field.name}}} is declared twice, as {before.type} and as {said.type}")
    found[field.name] = said


@dataclass(frozen=True, slots=True)
class Filling:
    """The values of one call, checked; `repr` shows none of them, they are users' data."""

    template: TemplateKind
    variables: Mapping[str, Variable]
    values: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"Filling(variables={sorted(self.values)})"

    def sections(self, sections: Sequence[Section]) -> tuple[Section, ...]:
        """The sections with every field filled; texts know which of their characters are data."""
        return tuple(self._section(section) for section in sections)

    def _section(self, section: Section) -> Section:
        text, documents = self._with_documents(section)
        items = (*(self._item(item) for item in section.items), *documents)
        return Section(name=section.name, text=self._text(text), items=items)

    def _with_documents(self, section: Section) -> tuple[str, list[Item]]:
        """The text without its fields for documents, and those documents; each field stands on a line of its own."""
        if self.template != "fields" or section.name != "documents":
            return section.text, []
        kept: list[str] = []
        found: list[Item] = []
        for line in section.text.split("\n"):
            fields = plain.fields_of(line)
            if any(self._is_documents(field.name) for field in fields):
                found += self._documents(line, fields)
            else:
                kept.append(line)
        return "\n".join(kept).strip("\n") if found or len(kept) < section.text.count("\n") + 1 else section.text, found

    def _is_documents(self, name: str) -> bool:
        return self.variables[name].type == "documents"

    def _documents(self, line: str, fields: Sequence[Field]) -> list[Item]:
        if len(plain.pieces_of(line.strip())) != 1:
            raise PromptError(f"{{{fields[0].name}}} holds documents: it stands on a line of its own")
        variable = self.variables[fields[0].name]
        given: Sequence[Document] = self.values[fields[0].name]
        if variable.is_trusted:
            return list(given)
        return [Document(text=Text.untrusted(one.text), title=Text.untrusted(one.title)) for one in given]

    def _item(self, item: Item) -> Item:
        match item:
            case Document(text=text, title=title):
                return Document(text=self._text(text), title=self._text(title))
            case Example(input=given, output=wanted):
                return Example(input=self._text(given), output=self._text(wanted))

    def _text(self, text: str) -> str:
        if self.template == "none":
            return text
        if self.template == "jinja":
            from portable_llm.prompt._jinja import fill_template  # here: an extra

            return fill_template(text, self.values, self._is_data)
        return plain.fill(text, _Written(self.variables, self.values), self._is_data)

    def _is_data(self, name: str) -> bool:
        return name not in self.variables or self.variables[name].is_data


class _Written(dict[str, str]):
    """Values as text, each written when it is asked for."""

    def __init__(self, variables: Mapping[str, Variable], values: Mapping[str, Any]) -> None:
        super().__init__()
        self._variables, self._values = variables, values

    def __missing__(self, name: str) -> str:
        variable = self._variables[name]
        if variable.type == "documents":
            raise PromptError(f"{{{name}}} holds documents: they belong in the section 'documents'")
        self[name] = written = variable.write(self._values[name])
        return written


def filling(
    variables: Mapping[str, Variable], template: TemplateKind, used: frozenset[str], given: Mapping[str, object]
) -> Filling:
    """The given values, checked, with the defaults of the others.

    `used` are the variables that the sections ask for. Raises `PromptVariableError`: missing, unused, or of another
    type.
    """
    unknown = given.keys() - variables.keys()
    if unknown:
        known = ", ".join(sorted(variables)) or "it has none"
        raise PromptVariableError(
            f"the prompt uses no variable {min(unknown)!r}; its variables: {known}", name=min(unknown), problem="unused"
        )
    missing = [name for name in sorted(used) if name not in given and variables[name].default is None]
    if missing:
        raise PromptVariableError(
            f"the prompt needs a value for {', '.join(map(repr, missing))}", name=missing[0], problem="missing"
        )
    values = {name: given.get(name, variable.default) for name, variable in variables.items()}
    checked = {
        name: variables[name].check(name, value) for name, value in values.items() if name in given or name in used
    }
    return Filling(template, variables, checked)
