"""Bytes → frames. Incremental, linear in the bytes, and bounded: a peer cannot make us hold more than one frame.

Server-sent events as in the HTML standard, §9.2.6: LF, CR or CRLF; several `data:` lines joined by LF; comments
ignored; a BOM skipped; an event without its blank line at the end of the stream is still delivered, since vendors
forget it (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).
"""

from __future__ import annotations

from typing import NamedTuple

from portable_llm._errors import AnswerTooLargeError

MAX_FRAME = 32 * 1024 * 1024
"""Bytes one frame may have (an image in base64 fits)."""


class Frame(NamedTuple):
    """One server-sent event."""

    event: str
    """Its name; `""` if it has none."""
    data: bytes


class SseDecoder:
    """Feed it bytes as they come; it gives the frames that are complete."""

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self._max_frame = max_frame
        self._pending: list[bytes] = []  # pieces of a line without its end, joined once
        self._pending_size = 0
        self._event = ""
        self._data: list[bytes] = []
        self._data_size = 0
        self._skip_lf = False  # the last byte was a CR: an LF right behind it belongs to it
        self._at_start = True

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that `chunk` completes."""
        if not chunk:
            return []
        if self._skip_lf:
            self._skip_lf = False
            if chunk[:1] == b"\n":
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._skip_lf = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        if len(lines) == 1:
            self._hold(lines[0])
            return []
        if self._pending:
            self._pending.append(lines[0])
            lines[0] = b"".join(self._pending)
            self._pending.clear()
            self._pending_size = 0
        rest = lines.pop()
        frames = self._read_lines(lines)
        self._hold(rest)
        return frames

    def close(self) -> list[Frame]:
        """The last frame, if the stream ended without its blank line."""
        lines = [b"".join(self._pending), b""]
        self._pending.clear()
        return self._read_lines(lines)

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._pending.append(piece)
            self._pending_size += len(piece)
            self._check(self._pending_size + self._data_size)

    def _check(self, size: int) -> None:
        if size > self._max_frame:
            raise AnswerTooLargeError(
                f"one event of the stream exceeds {self._max_frame} bytes; the stream was dropped"
            )

    def _read_lines(self, lines: list[bytes]) -> list[Frame]:
        frames: list[Frame] = []
        data = self._data
        if self._at_start and lines and lines[0]:
            self._at_start = False
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        for line in lines:
            if line.startswith(b"data:"):
                piece = line[6:] if line[5:6] == b" " else line[5:]
                data.append(piece)
                self._data_size += len(piece)
                self._check(self._data_size)
            elif not line:
                if data:
                    frames.append(Frame(self._event, data[0] if len(data) == 1 else b"\n".join(data)))
                    data.clear()
                    self._data_size = 0
                self._event = ""
            elif line.startswith(b"event:"):
                self._event = line[6:].strip().decode("utf-8", "replace")
            elif line == b"data":
                data.append(b"")
        return frames
