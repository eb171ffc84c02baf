"""Messages made to fit a context window; every cut in the ledger, and what it does to reasoning behind it.

Written once, as a generator: a summary is a step, which a blocking caller runs and an async one awaits. Cuts are made
from the oldest end, in an order that does not depend on the limit, so that a larger limit keeps all that a smaller one
keeps.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import ConfigurationError, ContextWindowError, InvalidRequestError
from portable_llm._http import Raised, Work
from portable_llm._json import dump_json
from portable_llm._messages import (
    BlobPart,
    ContentPart,
    FilePart,
    Message,
    TextPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
    user,
)
from portable_llm.history._prefix import OnUnbound, is_bound, unbound
from portable_llm.history._strategies import (
    Count,
    ElideResults,
    Pinned,
    Strategy,
    Summarise,
    cuts_of,
)
from portable_llm.history._units import Unit, units_of
from portable_llm.history._window import counter, window_of

SUMMARY = "[A summary of the earlier conversation:]\n"
"""What a summary begins with; it stands in a turn of the user's."""

Fitting: TypeAlias = "Generator[Work, Any, Fitted]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Messages that fit."""

    messages: tuple[Message, ...]
    adaptations: tuple[Adaptation, ...]
    """Every cut; places are those of the messages that were given."""
    tokens: int
    """What the messages come to at the most."""

    @property
    def is_cut(self) -> bool:
        """Whether anything is no longer as it was given."""
        return bool(self.adaptations)


def fitting(
    messages: Sequence[Message],
    limit: int,
    *,
    count: Count,
    reserve: int = 0,
    strategy: Strategy | Sequence[Strategy] = "refuse",
    pinned: Pinned = (),
    reasoning: OnUnbound = "drop",
) -> Fitting:
    """`fit` as steps: the only one is the `Work` of making a summary."""
    history = _Fitting(messages, count, limit, reserve, pinned)
    for cut in cuts_of(strategy):
        if history.fits():
            break
        if isinstance(cut, Summarise):
            yield from history.summarise(cut)
        elif isinstance(cut, ElideResults):
            history.elide(cut)
        else:
            history.drop(history.room)
    history.unbind(reasoning)
    return history.fitted()


