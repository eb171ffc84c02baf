"""Parameters in a target's dialect: strict only where nothing is lost, and arguments restored on the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from portable_llm import (
    Capabilities,
    Client,
    Fact,
    Message,
    Origin,
    Request,
    Tool,
    ToolCallPart,
    assistant,
    schema,
    tool_result,
    user,
)
from portable_llm._adapt import Context
from portable_llm._adapt._parameters import adapt_parameters
from portable_llm._adaptation import Adaptation, entry
from portable_llm._errors import UnsupportedSchemaError
from portable_llm._events import PartEnd
from portable_llm._request import JsonSchema
from portable_llm._response import NoOutput, Response, Usage
from portable_llm.testing import FakeServer, Received, Reply, answer

PAIRS = {"type": "object", "properties": {"limits": {"type": "array"}}}
MAP: dict[str, Any] = {"type": "object", "properties": {"limits": {"type": "object"}}}


@dataclass(frozen=True)
class Codec:
    """A toy dialect in which a map travels as a list of pairs."""

    schema: JsonSchema
    adaptations: tuple[Adaptation, ...]

    @property
    def is_identity(self) -> bool:
        return self.schema is not PAIRS

    def encode(self, value: Any, /) -> Any:
        return {name: [list(pair) for pair in item.items()] for name, item in value.items()}

    def restore(self, value: Any, /) -> Any:
        return {name: dict(item) for name, item in value.items()}


def lower(schema: JsonSchema, dialect: str, /, *, at: str) -> Codec:
    if dialect == "says-nothing":
        raise UnsupportedSchemaError(f"{at} cannot be said")
    if dialect == "loses":
        lost = entry("tools", f"{at}/properties/limits", "narrowed", "one limit at most", "nobody", effect="narrowed")
        return Codec(schema, (lost,))
    if dialect == "as-it-is":
        return Codec(schema, ())
    return Codec(PAIRS, (entry("tools", f"{at}/properties/limits", "encoded", "as pairs", "client"),))


LIMIT = Tool(name="limit", parameters=MAP)
ARGUMENTS: Any = {"limits": {"a": 1}}
CALL = ToolCallPart(id="c1", name="limit", arguments=ARGUMENTS, raw_arguments='{"limits":{"a":1}}')


def adapted(
    *messages: Message, strict: bool | None = None, **spelling: str
) -> tuple[Request[Any], dict[str, str], Context]:
    """The request, place → what was done, and what the pass left for later."""
    context = Context(
        origin=Origin(provider="p", host="h", model="m"),
        capabilities=Capabilities(
            facts={"tools/strict": Fact(source="docs", date="2026-01-01")},
            spelling={f"tools/{name}": dialect for name, dialect in spelling.items()},
        ),
    )
    context.places = {"limit": 0}
    tool = Tool(name="limit", parameters=MAP, strict=strict)
    request = Request[Any](model="m", messages=messages or (user("Hi"),), tools=(tool,))
    changed, entries = adapt_parameters(request, context, lower)
    return changed, {each.subject: each.action for each in entries}, context


def test_without_a_dialect_the_schema_is_sent_as_it_is() -> None:
    request, ledger, context = adapted()

    assert (request.tools[0].parameters, ledger, context.tools) == (MAP, {}, None)


def test_a_schema_is_lowered_and_said() -> None:
    request, ledger, context = adapted(dialect="pairs")

    assert request.tools[0].parameters == PAIRS
    assert ledger == {"/tools/0/parameters/properties/limits": "encoded"}
    assert context.tools is not None


def test_a_schema_that_needs_no_encoding_needs_no_plan() -> None:
    _, _, context = adapted(dialect="as-it-is")

    assert context.tools is None


def test_a_strict_tool_stays_strict_where_nothing_is_lost() -> None:
    request, ledger, _ = adapted(strict=True, strict_dialect="pairs")

    assert request.tools[0].strict is True
    assert ledger == {"/tools/0/parameters/properties/limits": "encoded"}


def test_a_strict_tool_that_would_lose_something_is_sent_as_any_other() -> None:
    for dialect in ("loses", "says-nothing"):
        request, ledger, _ = adapted(strict=True, strict_dialect=dialect, dialect="as-it-is")

        assert request.tools[0].strict is None
        assert ledger == {"/tools/0/strict": "dropped"}


def test_calls_of_the_history_are_sent_in_the_dialect() -> None:
    history = (user("Hi"), assistant(CALL), tool_result("c1", "done"))

    request, _, _ = adapted(*history, dialect="pairs")

    (call,) = request.messages[1].tool_calls
    assert call.arguments == {"limits": [["a", 1]]}


def test_what_the_model_wrote_is_sent_back_byte_for_byte() -> None:
    raw = '{"limits": [ ["a", 1] ]}'
    made = ToolCallPart(id="c1", name="limit", arguments=ARGUMENTS, raw_arguments=raw)

    request, _, _ = adapted(user("Hi"), assistant(made), tool_result("c1", "done"), dialect="pairs")

    assert request.messages[1].tool_calls[0].raw_arguments == raw


def test_arguments_come_back_in_the_form_of_the_application_s_schema() -> None:
    _, _, context = adapted(dialect="pairs")
    assert context.tools is not None
    call = ToolCallPart(id="c1", name="limit", arguments={"limits": [["a", 1]]}, raw_arguments="")
    response = Response[Any](
        message=Message(role="assistant", parts=(call,)),
        finish_reason="tool_call",
        raw_finish_reason=None,
        outcome=NoOutput(),
        refusal=None,
        usage=Usage(),
        model="m",
        id="1",
    )

    assert context.tools.restore(response).tool_calls[0].arguments == ARGUMENTS
    ended = context.tools.restore_delta(PartEnd(0, call))
    assert isinstance(ended, PartEnd)
    assert isinstance(ended.part, ToolCallPart)
    assert ended.part.arguments == ARGUMENTS


# ---- the compiler itself ---------------------------------------------------------------------------------------------

BOOKING: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "nights": {"type": "integer"},
        "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "required": ["city"],
}


@pytest.mark.parametrize("name", ["openai", "anthropic", "google"])
@pytest.mark.parametrize("is_stream", [False, True])
def test_a_map_and_an_absent_member_come_back_as_the_application_declared_them(name: str, is_stream: bool) -> None:
    wanted = {"city": "Oslo", "limits": {"price": 100}}

    def model(request: Any, received: Received) -> Reply:
        (declared,) = request.tools
        strict = {"openai": "openai-strict", "anthropic": "anthropic", "google": "gemini-json-schema"}[name]
        lowered = schema.lower(BOOKING, strict, at="/tools/0/parameters")
        assert declared.parameters == lowered.schema
        return Reply(response=answer(tool_calls=[("book", lowered.encode(wanted))]))

    book = Tool(name="book", parameters=BOOKING, strict=None if name == "google" else True)
    with FakeServer(model) as server, Client(api_keys={name: "any"}) as client:
        ask = (f"{name}:any-model@{server.base_url(name)}", "Book!")
        if is_stream:
            with client.stream(*ask, tools=[book]) as stream:
                response: Any = stream.finish()
        else:
            response = client.chat(*ask, tools=[book])

    assert response.tool_calls[0].arguments == wanted


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_closing_what_is_open_by_silence_alone_keeps_a_tool_strict(name: str) -> None:
    with Client(api_keys={name: "any"}) as client:
        plan = client.plan(f"{name}:any-model", "Hi", tools=[Tool(name="book", parameters=BOOKING, strict=True)])

    assert b'"strict":true' in plan.call.body
    assert [
        each for each in plan.adaptations if each.subject.startswith("/tools/0") and each.severity == "changed"
    ] == []
