"""What a scanner read, as a value that knows where each of its pieces stands in the text."""

from __future__ import annotations

from collections.abc import Callable

from portable_llm._json import JsonValue
from portable_llm.output._policy import ReadPolicy
from portable_llm.output._scan import Scanner
from portable_llm.output._scan_strings import UnreadableError
from portable_llm.output._scanned import Cut, Path, Scanned, Span


def scanned(scanner: Scanner, value: JsonValue) -> Scanned:
    """What a scanner read, as a value."""
    cuts = tuple(Cut(path=path, kind=kind) for path, kind in scanner.cuts)
    span = (scanner.start, scanner.at)
    return Scanned(value=value, repairs=scanner.repairs(), span=span, cuts=cuts, locate=locator(scanner.text, span))


def locator(text: str, span: Span) -> Callable[[Path], Span]:
    """Where the pieces of the value at `span` stand; the text is read once more, on the first question."""
    scanner: Scanner | None = None

    def locate(path: Path) -> Span:
        nonlocal scanner
        if scanner is None:
            scanner = _read_again(text, span)
        return scanner.span_of(path) if scanner is not None else span

    return locate


def _read_again(text: str, span: Span) -> Scanner | None:
    scanner = Scanner(text, span[0], ReadPolicy(nan="keep"), keeps_spans=True)
    if text[span[0] : span[0] + 1] not in ("{", "["):
        return None
    try:
        scanner.scan()
    except UnreadableError:
        return None
    return scanner