class _Fitting:
    """A history on its way to its limit."""

    def __init__(self, messages: Sequence[Message], count: Count, limit: int, reserve: int, pinned: Pinned) -> None:
        self._given = messages
        self._count = count
        self._limit, self._reserve = limit, reserve
        self.room = limit - reserve
        self._now: list[Message | None] = list(messages)  # `None`: cut
        self._tokens = [count(message) for message in messages]
        self._units = units_of(messages, pinned)
        for unit in self._units:
            unit.tokens = sum(self._tokens[unit.start : unit.end])
        self._total = sum(self._tokens)
        self._summaries: list[tuple[int, Message]] = []  # (before which message, what)
        self._ledger: list[Adaptation] = []
        self._changed: int | None = None

    def fits(self) -> bool:
        return self._total <= self.room

    def fitted(self) -> Fitted:
        if not self.fits():
            raise ContextWindowError(self._refusal(), tokens=self._total, limit=self._limit, reserve=self._reserve)
        summaries = dict(self._summaries)
        kept: list[Message] = []
        for index, message in enumerate(self._now):
            if index in summaries:
                kept.append(summaries[index])
            if message is not None:
                kept.append(message)
        return Fitted(messages=tuple(kept), adaptations=tuple(self._ledger), tokens=self._total)

    def _refusal(self) -> str:
        free = f", of which {self._reserve:,} are kept free" if self._reserve else ""
        cut = "after all cuts that are allowed " if self._ledger else ""
        return (
            f"the messages come to {self._total:,} tokens {cut}and the window has {self._limit:,}{free}; "
            "shorten them, choose a model with a larger window, or allow cuts: "
            'strategy="drop_oldest", "elide_results" or Summarise(by=...)'
        )

    def _note(self, index: int, said: Adaptation) -> None:
        self._ledger.append(said)
        self._changed = index if self._changed is None else min(self._changed, index)

    def _put(self, index: int, message: Message | None) -> None:
        tokens = 0 if message is None else self._count(message)
        self._total += tokens - self._tokens[index]
        self._tokens[index], self._now[index] = tokens, message

    # ---- whole turns ----

    def drop(self, room: int) -> list[int]:
        """Leave out the oldest turns until the rest has room, or nothing more may go; gives their places."""
        gone = [index for unit in self._oldest(room) for index in range(unit.start, unit.end)]
        detail = f"left out to fit {room:,} tokens"
        for index in gone:
            self._note(index, entry("tokens", f"/messages/{index}", "dropped", detail, "nobody"))
            self._put(index, None)
        return gone

    def _oldest(self, room: int) -> list[Unit]:
        """The fewest of the oldest units without which the rest has room; all that may go where no number suffices.

        What begins with the model's words needs the question before it, which then stays too.
        """
        left = [unit for unit in self._units if self._now[unit.start] is not None]
        last = next((unit for unit in reversed(left) if not unit.is_system), None)
        free = [unit for unit in left if not unit.is_kept and unit is not last]
        place = {unit: number for number, unit in enumerate(free)}
        asked_by, size, total = _questions(left), self._size, self._total
        for number, first in enumerate([*free, last]):
            asked = asked_by.get(first) if first is not None else None
            stays = asked if asked is not None and place.get(asked, number) < number else None
            if number == len(free) or total + (size(stays) if stays else 0) <= room:
                return [unit for unit in free[:number] if unit is not stays]
            total -= size(free[number])
        return []

    def _size(self, unit: Unit) -> int:
        return sum(self._tokens[unit.start : unit.end])

    def summarise(self, cut: Summarise) -> Generator[Work, Any, None]:
        """Put a summary in the place of the oldest turns."""
        gone = [n for unit in self._oldest(self.room - cut.max_tokens) for n in range(unit.start, unit.end)]
        if not gone:
            return
        told = tuple(message for n in gone if (message := self._now[n]) is not None)
        (outcome,) = yield Work((partial(cut.by, told),))
        summary = _summary_of(outcome)
        for index in gone:
            detail = f"its content is in a summary of {len(gone)} messages, to fit {self.room:,} tokens"
            self._note(index, entry("tokens", f"/messages/{index}", "substituted", detail, "nobody"))
            self._put(index, None)
        self._summaries.append((gone[0], summary))
        self._total += self._count(summary)

    # ---- results of tools ----

    def elide(self, cut: ElideResults) -> None:
        """Put notes in the place of large results, the oldest first, until the rest has room."""
        called = [unit for unit in self._units if unit.end - unit.start > 1 and self._now[unit.start] is not None]
        for unit in called[: len(called) - cut.keep_last] if cut.keep_last else called:
            if unit.is_kept:
                continue
            for index in range(unit.start, unit.end):
                for position, part in enumerate(self._given[index].parts):
                    if self.fits():
                        return
                    if isinstance(part, ToolResultPart) and (size := _size_of(part)) > cut.over:
                        self._elide(index, position, part, size)

    def _elide(self, index: int, position: int, part: ToolResultPart, size: int) -> None:
        message = self._now[index]
        assert message is not None, "what is left out has no results"
        note = f"[result left out to fit the context window: {size:,} characters, sha256 {_digest(part)}]"
        short = replace(part, parts=(TextPart(text=note),))
        place = f"/messages/{index}/parts/{position}"
        detail = f"{size:,} characters of a result are a note with size and hash, to fit {self.room:,} tokens"
        self._note(index, entry("tokens", place, "substituted", detail, "nobody"))
        parts = (*message.parts[:position], short, *message.parts[position + 1 :])
        self._put(index, replace(message, parts=parts))

    # ---- reasoning ----

    def unbind(self, on_unbound: OnUnbound) -> None:
        """Reasoning behind the first cut is bound to a conversation that is no longer this one."""
        for index in range(len(self._now) if self._changed is not None else 0):
            message = self._now[index]
            assert self._changed is not None, "nothing is unbound where nothing was cut"
            if message is None or index <= self._changed:
                continue
            parts = tuple(part for part in message.parts if not is_bound(part))
            if len(parts) == len(message.parts):
                continue
            self._ledger += [
                unbound(f"/messages/{index}/parts/{position}", on_unbound)
                for position, part in enumerate(message.parts)
                if is_bound(part)
            ]
            if on_unbound == "drop":
                self._put(index, replace(message, parts=parts) if parts else None)


