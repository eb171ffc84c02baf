"""Content blocks of a stored request → message parts, one function per kind of block."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, cast

from portable_llm._adaptation import Adaptation
from portable_llm._json import dump_json
from portable_llm._messages import (
    ContentPart,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
)
from portable_llm.wire._reading import as_dict, as_list, as_str
from portable_llm.wire.bedrock_converse._ledger import dropped, entry
from portable_llm.wire.bedrock_converse._media import FORMATS, part_of_media
from portable_llm.wire.bedrock_converse._parse import SERVER_TOOL, citation_of


@dataclass(slots=True)
class Found:
    """What reading comes across beside the values: cache points and what has no place."""

    ledger: list[Adaptation] = field(default_factory=list[Adaptation])
    breakpoints: list[str] = field(default_factory=list[str])
    ttl: Literal["5m", "1h"] | None = None
    documents: int = 0

    def mark(self, point: object, at: str) -> None:
        """Note a cache point that stands behind the place `at`."""
        self.breakpoints.append(at)
        ttl = as_dict(point).get("ttl")
        if ttl in ("5m", "1h"):
            self.ttl = ttl


def parts_of(blocks: list[Any], message: int, found: Found) -> tuple[Part, ...]:
    """The parts of a turn; cache points between them go into `found`."""
    parts: list[Part] = []
    for item in blocks:
        block = as_dict(item)
        if "cachePoint" in block:
            if parts:
                found.mark(block["cachePoint"], f"/messages/{message}/parts/{len(parts) - 1}")
            else:
                detail = "a cache point before any content marks nothing"
                found.ledger.append(dropped("tokens", "/cache/breakpoints", detail))
            continue
        parts.append(part_of(block, f"/messages/{message}/parts/{len(parts)}", found))
    return tuple(parts)


def part_of(block: dict[str, Any], at: str, found: Found) -> Part:
    """The part of one block."""
    match block:
        case {"text": str() as text}:
            return TextPart(text=text)
        case {"toolUse": dict()} if block["toolUse"].get("type") != SERVER_TOOL:
            return _call(block["toolUse"])
        case {"toolResult": {"toolUseId": str()}} if "type" not in block["toolResult"]:
            return _result(block["toolResult"], at, found)
        case {"reasoningContent": dict()}:
            return _reasoning(block)
        case {"citationsContent": dict()}:
            return _cited(block, at, found)
        case _:
            return _media(block, at, found)


def _call(call: dict[str, Any]) -> ToolCallPart:
    arguments = call.get("input")
    is_object = isinstance(arguments, dict)
    return ToolCallPart(
        id=as_str(call.get("toolUseId")) or "",
        name=as_str(call.get("name")) or "",
        arguments=as_dict(cast("object", arguments)) if is_object else None,
        raw_arguments=arguments if isinstance(arguments, str) else dump_json(arguments).decode(),
    )


def _result(result: dict[str, Any], at: str, found: Found) -> ToolResultPart:
    status = result.get("status")
    if status == "success":
        found.ledger.append(entry("dialogue", f"{at}/status", "encoded", "a result without a mark is a success"))
    items = enumerate(as_list(result.get("content")))
    parts = tuple(_content(as_dict(item), f"{at}/parts/{index}", found) for index, item in items)
    return ToolResultPart(call_id=result["toolUseId"], parts=parts, is_error=status == "error")


def _content(block: dict[str, Any], at: str, found: Found) -> ContentPart:
    if "json" in block:
        found.ledger.append(entry("dialogue", at, "encoded", "a result in JSON is read as its JSON text"))
        return TextPart(text=dump_json(block["json"]).decode())
    return cast("ContentPart", part_of(block, at, found))


def _reasoning(block: dict[str, Any]) -> Part:
    content = as_dict(block["reasoningContent"])
    redacted = as_str(content.get("redactedContent"))
    if redacted is not None:
        return ReasoningPart(state={"redactedContent": redacted})
    thought = as_dict(content.get("reasoningText"))
    signature = as_str(thought.get("signature"))
    return ReasoningPart(text=as_str(thought.get("text")) or "", state={"signature": signature} if signature else None)


def _cited(block: dict[str, Any], at: str, found: Found) -> Part:
    content = as_dict(block["citationsContent"])
    texts = [as_str(as_dict(item).get("text")) or "" for item in as_list(content.get("content"))]
    cited = as_list(content.get("citations"))
    if len(texts) != 1:
        found.ledger.append(entry("dialogue", at, "encoded", "the pieces of a cited text are read as one"))
    return TextPart(
        text="".join(texts),
        citations=tuple(citation_of(as_dict(citation)) for citation in cited),
        state={"citations": cited},
    )


def _media(block: dict[str, Any], at: str, found: Found) -> Part:
    kind = next(iter(block), "")
    fields = as_dict(block.get(kind))
    part = part_of_media(kind, fields) if kind in FORMATS else None
    if part is None:
        return UnknownPart(raw=block)
    if kind == "document":
        found.documents += 1
        if "text" in as_dict(fields.get("source")):
            found.ledger.append(entry("dialogue", f"{at}/data", "encoded", "a document in text is read as its bytes"))
    for key in fields.keys() - {"format", "source"}:
        if fields[key] is not None and not (key == "name" and fields[key] == f"document-{found.documents}"):
            found.ledger.append(dropped("dialogue", f"{at}/{key}", f"a portable part has no place for {key!r}"))
    return part
