"""Message parts → content blocks, one function per part type.

A part that gives no block returns `None` and says why in the ledger. `at` is the part's place in the portable request.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any, TypeAlias, assert_never

from portable_llm._adaptation import Adaptation
from portable_llm._messages import (
    BlobPart,
    ContentPart,
    FilePart,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm.wire.anthropic_messages._ledger import dropped, entry

Block: TypeAlias = dict[str, Any]
Ledger: TypeAlias = list[Adaptation]


def block_of(part: Part, at: str, ledger: Ledger) -> Block | None:
    """The block of one part."""
    match part:
        case TextPart():
            return text_block(part, at, ledger)
        case ToolCallPart():
            return call_block(part, at, ledger)
        case ToolResultPart():
            return result_block(part, at, ledger)
        case ReasoningPart():
            return reasoning_block(part, at, ledger)
        case BlobPart():
            return blob_block(part, at, ledger)
        case UriPart():
            return uri_block(part)
        case FilePart():
            return file_block(part)
        case RefusalPart():
            return refusal_block(part, at, ledger)
        case UnknownPart():
            return dict(part.raw)
        case _:
            assert_never(part)


def text_block(part: TextPart, at: str, ledger: Ledger) -> Block | None:
    # An empty text block is a 400. White space alone is documented as one too, but was answered in a recording
    # (2026-11-23), so it is sent: the model's own "\n\n" before a call has to survive its replay.
    if not part.text:
        ledger.append(entry("dialogue", at, "encoded", "an empty text is left out: this wire refuses it"))
        return None
    return {"type": "text", "text": part.text, **part.state} if part.state else {"type": "text", "text": part.text}


def call_block(part: ToolCallPart, at: str, ledger: Ledger) -> Block:
    arguments = part.arguments
    if arguments is None:
        detail = "the arguments are no JSON object and this wire takes nothing else: {} is sent"
        ledger.append(entry("tools", f"{at}/arguments", "substituted", detail, "nobody"))
        arguments = {}
    block: Block = {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}
    return {**block, **part.state} if part.state else block


def result_block(part: ToolResultPart, at: str, ledger: Ledger) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": part.call_id}
    if content := result_content(part.parts, at, ledger):
        block["content"] = content
    if part.is_error:
        block["is_error"] = True
    return block


def result_content(parts: tuple[ContentPart, ...], at: str, ledger: Ledger) -> str | list[Block]:
    """The short form for one plain text, else a list of blocks."""
    if len(parts) == 1 and isinstance(parts[0], TextPart):
        return parts[0].text
    blocks = (block_of(part, f"{at}/parts/{index}", ledger) for index, part in enumerate(parts))
    return [block for block in blocks if block is not None]


def reasoning_block(part: ReasoningPart, at: str, ledger: Ledger) -> Block | None:
    state = part.state
    if state and "redacted_data" in state:
        return {"type": "redacted_thinking", "data": state["redacted_data"]}
    if state:
        return {"type": "thinking", "thinking": part.text, **state}
    if part.origin is not None:  # hosts that sign nothing take their own reasoning back unsigned
        return {"type": "thinking", "thinking": part.text}
    ledger.append(dropped("dialogue", f"{at}/state", "reasoning without a signature cannot be replayed"))
    return None


def blob_block(part: BlobPart, at: str, ledger: Ledger) -> Block | None:
    kind = part.mime_type.partition(";")[0].strip().lower()
    if kind.startswith("image/"):
        return {"type": "image", "source": _base64(kind, part.data)}
    if kind == "application/pdf":
        return {"type": "document", "source": _base64(kind, part.data)}
    if kind == "text/plain":
        text = part.data.decode("utf-8", "replace")
        return {"type": "document", "source": {"type": "text", "media_type": kind, "data": text}}
    ledger.append(dropped("dialogue", at, f"this wire carries images, PDF and plain text, not {kind!r}"))
    return None


def _base64(mime_type: str, data: bytes) -> Block:
    return {"type": "base64", "media_type": mime_type, "data": b64encode(data).decode("ascii")}


def uri_block(part: UriPart) -> Block:
    return {"type": _kind_of_uri(part), "source": {"type": "url", "url": part.uri}}


def _kind_of_uri(part: UriPart) -> str:
    if part.mime_type is not None:
        return "image" if part.mime_type.startswith("image/") else "document"
    return "document" if part.uri.partition("?")[0].lower().endswith(".pdf") else "image"


def file_block(part: FilePart) -> Block:
    is_image = part.mime_type is not None and part.mime_type.startswith("image/")
    return {"type": "image" if is_image else "document", "source": {"type": "file", "file_id": part.id}}


def refusal_block(part: RefusalPart, at: str, ledger: Ledger) -> Block | None:
    block = text_block(TextPart(text=part.text), at, ledger)
    if block is not None:
        ledger.append(entry("refusal", at, "renamed", "words of refusal are plain text on this wire"))
    return block
