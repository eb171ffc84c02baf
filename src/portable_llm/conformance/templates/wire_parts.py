"""Templates of the axis `wire` about where things stand in a request: images among parts, system texts among turns.

An image is one plain colour, drawn here byte by byte: no picture is shipped, and every eye sees the same. An endpoint
that takes no images says so, and the case counts as unsupported there; one that drops them cannot know the answer.
"""

from __future__ import annotations

import base64
import struct
import zlib

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask, assistant, user
from portable_llm.conformance.templates.wire_texts import ends, holds

template = Catalogue("wire")

PAINTS = {
    "red": (220, 20, 20),
    "green": (20, 160, 40),
    "blue": (20, 50, 220),
    "yellow": (250, 220, 20),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
}
SIDE = 32
"""Pixels; the smallest that hosts are known to take without a word."""


def png(colour: str) -> str:
    """A square of one colour as PNG in base64; stored, not compressed, so that every zlib gives the same bytes."""
    row = b"\x00" + bytes(PAINTS[colour]) * SIDE
    raw = row * SIDE
    size = struct.pack("<HH", len(raw), len(raw) ^ 0xFFFF)
    packed = b"\x78\x01\x01" + size + raw + struct.pack(">I", zlib.adler32(raw))
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode("ascii")


def image(colour: str) -> Json:
    """An image part."""
    return {"type": "blob", "mime_type": "image/png", "data": png(colour)}


def said(text: str) -> Json:
    """A text part."""
    return {"type": "text", "text": text}


def seen(*parts: Json, right: str, stream: bool = False, before: tuple[Json, ...] = ()) -> Draft:
    """A question about an image: the colour is named, and no other one."""
    request = ask(*before, {"role": "user", "content": list(parts)}, budget=24, stream=stream)
    others = [colour for colour in PAINTS if colour != right]
    named: Json = {"check": "holds", "all_of": [right]}
    return ends(request, right, named, {"check": "lacks", "words": others, "code": "wrong_answer"})


def asks(draw: Draw, which: str = "this image") -> str:
    """The question, from somebody invented."""
    return f"{draw.person()} of {draw.town()} asks: which colour has {which}? Answer in one word."


@template("w12", "image", tags=("easy", "image"), tier="should")
def one_image(draw: Draw) -> Draft:
    """An image before the question."""
    colour = draw.pick(list(PAINTS))
    return seen(image(colour), said(asks(draw)), right=colour)


@template("w12", "image_last", tags=("medium", "image"), tier="should")
def image_last(draw: Draw) -> Draft:
    """An image behind the question."""
    colour = draw.pick(list(PAINTS))
    return seen(said(asks(draw)), image(colour), right=colour)


@template("w12", "two_images", tags=("hard", "image"), tier="should")
def two_images(draw: Draw) -> Draft:
    """Two images: their order is kept."""
    first, second = draw.sample(list(PAINTS), 2)
    return seen(image(first), image(second), said(asks(draw, "the second of the two images")), right=second)


@template("w12", "streamed_image", tags=("medium", "image", "stream"), tier="should")
def streamed_image(draw: Draw) -> Draft:
    """An image, answered in a stream."""
    colour = draw.pick(list(PAINTS))
    return seen(image(colour), said(asks(draw)), right=colour, stream=True)


@template("w12", "earlier_image", tags=("hard", "image", "history"), tier="should")
def earlier_image(draw: Draw) -> Draft:
    """An image of an earlier turn is still there."""
    colour = draw.pick(list(PAINTS))
    turn: Json = {"role": "user", "content": [image(colour), said(f"Keep this image for {draw.person()}.")]}
    return seen(said(asks(draw, "the image")), right=colour, before=(turn, assistant("I keep it.")))


@template("w7", "mid_list", tags=("medium", "system"), tier="should")
def mid_list(draw: Draw) -> Draft:
    """A system text between the turns, which most wire formats have no place for."""
    code = draw.code()
    told: Json = {"role": "system", "content": f"The code is {code}. When asked, say the code."}
    turns = [user(f"Hello, I am {draw.person()}."), assistant("Hello."), told]
    return ends(ask(*turns, user(f"I am in {draw.town()}: what is the code?")), code, *holds(code))


@template("w7", "mid_list_stream", tags=("hard", "system", "stream"), tier="should")
def mid_list_stream(draw: Draw) -> Draft:
    """The same beside a first system text, in a stream."""
    first, code = draw.code(), draw.code()
    told: Json = {"role": "system", "content": f"The code of the garden is {code}. When asked, say the code."}
    turns = [user(f"Hello, I am {draw.person()}."), assistant("Hello."), told]
    asked = user(f"I am in {draw.town()}: what is the code of the garden?")
    request = ask(*turns, asked, system=f"The code of the house is {first}.", stream=True)
    return ends(request, code, *holds(code), {"check": "lacks", "words": [first], "code": "wrong_answer"})
