"""Message parts → content blocks, one function per part type.

A part that gives no block returns `None` and says why in the ledger. `at` is the part's place in the portable request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, assert_never

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
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
from portable_llm.wire.bedrock_converse import _ledger as ledger_
from portable_llm.wire.bedrock_converse._ledger import dropped, entry
from portable_llm.wire.bedrock_converse._media import Block, blob_block, uri_block


@dataclass(slots=True)
class Writing:
    """What the parts of one request share: the ledger, and how many documents have been named."""

    capabilities: Capabilities
    ledger: list[Adaptation] = field(default_factory=list[Adaptation])
    documents: int = 0

    def note(self, what: Adaptation) -> None:
        """Say it once."""
        if what not in self.ledger:
            self.ledger.append(what)

    def document_name(self) -> str:
        """A name no other document of the request has; the model sees it, so it says nothing (vendor docs)."""
        return f"document-{self.documents + 1}"


def block_of(part: Part, at: str, writing: Writing) -> Block | None:
    """The block of one part."""
    match part:
        case TextPart():
            return text_block(part, at, writing)
        case ToolCallPart():
            return call_block(part, at, writing)
        case ToolResultPart():
            return result_block(part, at, writing)
        case ReasoningPart():
            return reasoning_block(part, at, writing)
        case BlobPart() | UriPart():
            return media_block(part, at, writing)
        case FilePart():
            writing.ledger.append(dropped("dialogue", at, "no files are stored here: the model will not see it"))
            return None
        case RefusalPart():
            return refusal_block(part, at, writing)
        case UnknownPart():
            return dict(part.raw)
        case _:
            assert_never(part)


def text_block(part: TextPart, at: str, writing: Writing) -> Block | None:
    if not part.text:
        writing.ledger.append(entry("dialogue", at, "encoded", "an empty text is left out: this wire refuses it"))
        return None
    if part.state and "citations" in part.state:
        return {"citationsContent": {"content": [{"text": part.text}], "citations": part.state["citations"]}}
    return {"text": part.text}


def call_block(part: ToolCallPart, at: str, writing: Writing) -> Block:
    arguments = part.arguments
    if arguments is None:
        detail = "the arguments are no JSON object and this wire takes nothing else: {} is sent"
        writing.ledger.append(entry("tools", f"{at}/arguments", "substituted", detail, "nobody"))
        arguments = {}
    return {"toolUse": {"toolUseId": part.id, "name": part.name, "input": arguments}}


def result_block(part: ToolResultPart, at: str, writing: Writing) -> Block:
    result: Block = {"toolUseId": part.call_id, "content": result_content(part.parts, at, writing)}
    if part.is_error:
        result["status"] = "error"
    return {"toolResult": result}


def result_content(parts: tuple[ContentPart, ...], at: str, writing: Writing) -> list[Block]:
    """Text and media of a result; an empty text stays one, since a result says something by being there."""
    blocks: list[Block] = []
    for index, part in enumerate(parts):
        empty = isinstance(part, TextPart) and not part.text
        block = {"text": ""} if empty else block_of(part, f"{at}/parts/{index}", writing)
        if block is not None:
            blocks.append({"text": part.text} if isinstance(part, TextPart) else block)
    return blocks


def reasoning_block(part: ReasoningPart, at: str, writing: Writing) -> Block | None:
    state = part.state or {}
    if "redactedContent" in state:
        return {"reasoningContent": {"redactedContent": state["redactedContent"]}}
    thought: dict[str, Any] = {"text": part.text}
    if state.get("signature"):
        return {"reasoningContent": {"reasoningText": {**thought, "signature": state["signature"]}}}
    if part.origin is not None and writing.capabilities.spelling.get("reasoning/unsigned") != "left_out":
        return {"reasoningContent": {"reasoningText": thought}}
    detail = "reasoning without a signature is not sent back: this model refuses it"
    writing.ledger.append(dropped("dialogue", f"{at}/state", detail))
    return None


def media_block(part: BlobPart | UriPart, at: str, writing: Writing) -> Block | None:
    name = writing.document_name()
    block = blob_block(part, name) if isinstance(part, BlobPart) else uri_block(part, name)
    if block is None:
        what = f"the type {part.mime_type!r}" if isinstance(part, BlobPart) else "an address outside of S3"
        writing.ledger.append(dropped("dialogue", at, f"this wire does not carry {what}: the model will not see it"))
    elif "document" in block:
        writing.documents += 1
        writing.note(ledger_.NAMED)
    return block


def refusal_block(part: RefusalPart, at: str, writing: Writing) -> Block | None:
    block = text_block(TextPart(text=part.text), at, writing)
    if block is not None:
        writing.ledger.append(entry("refusal", at, "renamed", "words of refusal are plain text on this wire"))
    return block
