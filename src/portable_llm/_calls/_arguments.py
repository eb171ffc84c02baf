"""The arguments of a call, held to the tool's own schema before a handler sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from portable_llm._adaptation import Repair
from portable_llm._errors import InvalidToolArgumentsError
from portable_llm._json import JsonValue, dump_json
from portable_llm._messages import ToolCallPart
from portable_llm._request import Tool
from portable_llm._response import Grade, Parsed
from portable_llm.schema import validate
from portable_llm.schema._types import schema_asked_for

_MARKS = re.compile(r'"(?:[^"\\]|\\.)*+"|["{}\[\]]', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCall:
    """A call whose arguments the tool's schema accepts."""

    call: ToolCallPart
    """As the model made it."""
    arguments: dict[str, JsonValue]
    """What a handler may see."""
    repairs: tuple[Repair, ...] = ()
    """Edits that were needed to read the model's text."""
    grade: Grade = "exact"


def check_call(call: ToolCallPart, tool: Tool) -> CheckedCall:
    """The call with arguments that `tool.parameters` accepts, repaired where that invents nothing.

    Raises `InvalidToolArgumentsError`, whose `problems` name the places.
    """
    schema = schema_asked_for(tool.parameters)
    if call.arguments is not None and not validate(call.arguments, schema):
        return CheckedCall(call=call, arguments=call.arguments)
    text = call.raw_arguments if call.arguments is None else dump_json(call.arguments).decode()
    if call.arguments is None and breaks_off(text):
        # A reader may close what was cut; to act upon half of an instruction is another matter.
        raise invalid_arguments(call, ("/: the arguments break off before their end",))
    from portable_llm.output import read  # here: only arguments that need it pay for the reader

    outcome = read(text, schema)
    # A lossy reading left something out: enough for a reader, too little to act upon.
    if not isinstance(outcome, Parsed) or outcome.grade == "lossy" or not isinstance(outcome.value, dict):
        problems = (
            outcome.errors if not isinstance(outcome, Parsed) else ("/: the arguments could only be read in part",)
        )
        raise invalid_arguments(call, problems)
    arguments = cast("dict[str, JsonValue]", outcome.value)
    return CheckedCall(call=call, arguments=arguments, repairs=outcome.repairs, grade=outcome.grade)


def breaks_off(text: str) -> bool:
    """Whether a string or a bracket is still open at the end."""
    depth = 0
    for token in _MARKS.findall(text):
        if token == '"':
            return True
        depth += token in "{[" if len(token) == 1 else 0
        depth -= token in "}]" if len(token) == 1 else 0
    return depth > 0


def invalid_arguments(call: ToolCallPart, problems: tuple[str, ...]) -> InvalidToolArgumentsError:
    """The error that names what is wrong with a call's arguments."""
    return InvalidToolArgumentsError(
        f"the arguments of {call.name} (call {call.id}) are not what its schema asks for: {'; '.join(problems)}",
        call=call,
        problems=problems,
    )
