"""Bytes → frames. Incremental, linear in the bytes, and bounded: a peer cannot make us hold more than one frame.

Server-sent events as in the HTML standard, §9.2.6: LF, CR or CRLF; several `data:` lines joined by LF; comments
ignored; a BOM skipped; an event without its blank line at the end of the stream is still delivered, since vendors
forget it (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation).

JSON lines: one JSON text a line, LF or CRLF; blank lines mean nothing; the last line may lack its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from portable_llm._errors import AnswerTooLargeError

MAX_FRAME = 32 * 1024 * 1024
"""Bytes one frame may have (an image in base64 fits)."""


class Frame(NamedTuple):
    """One message of a stream."""

    event: str
    """Its name; `""` if it has none."""
    data: bytes


class FrameDecoder(Protocol):
    """Bytes of one stream → its frames."""

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that `chunk` completes; raises `AnswerTooLargeError` for a frame without end."""
        ...

    def close(self) -> list[Frame]:
        """What the end of the stream completes."""
        ...


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


class JsonLinesDecoder:
    """Feed it bytes as they come; each line that is not blank is a frame without a name."""

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self._max_frame = max_frame
        self._pending: list[bytes] = []  # pieces of a line without its end, joined once
        self._pending_size = 0
        self._at_start = True

    def feed(self, chunk: bytes) -> list[Frame]:
        """The lines that `chunk` completes."""
        lines = chunk.split(b"\n")
        if len(lines) > 1:
            self._pending.append(lines[0])
            lines[0] = b"".join(self._pending)
            self._pending.clear()
            self._pending_size = 0
        rest = lines.pop()
        frames = [frame for line in lines for frame in self._read(line)]
        if rest:
            self._pending.append(rest)
            self._pending_size += len(rest)
            self._check(self._pending_size)
        return frames

    def close(self) -> list[Frame]:
        """The last line, if the stream ended without its LF."""
        line = b"".join(self._pending)
        self._pending.clear()
        return self._read(line)

    def _read(self, line: bytes) -> list[Frame]:
        self._check(len(line))
        if self._at_start:
            line = line.removeprefix(b"\xef\xbb\xbf")
        line = line.strip()
        if not line:
            return []
        self._at_start = False
        return [Frame("", line)]

    def _check(self, size: int) -> None:
        if size > self._max_frame:
            raise AnswerTooLargeError(f"one line of the stream exceeds {self._max_frame} bytes; the stream was dropped")


# ---- what a wire format uses -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Framing:
    """How a stream is divided into frames."""

    media_type: str
    """What a provider calls it in `content-type`."""
    decoder: Callable[[], FrameDecoder]
    """A new decoder for one stream."""
    write: Callable[[Frame], bytes]
    """The bytes of one frame."""


def _sse(frame: Frame) -> bytes:
    name = b"event: " + frame.event.encode() + b"\n" if frame.event else b""
    return name + b"".join(b"data: " + line + b"\n" for line in frame.data.split(b"\n")) + b"\n"


SSE = Framing("text/event-stream", SseDecoder, _sse)
JSON_LINES = Framing("application/x-ndjson", JsonLinesDecoder, lambda frame: frame.data + b"\n")
