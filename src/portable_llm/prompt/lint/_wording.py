"""Rules that only forbid, rules that exclude one another, and what nobody filled in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from portable_llm.prompt.lint._text import Line, Text
from portable_llm.prompt.lint._values import Rule, Span

_ITEM = re.compile(r"(?P<indent>[ \t]*)(?:[-*+•❌]|\d{1,3}[.)]|\(\d{1,3}\)|[a-z][.)])[ \t]+(?P<words>\S.*)")
_DECORATION = re.compile(r"^(?:\*\*|__|❌|🚫|⛔|\W)+")
_FORBIDS = re.compile(
    r"(?:please |you |the answer |answers |it |they |we |messages? )?(?:(?:must|should|shall|may|can|will|do)(?: not"
    r"|n['’]t)\b"
    r"|cannot\b|don['’]?ts?\b|never\b|no\b(?! (?:more|less|fewer) than)|avoid\b|refrain from\b|stop\b|not\b"
    r"|under no circumstances\b"
    r"|it is forbidden\b)",
    re.IGNORECASE,
)
# What to do in its place, a positive rule beside it, or a condition that makes it one.
_ALTERNATIVE = re.compile(
    r"\binstead\b|\brather\b|\bprefer|\bonly\b|\bbut\b|\buse\b(?! (?:of|cases?)\b)|\bunless\b|\bexcept\b|;|→|—|\(|: "
    r"|\. \w|\bensure\b|\bmust be\b"
    r"|\bif\b|, \w+ (?:it|them|the) ",
    re.IGNORECASE,
)
# The first words of a prohibition, with its verb.
_VERB = re.compile(r"(?:not|n['’]ts?|donts?|never|no|avoid|from|stop|circumstances|cannot)\W+\w+", re.IGNORECASE)
_NEVER_HEAD = re.compile(
    r"\W{0,6}(?:never|do not|don['’]?ts?|must not|you must not|you should not|forbidden|prohibited)\W{0,6}",
    re.IGNORECASE,
)
_ALWAYS_HEAD = re.compile(
    r"\W{0,6}(?:do(?:['’]?s)?|always|must|you must|you should|required|instead)\W{0,6}", re.IGNORECASE
)
_MIN_RULES = 3
_SHARE = 0.8

_LEFT = re.compile(
    r"\{\{?[ ]?INSERT [A-Z][A-Za-z0-9 _'/-]{0,60}\}|\[(?:INSERT|FILL IN|REPLACE|ENTER|ADD)\b[A-Z0-9 _'/-]{0,60}\]"
    r"|[\[<](?:YOUR|Your|your)[ _-](?:company|organi[sz]ation|product|brand|project|team|domain|website|app|business"
    r"|store|shop|api[ _-]key)"
    r"(?:[ _'-]?s)?(?:[ _-](?:name|here|url))?[\]>]"
    r"|\[(?:YOUR|INSERT)[ _](?:COMPANY|ORGANI[SZ]ATION|PRODUCT|BRAND|PROJECT|TEAM|DOMAIN|WEBSITE|APP|BUSINESS"
    r"|NAME)(?:[ _]\w{1,20}){0,3}\]"
    r"|(?:^|//|(?<!\{)#)[ \t]{0,4}(?:TODO|FIXME|TBD|XXX)\b(?=[ :(])"
    r"|\b[Ll]orem ipsum\b"
)


@dataclass(frozen=True, slots=True)
class _List:
    """A list of one level: its items, the line above it, and whether another kind of list stands beside it."""

    items: tuple[tuple[Line, str], ...]
    head: str


def find_negative_only(text: Text) -> Iterator[Span]:
    """The first item of each list that only forbids."""
    lists = list(_lists(text.prose))
    has_positive_twin = any(_ALWAYS_HEAD.fullmatch(found.head) for found in lists)
    for found in lists:
        if len(found.items) < _MIN_RULES:
            continue
        by_head = _NEVER_HEAD.fullmatch(found.head) is not None and not has_positive_twin
        if by_head or _only_forbids([words for _, words in found.items]):
            line = found.items[0][0]
            yield Span(line.start + line.indent, line.start + len(line.text))


def _only_forbids(items: Sequence[str]) -> bool:
    plain = [_DECORATION.sub("", words) for words in items]
    forbidding = [words for words in plain if _FORBIDS.match(words)]
    if len(forbidding) < max(_MIN_RULES, _SHARE * len(plain)):
        return False
    return not any(_says_more(words) for words in plain)


def _says_more(words: str) -> bool:
    """Whether the item goes on after its prohibition; the verb that is forbidden does not count."""
    verb = _VERB.search(words)
    return _ALTERNATIVE.search(words, verb.end() if verb else 0) is not None


def _lists(lines: Iterable[Line]) -> Iterator[_List]:
    """Lists of one level; a blank line between items does not end one, a line of text at the margin does."""
    items: list[tuple[Line, str]] = []
    indent = 0
    head = above = ""
    for line in lines:
        if line.is_blank:
            continue
        item = _ITEM.fullmatch(line.text)
        if items and line.indent > indent:
            continue  # an item below an item, or its second line
        if item is not None and items and line.indent == indent:
            items.append((line, item["words"]))
            continue
        if items:
            yield _List(tuple(items), head)
            items = []
        if item is not None:
            items, indent, head = [(line, item["words"])], line.indent, above
        above = line.text
    if items:
        yield _List(tuple(items), head)


# ---------------------------------------------------------------- rules that exclude one another

_FORMATS = {
    "JSON": r"JSON(?: object| array)?",
    "Markdown": r"Markdown",
    "XML": r"XML",
    "YAML": r"YAML",
    "CSV": r"CSV",
    "plain text": r"plain text",
    "a string": r"the [\w-]{1,20} (?:string|query|word|number|name|label)",
    "code": r"(?:the |valid |Python )?code",
}
_ONLY = (
    r"(?:\b(?:respond|reply|answer|output|return|write)\b (?:\w+ )?only (?:with |in )?(?:a |an |valid "
    r"|raw )?(?P<{name}1>{form})\b(?! ?block)"
    r"|\bonly (?:output|return|respond with|respond in|reply with|answer with|write) (?:a |an |valid "
    r"|raw )?(?P<{name}2>{form})\b(?! ?block))"
)
_CONDITION = re.compile(r"\b(?:if|when|unless|otherwise|in case|for each|depending|except|or)\b", re.IGNORECASE)
_ANSWERS = r"(?:output|respond|reply|answer|write|return|format)"
_OPPOSITES: tuple[tuple[str, str, str], ...] = (
    (
        "Markdown",
        (
            r"\b(?:do not|don['’]t|never|no) (?:use |output |any )*Markdown\b(?! (?:code|fences?|tables?|headers?"
            r"|headings?|blocks?))"
        ),
        rf"\b{_ANSWERS}\b[^.!?\n]{{0,30}}\b(?:in|as|with|valid|only) (?:valid |GitHub )?Markdown\b(?! code| fence)",
    ),
    (
        "emojis",
        r"\b(?:do not|don['’]t|never|no|avoid) (?:use |using |any |include )*emojis?\b",
        r"(?<!not )(?<!n't )(?<!never )\b(?:use|add|include) (?:\w+ ){0,2}emojis?\b",
    ),
    (
        "length",
        (
            r"\b(?:as (?:short|brief|concise) as possible"
            r"|(?:make|keep) (?:your |the )?(?:response|answer|output|repl)(?:s|y|ies)? (?:very )?(?:short|brief"
            r"|concise))\b"
        ),
        (
            r"\b(?:include (?:much )?more detail|as (?:long|detailed) as possible"
            r"|(?:very|extremely) (?:long|detailed) (?:answer|response|output|explanation)s?)\b"
        ),
    ),
    (
        "questions",
        r"\b(?:do not|don['’]t|never) ask (?:the user |me |any )*(?:for )?(?:clarif\w+|questions|more information)\b",
        (
            r"(?<!not )(?<!n't )(?<!never )\bask (?:the user |me )*(?:for (?:clarification|more information)"
            r"|clarifying questions)\b"
        ),
    ),
)
_ALWAYS = re.compile(r"\balways (?P<what>\w+(?: [\w-]+){1,3})", re.IGNORECASE)
_NEVER = re.compile(r"\b(?:never|do not|don['’]t) (?P<what>\w+(?: [\w-]+){1,3})", re.IGNORECASE)


def find_contradictions(text: Text) -> Iterator[Span]:
    """One finding for each pair of rules of a prompt that exclude one another, at the second of them."""
    for lines in text.prompts:
        kept = [line for line in lines if line.number not in text.fenced and not line.is_blank]
        yield from _two_forms(kept)
        yield from _opposites(kept)
        yield from _always_and_never(kept)


_ONLY_FORMS = tuple(
    (name, re.compile(_ONLY.format(name=f"f{index}_", form=form), re.IGNORECASE))
    for index, (name, form) in enumerate(_FORMATS.items())
)


def _two_forms(lines: Iterable[Line]) -> Iterator[Span]:
    """The answer shall be in this form only, and in that form only."""
    first: tuple[str, int] | None = None
    for line in lines:
        for name, pattern in _ONLY_FORMS:
            found = pattern.search(line.text)
            if found is None or _CONDITION.search(line.text, max(0, found.start() - 60), found.end()):
                continue
            if first is None:
                first = (name, line.number)
            elif first[0] != name:
                message = f"line {first[1]} wants the answer as {first[0]} only, this one as {name} only"
                yield Span(line.start + found.start(), line.start + found.end(), message)
                return


_OPPOSED = tuple(
    (name, re.compile(one, re.IGNORECASE), re.compile(other, re.IGNORECASE)) for name, one, other in _OPPOSITES
)


def _opposites(lines: Sequence[Line]) -> Iterator[Span]:
    """Two wishes for the same thing that point in opposite directions."""
    for name, one, other in _OPPOSED:
        here, there = _unconditional(lines, one), _unconditional(lines, other)
        if here is None or there is None or here[0].number == there[0].number:
            continue
        first, second = sorted((here, there), key=lambda found: found[0].number)
        message = f"line {first[0].number} says the opposite of this about {name}"
        yield Span(second[0].start + second[1].start(), second[0].start + second[1].end(), message)


def _unconditional(lines: Iterable[Line], pattern: re.Pattern[str]) -> tuple[Line, re.Match[str]] | None:
    for line in lines:
        found = pattern.search(line.text)
        if found is not None and _CONDITION.search(line.text) is None:
            return line, found
    return None


def _always_and_never(lines: Sequence[Line]) -> Iterator[Span]:
    """The same thing always, and never."""
    always: dict[str, int] = {}
    never: dict[str, int] = {}
    for line in lines:
        if _CONDITION.search(line.text) is not None:
            continue
        for pattern, mine, others in ((_ALWAYS, always, never), (_NEVER, never, always)):
            for found in pattern.finditer(line.text):
                what = found["what"].lower()
                mine.setdefault(what, line.number)
                if what in others:
                    message = f"line {others[what]} says the opposite of this"
                    yield Span(line.start + found.start(), line.start + found.end(), message)


def find_leftovers(text: Text) -> Iterator[Span]:
    """The first place of each line; within backticks it is spoken of, and not left over."""
    for line in text.prose:
        found = _LEFT.search(line.text)
        if found is not None and line.text.count("`", 0, found.start()) % 2 == 0:
            yield Span(line.start + found.start(), line.start + found.end())


RULES = (
    Rule(
        id="negative-only",
        severity="note",
        message="a list of rules only forbids, and never says what to do in its place",
        why="Models follow what to do better than what not to do, small ones much better; what is forbidden and not "
        "replaced "
        "is filled differently by each.",
        remedy="say what is wanted in its place; keep a prohibition only where there is nothing to put there",
        matters_for="small models most, every model somewhat",
        find=find_negative_only,
        bad="- Do not use jargon\n- Never mention prices\n- Don't write long paragraphs",
        good="- Write in everyday words\n- Send questions on prices to the sales desk\n- Write paragraphs of three "
        "lines",
    ),
    Rule(
        id="contradiction",
        severity="warning",
        message="two rules exclude one another",
        why="Which of the two wins differs from model to model, and from call to call.",
        remedy="keep one, or say when which holds",
        matters_for="every model: each resolves it otherwise",
        find=find_contradictions,
        bad="Only output Markdown.\n\nRespond only with JSON.",
        good="Respond only with JSON; its field `text` holds Markdown.",
    ),
    Rule(
        id="template-leftover",
        severity="warning",
        message="something is left to be filled in, and no template engine fills it",
        why="One model skips it, another invents a value, a third asks.",
        remedy="fill it in, or make it a field of the prompt: a field without a value is an error",
        matters_for="every model",
        find=find_leftovers,
        bad="You write for [INSERT COMPANY NAME].",
        good="You write for {company}.",
    ),
)
