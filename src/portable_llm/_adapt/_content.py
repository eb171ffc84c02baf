"""Messages: what a part needs that the target lacks, and opaque state that belongs to somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from portable_llm._adapt._context import Changed, Context, assumed, dropped
from portable_llm._adaptation import Adaptation, entry
from portable_llm._capabilities import Fact
from portable_llm._messages import (
    BlobPart,
    ContentPart,
    FilePart,
    Message,
    Origin,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm._request import Request

_BOUND = "opaque state is bound to its origin"


def adapt_system(request: Request[Any], context: Context) -> Changed:
    """System text where the target takes none, or none after the first turn: sent as user turns instead."""
    systems = [index for index, message in enumerate(request.messages) if message.role == "system"]
    if not systems:
        return request, ()
    anywhere = context.capabilities["messages/system"]
    if anywhere.support != "yes":
        return _as_user_turns(request, systems, f"{context.target} takes no system text", anywhere)
    late = _after_first_turn(request.messages, systems)
    if not late:
        return request, [assumed("prompt", "/messages/0", context)] if anywhere.is_assumed else ()
    fact = context.capabilities["messages/late_system"]
    if fact.support == "yes":
        return request, [assumed("prompt", f"/messages/{index}", context) for index in late] if fact.is_assumed else ()
    return _as_user_turns(request, late, f"{context.target} takes system text at the beginning only", fact)


def _after_first_turn(messages: Sequence[Message], systems: Sequence[int]) -> list[int]:
    first = next((index for index, message in enumerate(messages) if message.role != "system"), len(messages))
    return [index for index in systems if index > first]


def _as_user_turns(request: Request[Any], places: Sequence[int], why: str, fact: Fact) -> Changed:
    messages = list(request.messages)
    for index in places:
        messages[index] = Message(role="user", parts=messages[index].parts)
    detail = f"{why}: it is sent as a user turn"
    notes = [entry("prompt", f"/messages/{i}", "substituted", detail, "nobody", source=fact.reference) for i in places]
    return replace(request, messages=tuple(messages)), notes


def adapt_content(request: Request[Any], context: Context) -> Changed:
    """Each part by its own facts; messages that are left without parts are left out."""
    entries: list[Adaptation] = []
    _check_prefill(request, context, entries)
    messages: list[Message] = []
    beside: list[Part] = []
    is_changed = False
    for index, message in enumerate(request.messages):
        if beside and message.role != "tool":
            messages.append(Message(role="user", parts=tuple(beside)))
            beside.clear()
        parts = tuple(
            kept
            for position, part in enumerate(message.parts)
            if (kept := _adapt_part(part, f"/messages/{index}/parts/{position}", context, entries, beside)) is not None
        )
        if parts == message.parts:
            messages.append(message)
            continue
        is_changed = True
        if parts:
            messages.append(replace(message, parts=parts))
    if beside:
        messages.append(Message(role="user", parts=tuple(beside)))
    return (replace(request, messages=tuple(messages)), entries) if is_changed else (request, entries)


def _check_prefill(request: Request[Any], context: Context, entries: list[Adaptation]) -> None:
    last = len(request.messages) - 1
    if request.messages[last].role != "assistant" or _is_paused(request.messages[last]):
        return
    fact = context.capabilities["messages/prefill"]
    if fact.support != "yes":
        detail = f"{context.target} does not continue a last assistant message; end with a user message"
        entries.append(entry("dialogue", f"/messages/{last}", "weakened", detail, "nobody", source=fact.reference))
    elif fact.is_assumed:
        entries.append(assumed("dialogue", f"/messages/{last}", context))


def _is_paused(message: Message) -> bool:
    """A turn that ends in the provider's own piece is one it interrupted and goes on with: no prefill."""
    return bool(message.parts) and isinstance(message.parts[-1], UnknownPart)


def _adapt_part(part: Part, where: str, context: Context, entries: list[Adaptation], beside: list[Part]) -> Part | None:
    """The part as it is sent; what has to follow the results of its turn goes into `beside`."""
    match part:
        case TextPart() | ToolCallPart():
            return part if part.state is None else _own_state(part, where, context, entries)
        case ReasoningPart():
            return _reasoning(part, where, context, entries)
        case ToolResultPart():
            return _tool_result(part, where, context, entries, beside)
        case BlobPart() | UriPart():
            return _media(part, where, context, entries)
        case FilePart() | UnknownPart():
            return _owned(part, where, context, entries)
        case RefusalPart():
            return part


def _is_foreign(origin: Origin | None, context: Context) -> bool:
    return origin != context.origin


