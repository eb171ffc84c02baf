"""Calls of an answer, read and held to what the application declared; loaded where there is such a call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from portable_llm._adaptation import Repair
from portable_llm._calls._arguments import breaks_off
from portable_llm._calls._plan import ArgumentCodec
from portable_llm._json import JsonValue
from portable_llm._messages import ToolCallPart
from portable_llm._request import JsonSchema
from portable_llm._response import CallCheck, Parsed
from portable_llm.schema import validate

_NO_OBJECT = "/: the arguments are no JSON object"


def read_encoded(call: ToolCallPart, codec: ArgumentCodec) -> tuple[ToolCallPart, tuple[Repair, ...]]:
    """A call whose text is no JSON, read as the schema that was sent says; as it is where that would invent something.

    What breaks off is not closed: to act upon half of an instruction is worse than to ask again.
    """
    if breaks_off(call.raw_arguments):
        return call, ()
    from portable_llm.output import read  # here: only arguments that need it pay for the reader

    outcome = read(call.raw_arguments, codec.schema)
    if not isinstance(outcome, Parsed) or outcome.grade == "lossy":
        return call, ()
    restored = codec.restore(outcome.value)
    if not isinstance(restored, dict):
        return call, ()
    return replace(call, arguments=cast("dict[str, JsonValue]", restored)), outcome.repairs


def check_calls(
    calls: tuple[ToolCallPart, ...], schemas: Mapping[str, JsonSchema], repairs: Mapping[str, tuple[Repair, ...]]
) -> tuple[CallCheck, ...]:
    """Each call of a tool in `schemas` against the tool's own schema; `repairs` by call id."""
    return tuple(
        CallCheck(call=call, problems=_problems(call, schemas[call.name]), repairs=repairs.get(call.id, ()))
        for call in calls
        if call.name in schemas
    )


def _problems(call: ToolCallPart, schema: JsonSchema) -> tuple[str, ...]:
    return (_NO_OBJECT,) if call.arguments is None else validate(call.arguments, schema)
