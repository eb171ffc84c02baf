"""The ways to make a history shorter, and how a client is told which of them it may take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from portable_llm._errors import ConfigurationError, InvalidRequestError
from portable_llm._messages import Message
from portable_llm.history._prefix import OnUnbound

Pinned: TypeAlias = Collection[int] | Callable[[Message], bool]
"""Which messages are never cut: their places, or a question asked of each. A pinned part pins its message, and a call
its results."""
Count: TypeAlias = Callable[[Message], int]
"""How many tokens a message is at the most."""
Summary: TypeAlias = Callable[[tuple[Message, ...]], str | Message | Awaitable[str | Message]]
"""What earlier messages come to in few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropOldest:
    """Leave out the oldest turns: system text, pinned messages, the question at hand and the last turn stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ElideResults:
    """Put a short note in the place of large results of tools, the oldest first."""

    over: int = 2_000
    """Results with more characters (bytes, where they are bytes) are large."""
    keep_last: int = 1
    """So many of the last turns with results keep theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summarise:
    """Put a summary in the place of the oldest turns."""

    by: Summary
    """Makes the summary, e.g. by asking a cheap model; may be async with `fit_async` and `AsyncClient`."""
    max_tokens: int = 1_000
    """Kept free for it."""


Strategy: TypeAlias = Literal["refuse", "drop_oldest", "elide_results"] | DropOldest | ElideResults | Summarise
"""`"refuse"` cuts nothing; several in a row are taken one after the other until the messages fit."""

Cut: TypeAlias = DropOldest | ElideResults | Summarise
_WORDS: dict[str, Cut | None] = {"refuse": None, "drop_oldest": DropOldest(), "elide_results": ElideResults()}


def cuts_of(strategy: Strategy | Sequence[Strategy]) -> tuple[Cut, ...]:
    """The cuts that are allowed, in order; raises `InvalidRequestError` for what is no strategy."""
    if isinstance(strategy, (str, DropOldest, ElideResults, Summarise)):
        strategy = (strategy,)
    found = [_WORDS.get(one, ()) if isinstance(one, str) else one for one in strategy]
    for given, cut in zip(strategy, found, strict=True):
        if cut is not None and not isinstance(cut, (DropOldest, ElideResults, Summarise)):
            raise InvalidRequestError(f"strategy {given!r}: it is one of {', '.join(_WORDS)} or Summarise(by=...)")
    return tuple(cut for cut in found if isinstance(cut, (DropOldest, ElideResults, Summarise)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPolicy:
    """How a client makes messages fit: before sending, where the window is known, and once after an overflow."""

    strategy: Strategy | tuple[Strategy, ...] = "drop_oldest"
    limit: int | None = None
    """Tokens of input and output together; `None`: the model's context window, if it is known."""
    reserve: int | None = None
    """Tokens kept free for the answer; `None`: the request's `max_output_tokens`."""
    pinned: Pinned = ()
    reasoning: OnUnbound = "drop"
    tighten: float = 0.75
    """After an overflow the messages may have this share of the tokens they had."""

    def __post_init__(self) -> None:
        cuts_of(self.strategy)
        if not 0 < self.tighten < 1:
            raise ConfigurationError(f"tighten is a share between 0 and 1, got {self.tighten!r}")
        for name, value in (("limit", self.limit), ("reserve", self.reserve)):
            if value is not None and value < 0:
                raise ConfigurationError(f"{name} is a number of tokens, got {value!r}")
