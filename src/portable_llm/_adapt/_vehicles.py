"""Which way a wanted value travels: native, as a forced call, or asked for in the prompt; chosen by what is lost.

The ways are tried in that order, each with the schema lowered to its dialect, and the first that loses nothing graver
than a constraint the client verifies is taken; else the one that loses least. `Capabilities.spelling` names the
dialects: `output/strict_dialect` and `output/dialect`, `tools/strict_dialect` and `tools/dialect`; without one the
schema is sent as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from portable_llm._adapt._context import Context
from portable_llm._adapt._keep import first_lost
from portable_llm._adaptation import SEVERITIES, Adaptation, entry
from portable_llm._errors import InvalidRequestError, UnsupportedSchemaError
from portable_llm._request import JsonSchema, Output, Request
from portable_llm.schema import Dialect, Lowered, dialect, lower

AT = "/output/schema"
"""Where the schema stands in a request; entries about it lie below."""

_LOST = SEVERITIES.index("lost")

_UNHELD = (entry("json", AT, "weakened", "the client checks the answer", "client", effect="widened"),)
"""What a schema loses that no provider sees as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """One way for the value to travel."""

    mode: Literal["native", "tool", "prompt"]
    lowered: Lowered | None = None
    """`None`: the schema is sent as it is."""
    strict: bool | None = None
    """What is asked for on the wire."""
    why_not: tuple[str, ...] = ()
    """Why no earlier way was taken."""

    @property
    def losses(self) -> tuple[Adaptation, ...]:
        """What the lowering changed."""
        return () if self.lowered is None else self.lowered.adaptations

    @property
    def worst(self) -> Adaptation | None:
        """The gravest of them."""
        return max(self.losses, key=_gravity, default=None)


@dataclass(frozen=True, slots=True)
class _No:
    """A way that is closed, and why."""

    why: str
    keyword: str = ""
    """The keyword of `Output.keep` that it would lose."""
    at: str = ""
    is_schema: bool = field(default=False, kw_only=True)
    """The schema is what closes it, not the target."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the choice depends on."""

    output: Output[Any]
    schema: JsonSchema | None
    request: Request[Any]
    context: Context

    def spelling(self, name: str) -> str | None:
        """A dialect's name."""
        return self.context.capabilities.spelling.get(name)


_Way: TypeAlias = Callable[[Wanted], "Vehicle | _No | None"]


def choose(wanted: Wanted) -> Vehicle:
    """The way to take; raises `InvalidRequestError` or `UnsupportedSchemaError` if none is open."""
    passed: list[Vehicle | _No] = []
    for way in _WAYS[wanted.output.mode]:
        found = way(wanted)
        if isinstance(found, Vehicle):
            found = _kept(found, wanted)
        if isinstance(found, Vehicle) and not _is_lossy(found):
            return replace(found, why_not=_reasons(passed))
        if found is not None:
            passed.append(found)
    lossy = [one for one in passed if isinstance(one, Vehicle)]
    if not lossy:
        raise _nothing_left(wanted, [one for one in passed if isinstance(one, _No)])
    best = min(lossy, key=_order)
    return replace(best, why_not=_reasons([one for one in passed if one is not best]))


def _is_lossy(vehicle: Vehicle) -> bool:
    return vehicle.worst is not None and _gravity(vehicle.worst) >= _LOST


def _reasons(passed: Sequence[Vehicle | _No]) -> tuple[str, ...]:
    return tuple(one.why if isinstance(one, _No) else _too_lossy(one) for one in passed)


def _gravity(loss: Adaptation) -> int:
    return SEVERITIES.index(loss.severity)


def _order(vehicle: Vehicle) -> tuple[int, ...]:
    """How many losses of each severity, gravest first; `min` takes the earlier of equals."""
    return tuple(sum(loss.severity == severity for loss in vehicle.losses) for severity in reversed(SEVERITIES))


def _too_lossy(vehicle: Vehicle) -> str:
    worst = vehicle.worst
    name = "strict" if vehicle.strict else vehicle.mode
    return (
        f"{name} loses more" if worst is None else f"{name}: {worst.subject} would be {worst.action} ({worst.detail})"
    )


# ---- the ways --------------------------------------------------------------------------------------------------------


def _strict(wanted: Wanted) -> Vehicle | _No | None:
    """The provider's own structured output, with the switch that makes it hold."""
    name, strict = wanted.spelling("output/strict_dialect"), wanted.output.strict
    is_switched = strict is True or (strict is None and wanted.spelling("output/strict") == "opt_in")
    if wanted.schema is None or name is None or not is_switched:
        return None
    return _no_native(wanted) or _lowered(wanted.schema, dialect(name), Vehicle(mode="native", strict=True))


def _native(wanted: Wanted) -> Vehicle | _No | None:
    """The provider's own structured output as it is without a switch."""
    strict = wanted.output.strict
    if wanted.schema is not None and strict is True and wanted.spelling("output/strict_dialect") is not None:
        return None
    closed = _no_native(wanted)
    if closed is not None:
        return closed
    name, vehicle = wanted.spelling("output/dialect"), Vehicle(mode="native", strict=strict)
    if wanted.schema is None or name is None:
        return vehicle
    row = dialect(name)
    if not row.is_enforced and wanted.spelling("output/strict") == "opt_in" and not is_object(wanted.schema):
        return _No(f"{wanted.context.target} takes an object as root, unless it is strict", is_schema=True)
    return _lowered(wanted.schema, row, vehicle)