def _own_state(
    part: TextPart | ToolCallPart, where: str, context: Context, entries: list[Adaptation]
) -> TextPart | ToolCallPart:
    if not _is_foreign(part.origin, context):
        return part
    entries.append(_foreign_state(where, part.origin, context))
    return replace(part, state=None, origin=None)


def _foreign_state(where: str, origin: Origin | None, context: Context) -> Adaptation:
    # A stored history may say in which format state was written, and not who made it.
    name = f"{origin.provider}:{origin.model}".removesuffix(":") if origin else ""
    maker = name if origin and origin.model else f"an unknown maker ({name})" if name else "an unknown maker"
    detail = f"made by {maker}, means nothing to {context.target}: left out, never turned into text"
    return entry(
        "dialogue", f"{where}/state", "dropped", detail, "nobody", source="opaque state is bound to its origin"
    )


def _reasoning(part: ReasoningPart, where: str, context: Context, entries: list[Adaptation]) -> ReasoningPart | None:
    if not _is_foreign(part.origin, context):
        return part
    entries.append(_foreign_state(where, part.origin, context))
    return None


def _owned(
    part: FilePart | UnknownPart, where: str, context: Context, entries: list[Adaptation]
) -> FilePart | UnknownPart | None:
    """Parts that mean something at their origin only; the model there will not be the same for files."""
    origin = part.origin
    is_home = origin is not None and (origin.provider, origin.host) == (context.origin.provider, context.origin.host)
    if is_home:
        return part
    what = "a stored file" if isinstance(part, FilePart) else "a part of an unknown kind"
    detail = (
        f"{what} of {origin.provider if origin else 'an unknown maker'} cannot be sent to {context.target}: left out"
    )
    entries.append(
        entry("dialogue", where, "dropped", detail, "nobody", source="opaque content is bound to its origin")
    )
    return None


_KINDS = {"image": "image", "audio": "audio"}


def media_feature(part: BlobPart | UriPart) -> str:
    """The capability that a blob or URI needs."""
    kind = _KINDS.get((part.mime_type or "image/*").partition("/")[0], "document")
    if isinstance(part, BlobPart) or kind == "audio":
        return f"parts/{kind}"
    return f"parts/{kind}_uri"


def _media(
    part: BlobPart | UriPart, where: str, context: Context, entries: list[Adaptation]
) -> BlobPart | UriPart | None:
    fact = context.capabilities[media_feature(part)]
    if fact.support == "yes" and _is_within_reach(part, fact):
        if fact.is_assumed:
            entries.append(assumed("prompt", where, context))
        return part
    refused = fact if fact.support != "yes" else replace(fact, support="no")
    entries.append(dropped("prompt", where, context, refused, "the model will not see it"))
    return None


def _is_within_reach(part: BlobPart | UriPart, fact: Fact) -> bool:
    """Whether the target fetches addresses of this scheme."""
    return isinstance(part, BlobPart) or not fact.values or part.uri.partition(":")[0].lower() in fact.values


def _is_taken(part: BlobPart | UriPart, context: Context) -> bool:
    fact = context.capabilities[media_feature(part)]
    return fact.support == "yes" and _is_within_reach(part, fact)


# ---- tool results ----------------------------------------------------------------------------------------------------

_FOLLOWS = "[see the user message that follows]"


def _tool_result(
    part: ToolResultPart, where: str, context: Context, entries: list[Adaptation], beside: list[Part]
) -> ToolResultPart:
    if all(isinstance(inner, TextPart) for inner in part.parts):
        return part
    fact = context.capabilities["tool_result/media"]
    kept: list[ContentPart] = []
    moved: list[Part] = []
    for position, inner in enumerate(part.parts):
        place = f"{where}/parts/{position}"
        if isinstance(inner, TextPart):
            kept.append(inner)
        elif fact.support == "yes":
            if (adapted := _adapt_part(inner, place, context, entries, beside)) is not None:
                kept.append(adapted)  # type: ignore[arg-type]
        elif isinstance(inner, (BlobPart, UriPart)) and _is_taken(inner, context):
            detail = (
                f"{context.target} takes text in a tool's result: this goes into a user turn right behind the results"
            )
            entries.append(entry("tools", place, "moved", detail, source=fact.reference))
            moved.append(inner)
        else:
            entries.append(dropped("tools", place, context, fact, "the model will not see it"))
    if moved:
        kept.append(TextPart(text=_FOLLOWS))
        beside += [TextPart(text=f"From the result of the call {part.call_id}:"), *moved]
    return replace(part, parts=tuple(kept))
