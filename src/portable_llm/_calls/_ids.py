"""Ids of calls that a provider takes: the same id gives the same, so that calls and results stay together.

Ids are given out in the order of the conversation, and none depends on what comes later: a history that grows keeps
its beginning byte for byte, as prompt caches and signed reasoning demand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from portable_llm._capabilities import Fact

_PREFIX = "call_"
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS = 24
"""Characters of a made-up id behind the prefix, where the rule leaves room."""
_ANY_LENGTH = 10_000


@dataclass(frozen=True, slots=True)
class IdRule:
    """What ids a provider takes back."""

    alphabet: str
    """The inside of a regular expression's brackets; `""`: any character."""
    minimum: int
    maximum: int
    is_unique: bool
    """Whether an id may stand for one call only in a conversation."""
    _legal: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _letters: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        one = f"[{self.alphabet}]" if self.alphabet else "."
        object.__setattr__(self, "_legal", re.compile(f"{one}{{{self.minimum},{self.maximum}}}", re.DOTALL))
        letters = "".join(sign for sign in _LETTERS if re.fullmatch(one, sign))
        object.__setattr__(self, "_letters", letters)

    def accepts(self, id: str) -> bool:
        """Whether the id may be sent as it is."""
        return self._legal.fullmatch(id) is not None

    def made_up(self, source: str) -> str:
        """A legal id that depends on `source` alone."""
        import hashlib  # here: most ids are legal, and it loads a library of its own

        number = int.from_bytes(hashlib.sha256(source.encode("utf-8", "surrogatepass")).digest(), "big")
        room = self.maximum - len(_PREFIX)
        prefix = _PREFIX if room >= _DIGITS and self.accepts(_PREFIX + self._letters[0] * _DIGITS) else ""
        size = _DIGITS if prefix else max(self.minimum, min(self.maximum, _DIGITS))
        base = len(self._letters)
        return prefix + "".join(self._letters[number // base**place % base] for place in range(size))


@lru_cache(maxsize=64)
def _rule(alphabet: str, minimum: int, maximum: int, is_unique: bool) -> IdRule:
    return IdRule(alphabet, minimum, maximum, is_unique)


def id_rule(fact: Fact) -> IdRule | None:
    """The rule of the feature `tools/call_id`; `None` if none is known."""
    if not fact.values and fact.minimum is None and fact.maximum is None and not fact.required:
        return None
    return _rule(
        fact.values[0] if fact.values else "",
        1 if fact.minimum is None else int(fact.minimum),
        _ANY_LENGTH if fact.maximum is None else int(fact.maximum),
        fact.required,
    )


class CallIds:
    """The ids of one conversation, asked for in its order."""

    def __init__(self, rule: IdRule) -> None:
        self._rule = rule
        self._used: set[str] = set()
        self._last: dict[str, str] = {}
        self._waiting: dict[str, list[str]] = {}

    def of_call(self, id: str) -> str:
        """The id under which the next call is sent."""
        if id in self._last and not self._rule.is_unique:
            return self._last[id]
        sent = self._choose(id)
        self._used.add(sent)
        self._last[id] = sent
        self._waiting.setdefault(id, []).append(sent)
        return sent

    def of_result(self, id: str) -> str:
        """The id under which a result is sent: that of the oldest call of this id that has none yet."""
        waiting = self._waiting.get(id)
        return waiting.pop(0) if waiting else self._last.get(id, id)

    def _choose(self, id: str) -> str:
        if self._rule.accepts(id) and id not in self._used:
            return id
        salt = 0
        while (made := self._rule.made_up(f"{salt}/{id}" if salt else id)) in self._used:
            salt += 1
        return made
