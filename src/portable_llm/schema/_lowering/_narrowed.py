"""Unions that accept less because what stands in them does.

A value that a closed alternative refuses is refused by the union around it: `anyOf` is what a validator, or the
provider, names then, whoever wrote that union. So it gets an entry at its place, as grave as the gravest beneath it.
This is settled when everything is written, since a definition may be closed after it was referred to.
"""

from __future__ import annotations

from typing import NamedTuple

from portable_llm.schema._lowering._document import Conj, Document
from portable_llm.schema._lowering._ledger import Ledger

_SILENT, _GRAVE = 1, 2


class Written(NamedTuple):
    """A union in the lowered schema."""

    at: str
    conj: Conj
    """What the original says at its place."""
    by_type: bool = False
    """The original has no union there, but several types."""


def settle_unions(document: Document, ledger: Ledger, unions: list[Written], *, has_refs: bool) -> None:
    """Enter every union that is narrower than the original; one by type that is not is only other words."""
    found = _Narrowings(document, ledger, unions if has_refs else [])
    for union in unions:
        gravity = found.of(union.conj)
        if gravity:
            ledger.narrow_union(union.at, is_silent=gravity == _SILENT)
        elif union.by_type:
            ledger.rename(union.at, "type", "written as anyOf, one alternative for each kind of type")


class _Narrowings:
    """How grave the narrowings are at and below a place, and below what it refers to."""

    def __init__(self, document: Document, ledger: Ledger, unions: list[Written]) -> None:
        self._below: dict[str, int] = {}
        for place, is_silent in ledger.narrowed():
            self._mark(place, _SILENT if is_silent else _GRAVE)
        if self._below and unions:
            self._follow(document, unions)

    def of(self, conj: Conj) -> int:
        """The gravest: 0 for none."""
        return max((self._below.get(place, 0) for _schema, place in conj), default=0)

    def _mark(self, place: str, gravity: int) -> None:
        """Note it at a place and at all above."""
        while self._below.get(place, 0) < gravity:
            self._below[place] = gravity
            place = place.rpartition("/")[0]

    def _follow(self, document: Document, unions: list[Written]) -> None:
        """Carry what definitions have narrowed to the places that refer to them, directly or not."""
        waiting = [sub for union in unions for sub in union.conj]
        users: dict[str, list[str]] = {}
        seen: set[str] = set()
        while waiting:
            schema, place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            for sub in document.targets_below(schema, place):
                users.setdefault(sub[1], []).append(place)
                waiting.append(sub)
        told = [target for target in users if self._below.get(target)]
        while told:
            target = told.pop()
            gravity = self._below[target]
            for user in users.get(target, ()):
                if self._below.get(user, 0) < gravity:
                    self._below[user] = gravity
                    told.append(user)
