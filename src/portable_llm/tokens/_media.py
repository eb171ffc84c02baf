"""Tokens of images, documents and sound, by the formulas that vendors publish; where there is none, a wide range.

An image is measured by its size in pixels, which stands in the first bytes of its file. Nothing is decoded, and nothing
is fetched: of an image given by its address only the range is known.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portable_llm._messages import BlobPart, FilePart, UriPart
from portable_llm.tokens._count import Measure

Size = tuple[int, int]
_LARGEST = 100_000
"""Sides beyond this are a broken header."""


def image_size(data: bytes) -> Size | None:
    """Width and height in pixels of a PNG, JPEG, GIF, WebP or BMP; `None` if its header does not say."""
    for magic, read in _READERS:
        if data.startswith(magic):
            try:
                width, height = read(data) or (0, 0)
            except (struct.error, IndexError):
                return None
            return (width, height) if 0 < width < _LARGEST and 0 < height < _LARGEST else None
    return None


def _png(data: bytes) -> Size:
    return struct.unpack(">II", data[16:24])


def _gif(data: bytes) -> Size:
    return struct.unpack("<HH", data[6:10])


def _bmp(data: bytes) -> Size:
    width, height = struct.unpack("<ii", data[18:26])
    return width, abs(height)


def _webp(data: bytes) -> Size | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(data: bytes) -> Size | None:
    """The size in the first frame header; segments are stepped over by their length."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        mark = data[at + 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None


