"""Portable prompts: written anew for the target, in the form its model prefers, with the overlays meant for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from portable_llm._adapt._context import Changed, Context
from portable_llm._adaptation import Adaptation, entry
from portable_llm._messages import Message
from portable_llm._request import CacheHint, Request
from portable_llm.prompt import RENDERINGS, Rendering
from portable_llm.prompt._use import PromptUse, TargetPrompt, Written

_CHANGED = entry(
    "prompt",
    "/prompt",
    "weakened",
    "the messages of the prompt were changed afterwards: they are sent as they are, and the answer has no prompt hash",
    "client",
)


def rewrite_prompt(request: Request[Any], use: PromptUse, context: Context) -> Changed:
    """The first messages of the request, as the target gets them."""
    count = len(use.messages)
    if request.messages[:count] != use.messages:
        context.prompt = None
        return request, [_CHANGED]
    written = use.written_for(context.target, _preferred(context))
    messages, entries = _placed(written, context)
    ref = written.prompt.ref
    context.prompt = TargetPrompt(
        name=ref.name, hash=ref.hash, overlays=ref.overlays, rendering=written.rendering, messages=messages
    )
    if messages != use.messages:
        request = replace(
            request,
            messages=(*messages, *request.messages[count:]),
            cache=_shifted(request.cache, count, len(messages) - count),
        )
    return request, [*written.prompt.adaptations, *_form(written, use, context), *entries]


def _preferred(context: Context) -> Rendering | None:
    fact = context.capabilities["prompt/rendering"]
    known = [value for value in fact.values if value in RENDERINGS]
    return cast("Rendering", known[0]) if known else None


def _form(written: Written, use: PromptUse, context: Context) -> list[Adaptation]:
    if written.rendering == (use.rendering or use.prompt.rendering or use.prompt.neutral):
        return []
    fact = context.capabilities["prompt/rendering"]
    why = f"as {context.target} prefers it" if written.is_preference else "as the overlay says"
    return [
        entry(
            "prompt",
            "/prompt/rendering",
            "encoded",
            f"written as {written.rendering}, {why}; the sections are the same",
            "client",
            source=fact.reference if written.is_preference else "",
        )
    ]


def _placed(written: Written, context: Context) -> tuple[tuple[Message, ...], Sequence[Adaptation]]:
    """System text in the first turn of the user, where the target takes none.

    Its sections keep their names there, so it can still be told from data; it lacks the authority of system text.
    """
    fact = context.capabilities["messages/system"]
    if written.messages[0].role != "system" or fact.support == "yes":
        return written.messages, ()
    first = Message(role="user", parts=written.messages[0].parts)
    detail = f"{context.target} takes no system text: the prompt's instructions begin the user's side, as sections"
    return (first, *written.messages[1:]), (
        entry("prompt", "/messages/0", "moved", detail, "prompt", source=fact.reference),
    )


def _shifted(cache: CacheHint | None, count: int, by: int) -> CacheHint | None:
    """Marks behind the prompt stay on their messages where an overlay makes the prompt longer or shorter."""
    if cache is None or by == 0:
        return cache
    return replace(cache, breakpoints=tuple(_moved(one, count, by) for one in cache.breakpoints))


def _moved(pointer: str, count: int, by: int) -> str:
    steps = pointer.split("/")
    if len(steps) < 3 or steps[1] != "messages" or not steps[2].isdecimal():
        return pointer
    index = int(steps[2])
    # A mark on the prompt's last message stays there: it is where the prompt ends.
    moved = index + by if index >= count - 1 else min(index, count + by - 1)
    return "/".join(["", "messages", str(moved), *steps[3:]])
