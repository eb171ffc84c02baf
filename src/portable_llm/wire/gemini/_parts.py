"""Portable parts → the parts of a content: one function per type, no ledger (that is `_contents`' business)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, assert_never

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

CONTINUATION_TOKEN = "continuationToken"
"""The key of the `UnknownPart` that a paused answer ends with: `{"continuationToken": …}`."""


def wire_part(part: Part, names: Mapping[str, str]) -> dict[str, Any]:
    """The wire part; `names` gives the function of each call id, which a result has to repeat."""
    match part:
        case TextPart(text=text, state=state):
            return {"text": text, **state} if state else {"text": text}
        case ReasoningPart(text=text, state=state):
            return {"text": text, "thought": True, **(state or {})}
        case ToolCallPart():
            return wire_call(part)
        case ToolResultPart():
            return wire_result(part, names.get(part.call_id, ""))
        case BlobPart() | UriPart() | FilePart():
            return wire_media(part)
        case RefusalPart(text=text):
            return {"text": text}
        case UnknownPart(raw=raw):
            return dict(raw)
        case _:
            assert_never(part)


def wire_call(call: ToolCallPart) -> dict[str, Any]:
    """A call; arguments that could not be read go as an empty object, since the wire takes nothing else."""
    return {
        "functionCall": {"id": call.id, "name": call.name, "args": call.arguments or {}},
        **(call.state or {}),
    }


def wire_media(part: BlobPart | UriPart | FilePart) -> dict[str, Any]:
    """Bytes in the request, or a reference that the provider follows."""
    match part:
        case BlobPart(mime_type=mime_type, data=data):
            return {"inlineData": {"mimeType": mime_type, "data": base64.b64encode(data).decode("ascii")}}
        case UriPart(uri=uri, mime_type=mime_type) | FilePart(id=uri, mime_type=mime_type):
            return {"fileData": {"fileUri": uri} if mime_type is None else {"fileUri": uri, "mimeType": mime_type}}
        case _:
            assert_never(part)


def wire_result(result: ToolResultPart, name: str) -> dict[str, Any]:
    """A tool result: its texts as `{"output": …}` or `{"error": …}`, its media beside them."""
    response: dict[str, Any] = {"id": result.call_id, "name": name, "response": _result_object(result)}
    media = [_result_media(part) for part in result.parts if is_result_media(part)]
    if media:
        response["parts"] = media
    return {"functionResponse": response}


def _result_object(result: ToolResultPart) -> dict[str, Any]:
    # Several texts go as a list: joined, their borders would be gone.
    texts = [part.text for part in result.parts if isinstance(part, TextPart)]
    if not texts and not result.is_error:
        return {}
    return {"error" if result.is_error else "output": texts[0] if len(texts) == 1 else texts}


def is_result_media(part: ContentPart) -> bool:
    """Whether a piece of a tool result goes beside its text."""
    return isinstance(part, (BlobPart, UriPart, FilePart)) or (
        isinstance(part, UnknownPart) and ("inlineData" in part.raw or "fileData" in part.raw)
    )


def _result_media(part: ContentPart) -> dict[str, Any]:
    if isinstance(part, (BlobPart, UriPart, FilePart)):
        return wire_media(part)
    return dict(part.raw) if isinstance(part, UnknownPart) else {}


def continuation_token(part: Part) -> str | None:
    """The token if the part is nothing but the token of a paused answer."""
    if isinstance(part, UnknownPart) and list(part.raw) == [CONTINUATION_TOKEN]:
        token = part.raw[CONTINUATION_TOKEN]
        return token if isinstance(token, str) else None
    return None
