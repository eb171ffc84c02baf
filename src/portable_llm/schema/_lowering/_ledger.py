"""The losses of one compilation, and the words that tell the model what its schema no longer says."""

from __future__ import annotations

import json
from typing import Any

from portable_llm._adaptation import Action, Adaptation, Axis, Effect, Enforcer, entry

MAX_WORDS = 300
"""Characters of one constraint in a description."""


class Ledger:
    """Entries in the order of the schema, each once."""

    def __init__(self, at: str, source: str) -> None:
        self.at = at
        self._source = source
        self._axis: Axis = "tools" if at.startswith("/tools") else "json"
        self._entries: dict[tuple[str, str, str], Adaptation] = {}

    def add(
        self,
        at: str,
        keyword: str,
        action: Action,
        detail: str,
        enforced_by: Enforcer = "client",
        effect: Effect | None = None,
    ) -> None:
        """One entry about a keyword at a place of the original."""
        key = (at, keyword, action)
        if key not in self._entries:
            subject = f"{self.at}{at}/{keyword}" if keyword else f"{self.at}{at}"
            self._entries[key] = entry(
                self._axis, subject, action, detail, enforced_by, source=self._source, effect=effect
            )

    def weaken(self, at: str, keyword: str, why: str = "not enforced here; the client checks it") -> None:
        """A constraint that only the client holds."""
        self.add(at, keyword, "weakened", why, "client", "widened")

    def encode(self, at: str, keyword: str, how: str) -> None:
        """Another way to write the same, undone when the answer comes."""
        self.add(at, keyword, "encoded", how, "client", "changed")

    def rename(self, at: str, keyword: str, how: str) -> None:
        """The same meaning in other words."""
        self.add(at, keyword, "renamed", how, "provider")

    def drop_note(self, at: str, keyword: str, how: str = "an annotation that has no place here") -> None:
        """Something that validation does not see."""
        self.add(at, keyword, "dropped", how, "nobody", "annotation")

    def widened(self) -> list[str]:
        """Where something is left to the client."""
        return [at for (at, _keyword, _action), entry in self._entries.items() if entry.effect == "widened"]

    def narrowed(self) -> list[tuple[str, bool]]:
        """Where fewer values are accepted, and whether only by closing what was open by silence."""
        return [
            (at, entry.severity == "advisory")
            for (at, _keyword, _action), entry in self._entries.items()
            if entry.effect == "narrowed"
        ]

    def take_for_object(self, at: str) -> None:
        """A root that names members and no type; the arguments of a tool are an object anyway."""
        detail = "the schema names members and no type; an object is taken to be meant: say type: object"
        if self._axis == "tools":
            self.rename(at, "type", detail)
        else:
            self.add(at, "type", "narrowed", detail, "provider", "narrowed")

    def narrow_union(self, at: str, *, is_silent: bool) -> None:
        """A union that accepts less because its alternatives do; it is always written `anyOf`."""
        detail = "written as anyOf, and its alternatives are closed, or narrower, as said at their places"
        self.add(at, "anyOf", "narrowed", detail, "provider" if is_silent else "nobody", "narrowed")

    def entries(self) -> tuple[Adaptation, ...]:
        """All entries, by place and keyword: the order of keys in a schema must not matter."""
        return tuple(self._entries[key] for key in sorted(self._entries))


def words_for(keyword: str, value: Any) -> str:
    """A constraint in one short phrase of JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    text = text if len(text) <= MAX_WORDS else text[:MAX_WORDS] + "…"
    return text if keyword == "if" else f"{keyword}: {text}"


def described(description: str | None, words: list[str]) -> str | None:
    """The description with what the schema cannot say any more."""
    if not words:
        return description
    said = "Must satisfy " + "; ".join(sorted(words))
    return said if not description else f"{description}\n{said}"
