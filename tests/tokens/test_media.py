"""Images are measured by their headers and counted by the vendors' published examples."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm._messages import BlobPart, FilePart, UriPart
from portable_llm.tokens._media import IMAGES, image_size, measure_media


def png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def jpeg(width: int, height: int) -> bytes:
    """With a comment and a table before the frame header, as cameras write it."""
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"abcd"
    table = b"\xff\xc4" + struct.pack(">H", 5) + b"\x00\x01\x02"
    frame = b"\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width) + bytes(10)
    return b"\xff\xd8" + comment + table + frame


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height)


def bmp(width: int, height: int) -> bytes:
    return b"BM" + bytes(16) + struct.pack("<ii", width, -height)


def webp(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + bytes(4) + b"WEBPVP8X" + bytes(8) + size


@pytest.mark.parametrize("write", [png, jpeg, gif, bmp, webp])
@given(width=st.integers(1, 16_000), height=st.integers(1, 16_000))
def test_the_size_is_read_from_the_header(write: object, width: int, height: int) -> None:
    assert callable(write)
    assert image_size(write(width, height)) == (width, height)


@given(
    data=st.binary(max_size=64),
    magic=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"RIFF", b"BM", b"GIF8"]),
)
def test_no_bytes_break_it(data: bytes, magic: bytes) -> None:
    size = image_size(magic + data)

    assert size is None or min(size) > 0


@pytest.mark.parametrize(
    ("rule", "size", "tokens"),
    [
        # OpenAI guide Images and vision, the worked examples of Calculating costs.
        ("tiles", (1024, 1024), 765),
        ("tiles", (2048, 4096), 1105),
        ("patches-1.62", (1024, 1024), 1659),
        # Anthropic docs Vision, the table of sizes: w * h / 750.
        ("area", (1000, 1000), 1333),
        ("area", (200, 200), 53),
        # Gemini API docs Token counting: 258 up to 384 pixels, and per tile of 768.
        ("crops", (384, 384), 258),
        ("crops", (960, 540), 258 * 6),
    ],
)
def test_the_vendors_own_examples(rule: str, size: tuple[int, int], tokens: int) -> None:
    assert IMAGES[rule].tokens(size) == pytest.approx(tokens, abs=1)


@pytest.mark.parametrize("rule", IMAGES)
@given(width=st.integers(256, 4096), height=st.integers(256, 4096))
def test_every_rule_stays_in_its_range(rule: str, width: int, height: int) -> None:
    tokens = IMAGES[rule].tokens((width, height))

    assert 0 <= tokens <= IMAGES[rule].most


@pytest.mark.parametrize("rule", IMAGES)
def test_an_image_of_unknown_size_may_be_any(rule: str) -> None:
    unknown = measure_media(UriPart(uri="https://e.test/a.png", mime_type="image/png"), rule).count("t", "s")
    broken = measure_media(BlobPart(mime_type="image/png", data=b"no image"), rule).count("t", "s")

    assert unknown == broken
    assert unknown.low <= IMAGES[rule].least
    assert unknown.high >= IMAGES[rule].most


@pytest.mark.parametrize(
    "part",
    [
        BlobPart(mime_type="application/pdf", data=b"%PDF /Type /Page >> /Type /Pages /Type/Page"),
        BlobPart(mime_type="audio/wav", data=bytes(64_000)),
        BlobPart(mime_type="text/plain", data=b"some words"),
        FilePart(id="file_1"),
        UriPart(uri="https://e.test/a.pdf", mime_type="application/pdf"),
    ],
    ids=lambda part: f"{type(part).__name__} {part.mime_type}",
)
def test_what_cannot_be_told_has_a_wide_range(part: BlobPart | FilePart | UriPart) -> None:
    count = measure_media(part, "area").count("t", "s")

    assert count.method == "estimated"
    assert count.high >= 1.5 * count.tokens > 0
