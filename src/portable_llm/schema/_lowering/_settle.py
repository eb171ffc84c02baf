"""Losses that show at another keyword than the one that was lost; settled when every definition is written.

A value that a closed alternative refuses is refused by the union around it: `anyOf` is what a validator, or the
provider, names then, whoever wrote that union. So a union that accepts less has an entry at its place, as grave as the
gravest beneath it. Likewise a value that fails an alternative in a keyword that only the client checks fails the union,
and one that fails the schema of `unevaluatedProperties` is unevaluated: these have an entry where what is lost does not
stand beneath them, but in a definition that they lead to.
"""

from __future__ import annotations

from typing import NamedTuple

from portable_llm.schema._lowering._document import Conj, Document
from portable_llm.schema._lowering._ledger import Ledger

_SILENT, _GRAVE = 1, 2


class Union(NamedTuple):
    """A union in the lowered schema."""

    at: str
    conj: Conj
    """What the original says at its place."""
    by_type: bool = False
    """The original has no union there, but several types."""


class Holder(NamedTuple):
    """A keyword of the original that is named for what its schemas refuse."""

    at: str
    keyword: str
    conj: Conj
    """Its schemas."""


def settle(document: Document, ledger: Ledger, unions: list[Union], holders: list[Holder], *, has_refs: bool) -> None:
    """Enter what is narrower or weaker by what it leads to; a union by type that is not is only other words."""
    if not (unions or holders):
        return
    narrowed = {place: _SILENT if is_silent else _GRAVE for place, is_silent in ledger.narrowed()}
    widened = dict.fromkeys(ledger.widened(), _SILENT)
    narrow, wide = _Spread(document, narrowed), _Spread(document, widened)
    if has_refs:
        narrow.follow([sub for union in unions for sub in union.conj])
        wide.follow([sub for holder in holders for sub in holder.conj])
    for holder in holders:
        is_beneath = holder.keyword.startswith("unevaluated") and wide.of(holder.conj)
        if is_beneath or wide.of_references(holder.conj):
            ledger.weaken(holder.at, holder.keyword, "what it leads to is enforced in part; the client checks it")
    for union in unions:
        gravity = narrow.of(union.conj)
        if gravity:
            ledger.narrow_union(union.at, is_silent=gravity == _SILENT)
        elif union.by_type:
            ledger.rename(union.at, "type", "written as anyOf, one alternative for each kind of type")


class _Spread:
    """How grave the losses are at and below a place, and below what it refers to."""

    def __init__(self, document: Document, losses: dict[str, int]) -> None:
        self._document = document
        self._below: dict[str, int] = {}
        self._targets: dict[str, list[str]] = {}
        for place, gravity in losses.items():
            self._mark(place, gravity)

    def of(self, conj: Conj) -> int:
        """The gravest at these places: 0 for none."""
        return max((self._below.get(place, 0) for _schema, place in conj), default=0)

    def of_references(self, conj: Conj) -> int:
        """The gravest in what these places refer to."""
        targets = [target for _schema, place in conj for target in self._targets.get(place, ())]
        return max((self._below.get(target, 0) for target in targets), default=0)

    def _mark(self, place: str, gravity: int) -> None:
        """Note it at a place and at all above."""
        while self._below.get(place, 0) < gravity:
            self._below[place] = gravity
            place = place.rpartition("/")[0]

    def follow(self, places: list[tuple[object, str]]) -> None:
        """Carry what is lost in definitions to the places that refer to them, directly or not."""
        if not self._below:
            return
        users: dict[str, list[str]] = {}
        waiting = places
        while waiting:
            schema, place = waiting.pop()
            if place in self._targets:
                continue
            found = self._document.targets_below(schema, place)
            self._targets[place] = [target for _schema, target in found]
            for sub in found:
                users.setdefault(sub[1], []).append(place)
            waiting += found
        told = [target for target in users if self._below.get(target)]
        while told:
            target = told.pop()
            gravity = self._below[target]
            for user in users.get(target, ()):
                if self._below.get(user, 0) < gravity:
                    self._below[user] = gravity
                    told.append(user)