def _no_native(wanted: Wanted) -> _No | None:
    capabilities, target = wanted.context.capabilities, wanted.context.target
    fact = capabilities["output/json" if wanted.schema is None else "output/native"]
    if fact.support != "yes":
        return _No(f"{target} cannot hold an answer to it ({fact.reference})")
    if wanted.request.tools and wanted.output.mode == "auto":
        beside = capabilities["output/with_tools"]
        if beside.support != "yes":
            return _No(f"{target} takes no schema beside tools ({beside.reference})")
    return None


def _tool(wanted: Wanted) -> Vehicle | _No | None:
    """The arguments of a call that the model has to make."""
    closed = _no_tool(wanted)
    if closed is not None or wanted.schema is None:
        return closed or Vehicle(mode="tool")
    name, plain = wanted.spelling("tools/strict_dialect"), wanted.spelling("tools/dialect")
    fact = wanted.context.capabilities["tools/strict"]
    if name is not None and fact.support == "yes" and wanted.output.strict is not False:
        strict = _lowered(wanted.schema, _rooted(name), Vehicle(mode="tool", strict=True))
        if wanted.output.strict or (isinstance(strict, Vehicle) and not _is_lossy(strict)):
            return strict
    if plain is None:
        return Vehicle(mode="tool")
    return _lowered(wanted.schema, _rooted(plain), Vehicle(mode="tool"))


def _no_tool(wanted: Wanted) -> _No | None:
    capabilities, target, request = wanted.context.capabilities, wanted.context.target, wanted.request
    fact = capabilities["tool_choice/named"]
    if fact.support != "yes":
        return _No(f"{target} refuses a forced call ({fact.reference})")
    if wanted.output.mode == "tool":
        return None
    if wanted.schema is None:
        return _No("any JSON value needs no call")
    if fact.is_assumed or capabilities["tools"].support != "yes":
        return _No(f"nobody knows whether {target} can be forced to call a tool")
    if request.tools or request.tool_choice is not None:
        return _No("a forced call would displace the tools of the request")
    thinks = request.reasoning is not None and request.reasoning.effort != "none"
    if thinks and "thinking:forced" in (wanted.spelling("exclusive") or "").split():
        return _No(f"{target} cannot be forced to call a tool while it thinks")
    return None


def _prompt(_wanted: Wanted) -> Vehicle | _No | None:
    return Vehicle(mode="prompt")


_WAYS: dict[str, tuple[_Way, ...]] = {
    "auto": (_strict, _native, _tool, _prompt),
    "native": (_strict, _native),
    "tool": (_tool,),
    "prompt": (_prompt,),
}


# ---- lowering --------------------------------------------------------------------------------------------------------


def is_object(schema: JsonSchema | None) -> bool:
    """Whether the root is an object in so many words."""
    return schema is not None and schema.get("type") == "object"


@lru_cache(maxsize=64)
def _rooted(name: str) -> Dialect:
    """A dialect for arguments, which are an object everywhere."""
    return replace(dialect(name), root_is_object=True)


_ANYTHING = Dialect(name="json-schema", supported=frozenset(), others="supported")
"""What cannot be said in this one cannot be held by the client either."""


def _lowered(schema: JsonSchema, row: Dialect, vehicle: Vehicle) -> Vehicle | _No:
    """The vehicle with its schema; raises `UnsupportedSchemaError` for what no dialect could say."""
    try:
        return replace(vehicle, lowered=lower(schema, row, at=AT))
    except UnsupportedSchemaError as error:
        lower(schema, _ANYTHING, at=AT)
        return _No(f"{row.name} cannot say the schema: {error.message}", is_schema=True)


def _kept(vehicle: Vehicle, wanted: Wanted) -> Vehicle | _No:
    """The way, unless the provider would not enforce a keyword that it must."""
    keep = wanted.output.keep
    if not keep or wanted.schema is None:
        return vehicle
    is_held = vehicle.lowered is not None and not (vehicle.mode == "tool" and not vehicle.strict)
    lost = first_lost(wanted.schema, keep, vehicle.losses if is_held else _UNHELD, AT)
    if lost is None:
        return vehicle
    name = "strict" if vehicle.strict else vehicle.mode
    return _No(f"{name} would not hold {lost[0]!r} at {lost[1]}, which /output/keep demands", *lost)


def _nothing_left(wanted: Wanted, closed: list[_No]) -> InvalidRequestError:
    target, mode = wanted.context.target, wanted.output.mode
    lost = next((no for no in closed if no.keyword), None)
    if lost is not None:
        return UnsupportedSchemaError(
            f"{target} does not enforce {lost.keyword!r} at {lost.at}, which /output/keep demands; choose a model "
            f"whose provider does, or take {lost.keyword!r} out of keep: the client checks every answer all the same"
        )
    why = "; ".join(no.why for no in closed)
    text = f"/output/mode is {mode!r} and {why}; use mode='auto' or 'prompt'"
    return UnsupportedSchemaError(text) if any(no.is_schema for no in closed) else InvalidRequestError(text)
