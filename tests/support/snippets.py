"""The fenced code blocks of a Markdown page, and how to run those of Python.

<!-- no-run: needs a key -->      directly above a block: it is compiled but not run, and the reason is said
```python
```
```text                           directly below a block: what it prints (`...` stands for anything)
```
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(
    r"^(?P<indent>[ ]*)(?P<ticks>`{3,})(?P<language>[\w-]*)[^\n`]*\n(?P<body>.*?)^(?P=indent)(?P=ticks)[ ]*$",
    re.M | re.S,
)
NO_RUN = re.compile(r"<!--\s*no-run:\s*(?P<reason>[^>]*?)\s*-->\s*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """One Python block of a page."""

    page: Path
    line: int
    code: str
    prints: str | None
    """What the page says it prints; None if it does not say."""
    no_run: str | None
    """Why it is not run; None if it is."""


def snippets(page: Path) -> list[Snippet]:
    """The Python blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    fences = list(FENCE.finditer(text))
    found: list[Snippet] = []
    for index, fence in enumerate(fences):
        if fence["language"] not in ("python", "py"):
            continue
        marker = NO_RUN.search(text, 0, fence.start())
        found.append(
            Snippet(
                page=page,
                line=text.count("\n", 0, fence.start()) + 2,
                code=textwrap.dedent(fence["body"]),
                prints=_output_below(text, fences, index),
                no_run=marker["reason"] if marker else None,
            )
        )
    return found


def _output_below(text: str, fences: list[re.Match[str]], index: int) -> str | None:
    if index + 1 == len(fences):
        return None
    here, below = fences[index], fences[index + 1]
    is_next = not text[here.end() : below.start()].strip()
    return textwrap.dedent(below["body"]) if is_next and below["language"] == "text" else None


def run(snippet: Snippet, names: dict[str, object]) -> None:
    """Run one block in `names`, which later blocks of the page share, and compare what it prints.

    An error's traceback names the page and the line in it.
    """
    printed = io.StringIO()
    code = compile("\n" * (snippet.line - 1) + snippet.code, str(snippet.page), "exec", dont_inherit=True)
    with contextlib.redirect_stdout(printed):
        exec(code, names)
    if snippet.prints is None:
        return
    if not doctest.OutputChecker().check_output(snippet.prints, printed.getvalue(), doctest.ELLIPSIS):
        raise AssertionError(
            f"{snippet.page}:{snippet.line} prints\n{printed.getvalue()}\nand the page says\n{snippet.prints}"
        )
