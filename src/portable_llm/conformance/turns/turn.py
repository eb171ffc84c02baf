"""A conversation as far as a day-one port carries it: text, calls, results.

Whatever else stands in a message (images, reasoning, signatures, error flags without a place) is omitted, and its path
is added to the given set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from portable_llm.conformance.case import JsonObject, json_list, json_object


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A piece of a turn: text, a call (`name`, `arguments`), or a result (`text`, for the call `id`)."""

    kind: Literal["text", "call", "result"]
    text: str = ""
    id: str = ""
    name: str = ""
    arguments: object = None
    is_error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """System text and turns, in order."""

    system: str
    turns: tuple[tuple[Literal["user", "assistant"], tuple[Item, ...]], ...]


TurnList: TypeAlias = list[tuple[Literal["user", "assistant"], tuple[Item, ...]]]


def known(block: JsonObject, names: Sequence[str], path: str, omitted: set[str]) -> None:
    """List the members of a block that have no place in a turn."""
    omitted |= {f"{path}.{name}" for name in block if name not in names}


def text_parts(content: object, path: str, omitted: set[str], between: str = "") -> str:
    """Text given as a string or as a list of text parts; system texts are joined by an empty line, as a team would."""
    if isinstance(content, str):
        return content
    blocks = [json_object(block) for block in json_list(content)]
    omitted |= {f"{path}[].{block.get('type')}" for block in blocks if "text" not in block}
    return between.join(str(block["text"]) for block in blocks if "text" in block)
