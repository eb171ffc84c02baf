"""Broken texts in which nearly every character takes a repair, for the bound on the time of a megabyte.

Models do not write these; somebody who wants to keep a process busy does. Each is a piece, said again and again within
an opening and a closing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DENSE: Final[Mapping[str, tuple[str, str, str]]] = {
    "objects without quotes and commas, in a list": ("[", "{k: v} ", "]"),
    "objects without quotes and commas": ("", "{k: v} ", ""),
    "objects without commas, in a list": ("[", '{"a":1} ', "]"),
    "objects without commas": ("", '{"a":1} ', ""),
    "lists that open with a word": ("", "[k, ", ""),
    "lists of one word": ("[", "[k] ", "]"),
    "single words": ("[", "k,", "]"),
    "single words without commas": ("[", "k ", "]"),
    "single letters on lines": ("[", "k\n", "]"),
    "single quotes": ("[", "'a',", "]"),
    "single quotes without commas": ("[", "'a' ", "]"),
    "strings without commas": ("[", '"a" ', "]"),
    "numbers without commas": ("[", "1 ", "]"),
    "numbers on lines": ("[", "1\n", "]"),
    "objects of Python": ("[", "{'a':1},", "]"),
    "objects of Python without commas": ("[", "{'a':1}", "]"),
    "literals of Python": ("[", "None,", "]"),
    "literals of Python in objects": ("[", "{a:True},", "]"),
    "hexadecimal numbers": ("[", "0x1,", "]"),
    "numbers with a plus": ("[", "+1,", "]"),
    "numbers with a dot": ("[", ".5,", "]"),
    "not a number": ("[", "NaN,", "]"),
    "typographic quotes": ("[", "“a”,", "]"),
    "backticks": ("[", "`a`,", "]"),
    "names without quotes": ("{", "a:1,", "}"),
    "names and words without quotes": ("{", "a:b,", "}"),
    "names without quotes or commas": ("{", "a:1\n", "}"),
    "names with equals signs": ("{", "k=v ", "}"),
    "names with arrows": ("{", '"k"=>1,', "}"),
    "equals signs": ("", "k=v ", ""),
    "colons of another script": ("{", '"a"：1,', "}"),
    "comments": ("[", "/**/1,", "]"),
    "comments on lines": ("[", "1,#\n", "]"),
    "only comments": ("[", "/**/", "]"),
    "commas of another script": ("[", "1，", "]"),
    "semicolons": ("[", "1;", "]"),
    "commas doubled": ("[", "1,,", "]"),
    "ellipses": ("[", "...,", "]"),
    "ellipses between": ("[", "1,...,", "]"),
    "trailing commas": ("[", "[1,],", "]"),
    "trailing commas in objects": ("[", '{"a":1,},', "]"),
    "joined strings": ("[", '"a"+', '"b"]'),
    "pairs of joined strings": ("[", '"a"+"b",', "]"),
    "quotes within strings": ("[", '"a"b",', "]"),
    "escapes": ("[", '"\\q",', "]"),
    "escapes in one string": ('["', "\\q", '"]'),
    "control characters": ("[", '"\t",', "]"),
    "brackets of the wrong kind": ("[", "[1},", "]"),
    "objects closed as lists": ("[", '{"a":1],', "]"),
    "objects in objects": ("", "{a:{b:1},c:2} ", ""),
    "empty objects": ("[", "{} ", "]"),
    "empty lists": ("[", "[] ", "]"),
    "doubled names": ("{", '"a":1,', "}"),
    "three quotes": ("[", '"""a""",', "]"),
    "escaped quotes": ("[", '\\"a\\",', "]"),
    "lines of objects without quotes": ("", "{k: v}\n", ""),
    "fenced objects": ("", "```\n{k: v}\n```\n", ""),
    "calls of Python": ("[", "f(a=1),", "]"),
    "names and colons": ("", "k: v\n", ""),
}
"""Title → opening, piece, closing."""


def dense(title: str, size: int) -> str:
    """The text of a title at about `size` characters."""
    opening, piece, closing = DENSE[title]
    return opening + piece * (size // len(piece)) + closing
