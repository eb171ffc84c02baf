"""What a docstring says about a function and its parameters: Google, NumPy and Sphinx style.

Only what clearly is a description of a parameter is taken; the text before the first section describes the function.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator

_SECTION = re.compile(
    r"(Args|Arguments|Parameters|Params|Other Parameters|Keyword Args|Keyword Arguments|Returns?|Yields?|Raises|"
    r"Examples?|Notes?|Attributes|See Also|References|Warnings?|Warns|Todo)(:?)[ \t]*"
)
_OF_PARAMETERS = frozenset(
    {"Args", "Arguments", "Parameters", "Params", "Other Parameters", "Keyword Args", "Keyword Arguments"}
)
_GOOGLE = re.compile(r"\*{0,2}(\w+)[ \t]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?[ \t]*:(?:[ \t]+|$)(.*)")
_NUMPY = re.compile(r"(\*{0,2}\w+(?:[ \t]*,[ \t]*\*{0,2}\w+)*)[ \t]*(?::.*)?")
_SPHINX = re.compile(r":(param|parameter|arg|argument|key|keyword)[ \t]+(?:[^:]*[ \t])?\*{0,2}(\w+)[ \t]*:[ \t]*(.*)")
_FIELD = re.compile(r":\w[^:]*:")


def read_docstring(text: str, names: Iterable[str]) -> tuple[str, dict[str, str]]:
    """(description of the function, descriptions of those parameters that are described)."""
    lines = inspect.cleandoc(text).expandtabs().splitlines()
    known = frozenset(names)
    start = next(
        (index for index, line in enumerate(lines) if _begins_section(lines, index) or _FIELD.match(line)), None
    )
    head = "\n".join(lines[:start]).strip()
    found: dict[str, str] = {}
    for name, words in [*_sphinx(lines), *_sections(lines)]:
        if name in known and name not in found and words:
            found[name] = words
    return head, found


def _begins_section(lines: list[str], index: int) -> bool:
    match = _SECTION.fullmatch(lines[index])
    if match is None:
        return False
    return bool(match[2]) or (index + 1 < len(lines) and _is_rule(lines[index + 1]))


def _is_rule(line: str) -> bool:
    return len(line.strip()) >= 3 and not line.strip().strip("-=")


def _sections(lines: list[str]) -> Iterator[tuple[str, str]]:
    index = 0
    while index < len(lines):
        match = _SECTION.fullmatch(lines[index])
        if match is None or not _begins_section(lines, index) or match[1] not in _OF_PARAMETERS:
            index += 1
            continue
        end = index + 1
        while end < len(lines) and not _ends(lines, end, bool(match[2])):
            end += 1
        body = lines[index + 1 : end]
        yield from _entries(body, _GOOGLE) if match[2] else _entries(body[1:], _NUMPY)
        index = end


def _ends(lines: list[str], index: int, is_google: bool) -> bool:
    """Google's entries are indented; NumPy's stand at the margin until the next ruled heading."""
    if is_google:
        return bool(lines[index]) and not lines[index].startswith(" ")
    return _begins_section(lines, index)


def _entries(body: list[str], head: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    indents = [len(line) - len(line.lstrip()) for line in body if line.strip()]
    margin = min(indents, default=0)
    names: list[str] = []
    words: list[str] = []
    for line in [*body, " " * margin + "\0"]:
        at_margin = bool(line.strip()) and len(line) - len(line.lstrip()) == margin
        if at_margin:
            yield from ((name, _joined(words)) for name in names)
            match = head.fullmatch(line.strip())
            names = [name.strip(" *") for name in match[1].split(",")] if match else []
            words = [match[2]] if match and head is _GOOGLE else []
        else:
            words.append(line.strip())


def _sphinx(lines: list[str]) -> Iterator[tuple[str, str]]:
    for index, line in enumerate(lines):
        match = _SPHINX.match(line)
        if match is None:
            continue
        words = [match[3]]
        for more in lines[index + 1 :]:
            if more.strip() and not more.startswith(" "):
                break
            words.append(more.strip())
        yield match[2], _joined(words)


def _joined(words: list[str]) -> str:
    return " ".join(word for word in words if word).strip()
