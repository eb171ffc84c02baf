"""Names of tools that a provider takes, and the way back.

A legal name stays as it is. Any other gets a legal one that still reads like it: what the rule forbids becomes `_`. A
hash of the whole name goes behind it where that would not tell two names apart: letters were lost, the name is too
long, or another name ends up the same. The result depends on the set of names alone, not on their order, so that a
request gives the same bytes each time and prompt caches hold.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache

from portable_llm._capabilities import Fact

_HASH = 8
"""Hexadecimal digits behind a name that cannot be told apart otherwise."""
_ANY_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class NameRule:
    """What names a provider takes."""

    first: str
    """The characters a name may begin with, as the inside of a regular expression's brackets."""
    rest: str
    """The characters it may go on with."""
    maximum: int
    """Characters at most."""
    _legal: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _illegal: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        legal = re.compile(rf"[{self.first}][{self.rest}]{{0,{self.maximum - 1}}}")
        object.__setattr__(self, "_legal", legal)
        object.__setattr__(self, "_illegal", re.compile(rf"[^{self.rest}]"))

    def accepts(self, name: str) -> bool:
        """Whether the name may be sent as it is."""
        return self._legal.fullmatch(name) is not None

    def plain(self, name: str) -> str:
        """The name with `_` for what is forbidden in it; it may be too long."""
        replaced = self._illegal.sub("_", name)
        return replaced if replaced and re.match(f"[{self.first}]", replaced) else f"_{replaced}"

    def is_readable(self, name: str) -> bool:
        """Whether only punctuation is forbidden in the name, so that its plain form says the same."""
        return not any(character.isalnum() for character in self._illegal.findall(name))

    def hashed(self, name: str, salt: int = 0) -> str:
        """The plain form, cut where it is too long, with a hash of the name behind it."""
        import hashlib  # here: most names are legal, and it loads a library of its own

        source = name if not salt else f"{salt}/{name}"
        digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
        return f"{self.plain(name)[: self.maximum - _HASH - 1]}_{digest}"


@lru_cache(maxsize=64)
def _rule(first: str, rest: str, maximum: int) -> NameRule:
    return NameRule(first, rest, maximum)


def name_rule(fact: Fact) -> NameRule | None:
    """The rule of the feature `tools/name`; `None` if none is known."""
    if len(fact.values) != 2:
        return None
    return _rule(*fact.values, _ANY_LENGTH if fact.maximum is None else int(fact.maximum))


def wire_names(names: Collection[str], rule: NameRule) -> dict[str, str]:
    """The legal name of each name that is not legal itself; no two names share one, legal names included."""
    foreign = sorted(name for name in set(names) if not rule.accepts(name))
    if not foreign:
        return {}
    taken = set(names).difference(foreign)
    wanted = Counter(rule.plain(name) for name in foreign)
    chosen: dict[str, str] = {}
    for name in foreign:
        plain = rule.plain(name)
        is_clear = wanted[plain] == 1 and plain not in taken and rule.accepts(plain) and rule.is_readable(name)
        chosen[name] = plain if is_clear else _unused(name, rule, taken.union(chosen.values(), wanted))
    return chosen


def _unused(name: str, rule: NameRule, taken: Collection[str]) -> str:
    salt = 0
    while (hashed := rule.hashed(name, salt)) in taken:
        salt += 1
    return hashed