_READERS: tuple[tuple[bytes, Callable[[bytes], Size | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8", _jpeg),
    (b"GIF8", _gif),
    (b"RIFF", _webp),
    (b"BM", _bmp),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRule:
    """How the models of a family count an image."""

    tokens: Callable[[Size], float]
    least: float
    most: float
    """The range over all images, for one whose size is not known."""
    share: float = 0.05
    """How far the formula may be off."""
    source: str


def _fitted(size: Size, long: float, short: float | None = None) -> tuple[float, float]:
    """Scaled down, never up, so that the longer side is at most `long`, and the shorter at most `short`."""
    width, height = size
    scale = min(1.0, long / max(width, height))
    if short is not None:
        scale = min(scale, short / min(width, height))
    return width * scale, height * scale


def _tiles(base: int, tile: int) -> Callable[[Size], float]:
    def tokens(size: Size) -> float:
        width, height = _fitted(size, 2048, 768)
        return base + tile * math.ceil(width / 512) * math.ceil(height / 512)

    return tokens


def _patches(factor: float, most: int = 1536) -> Callable[[Size], float]:
    def tokens(size: Size) -> float:
        width, height = size
        patches = math.ceil(width / 32) * math.ceil(height / 32)
        return math.ceil(min(patches, most) * factor)

    return tokens


def _area(long: int, most: int) -> Callable[[Size], float]:
    def tokens(size: Size) -> float:
        width, height = _fitted(size, long)
        return min(most, width * height / 750)

    return tokens


def _crops(size: Size) -> float:
    width, height = size
    if width <= 384 and height <= 384:
        return 258
    unit = min(768, max(256, math.floor(min(width, height) / 1.5)))
    return 258 * math.ceil(width / unit) * math.ceil(height / unit)


def _cells(edge: int, longest: int) -> Callable[[Size], float]:
    def tokens(size: Size) -> float:
        width, height = _fitted(size, longest)
        across, down = math.ceil(width / edge), math.ceil(height / edge)
        return (across + 1) * down

    return tokens


_OPENAI = "OpenAI guide Images and vision, Calculating costs, 2026-11-24"


def _tile_rule(base: int, tile: int) -> ImageRule:
    return ImageRule(tokens=_tiles(base, tile), least=base, most=base + 8 * tile, source=_OPENAI)


def _patch_rule(factor: float, most: int = 1536) -> ImageRule:
    return ImageRule(tokens=_patches(factor, most), least=1, most=math.ceil(most * factor), share=0.5, source=_OPENAI)


IMAGES: Mapping[str, ImageRule] = {
    "tiles": _tile_rule(85, 170),
    "tiles-mini": _tile_rule(2833, 5667),
    "tiles-reasoning": _tile_rule(75, 150),
    "tiles-5": _tile_rule(70, 140),
    "patches": _patch_rule(1.2, 2500),
    "patches-1.62": _patch_rule(1.62),
    "patches-1.72": _patch_rule(1.72),
    "patches-2.46": _patch_rule(2.46),
    "area": ImageRule(
        tokens=_area(1568, 1600), least=1, most=1600, share=0.15, source="Anthropic docs Vision, 2026-11-24"
    ),
    "area-large": ImageRule(
        tokens=_area(2576, 4784),
        least=1,
        most=4784,
        share=0.1,
        source="Anthropic docs Vision, high resolution from Claude Opus 4.7, 2026-11-24",
    ),
    "crops": ImageRule(
        tokens=_crops, least=258, most=258 * 36, share=0.1, source="Gemini API docs Token counting, 2026-11-24"
    ),
    "fixed-1120": ImageRule(
        tokens=lambda size: 1120,
        least=258,
        most=1120,
        share=0.05,
        source="Gemini API docs Media resolution: high by default from Gemini 3, 2026-11-24",
    ),
    "patches16": ImageRule(
        tokens=_cells(16, 1024), least=1, most=65 * 64, share=0.5, source="Pixtral model card, 2026-11-24 (assumed)"
    ),
    "unknown": ImageRule(tokens=lambda size: 1000, least=50, most=3000, share=2.0, source="assumed"),
}
"""By neutral name: a tokenizer's row points at one, a model's fact may name another."""

_PAGE = Measure(1000, 1000, 0, 3000)
"""A page of a PDF: its text, and at most vendors its picture as well (Anthropic docs PDF support: 1,500 to 3,000 tokens
of text a page, and an image; Gemini: 258). A page may also be empty: nobody can tell without reading it."""
_SOMETHING = Measure(1000, 1000, 0, 50_000)
"""What stands behind an address or an id: it could be anything."""
_SECOND_OF_SOUND = 25.0
"""Tokens (Gemini API docs: 32 a second; OpenAI bills 10 a second)."""
_BYTES_OF_SECOND = 16_000.0
"""Between compressed speech (4,000) and plain PCM (32,000 to 192,000)."""


def measure_media(part: BlobPart | UriPart | FilePart, rule: str) -> Measure:
    """What this part adds, as far as it can be told."""
    image = IMAGES.get(rule, IMAGES["unknown"])
    if isinstance(part, BlobPart):
        return _of_bytes(part, image)
    if (part.mime_type or "").startswith("image/") or (isinstance(part, UriPart) and not part.mime_type):
        return _of_range(image)
    return _SOMETHING


def _of_range(image: ImageRule) -> Measure:
    middle = (image.least + image.most) / 2
    return Measure(middle, middle - image.least)


def _of_bytes(part: BlobPart, image: ImageRule) -> Measure:
    if part.mime_type.startswith("image/"):
        size = image_size(part.data)
        if size is None:
            return _of_range(image)
        tokens = image.tokens(size)
        return Measure(tokens, tokens * image.share + 2)
    if part.mime_type == "application/pdf":
        pages = max(1, len(re.findall(rb"/Type\s*/Page[^s]", part.data)))
        return Measure(_PAGE.tokens * pages, _PAGE.bias * pages, 0, _PAGE.slack_up * pages)
    if part.mime_type.startswith("audio/"):
        tokens = len(part.data) / _BYTES_OF_SECOND * _SECOND_OF_SOUND
        return Measure(tokens, tokens * 0.9, 0, tokens * 9)
    tokens = len(part.data) / 4
    return Measure(tokens, tokens * 0.9, 0, tokens)
