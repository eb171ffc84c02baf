"""Bytes of a body, decompressed under limits: a peer decides what it sends, not how much memory we spend on it.

We ask for gzip and deflate only, since zlib inflates step by step under a limit; an HTTP client that inflates for us
may put a whole bomb into memory before we see a byte (CVE-2026-84382).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from portable_llm._errors import AnswerTooLargeError, UnreadableAnswerError

ACCEPTED = "gzip, deflate"
"""The value of `accept-encoding`."""

MAX_BODY = 64 * 1024 * 1024
"""Bytes a whole answer may have, decompressed."""

MAX_ERROR = 1024 * 1024
"""Bytes that are read of an error answer; the rest is cut off with the connection."""

MAX_RATIO = 200
"""Decompressed over compressed size, once `RATIO_FROM` bytes came out. Deflate reaches 1,032 : 1; the most repetitive
of honest answers, a long stream of equal envelopes, stays under 100 : 1."""

RATIO_FROM = 8 * 1024 * 1024

_PIECE = 64 * 1024
_MAX_MEMBERS = 64


class Inflater:
    """One gzip or deflate body, inflated in pieces of at most 64 KiB."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._wbits = zlib.MAX_WBITS | 16 if encoding == "gzip" else zlib.MAX_WBITS
        self._head = b"" if encoding == "deflate" else None
        self._inflate = zlib.decompressobj(self._wbits)
        self._members = 0
        self._size_in = 0
        self._size_out = 0

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """The pieces that `raw` yields; raises `UnreadableAnswerError`, for a bomb `AnswerTooLargeError`."""
        self._size_in += len(raw)
        if self._head is not None and (raw := self._read_head(raw)) == b"":
            return
        for start in range(0, len(raw), _PIECE):
            yield from self._inflated(raw[start : start + _PIECE])

    def finish(self) -> None:
        """Raises `UnreadableAnswerError` if the compressed data was cut off."""
        if self._size_in and not self._inflate.eof:
            raise UnreadableAnswerError(f"the {self._encoding} body ended in the middle")

    def _inflated(self, data: bytes) -> Iterator[bytes]:
        while True:
            if self._inflate.eof:
                if not (data := data.lstrip(b"\0")):
                    return
                self._start_member()
            piece = self._step(data)
            if piece:
                self._count(len(piece))
                yield piece
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            # zlib may hold output back with all its input taken, but then it has filled the piece.
            if not data and len(piece) < _PIECE:
                return

    def _read_head(self, raw: bytes) -> bytes:
        """What to inflate, once there are two bytes: "deflate" means zlib (RFC 9110 §8.4.1.2), whose header says so
        (RFC 1950 §2.2), and some servers leave that out."""
        head = (self._head or b"") + raw
        if len(head) < 2:
            self._head = head
            return b""
        self._head = None
        if head[0] & 0x0F != 8 or (head[0] << 8 | head[1]) % 31:
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        return head

    def _step(self, data: bytes) -> bytes:
        try:
            return self._inflate.decompress(data, _PIECE)
        except zlib.error as error:
            raise UnreadableAnswerError(f"the body is not valid {self._encoding}: {error}") from None

    def _start_member(self) -> None:
        self._members += 1
        if self._encoding != "gzip" or self._members > _MAX_MEMBERS:
            raise UnreadableAnswerError(f"the {self._encoding} body goes on behind its end")
        self._inflate = zlib.decompressobj(self._wbits)

    def _count(self, size: int) -> None:
        self._size_out += size
        if self._size_out > max(RATIO_FROM, MAX_RATIO * self._size_in):
            raise AnswerTooLargeError(
                f"the {self._encoding} body inflates to more than {MAX_RATIO} times its size; it was dropped as a bomb"
            )


def inflater(content_encoding: str) -> Inflater | None:
    """What a body of that `content-encoding` needs, `None` for nothing; raises `UnreadableAnswerError`."""
    encoding = content_encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding in ("gzip", "x-gzip", "deflate"):
        return Inflater(encoding.removeprefix("x-"))
    raise UnreadableAnswerError(f"the answer is encoded as {encoding[:40]!r}; only {ACCEPTED} were asked for")


class WholeBody:
    """Collects a body up to its limit: 64 MiB for an answer; for an error what fits into 1 MiB, never an exception."""

    def __init__(self, status: int, content_encoding: str) -> None:
        self._is_error = status >= 400
        self._limit = MAX_ERROR if self._is_error else MAX_BODY
        self._pieces: list[bytes] = []
        self._size = 0
        self._inflater = self._choose(content_encoding)

    def feed(self, raw: bytes) -> bool:
        """Take a chunk → whether more is wanted; raises `AnswerTooLargeError`, `UnreadableAnswerError`."""
        if self._inflater is None:
            return self._take(raw)
        try:
            return all(self._take(piece) for piece in self._inflater.feed(raw))
        except UnreadableAnswerError:
            if self._is_error:
                return False
            raise

    def finish(self) -> bytes:
        """The body; raises `UnreadableAnswerError` if its compression was cut off."""
        if self._inflater is not None and not self._is_error:
            self._inflater.finish()
        return self.content

    @property
    def content(self) -> bytes:
        """What came so far."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    def _choose(self, content_encoding: str) -> Inflater | None:
        try:
            return inflater(content_encoding)
        except UnreadableAnswerError:
            if self._is_error:  # its status says enough; the body stays as it came
                return None
            raise

    def _take(self, piece: bytes) -> bool:
        self._size += len(piece)
        if self._size <= self._limit:
            self._pieces.append(piece)
            return True
        if not self._is_error:
            raise AnswerTooLargeError(f"the answer exceeds {self._limit} bytes; it was dropped")
        self._pieces.append(piece[: len(piece) - (self._size - self._limit)])
        return False
