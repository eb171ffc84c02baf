"""Bytes and addresses ↔ blocks of images, documents, sound and video.

A block says a short format where other wires have a media type; the two tables below are each other's way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from portable_llm._messages import BlobPart, UriPart
from portable_llm.wire._media import decode, encode
from portable_llm.wire._reading import as_dict, as_str

Block: TypeAlias = dict[str, Any]

_OFFICE = "application/vnd.openxmlformats-officedocument"
FORMATS: Mapping[str, Mapping[str, str]] = {
    "image": {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"},
    "document": {
        "pdf": "application/pdf",
        "txt": "text/plain",
        "md": "text/markdown",
        "csv": "text/csv",
        "html": "text/html",
        "doc": "application/msword",
        "docx": f"{_OFFICE}.wordprocessingml.document",
        "xls": "application/vnd.ms-excel",
        "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    },
    "audio": {
        "wav": "audio/wav",
        "mp3": "audio/mpeg",
        "aac": "audio/aac",
        "flac": "audio/flac",
        "ogg": "audio/ogg",
        "opus": "audio/opus",
        "m4a": "audio/mp4",
        "webm": "audio/webm",
    },
    "video": {
        "mp4": "video/mp4",
        "mov": "video/quicktime",
        "mkv": "video/x-matroska",
        "webm": "video/webm",
        "flv": "video/x-flv",
        "mpeg": "video/mpeg",
        "wmv": "video/x-ms-wmv",
        "three_gp": "video/3gpp",
    },
}
"""Kind of block → its format → media type (service model of botocore 1.44.5; the common ones of each)."""

_BY_TYPE = {mime: (kind, name) for kind, formats in FORMATS.items() for name, mime in formats.items()} | {
    "image/jpg": ("image", "jpeg"),
    "audio/mp3": ("audio", "mp3"),
    "audio/x-wav": ("audio", "wav"),
    "audio/wave": ("audio", "wav"),
}
_ENDINGS = {"jpg": "jpeg", "3gp": "three_gp", "mpg": "mpeg", "htm": "html"}


def kind_of(mime_type: str) -> tuple[str, str] | None:
    """Kind and format of a media type; `None` for one this wire does not carry."""
    return _BY_TYPE.get(mime_type.partition(";")[0].strip().lower())


def blob_block(part: BlobPart, name: str) -> Block | None:
    """The block of some bytes; `name` is for a document. `None` for a type this wire does not carry."""
    found = kind_of(part.mime_type)
    if found is None:
        return None
    source = {"bytes": encode(part.data)}
    return _block(*found, source, name)


def uri_block(part: UriPart, name: str) -> Block | None:
    """The block of an object of S3; `None` for another address, or where nothing tells what it is."""
    if not part.uri.startswith("s3://"):
        return None
    found = kind_of(part.mime_type or "") or _by_ending(part.uri)
    return None if found is None else _block(*found, {"s3Location": {"uri": part.uri}}, name)


def _by_ending(uri: str) -> tuple[str, str] | None:
    ending = uri.rpartition(".")[2].lower()
    ending = _ENDINGS.get(ending, ending)
    return next(((kind, ending) for kind, formats in FORMATS.items() if ending in formats), None)


def _block(kind: str, format: str, source: Block, name: str) -> Block:
    named = {"name": name} if kind == "document" else {}
    return {kind: {"format": format, **named, "source": source}}


# ---- the way back ----------------------------------------------------------------------------------------------------


def part_of_media(kind: str, fields: Mapping[str, Any]) -> BlobPart | UriPart | None:
    """The part of such a block; `None` for a source or format that no part holds."""
    mime_type = FORMATS[kind].get(as_str(fields.get("format")) or "")
    source = as_dict(fields.get("source"))
    if mime_type is None:
        return None
    if isinstance(source.get("text"), str) and kind == "document":
        return BlobPart(mime_type=mime_type, data=source["text"].encode("utf-8", "surrogatepass"))
    uri = as_str(as_dict(source.get("s3Location")).get("uri"))
    if uri is not None:
        return UriPart(uri=uri, mime_type=mime_type)
    data = decode(source.get("bytes"))
    return None if data is None else BlobPart(mime_type=mime_type, data=data)
