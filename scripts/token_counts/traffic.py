"""Recorded requests with the input tokens that the provider counted for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from contracts import WIRE_OF_PROTOCOL, decode, wire_of  # benchmarks/
from portable_llm import InvalidRequestError, Request
from portable_llm._messages import (
    BlobPart,
    FilePart,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from token_counts.texts import lines_of

FILES = sorted({name.partition(":")[0] for name in WIRE_OF_PROTOCOL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request that was answered, and what it was counted as."""

    id: str
    vendor: str
    protocol: str
    model: str
    wire: str
    request: Request[Any]
    input_tokens: int
    source: str

    @property
    def is_held_out(self) -> bool:
        """By the recording's file in its project: what was recorded together is judged together."""
        return int(hashlib.sha1(self.source.encode()).hexdigest(), 16) % 2 == 1

    @property
    def kind(self) -> str:
        """`text`, `tools`, `output` (a schema wanted), `media`, or `other` (what only this provider knows)."""
        parts = [part for message in self.request.messages for part in _all(message.parts)]
        if any(isinstance(part, (BlobPart, UriPart, FilePart)) for part in parts):
            return "media"
        if set(self.request.extra) - _HARMLESS or any(isinstance(part, UnknownPart) for part in parts):
            return "other"
        if self.request.tools or any(isinstance(part, (ToolCallPart, ToolResultPart)) for part in parts):
            return "tools"
        if self.request.output is not None:
            return "output"
        return "text" if all(isinstance(part, TextPart) for part in parts) else "other"


_NAMES = (
    "n user store service_tier serviceTier stream_options safetySettings safe_prompt prompt_cache_key provider usage "
    "cache_control truncation keep_alive include_reasoning reasoning_format models transforms logprobs moderation "
    "performanceConfig metadata include generationConfig"
)
_HARMLESS = frozenset(_NAMES.split(" "))
"""Fields of a provider's own that add no text to the prompt."""


def _all(parts: tuple[Part, ...]) -> Iterator[Any]:
    for part in parts:
        yield part
        if isinstance(part, ToolResultPart):
            yield from part.parts


def recorded(data: Path) -> Iterator[Recorded]:
    """Every recorded request of a conversation that has a usage figure."""
    for family in FILES:
        path = data / f"traffic/{family}.jsonl.gz"
        for exchange in lines_of(path) if path.exists() else ():
            found = _read(exchange)
            if found is not None:
                yield found


def _read(exchange: Mapping[str, Any]) -> Recorded | None:
    body: Any = exchange["request_json"]
    if exchange["status"] >= 400 or not isinstance(body, dict):
        return None
    try:
        wire = wire_of(exchange)
        request, _ = wire.read_request(cast("dict[str, Any]", body), path=urlsplit(str(exchange["url"])).path)
    except (LookupError, InvalidRequestError):
        return None
    tokens = decode(exchange)["input_tokens"]
    if not tokens:
        return None
    return Recorded(
        id=exchange["id"],
        vendor=exchange["vendor"],
        protocol=exchange["protocol"],
        model=exchange["model"] or request.model,
        wire=wire.NAME,
        request=request,
        input_tokens=tokens,
        source=f"{exchange['source_repo']}/{exchange['source_path']}",
    )


def texts_of(data: Path) -> list[str]:
    """The texts of all recorded requests, each once."""
    found: dict[str, None] = {}
    for row in recorded(data):
        for message in row.request.messages:
            for part in _all(message.parts):
                if isinstance(part, TextPart):
                    found[part.text] = None
    return list(found)
