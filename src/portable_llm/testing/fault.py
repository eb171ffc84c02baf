"""What a fault is, and when it strikes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from portable_llm._errors import ConfigurationError
from portable_llm._json import JsonValue
from portable_llm._request import Request
from portable_llm._response import Response
from portable_llm.testing.delivery import Answer, Op

if TYPE_CHECKING:
    from portable_llm.wire import WireFormat

AnyRequest: TypeAlias = Request[Any]
AnyResponse: TypeAlias = Response[Any]


def draw(*key: object) -> float:
    """A number in [0, 1) that depends on the key alone: the same in every run, thread and process."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)


# ---- when ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Which requests a fault strikes: all, or those that one of the fields names."""

    first: int | None = None
    """The first so many."""
    nth: tuple[int, ...] = ()
    """These, counted from 1."""
    probability: float | None = None
    """Each with this probability, by a draw that depends on `seed` and on the request's number alone."""
    seed: int = 0

    def __post_init__(self) -> None:
        named = (self.first is not None) + bool(self.nth) + (self.probability is not None)
        if named > 1:
            raise ConfigurationError("a schedule has one of first, nth and probability")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ConfigurationError(f"a probability lies between 0 and 1, got {self.probability}")

    def is_due(self, number: int, key: object = None) -> bool:
        """Whether request `number` (from 1) is struck; `key` stands for it in the draw (by default the number)."""
        if self.first is not None:
            return number <= self.first
        if self.nth:
            return number in self.nth
        if self.probability is not None:
            return draw(self.seed, number if key is None else key) < self.probability
        return True


ALWAYS = Schedule()


def first(count: int) -> Schedule:
    """The first `count` requests."""
    return Schedule(first=count)


def nth(*numbers: int) -> Schedule:
    """The requests with these numbers, counted from 1."""
    return Schedule(nth=numbers)


def sometimes(probability: float, *, seed: int = 0) -> Schedule:
    """Each request with that probability, the same ones in every run."""
    return Schedule(probability=probability, seed=seed)


# ---- what ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """Base of all faults: does nothing."""

    on: Schedule = field(default=ALWAYS, kw_only=True)

    @property
    def is_answer(self) -> bool:
        """Whether it answers in the model's place, which is then not asked."""
        return False

    def ask(self, request: AnyRequest) -> AnyRequest:
        """What the model gets to see of the request."""
        return request

    def change(self, request: AnyRequest, response: AnyResponse) -> AnyResponse:
        """What the model answers."""
        return response

    def reply(self, answer: Answer, wire: WireFormat) -> Answer:
        """The HTTP answer."""
        return answer

    def deliver(self, script: tuple[Op, ...]) -> tuple[Op, ...]:
        """How it goes over the line."""
        return script

    def to_json(self) -> dict[str, JsonValue]:
        """`{"fault": name, …}` with the fields that are not at their default; `fault_from_json` reads it back."""
        return {"fault": fault_name(type(self)), **_stored(self)}


def fault_name(cls: type[Fault]) -> str:
    """Its name in the JSON form: `DropUsage` → `drop_usage`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def _stored(value: Fault | Schedule) -> dict[str, JsonValue]:
    stored: dict[str, JsonValue] = {}
    for item in fields(value):
        content = getattr(value, item.name)
        default = item.default if item.default_factory is MISSING else item.default_factory()
        if content == default:
            continue
        if isinstance(content, tuple):
            content = list(cast("tuple[JsonValue, ...]", content))
        stored[item.name] = _stored(content) if isinstance(content, Schedule) else content
    return stored
