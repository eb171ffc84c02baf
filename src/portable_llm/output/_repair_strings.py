"""Where a string ends that was not written as JSON wants it, and what its escapes mean.

A quote ends a string only where the structure goes on behind it: a colon behind a name, a comma and the next name (or
value), a closing bracket, the end. Every other quote is one that should have been escaped. Each look behind a quote
reads on to the next quote at most, so the work stays linear.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ENDS: Mapping[str, str] = {
    '"': '"',
    "'": "'",
    "`": "`",
    "´": "´'",
    "“": '”“"',
    "”": '”"',
    "„": '“”"',
    "‘": "’‘'",
    "’": "’'",
    "‚": "‘’'",
    "«": "»",
    "「": "」",
    "『": "』",
    "＂": '＂"',
    "＇": "＇'",
}
"""Opening quote → the quotes that can close it."""
QUOTES = "".join(ENDS)

BODY: Mapping[str, re.Pattern[str]] = {
    opening: re.compile(rf"[^\\{ends}]*+(?:\\.[^\\{ends}]*+)*+", re.DOTALL) for opening, ends in ENDS.items()
}
"""The text from inside a string to the next quote that is not escaped."""

_NAMES = r'(?:"(?:[^"\\]|\\.)*+"|\'(?:[^\'\\\n]|\\.)*+\'|“[^”“"\n]*+[”“"]|`[^`\n]*+`)\s*+[:：]'
_PLAIN_NAMES = r"[A-Za-z_$][\w$-]*+\s*+[:：](?!//)"
_COMMENT = r"//|/\*|\#"
_NUMBER = r"[-+]?\.?\d[\w.+-]*+\s*+(?:[,，;\]}]|\Z)"
_VALUES = rf"[\"'“`{{\[]|{_NUMBER}|(?:true|false|null|True|False|None|TRUE|FALSE|NULL|Null|undefined|NaN)\b"

NAME = re.compile(_NAMES, re.DOTALL)
"""A quoted name and its colon."""
BEHIND_NAME = re.compile(r"\s*+[:：]")
BEHIND_MEMBER = re.compile(
    rf"\s*+(?:(?P<closer>[}}\]])|(?P<comma>[,，;])[\s,]*+(?:{_NAMES}|[}}\]]|{_COMMENT}|\.\.\.|…|\Z|(?P<plain>{_PLAIN_NAMES}|\"(?:[^\"\\]|\\.)*+(?:\"\s*+|\\)?\Z))"
    rf"|(?:{_COMMENT})|{_NAMES}|(?P<glued>\+\s*[\"'])|\Z|```|</|<\||(?P<plain_line>{_PLAIN_NAMES}))",
    re.DOTALL,
)
"""How an object goes on behind a member whose value is a string."""
BEHIND_ITEM = re.compile(
    rf"(?=[^\S\n]*+\n)\s*+(?:{_VALUES}|-?[\d.]+[^\S\n]*+\n)|\s*+(?:(?P<closer>[}}\]])"
    rf"|(?P<comma>[,，;])[\s,]*+(?:{_VALUES}|[\]}},]|{_COMMENT}|\.\.\.|…|\Z|[\w ()]+[,\]])"
    rf"|(?:{_COMMENT})|(?P<glued>\+\s*[\"'])|\Z|```|</|<\||(?P<bare>\"[^\"\n]*+\"\s*+[,\]]|[{{]|-?\d+\s*[,\]]))",
    re.DOTALL,
)
"""How an array goes on behind an item that is a string."""
BEHIND_ROOT = re.compile(rf"\s*+[,;]?\s*+(?:{_COMMENT}|```|\Z)|(?P<glued>\s*+\+\s*[\"'])")
CLOSERS = re.compile(r"(?:\s*+[}\]])++")
BEHIND_CLOSERS = re.compile(
    rf"\s*+(?:[,，;][\s,]*+(?:{_VALUES}|{_NAMES}|{_PLAIN_NAMES}|\Z|{_COMMENT}|[}}\]]|\.\.\.|…)|\Z|{_COMMENT}|```|</|<\||{_NAMES}|[{{\[])"
    rf"|[^\S\n]*+\n\s*+(?:{_VALUES}|-?[\d.]+[^\S\n]*+\n|{_PLAIN_NAMES})",
    re.DOTALL,
)
BEHIND_ROOT_CLOSERS = re.compile(rf"\s*+(?:\Z|```|</|<\||[;)\]}}]|\n|{_COMMENT}|[,.!]?\s*+(?:[A-Z`*({{\[]|\Z))")

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(\n|.)|\Z)", re.DOTALL)
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_KNOWN = frozenset('"\\/bfnrtu')
_COMMANDS = re.compile(
    r"\\(?:bar|begin|beta|beth|between|big[a-z]*|Big[a-z]*|binom|bmod|boldsymbol|bot|bowtie|box(?:ed)?|breve|bullet"
    r"|fbox|flat|forall|frac|frown|nabla|natural|ne(?:arrow|g|q|xists)?|nmid|not(?:in)?|nsubseteq|nu|rangle|rbrace|rceil"
    r"|rfloor|rho|right[a-z]*|root|tan|tanh|tau|text[a-z]*|tfrac|theta|tilde|times|to|top|triangle[a-z]*|tt)(?![a-z])"
)
"""LaTeX commands that begin like an escape of JSON."""
_CLASS_ESCAPE = re.compile(r"\\[dDwWsS](?![a-z])")
"""What only a regular expression has."""
_PLACES = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]:\\[^\s\"'<>|*?,;]*|\A\\\\[\w.$-]+\\[^\s\"'<>|*?,;]*")
"""Paths as Windows writes them."""
_CLASSES = frozenset("dDwWsSpPAZ")
_ASSERTED = frozenset(".+*?^$()[]{}|/-\\bB")
"""What a regular expression escapes besides; there `\\b` is the edge of a word."""
_MATH = frozenset("()[]{}|,;!%$&")
CONTROL = re.compile(r"[\x00-\x1f]")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def unescaped(body: str, is_cut: bool) -> tuple[str, bool]:
    """The string that an escaped text means, and whether escapes had to be repaired; `ValueError` for half a `\\u`.

    An escape that JSON does not have keeps its backslash where that means something (a LaTeX command, a class of a
    regular expression, a path); before anything else the backslash goes, as in JavaScript.
    """
    if "\\" not in body:
        return body, False
    found = list(_ESCAPE.finditer(body))
    # Proof that the writer did not escape at all: then `\frac` is no form feed.
    is_raw = any(match[3] is not None and match[3] not in _KNOWN and match[3] not in "'\n" for match in found)
    kept = [match.span() for match in _PLACES.finditer(body)] if is_raw else []
    is_pattern = is_raw and _CLASS_ESCAPE.search(body) is not None
    out: list[str] = []
    at = 0
    is_repaired = False
    for match in found:
        if match.start() < at:
            continue
        while kept and kept[0][1] <= match.start():
            del kept[0]
        if match[3] and ((kept and kept[0][0] <= match.start()) or (is_pattern and match[3] in _ASSERTED)):
            piece, end, is_odd = match[0], match.end(), True
        else:
            piece, end, is_odd = _escape(body, match, is_raw, is_cut)
        out += (body[at : match.start()], piece)
        at = end
        is_repaired = is_repaired or is_odd
    text = "".join(out) + body[at:]
    return _PAIR.sub(_joined, text) if "\\u" in body else text, is_repaired


def _joined(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")


def _escape(body: str, match: re.Match[str], is_raw: bool, is_cut: bool) -> tuple[str, int, bool]:
    """What one escape means, where the text goes on, and whether it had to be repaired."""
    if match[1] is not None:
        return chr(int(match[1], 16)), match.end(), False
    if match[2] is not None:
        return chr(int(match[2], 16)), match.end(), True
    char = match[3]
    if char is None:
        return "", match.end(), not is_cut
    if char in _ESCAPES:
        if not is_raw or char not in "bfnrt":
            return _ESCAPES[char], match.end(), False
        if command := _COMMANDS.match(body, match.start()):
            return command[0], command.end(), True
        # Nobody who does not escape means a backspace or a form feed.
        return (match[0], match.end(), True) if char in "bf" else (_ESCAPES[char], match.end(), False)
    if char == "u":
        return _broken_unicode(body, match, is_cut)
    if char.isalpha() and char.isascii():
        is_kept = char in _CLASSES or body[match.end() : match.end() + 1].isalpha()
        return ("\\" + char if is_kept else char), match.end(), True
    return ("\\" + char if char in _MATH else char), match.end(), True


def _broken_unicode(body: str, match: re.Match[str], is_cut: bool) -> tuple[str, int, bool]:
    rest = body[match.end() :] if len(body) - match.end() < 4 else body[match.end() : match.end() + 4]
    if is_cut and len(rest) < 4 and all(char in "0123456789abcdefABCDEF" for char in rest):
        return "", len(body), False
    # `\users` is a path; `\u12` and `\uZ000` are broken.
    if rest.isalpha() and rest.islower() and not set(rest[:2]) <= set("abcdef"):
        return "\\u", match.end(), True
    raise ValueError("a \\u escape lacks its four digits")
