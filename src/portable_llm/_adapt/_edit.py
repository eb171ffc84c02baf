"""Messages with some of their parts changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from portable_llm._messages import Message, Part

Edit = Callable[[Part, str], Part]
"""A part and its place → the part as it is sent."""


def edited(messages: tuple[Message, ...], edit: Edit) -> tuple[Message, ...]:
    """The messages with each part edited; those that stay equal stay the same objects."""
    changed: list[Message] = []
    for index, message in enumerate(messages):
        parts = tuple(edit(part, f"/messages/{index}/parts/{number}") for number, part in enumerate(message.parts))
        is_same = all(new is old for new, old in zip(parts, message.parts, strict=True))
        changed.append(message if is_same else replace(message, parts=parts))
    return tuple(changed)
