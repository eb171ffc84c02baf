"""Content blocks of a stored request → message parts, one function per block type."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, cast

from portable_llm._adaptation import Adaptation
from portable_llm._json import dump_json
from portable_llm._messages import (
    BlobPart,
    ContentPart,
    FilePart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm.wire._fields import unread
from portable_llm.wire._media import decode
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.anthropic_messages._ledger import dropped
from portable_llm.wire.anthropic_messages._parse import citation_of

_OF_CALLERS = ("caller", "toolset_name")


@dataclass(slots=True)
class Found:
    """What reading comes across beside the values: cache marks and what has no place."""

    ledger: list[Adaptation] = field(default_factory=list[Adaptation])
    breakpoints: list[str] = field(default_factory=list[str])
    ttl: Literal["5m", "1h"] | None = None
    ttls: set[str] = field(default_factory=set[str])
    """How long the marks are kept; one without a word is kept 5 minutes."""
    offset: int = 0
    """Portable messages before the first turn: 1 where there is system text."""

    def mark(self, block: dict[str, Any], at: str) -> None:
        """Note the cache mark of a block, if it has one."""
        mark = block.get("cache_control")
        if not isinstance(mark, dict):
            return
        self.breakpoints.append(at)
        ttl = as_dict(cast("object", mark)).get("ttl")
        self.ttls.add(ttl if ttl == "1h" else "5m")
        if ttl in ("5m", "1h"):
            self.ttl = ttl

    def listed(self, fields: dict[str, Any], known: tuple[str, ...], at: str) -> None:
        """Say what has no place: members that nobody reads."""
        for name in unread(fields, (*known, "type", "cache_control")):
            self.ledger.append(dropped("dialogue", f"{at}/{name}", f"a portable part has no place for {name!r}"))


def part_of(block: dict[str, Any], at: str, found: Found) -> Part:
    """The part of one block; the cache mark goes into `found`."""
    found.mark(block, at)
    match block.get("type"):
        case "text" if isinstance(block.get("text"), str):
            found.listed(block, ("text", "citations"), at)
            return _text(block)
        case "tool_use":
            found.listed(block, ("id", "name", "input", *_OF_CALLERS), at)
            return _call(block)
        case "tool_result" if isinstance(block.get("tool_use_id"), str):
            found.listed(block, ("tool_use_id", "content", "is_error"), at)
            return _result(block, at, found)
        case "thinking":
            found.listed(block, ("thinking", "signature"), at)
            return _thinking(block)
        case "redacted_thinking":
            return ReasoningPart(state={"redacted_data": block.get("data")})
        case "image" | "document":
            return _media(block, at, found)
        case _:
            return UnknownPart(raw=_unmarked(block))


def _unmarked(block: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != "cache_control"}


def _text(block: dict[str, Any]) -> TextPart:
    citations = as_list(block.get("citations"))
    return TextPart(
        text=block["text"],
        citations=tuple(citation_of(as_dict(citation)) for citation in citations),
        state={"citations": citations} if citations else None,
    )


def _call(block: dict[str, Any]) -> ToolCallPart:
    arguments = block.get("input")
    is_object = isinstance(arguments, dict)
    state = {name: block[name] for name in _OF_CALLERS if block.get(name) is not None}
    if as_dict(state.get("caller")).get("type") == "direct":
        del state["caller"]
    return ToolCallPart(
        id=as_str(block.get("id")) or "",
        name=as_str(block.get("name")) or "",
        arguments=as_dict(cast("object", arguments)) if is_object else None,
        raw_arguments=arguments if isinstance(arguments, str) else dump_json(arguments).decode(),
        state=state or None,
    )


def _result(block: dict[str, Any], at: str, found: Found) -> ToolResultPart:
    content = block.get("content")
    parts: tuple[Part, ...] = ()
    if isinstance(content, str):
        parts = (TextPart(text=content),)
    elif isinstance(content, list):
        items = enumerate(cast("list[Any]", content))
        parts = tuple(part_of(as_dict(item), f"{at}/parts/{index}", found) for index, item in items)
    return ToolResultPart(
        call_id=block["tool_use_id"],
        parts=cast("tuple[ContentPart, ...]", parts),
        is_error=block.get("is_error") is True,
    )


def _thinking(block: dict[str, Any]) -> ReasoningPart:
    signature = as_str(block.get("signature"))
    state = None if signature is None else {"signature": signature}
    return ReasoningPart(text=as_str(block.get("thinking")) or "", state=cast("Any", state))


def _media(block: dict[str, Any], at: str, found: Found) -> Part:
    source = as_dict(block.get("source"))
    part = _by_source(source, is_image=block.get("type") == "image")
    if part is None:
        return UnknownPart(raw=_unmarked(block))
    for key in block.keys() - {"type", "source", "cache_control"}:
        if block[key] is not None:
            found.ledger.append(dropped("dialogue", f"{at}/{key}", f"a portable part has no place for {key!r}"))
    return part


def _by_source(source: dict[str, Any], *, is_image: bool) -> Part | None:
    match source.get("type"):
        case "base64" if isinstance(source.get("media_type"), str):
            data = decode(source.get("data"))
            return None if data is None else BlobPart(mime_type=source["media_type"], data=data)
        case "text" if isinstance(source.get("data"), str):
            return BlobPart(mime_type="text/plain", data=source["data"].encode("utf-8", "surrogatepass"))
        case "url" if isinstance(source.get("url"), str):
            return UriPart(uri=source["url"], mime_type=None if is_image else "application/pdf")
        case "file" if isinstance(source.get("file_id"), str):
            return FilePart(id=source["file_id"], mime_type="image/*" if is_image else None)
        case _:
            return None