def _questions(units: Sequence[Unit]) -> dict[Unit, Unit]:
    """The user's turn before each unit that does not begin with one."""
    found: dict[Unit, Unit] = {}
    question: Unit | None = None
    for unit in units:
        if unit.opens:
            question = unit
        elif question is not None and not unit.is_system:
            found[unit] = question
    return found


def _summary_of(outcome: object) -> Message:
    if isinstance(outcome, Raised):
        raise outcome.error
    if isinstance(outcome, Message):
        return outcome
    if not isinstance(outcome, str) or not outcome.strip():
        raise InvalidRequestError(f"a summary is text or a message, got {type(outcome).__name__}")
    return user(SUMMARY + outcome)


def _size_of(part: ToolResultPart) -> int:
    return sum(len(_content(inner)) for inner in part.parts)


def _content(part: ContentPart) -> str | bytes:
    match part:
        case TextPart():
            return part.text
        case BlobPart():
            return part.data
        case UnknownPart():
            return dump_json(part.raw)
        case UriPart():
            return part.uri
        case FilePart():
            return part.id


def _digest(part: ToolResultPart) -> str:
    """The beginning of the hash of all that was in the result: enough to find it again in the application's store."""
    whole = hashlib.sha256()
    for inner in part.parts:
        content = _content(inner)
        whole.update(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return whole.hexdigest()[:16]


# ---- for callers -----------------------------------------------------------------------------------------------------


def fit(
    messages: Sequence[Message],
    limit: int | str,
    *,
    reserve: int = 0,
    strategy: Strategy | Sequence[Strategy] = "refuse",
    count: Count | None = None,
    pinned: Pinned = (),
    reasoning: OnUnbound = "drop",
) -> Fitted:
    """The messages within `limit` tokens less `reserve`, cut as `strategy` allows; the same ones where they fit.

    `limit` is a number or a model whose context window is known. `count` says how many tokens a message is at the
    most; without it `portable_llm.tokens` does, as the model counts if one is named. `pinned` messages are never cut,
    nor is system text, the last turn and the question that it answers; a call stays with its results. Reasoning
    behind the first cut is left out (`reasoning="keep"` keeps it). Raises `ContextWindowError` where the allowed cuts
    do not suffice, and `InvalidRequestError` for a model whose window is not known.
    """
    room, counted = _window(limit, count)
    steps = fitting(
        messages, room, count=counted, reserve=reserve, strategy=strategy, pinned=pinned, reasoning=reasoning
    )
    outcomes: list[object] | None = None
    try:
        while True:
            work = steps.send(outcomes)
            outcomes = [_settled(job()) for job in work.jobs]
    except StopIteration as stop:
        return stop.value


async def fit_async(
    messages: Sequence[Message],
    limit: int | str,
    *,
    reserve: int = 0,
    strategy: Strategy | Sequence[Strategy] = "refuse",
    count: Count | None = None,
    pinned: Pinned = (),
    reasoning: OnUnbound = "drop",
) -> Fitted:
    """`fit`, with a summary that may be awaited."""
    room, counted = _window(limit, count)
    steps = fitting(
        messages, room, count=counted, reserve=reserve, strategy=strategy, pinned=pinned, reasoning=reasoning
    )
    outcomes: list[object] | None = None
    try:
        while True:
            work = steps.send(outcomes)
            outcomes = []
            for job in work.jobs:
                value = job()
                outcomes.append(await value if inspect.isawaitable(value) else value)
    except StopIteration as stop:
        return stop.value


def _settled(value: object) -> object:
    if inspect.iscoroutine(value):
        value.close()
    if inspect.isawaitable(value):
        raise ConfigurationError("the summary is async, and nobody awaits it here: use fit_async or AsyncClient")
    return value


def _window(limit: int | str, count: Count | None) -> tuple[int, Count]:
    """The limit in tokens, and how messages are counted."""
    if isinstance(limit, str):
        window, counted = window_of(limit)
        return window, count or counted
    return limit, count or counter()
