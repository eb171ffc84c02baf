"""The last step of every answer: does it hold the value that was asked for?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, cast

from portable_llm._errors import UnsupportedSchemaError
from portable_llm._json import JsonValue
from portable_llm._request import JsonSchema, Output
from portable_llm._response import Invalid, NoOutput, Outcome, Parsed, Refused, Response
from portable_llm.output._policy import policy_of
from portable_llm.schema import Lowered, validate
from portable_llm.schema._types import type_adapter

T = TypeVar("T")

_CUT = frozenset({"length", "context_overflow", "content_filter", "pause", "error", "cancelled"})
"""Endings after which more would have come."""

# An answer that breaks off is no value, though its brackets could be closed: what is missing would go unnoticed.
_SYNTAX = replace(policy_of("syntax"), cut="refuse")
WHOLE_ONLY = replace(policy_of("align"), cut="refuse")

WRAPPED_KEY = "value"
"""Tools take objects only: a value of another type travels as the only member of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPlan:
    """How a wanted value travels."""

    mode: Literal["native", "tool", "prompt"]
    schema: JsonSchema | None
    """The original schema, which the value is held against; `None` = any JSON value."""
    name: str
    is_wrapped: bool = False
    """The value is the only member of an object."""
    lowered: Lowered | None = None
    """The schema as it was sent, with the way back; `None`: as it is."""

    def restored(self, value: JsonValue) -> JsonValue:
        """A value in the shape of the original schema."""
        return value if self.lowered is None else self.lowered.restore(value)

    def judged(self, value: JsonValue) -> tuple[JsonValue, tuple[str, ...]]:
        """The restored value, and what the original schema has against it."""
        restored = self.restored(value)
        return restored, validate(restored, self.schema) if self.schema else ()


def check(response: Response[Any], output: Output[T] | None, how: OutputPlan | None) -> Response[T]:
    """The response with its outcome: what was asked for, a refusal, or what is wrong with it."""
    if output is None or how is None or isinstance(response.outcome, Refused):
        return cast("Response[T]", response)
    if response.refusal is not None:
        return replace(response, outcome=Refused(refusal=response.refusal))
    outcome = _from_call(response, how) if how.mode == "tool" else _from_text(response, how)
    if isinstance(outcome, Parsed) and output.type is not None:
        outcome = _typed(outcome, output)
    return cast("Response[T]", replace(response, outcome=cast("Outcome[T]", outcome)))


def _from_text(response: Response[Any], how: OutputPlan) -> Outcome[JsonValue]:
    outcome = _read(response.text, how)
    if isinstance(outcome, Invalid):
        # Models speak before they call ("Let me look that up."): the call is the answer, the text no failed value.
        return NoOutput() if response.tool_calls else _explain_end(response, outcome)
    if response.finish_reason in _CUT and _is_number(outcome.value):
        why = "/: the answer was cut off, and a number does not show whether all of its digits came"
        return _explain_end(response, Invalid(errors=(why,), best_effort=outcome.value, repairs=outcome.repairs))
    return outcome


def _read(text: str, how: OutputPlan) -> Parsed[JsonValue] | Invalid:
    """The value in the text, in the shape of the original schema; here alone texts are read.

    An encoded value is recognised by the schema that was sent and judged by the original; a model that wrote the
    original shape all the same is understood too. Only what is of neither shape is brought to one, so that aligning
    never bends a value of one shape into the other.
    """
    from portable_llm.output._read import read  # here: a request that asks for no value pays nothing for the readers

    if how.lowered is None or how.lowered.is_identity:
        return read(text, how.schema, policy=WHOLE_ONLY)
    first: Invalid | None = None
    for policy in (_SYNTAX, WHOLE_ONLY):
        for shape in (how.lowered.read_by, how.schema):
            found = _restored(read(text, shape, policy=policy), how)
            if isinstance(found, Parsed):
                return found
            first = first or found
    return _in_original_words(first or Invalid(errors=()), how)


def _restored(found: Parsed[JsonValue] | Invalid, how: OutputPlan) -> Parsed[JsonValue] | Invalid:
    """The value in the original's shape, if the original accepts it."""
    if isinstance(found, Invalid):
        return found
    value, errors = how.judged(found.value)
    return Invalid(errors=errors, best_effort=value, repairs=found.repairs) if errors else replace(found, value=value)


def _in_original_words(found: Invalid, how: OutputPlan) -> Invalid:
    """What the original schema has against the value, at its own places: a re-ask quotes that."""
    if found.best_effort is None:
        return found
    value, errors = how.judged(found.best_effort)
    return replace(found, errors=errors or found.errors, best_effort=value)


def _is_number(value: JsonValue) -> bool:
    """Every other JSON value has an end that can be seen."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _from_call(response: Response[Any], how: OutputPlan) -> Outcome[JsonValue]:
    call = next((call for call in response.tool_calls if call.name == how.name), None)
    if call is None:
        return NoOutput() if response.tool_calls else _from_text(response, how)
    if call.arguments is None:
        return _explain_end(response, Invalid(errors=(f"/: the arguments of {how.name} are not a JSON object",)))
    value: JsonValue = call.arguments
    if how.is_wrapped:
        if WRAPPED_KEY not in call.arguments:
            return Invalid(errors=(f"/: the call of {how.name} lacks {WRAPPED_KEY!r}",), best_effort=value)
        value = call.arguments[WRAPPED_KEY]
    value, errors = how.judged(value)
    return Invalid(errors=errors, best_effort=value) if errors else Parsed(value=value)


def _explain_end(response: Response[Any], outcome: Invalid) -> Invalid:
    if response.finish_reason == "stop":
        return outcome
    why = f"/: the answer ended with {response.finish_reason} ({response.raw_finish_reason})"
    return replace(outcome, errors=(why, *outcome.errors))


def _typed(parsed: Parsed[JsonValue], output: Output[Any]) -> Outcome[Any]:
    """The value as the type asked for; pydantic validates, in JSON mode as the schema was made."""
    import pydantic
    import pydantic_core

    try:
        adapter = type_adapter(output.type)
        value = adapter.validate_json(pydantic_core.to_json(parsed.value), strict=None)
    except pydantic.ValidationError as error:
        found = tuple(f"/{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False))
        return Invalid(errors=found, best_effort=parsed.value, repairs=parsed.repairs)
    except UnsupportedSchemaError as error:
        return Invalid(errors=(str(error),), best_effort=parsed.value, repairs=parsed.repairs)
    return Parsed(value=value, repairs=parsed.repairs, grade=parsed.grade)
