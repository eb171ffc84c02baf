"""Placeholders: `{name}` and `{name:int}`, and every other brace as it is.

A prompt is full of braces that mean themselves (JSON, code), so only a name in braces is a field; the same in doubled
braces is written out with single ones. There is no attribute, no index, no conversion and no format: a field gives the
value of a variable, and its type says how that is written. What looks like more is an error and no literal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from portable_llm._errors import PromptError
from portable_llm.prompt._values import Text

NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_BRACES = re.compile(
    rf"\{{\{{(?P<literal>{NAME}(?::[a-z]+(?:\([^(){{}}\n]*\))?)?)\}}\}}"
    rf"|\{{(?P<name>{NAME})(?::(?P<spec>[a-z]+(?:\([^(){{}}\n]*\))?))?\}}"
    rf"|(?P<jinja>\{{\{{\s+{NAME}[^{{}}\n]*\}}\}}|\{{%-?\s*[a-z]+\s[^{{}}\n]*%\}})"
    rf"|(?P<deep>\{{{NAME}(?:\.{NAME}|\[\w+\]|![rsa])[^{{}}\n]*\}})"
)


@dataclass(frozen=True, slots=True)
class Field:
    """A place that takes the value of a variable."""

    name: str
    spec: str
    """The type that stands with it; `""` if none does."""


class FieldError(PromptError):
    """A field that is none; `at` is where, in characters of the text."""

    def __init__(self, message: str, at: int = 0) -> None:
        super().__init__(message)
        self.at = at


@lru_cache(maxsize=512)
def pieces_of(text: str) -> tuple[str | Field, ...]:
    """The text cut at its fields; raises `FieldError` for what looks like a field and is none."""
    pieces: list[str | Field] = []
    end = 0
    for found in _BRACES.finditer(text):
        pieces.append(text[end : found.start()])
        pieces.append(_piece(found))
        end = found.end()
    return tuple(piece for piece in (*pieces, text[end:]) if piece != "")


def _piece(found: re.Match[str]) -> str | Field:
    if found["literal"] is not None:
        return "{" + found["literal"] + "}"
    if found["name"] is not None:
        return Field(found["name"], found["spec"] or "")
    if found["jinja"] is not None:
        raise FieldError(
            f"{found[0][:40]!r} is Jinja: write {{name}}, or say 'template: jinja' in the front matter", found.start()
        )
    raise FieldError(
        f"{found[0][:40]!r}: a field is a name and nothing else; double the braces if it is meant as it stands",
        found.start(),
    )


def fields_of(text: str) -> tuple[Field, ...]:
    """The fields in order."""
    return tuple(piece for piece in pieces_of(text) if isinstance(piece, Field))


def fill(text: str, values: Mapping[str, str], is_data: Callable[[str], bool]) -> Text:
    """The text with its fields filled, knowing which characters are data; every field needs a value."""
    parts: list[str] = []
    data: list[tuple[int, int]] = []
    size = 0
    for piece in pieces_of(text):
        part = values[piece.name] if isinstance(piece, Field) else piece
        if isinstance(piece, Field) and part and is_data(piece.name):
            data.append((size, size + len(part)))
        parts.append(part)
        size += len(part)
    return Text("".join(parts), tuple(data))
