"""Bytes in JSON: base64 and data URLs, both ways."""

from __future__ import annotations

import base64
import binascii

from portable_llm._messages import BlobPart

_SOUNDS = (
    (b"RIFF", "audio/wav"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
)
_IMAGES = (
    (b"\x89PNG", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"RIFF", "image/webp"),
    (b"BM", "image/bmp"),
)


def encode(data: bytes) -> str:
    """The bytes as base64."""
    return base64.b64encode(data).decode("ascii")


def decode(text: object) -> bytes | None:
    """The bytes of a base64 text; `None` if it is broken or no text."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def data_url(blob: BlobPart) -> str:
    """The bytes as a data URL."""
    return f"data:{blob.mime_type};base64,{encode(blob.data)}"


def read_data_url(url: str) -> BlobPart | None:
    """The bytes in a data URL; `None` if it is none or its base64 is broken."""
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        return None
    content = decode(data)
    return None if content is None else BlobPart(mime_type=head[5:-7], data=content)


def sound_type(data: bytes) -> str:
    """The media type of sound that comes without one, by its first bytes; WAV where they say nothing."""
    return next((kind for start, kind in _SOUNDS if data.startswith(start)), "audio/wav")


def image_type(data: bytes) -> str:
    """The media type of an image that comes without one, by its first bytes; PNG where they say nothing."""
    return next((kind for start, kind in _IMAGES if data.startswith(start)), "image/png")
