"""Where in a text the answer may stand: in fences, markup, on lines of its own, or in running text.

One pass from left to right. What lies inside a candidate is skipped, and what lies inside an object that cannot be read
as well: a piece of a broken answer is not the answer. Failed attempts draw on a budget in proportion to the text, so
that no text costs more than linear time.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import NamedTuple

from portable_llm._adaptation import Repair
from portable_llm._json import JsonValue, load_json
from portable_llm.output._locate import locator, scanned
from portable_llm.output._markup import MARKER, MARKER_END, REASONING, REASONING_END, reasoning_end, tagged_call
from portable_llm.output._policy import ReadPolicy
from portable_llm.output._repair_strings import BEHIND_ROOT, NAME, QUOTES
from portable_llm.output._repair_words import word_value
from portable_llm.output._scan import Scanner
from portable_llm.output._scan_strings import TooDeepError, UnreadableError
from portable_llm.output._scanned import MAX_DEPTH, Path, Scanned, Span

MAX_CANDIDATES = 1_000
FENCED, BLOCK, INLINE, WHOLE = 3, 2, 1, 0
"""How a candidate stands: set apart by fence or markup; on lines of its own; within a sentence; the bare text."""

_TOKENS = re.compile(
    rf"(?P<fence>`{{3,}}|~{{3,}})(?P<label>[\w+-]*)|{REASONING}|(?P<reasoning_end>{REASONING_END})"
    rf"|(?P<marker>{MARKER})|(?P<marker_end>{MARKER_END})|[{{\[]"
)
_OBJECT_START = re.compile(
    r"\{(?:\s|//[^\n]*\n|/\*[^*]*\*/|,)*+"
    r"(?:[\"'“”„‘`«「＂]|\\\"|\}|\]|\.\.\.|\Z|#|/|-?\d+\s*:|[\w$][\w$.-]*+(?: [\w$-]+)*+\s*+[:：])"
)
_UNQUOTED = re.compile(r"\{[ \t\n\r]*+(?![\"}])")
"""A brace behind which no JSON object goes on; the decoder would count the lines of the text to say so."""
_ARRAY_START = re.compile(r"\[(?!\.\.\.\])")
_DOUBLE = re.compile(r"\{\s*+\{")
"""Braces written twice, as templates want them: the object begins at the second."""
_AROUND_FENCE = re.compile(r"[{\[]\s*+```")
"""A bracket around a whole fence: the value is in the fence."""
_LINK = re.compile(r"\[[^\[\]\n]*+\]\(")
_LEADS = (":", "：", "=", "(", ">", " return", " json", " JSON", "\nreturn", "\njson", "\nJSON")
_CALL_LEAD = re.compile(r"\A(?:\s|/\*.*?\*/|//[^\n]*\n)*(?:(?:const|let|var)\s+)?[\w$.]+\s*[(=]\s*\Z", re.DOTALL)
_QUOTED_NAME = r"(?:\"(?:[^\"\\\n]|\\.)*+\"|'[^'\n]*+')\s*+:"
_GOES_ON = re.compile(
    rf"(?:\s*+[}}\]])*+\s*+(?:{_QUOTED_NAME}|,\s*+(?:{_QUOTED_NAME}|[A-Za-z_]\w*+\s*+:))"
    r"|(?:\s*+[}\]])++\s*+,\s*+[\"\[{]"
    r"|\s*+,\s*+(?:\"(?:[^\"\\\n]|\\.)*+\"|-?\d[\d.]*+|true|false|null)\s*+(?:,|\Z)"
)
"""Behind a value: members (or items) of something that was closed too early."""
_SURPLUS = re.compile(r"\s*+[}\]]")
_UNEVEN = re.compile(r"\s*+[}\],]")
_PIECE_LEAD = re.compile(r"[\"'”][ \t]*[:：]\s*\Z|[}\]]\s*,\s*\Z")
"""In front of a value that is a piece of another: its name, or the piece before it."""
_BRACKET = re.compile(r"[{}\[\]]|\n```")
_WORDS_BEHIND = re.compile(r"[^\S\n]*\w")
_TRAILING = re.compile(r"(?:\s*+[}\]),;/])*+\s*+\Z")
_WRAPPING = re.compile(r"\A\s*(?:```|~~~)[\w+-]*[^\S\n]*\n?(.*?)\n?\s*(?:```|~~~)\s*\Z", re.DOTALL)


def _refuse(name: str) -> JsonValue:
    raise ValueError(name)


_decode = json.JSONDecoder(parse_constant=_refuse).raw_decode


class Candidate(NamedTuple):
    """A value that may be the answer."""

    scanned: Scanned
    standing: int
    is_doubtful: bool = False
    """Within a sentence and no JSON: a mention, unless a schema wants just this."""
    group: int = -1
    """Readings of the same place share a number; -1: the only reading."""


class Finder:
    """Finds the candidates of one text; `problem` says why there are none."""

    def __init__(self, text: str, policy: ReadPolicy) -> None:
        self.text = text
        self.policy = policy
        self.candidates: list[Candidate] = []
        self.problem = ""
        self._budget = 6 * len(text) + 20_000
        self._fence_at = -1
        self._fence_label = ""
        self._marker_at = -1
        self._at = 0
        self.is_given_up = False
        """Whether the text nests too deep, or has too many places that could begin a value."""
        self.failed: list[tuple[int, int]] = []
        """Places that look like a value and cannot be read: how each stands, and its length."""

    def find(self) -> list[Candidate]:
        """All candidates, in the order of the text."""
        first = self.text.lstrip("\ufeff \t\r\n")[:1]
        is_fence = self.text.lstrip("\ufeff \t\r\n").startswith("```")
        if first and first in QUOTES and not is_fence and self._string_or_members():
            return self.candidates
        while self._budget > 0 and len(self.candidates) < MAX_CANDIDATES:
            match = _TOKENS.search(self.text, self._at)
            if match is None:
                break
            self._at = match.end()
            if not self._token(match):
                break
        else:
            self.problem = "too many places could begin a value"
            self.is_given_up = True
            self.candidates.clear()
        if not self.candidates and not self.problem:
            self._scalar()
        return self.candidates

    def apart(self) -> list[Candidate]:
        """The candidates, without those that are slighter than a value that could not be read.

        If the answer is broken, a list in the prose before it is not the answer.
        """
        found = [one for one in self.candidates if not self._is_outshone(one)]
        if not found and not self.problem:
            self.problem = f"the value that stands out cannot be read{f': {self._why}' if self._why else ''}"
        return found

    def _is_outshone(self, one: Candidate) -> bool:
        size = one.scanned.span[1] - one.scanned.span[0]
        return any(standing >= one.standing and length > size for standing, length in self.failed)

    def _token(self, match: re.Match[str]) -> bool:
        """Take one token; whether to go on."""
        if match["fence"]:
            is_opening = self._fence_at < 0
            self._fence_at, self._fence_label = (match.end() if is_opening else -1), match["label"].lower()
        elif match["open_tag"] or match["open_bracket"] or match["open_kimi"] or match["channel"]:
            end = reasoning_end(self.text, match)
            if end < 0:
                self.problem = "the text ends within the reasoning"
                return False
            self._at = end
        elif match["reasoning_end"]:
            self.candidates.clear()
            self._fence_at = -1
        elif match["marker"]:
            self._marker(match)
        elif not match["marker_end"]:
            return self._bracket(match.start())
        return True

    def _marker(self, match: re.Match[str]) -> None:
        self._marker_at = match.end()
        call = tagged_call(self.text, match.end(), match["marker"], match["function"] or match["invoke"])
        if call is None:
            return
        group = match.start()
        repair = Repair(
            stage="find",
            kind="markup_read",
            location=call.span,
            before=self.text[slice(*call.span)],
            after=json.dumps(call.values, ensure_ascii=False),
        )
        for values in (call.values, call.texts):
            found = Scanned(value=values, repairs=(repair,), span=call.span, locate=lambda path, span=call.span: span)
            self.candidates.append(Candidate(found, FENCED, group=group))
        self._at = call.span[1]

    # ---------------------------------------------------------------- objects and arrays

    def _bracket(self, start: int) -> bool:
        is_object = self.text[start] == "{"
        if _AROUND_FENCE.match(self.text, start):
            return True
        if not (_OBJECT_START if is_object else _ARRAY_START).match(self.text, start) or _LINK.match(self.text, start):
            return self._no_start(start) if is_object else True
        standing = self._standing(start)
        if self.failed and _PIECE_LEAD.search(self.text, max(0, start - 60), start):
            return self._skip(start)
        try:
            found = self._strict(start) or self._tolerant(start, standing)
        except TooDeepError as error:
            self.problem = str(error)
            self.is_given_up = True
            self.candidates.clear()
            return False
        except UnreadableError as error:
            self._budget -= max(error.at - start, 0) + 20
            if not self.candidates and not self.problem and standing > INLINE:
                self._why = f"{error} (at character {error.at})"
            return self._fail(start, standing) if is_object or standing > INLINE else True
        if found is not None:
            self.candidates += _readings(found) if self._marker_at >= 0 else (found,)
            self._at = found.scanned.span[1]
            self._marker_at = -1
        return True

    _why = ""

    def _fail(self, start: int, standing: int) -> bool:
        """Past a value that cannot be read: what lies in it is no answer."""
        goes_on = self._skip(start)
        self.failed.append((standing, (self._at if goes_on else len(self.text)) - start))
        return goes_on

    def _no_start(self, start: int) -> bool:
        """A brace that opens no object. On a line of its own it may be one all the same that is badly broken."""
        standing = self._standing(start)
        if standing > INLINE and not _DOUBLE.match(self.text, start) and self._skip(start):
            self.failed.append((standing, self._at - start))
        return True

    def _strict(self, start: int) -> Candidate | None:
        if self.policy.duplicate_keys != "last":
            return None
        if (unquoted := _UNQUOTED.match(self.text, start)) is not None:
            self._budget -= (unquoted.end() - start) // 8 + unquoted.end() // 400  # as for what the decoder refuses
            return None
        try:
            value, end = _decode(self.text, start)
        except RecursionError:
            return None  # the scanner knows how deep, and needs no stack
        except json.JSONDecodeError as error:
            # The error counts the lines before it, all the way from the begin of the text.
            self._budget -= (error.pos - start) // 8 + error.pos // 400
            return None
        except ValueError:
            return None
        if _is_too_deep(self.text, start, end):
            return None
        if _SURPLUS.match(self.text, end) and "\n" in self.text[start:end]:
            self._check_layout(start)
        self._refuse_rest(end, start)
        return self._candidate(
            Scanned(value=value, span=(start, end), locate=locator(self.text, (start, end))), start, end, 0
        )

    def _tolerant(self, start: int, standing: int) -> Candidate | None:
        scanner, value = self._scan(start)
        end = scanner.at
        self._refuse_rest(end, start)
        is_text = scanner.bare_strings > 0
        if is_text and (standing == INLINE or self._is_sentence(start, end)):
            self._budget -= end - start
            return None
        # A bracket that stays open at the end of a sentence is no value that broke off.
        if standing == INLINE and scanner.cuts and not value:
            return None
        return self._candidate(scanned(scanner, value), start, end, len(scanner.edits))

    def _scan(self, start: int) -> tuple[Scanner, JsonValue]:
        """The value here. Where its brackets do not match, the one reading that comes out even."""
        scanner = Scanner(self.text, start, self.policy)
        value = scanner.scan()
        if not scanner.mismatches or self._is_even(scanner):
            self._refuse_layout(scanner)
            return scanner, value
        self._budget -= 3 * (scanner.at - start)
        even: list[tuple[Scanner, JsonValue]] = []
        for mismatch in ("replace", "drop"):
            other = Scanner(self.text, start, self.policy, mismatch=mismatch)
            try:
                found = other.scan()
            except UnreadableError:
                continue
            if self._is_even(other) and not other.cuts and not other.has_duplicates:
                even.append((other, found))
        if not even or any(found != even[0][1] for _, found in even):
            raise UnreadableError("brackets do not match, and it cannot be told which one is wrong", scanner.at)
        self._refuse_layout(even[0][0])
        return even[0]

    def _check_layout(self, start: int) -> None:
        """The same for a value that is JSON, with a bracket too many behind it."""
        scanner = Scanner(self.text, start, self.policy)
        try:
            scanner.scan()
        except UnreadableError:
            return
        self._refuse_layout(scanner)

    def _refuse_layout(self, scanner: Scanner) -> None:
        """Refuse brackets that were paired otherwise than the lines are indented."""
        is_mended = scanner.mismatches or any(kind == "closer" for _, kind in scanner.cuts)
        if (is_mended or _SURPLUS.match(self.text, scanner.at)) and scanner.is_laid_out_otherwise():
            raise UnreadableError("brackets do not match, and the layout pairs them otherwise", scanner.at)

    def _is_even(self, scanner: Scanner) -> bool:
        return not _UNEVEN.match(self.text, scanner.at) and not _GOES_ON.match(self.text, scanner.at)

    def _is_sentence(self, start: int, end: int) -> bool:
        """Whether words follow on the same line, as they do not behind an object that has lines of its own."""
        return _WORDS_BEHIND.match(self.text, end) is not None and "\n" not in self.text[start:end]

    def _refuse_rest(self, end: int, start: int) -> None:
        if _GOES_ON.match(self.text, end):
            raise UnreadableError("the value is closed before its members end", end)

    def _candidate(self, found: Scanned, start: int, end: int, edits: int) -> Candidate:
        standing = self._standing(start)
        around = self._around(start, end)
        repairs = (around, *found.repairs) if around else found.repairs
        return Candidate(replace(found, repairs=repairs), standing, standing == INLINE and edits > 0)

    def _standing(self, start: int) -> int:
        if self._marker_at >= 0 and start - self._marker_at < 200:
            return FENCED
        if self._fence_at >= 0:
            lead = self.text[self._fence_at : start]
            if not lead.strip():
                return FENCED if self._fence_label in ("", "json", "json5", "jsonc", "jsonl") else BLOCK
        line = self.text.rfind("\n", max(0, start - 300), start) + 1
        lead = self.text[line if line else max(0, start - 300) : start]
        if not lead.strip("\ufeff \t>*-") or (start < 300 and _CALL_LEAD.match(self.text[:start])):
            return BLOCK
        bare = lead.rstrip(" \t*_`")
        is_led = bare.endswith(_LEADS) or bare in ("return", "json", "JSON")
        return BLOCK if is_led and not lead.rstrip().endswith(("(", "`")) else INLINE

    def _around(self, start: int, end: int) -> Repair | None:
        """The edit that takes away what stands around the value."""
        text = self.text
        lead = text[:start]
        if not lead.strip() and not text[end : end + 1_000].strip() and not text[end:].strip():
            return None
        if self._marker_at >= 0:
            kind = "markup_removed"
        elif self._fence_at >= 0 or "```" in text[end : end + 10]:
            kind = "fence_removed"
        elif not lead.strip("\ufeff \t\r\n") and not text[end:].strip():
            kind = "bom_removed"
        elif not lead.strip() and _TRAILING.match(text, end):
            kind = "rest_removed"
        else:
            kind = "prose_removed"
        return Repair(stage="find", kind=kind, location=(start, end), before=text, after=text[start:end])

    def _skip(self, start: int) -> bool:
        """Past a value that cannot be read: to its closing bracket, counted as if no string held any."""
        depth = 0
        for match in _BRACKET.finditer(self.text, start):
            depth += 1 if match[0] in "{[" else -1 if match[0] in "}]" else -depth
            if depth <= 0:
                self._budget -= match.end() - start
                self._at = match.start() if match[0] == "\n```" else match.end()
                return True
        return False

    # ---------------------------------------------------------------- texts that are one scalar

    def _string_or_members(self) -> bool:
        """A text that is one string, or members whose braces are missing."""
        text = self.text
        start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
        scanner = Scanner(text, start, self.policy)
        try:
            if NAME.match(text, start):
                value = scanner.scan_members()
                if not value or _TRAILING.match(text, scanner.at) is None:
                    return False
            else:
                value = scanner.scan_string(BEHIND_ROOT)
        except UnreadableError:
            return False
        found = scanned(scanner, value)
        if (around := self._around(start, scanner.at)) is not None:
            found = replace(found, repairs=(around, *found.repairs))
        self.candidates.append(Candidate(found, BLOCK))
        return True

    def _scalar(self) -> None:
        """A text that is one number or literal, perhaps in a fence."""
        wrapped = _WRAPPING.match(self.text)
        start, end = wrapped.span(1) if wrapped else (0, len(self.text))
        word = self.text[start:end].strip("\ufeff \t\r\n,;")
        if not word or len(word) > 5_000 or "\n" in word:
            self.problem = self._why
            return
        start = self.text.index(word, start)
        value = _scalar_value(word, self.policy)
        if value is None:
            self.problem = self._why
            return
        span = (start, start + len(word))
        kind = "fence_removed" if wrapped else value[1]
        stage = "find" if kind in ("fence_removed", "rest_removed") else "repair"
        before, after = (self.text, word) if stage == "find" else (word, json.dumps(value[0]))
        repair = Repair(stage=stage, kind=kind, location=span, before=before, after=after)
        found = Scanned(value=value[0], repairs=(repair,), span=span, locate=lambda path: span)
        self.candidates.append(Candidate(found, BLOCK))


def _readings(call: Candidate) -> tuple[Candidate, ...]:
    """A call in markup is what it is, or the arguments that it carries."""
    found = call.scanned
    value = found.value[0] if isinstance(found.value, list) and len(found.value) == 1 else found.value
    path: Path = (0,) if isinstance(found.value, list) else ()
    if isinstance(value, dict) and value.get("type") == "function" and isinstance(value.get("function"), dict):
        value, path = value["function"], (*path, "function")
    if not isinstance(value, dict) or not isinstance(value.get("name", value.get("tool_name")), str):
        return (call,)
    key = next((key for key in ("arguments", "parameters", "input") if isinstance(value.get(key), dict)), None)
    if key is None:
        return (call,)
    path = (*path, key)

    def locate(inside: Path) -> Span:
        return found.locate((*path, *inside))

    inner = replace(found, value=value[key], locate=locate)
    group = found.span[0]
    return call._replace(group=group), call._replace(scanned=inner, group=group)


def _scalar_value(word: str, policy: ReadPolicy) -> tuple[JsonValue, str] | None:
    """A whole text that is a number or literal, with the repair it took; `None` for others, and for a cut number."""
    try:
        # Infinity and NaN are words of Python's reader, and 1e999 is one to it.
        value = load_json(word) if word[0] not in "{[NI-" or word[1:2].isdigit() else _refuse(word)
        if not isinstance(value, float) or value - value == 0:
            return value, "rest_removed"
    except ValueError:
        pass
    found = word_value(word)
    if found is None or word.endswith(".") or "," in word:
        return None
    if found.kind == "not_finite":
        if policy.nan == "refuse":
            return None
        return (None if policy.nan == "null" else found.value), "literal_replaced"
    return found.value, found.kind


def _is_too_deep(text: str, start: int, end: int) -> bool:
    if end - start <= 2 * MAX_DEPTH or text.count("[", start, end) + text.count("{", start, end) <= MAX_DEPTH:
        return False
    try:
        load_json(text[start:end], max_depth=MAX_DEPTH)
    except ValueError:
        return True
    return False


def bare_text(text: str) -> Candidate | None:
    """The text itself as a string, for a schema that wants one of certain strings."""
    stripped = text.strip()
    if not stripped or len(stripped) > 10_000:
        return None
    start = text.index(stripped)
    span = (start, start + len(stripped))
    repair = Repair(stage="repair", kind="quotes_added", location=span, before=stripped, after=json.dumps(stripped))
    return Candidate(Scanned(value=stripped, repairs=(repair,), span=span, locate=lambda path: span), WHOLE)


__all__ = ["BLOCK", "FENCED", "INLINE", "WHOLE", "Candidate", "Finder", "bare_text"]
