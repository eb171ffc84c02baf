"""How a wanted value travels: the way that loses least, with the reason; and the way back into the caller's shape."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from portable_llm import (
    AsyncClient,
    Capabilities,
    Client,
    Fact,
    Invalid,
    InvalidRequestError,
    LossError,
    NamedTool,
    Output,
    Parsed,
    Plan,
    Reasoning,
    Tool,
    UnsupportedSchemaError,
)
from portable_llm._adaptation import LossPolicy
from portable_llm.providers import provider
from portable_llm.schema import lower, validate
from portable_llm.testing import FakeServer, answer, scripted
from support.json_values import values_in
from support.speakers import one_of_each_wire

STRICT = "openai:gpt-4o"
ALWAYS_HELD = "anthropic:claude-sonnet-5"
NEVER_FORCED = "anthropic:claude-opus-5-5"
WITHOUT_SCHEMAS = "anthropic:claude-3-haiku-20240307"
GEMINI = "google:gemini-3-pro"
OLDER_GEMINI = "google:gemini-2.0-flash"
UNKNOWN = "compatible:m@http://host/v1"
RESPONSES = "openai-responses:gpt-5.4"
CERTAIN = (STRICT, "openai:o3", RESPONSES, ALWAYS_HELD, NEVER_FORCED, WITHOUT_SCHEMAS, GEMINI, OLDER_GEMINI, UNKNOWN)
OTHERS = {*one_of_each_wire()} - {model.partition(":")[0] for model in CERTAIN}
MODELS = (*CERTAIN, *(f"{name}:some-model" for name in sorted(OTHERS)))
"""Models that differ in how a value may travel, and one of every other wire format."""

MAP: dict[str, Any] = {
    "type": "object",
    "properties": {"counts": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}},
    "required": ["counts"],
    "additionalProperties": False,
}
COUNTS: Any = {"counts": {"a": 1, "b": 2}}

OVERLAP: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "anyOf": [
        {"properties": {"b": {"const": 1}}, "required": ["b"]},
        {"properties": {"c": {"const": 2}}, "required": ["c"]},
    ],
    "unevaluatedProperties": False,
}
"""A value may be of both kinds at once, which no dialect with closed objects can say."""


@pytest.fixture(scope="module")
def client() -> Client:
    return Client()


def planned(client: Client, model: str, output: Output[Any], **options: Any) -> Plan[Any]:
    return client.plan(model, "Which one?", output=output, **options)


def travels(made: Plan[Any]) -> str:
    assert made.output is not None
    return made.output.mode


def sent_schema(made: Plan[Any]) -> Any:
    """The schema in the wire request, where it stands as one."""
    body: Any = made.call.json
    if "response_format" in body:
        held = body["response_format"]["json_schema"]
        return held if body["response_format"]["type"] == "json_object" else held["schema"]
    if "format" in body:
        return body["format"]
    if "output_config" in body:
        return body["output_config"]["format"]["schema"]
    if "text" in body:
        return body["text"]["format"]["schema"]
    config = body.get("generationConfig", {})
    return config.get("responseJsonSchema") or config.get("responseSchema")


def reason(made: Plan[Any]) -> str:
    return " ".join(entry.detail for entry in made.adaptations if entry.subject == "/output")


# ---- which way -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [STRICT, RESPONSES, ALWAYS_HELD, NEVER_FORCED, GEMINI, OLDER_GEMINI])
def test_what_can_be_said_natively_is(client: Client, model: str) -> None:
    made = planned(client, model, Output(schema=MAP))

    assert travels(made) == "native"
    assert sent_schema(made) is not None
    assert "weakened" not in [entry.action for entry in made.adaptations if entry.subject == "/output"]


def test_strict_is_asked_for_where_nothing_grave_is_lost(client: Client) -> None:
    made = planned(client, STRICT, Output(schema=MAP))

    assert made.call.json["response_format"]["json_schema"]["strict"] is True  # type: ignore[index,call-overload]
    assert "/output/strict" in made.explain()


def test_what_strict_would_narrow_goes_without_it_and_the_reason_is_said(client: Client) -> None:
    made = planned(client, STRICT, Output(schema=OVERLAP))

    assert travels(made) == "native"
    assert sent_schema(made) == OVERLAP
    assert "strict" not in made.call.json["response_format"]["json_schema"]  # type: ignore[operator,index,call-overload]
    assert "not strict: strict: /output/schema/anyOf would be narrowed" in reason(made)
    assert made.worst == "checked"


def test_what_cannot_be_said_natively_is_carried_by_a_call_that_may_be_forced(client: Client) -> None:
    made = planned(client, ALWAYS_HELD, Output(schema=OVERLAP))

    assert travels(made) == "tool"
    assert "native: /output/schema/anyOf would be narrowed" in reason(made)


def test_where_no_call_may_be_forced_it_is_asked_for_in_the_prompt(client: Client) -> None:
    made = planned(client, NEVER_FORCED, Output(schema=OVERLAP))

    assert travels(made) == "prompt"
    assert "refuses a forced call" in reason(made)


def test_a_model_without_structured_output_gets_a_forced_call(client: Client) -> None:
    made = planned(client, WITHOUT_SCHEMAS, Output(schema=MAP))

    assert travels(made) == "tool"
    assert "cannot hold an answer to it" in reason(made)


def test_where_the_provider_holds_json_at_least_the_prompt_goes_with_that(client: Client) -> None:
    no = Fact(support="no", source="docs", date="2026-01-01")
    row = provider("compatible").with_(capabilities=Capabilities(facts={"output/native": no, "tool_choice/named": no}))
    made = planned(Client(providers={"compatible": row}), UNKNOWN, Output(schema=MAP))

    assert travels(made) == "prompt"
    assert made.call.json["response_format"] == {"type": "json_object"}
    assert json.dumps(MAP, separators=(",", ":")) in str(made.call.json["messages"])
    assert "in JSON mode" in reason(made)


@pytest.mark.parametrize("model", ["openai:gpt-4-turbo", "openai:gpt-4", "openai:gpt-3.5-turbo"])
def test_a_model_that_came_before_schemas_gets_a_forced_call(client: Client, model: str) -> None:
    assert travels(planned(client, model, Output(schema=MAP))) == "tool"


@pytest.mark.parametrize(
    "options",
    [
        {"tools": [Tool(name="look")]},
        {"tools": [Tool(name="look")], "tool_choice": NamedTool("look")},
        {"reasoning": Reasoning(effort="high")},
    ],
    ids=["tools", "a choice", "thinking"],
)
def test_a_call_is_not_forced_over_what_the_request_asks_for(client: Client, options: Any) -> None:
    made = planned(client, "anthropic:claude-sonnet-4-5", Output(schema=OVERLAP), **options)

    assert travels(made) == "prompt"


@pytest.mark.parametrize("model", [STRICT, ALWAYS_HELD, GEMINI, OLDER_GEMINI])
def test_a_schema_that_refers_to_the_network_is_refused_before_anything_is_sent(client: Client, model: str) -> None:
    with pytest.raises(UnsupportedSchemaError, match="http://elsewhere/schema"):
        planned(client, model, Output(schema={"$ref": "http://elsewhere/schema"}))


def test_a_schema_deeper_than_the_dialect_loses_no_more_than_the_client_makes_good(client: Client) -> None:
    level: dict[str, Any] = {"type": "string"}
    for _ in range(14):
        level = {"type": "object", "properties": {"a": level}, "required": ["a"], "additionalProperties": False}

    made = planned(client, STRICT, Output(schema=level))

    assert made.worst in ("exact", "checked")


def test_the_later_way_is_not_looked_at_where_the_first_does(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def noted(schema: Any, row: Any, **options: Any) -> Any:
        asked.append(row.name)
        return lower(schema, row, **options)

    monkeypatch.setattr("portable_llm._adapt._vehicles.lower", noted)
    planned(client, STRICT, Output(schema=MAP))

    assert asked == ["openai-strict"]


# ---- what the caller can fix -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["native", "tool", "prompt"])
def test_the_caller_can_fix_the_way(client: Client, mode: Any) -> None:
    assert travels(planned(client, STRICT, Output(schema=MAP, mode=mode))) == mode


def test_a_fixed_way_that_loses_is_for_the_policy_to_judge(client: Client) -> None:
    made = planned(client, ALWAYS_HELD, Output(schema=OVERLAP, mode="native"))

    assert made.worst == "changed"
    with pytest.raises(LossError, match="/output/schema/anyOf"):
        client.chat(made.request.with_model(ALWAYS_HELD))


@pytest.mark.parametrize(("strict", "sent"), [(True, True), (False, False)])
def test_the_caller_can_fix_strictness(client: Client, strict: bool, sent: bool) -> None:
    made = planned(client, STRICT, Output(schema=MAP, strict=strict))

    wire: Any = made.call.json["response_format"]
    assert wire["json_schema"]["strict"] is sent
    assert (sent_schema(made) == MAP) is not strict


@pytest.mark.parametrize("model", [STRICT, ALWAYS_HELD, GEMINI, UNKNOWN])
def test_a_keyword_that_is_kept_by_nobody_is_an_error_with_its_place(client: Client, model: str) -> None:
    schema = {"type": "object", "properties": {"a~b/c": {"type": "array", "uniqueItems": True}}}

    with pytest.raises(UnsupportedSchemaError) as caught:
        planned(client, model, Output(schema=schema, keep=("uniqueItems",)))

    assert "'uniqueItems' at /output/schema/properties/a~0b~1c/uniqueItems" in str(caught.value)
    assert "out of keep" in str(caught.value)


def test_a_kept_keyword_decides_the_way(client: Client) -> None:
    schema = {"type": "object", "properties": {"code": {"type": "string", "pattern": "^[a-z]+$"}}}

    held = planned(client, STRICT, Output(schema=schema, keep=("pattern",)))

    assert sent_schema(held)["properties"]["code"]["pattern"] == "^[a-z]+$"
    with pytest.raises(UnsupportedSchemaError, match="'pattern'"):
        planned(client, STRICT, Output(schema=schema, keep=("pattern",), strict=False))
    with pytest.raises(UnsupportedSchemaError, match="'pattern'"):
        planned(client, STRICT, Output(schema=schema, keep=("pattern",), mode="prompt"))


def test_a_name_of_a_member_is_no_keyword(client: Client) -> None:
    schema = {"type": "object", "properties": {"uniqueItems": {"type": "string", "minLength": 1}}}

    assert travels(planned(client, STRICT, Output(schema=schema, keep=("uniqueItems",)))) == "native"


def test_what_is_referred_to_from_a_lost_place_is_lost(client: Client) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"not": {"$ref": "#/$defs/never"}}},
        "$defs": {"never": {"type": "string", "maxLength": 3}},
    }

    with pytest.raises(UnsupportedSchemaError, match="'maxLength' at /output/schema/\\$defs/never/maxLength"):
        planned(client, STRICT, Output(schema=schema, keep=("maxLength",)))


@pytest.mark.parametrize("keep", [("patern",), ("description",), "pattern"])
def test_a_word_that_constrains_nothing_is_no_keyword_to_keep(client: Client, keep: Any) -> None:
    with pytest.raises(InvalidRequestError, match="/output/keep"):
        planned(client, STRICT, Output(schema=MAP, keep=keep))


def test_without_a_schema_there_is_nothing_to_keep(client: Client) -> None:
    with pytest.raises(InvalidRequestError, match="no schema"):
        planned(client, STRICT, Output(keep=("pattern",)))


# ---- the ledger ------------------------------------------------------------------------------------------------------


class Priority(Enum):
    LOW = "low"
    HIGH = "high"


class Person(BaseModel):
    name: str
    age: int | None = None
    email: Annotated[str, Field(pattern=r"^\S+@\S+$")] | None = None


class Ticket(BaseModel):
    title: Annotated[str, Field(min_length=1, max_length=80)]
    priority: Priority = Priority.LOW
    tags: list[str] = []
    reporter: Person
    votes: Annotated[int, Field(ge=0, le=10)] = 0


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    good: bool


class Home(BaseModel):
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]]
    rooms: dict[str, Annotated[float, Field(gt=0)]]


class Tree(BaseModel):
    value: int
    children: list[Tree] = []


@dataclass
class Point:
    x: float
    y: float


TYPICAL = (Person, Ticket, Home, Point, list[Person], dict[str, int], Literal["yes", "no"], int | None, tuple[int, str])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("wanted", [*TYPICAL, Tree], ids=str)
def test_a_typical_type_raises_nowhere_and_nothing_graver_than_checked_is_lost(
    client: Client, model: str, wanted: Any
) -> None:
    made = planned(client, model, Output(type=wanted))

    LossPolicy().check(made.adaptations, model)
    assert made.worst in (None, "exact", "advisory", "checked"), made.explain()


@pytest.mark.parametrize("model", MODELS)
def test_every_loss_of_the_schema_is_explained(client: Client, model: str) -> None:
    made = planned(client, model, Output(type=Ticket))

    assert made.output is not None
    said = made.explain()
    for loss in () if made.output.lowered is None else made.output.lowered.adaptations:
        assert loss in made.adaptations
        assert loss.subject in said
        assert loss.subject.startswith("/output/schema")


LEAVES = st.sampled_from(
    [
        {"type": "string", "minLength": 2},
        {"type": "integer", "exclusiveMinimum": 0},
        {"type": "number", "multipleOf": 0.5},
        {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
        {"oneOf": [{"type": "string"}, {"type": "null"}]},
        {"type": "string", "pattern": "^(?=a)"},
        {"const": "x"},
        {},
    ]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).flatmap(
            lambda members: st.sets(st.sampled_from("abc")).map(
                lambda required: {
                    "type": "object",
                    "properties": members,
                    "required": sorted(required & members.keys()),
                }
            )
        ),
        inner.map(lambda item: {"type": "object", "additionalProperties": item}),
        inner.map(lambda item: {"type": "array", "items": item}),
        st.tuples(inner, inner).map(lambda pair: {"anyOf": list(pair)}),
    ),
    max_leaves=6,
)


OFFLINE = Client()


def dialect_of(made: Plan[Any]) -> str:
    """The dialect that the target names for what was sent."""
    body: Any = made.call.json
    is_strict = body.get("response_format", {}).get("json_schema", {}).get("strict")
    spelling = made.target.capabilities(made.wire.CAPABILITIES).spelling
    return spelling["output/strict_dialect" if is_strict else "output/dialect"]


@settings(max_examples=100, deadline=None)
@given(SCHEMAS, st.sampled_from(MODELS))
def test_what_is_sent_is_of_the_dialect_and_all_losses_are_on_record(schema: dict[str, Any], model: str) -> None:
    made = planned(OFFLINE, model, Output(schema=schema))

    assert made.output is not None
    assert made.output.schema == schema
    lowered = made.output.lowered
    assert lowered is None or set(lowered.adaptations) <= set(made.adaptations)
    assert lowered is not None or travels(made) != "native"
    if lowered is not None and travels(made) == "native" and lowered.schema:
        assert lowered.schema in values_in(made.call.json)
        assert lower(lowered.schema, dialect_of(made)).is_identity


@pytest.mark.parametrize("wanted", TYPICAL, ids=str)
def test_the_official_clients_find_nothing_to_change(client: Client, wanted: Any) -> None:
    openai = pytest.importorskip("openai.lib._pydantic")
    google = pytest.importorskip("google.genai.types")

    strict = sent_schema(planned(client, STRICT, Output(type=wanted)))
    older = sent_schema(planned(client, OLDER_GEMINI, Output(type=wanted)))

    assert openai._ensure_strict_json_schema(copy.deepcopy(strict), path=(), root=copy.deepcopy(strict)) == strict
    google.Schema.model_validate(older)  # it forbids what it does not know


@pytest.mark.parametrize("model", MODELS)
def test_a_schema_that_leads_outside_itself_is_never_sent(client: Client, model: str) -> None:
    outside = {"type": "object", "properties": {"a": {"$ref": "https://example.com/a.json"}}}

    for asked in ({"output": Output(schema=outside)}, {"tools": [Tool(name="t", parameters=outside)]}):
        with pytest.raises(UnsupportedSchemaError, match="never fetched"):
            client.plan(model, "Hi", **asked)  # type: ignore[call-overload]


@pytest.mark.parametrize("model", MODELS)
def test_a_root_that_names_members_and_no_type_is_not_refused(client: Client, model: str) -> None:
    schema = {"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}

    plan = client.plan(model, "Hi", output=Output(schema=schema))

    assert LossPolicy().broken_by(plan.adaptations) == ()


def test_a_plan_with_an_encoded_value_can_be_kept(client: Client) -> None:
    made = pickle.loads(pickle.dumps(planned(client, STRICT, Output(schema=MAP))))

    assert made.output.lowered.restore({"counts": [{"key": "a", "value": 1}]}) == {"counts": {"a": 1}}


# ---- and back --------------------------------------------------------------------------------------------------------

FAKED = ("openai", "anthropic", "google")
BY_WIRE = {"openai": STRICT, "anthropic": ALWAYS_HELD, "google": OLDER_GEMINI}
WAYS = ("sync", "async", "streamed")


def asked(way: str, name: str, replies: list[Any], output: Output[Any]) -> Any:
    """The response to one question, answered by a server of that vendor."""
    with FakeServer(scripted(replies)) as server:
        options: Any = {"api_keys": {name: "k"}, "base_urls": {name: server.base_url(name)}}
        model = BY_WIRE[name]
        if way == "async":

            async def ask() -> Any:
                async with AsyncClient(**options) as client:
                    return await client.chat(model, "Count.", output=output)

            return asyncio.run(ask())
        with Client(**options) as client:
            if way == "sync":
                return client.chat(model, "Count.", output=output)
            with client.stream(model, "Count.", output=output) as stream:
                for _ in stream:
                    pass
                return stream.response


def encoded(name: str, value: Any, output: Output[Any]) -> Any:
    """The value as a model of that vendor writes it."""
    how = planned(Client(), BY_WIRE[name], output).output
    assert how is not None
    assert how.lowered is not None
    assert not how.lowered.is_identity
    return how.lowered.encode(value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("name", "mode"),
    # Tools of the third take maps as they are.
    [("openai", "native"), ("openai", "tool"), ("anthropic", "native"), ("anthropic", "tool"), ("google", "native")],
)
def test_an_encoded_answer_comes_back_in_the_caller_s_shape(name: str, way: str, mode: Any) -> None:
    output = Output[Any](schema=MAP, mode=mode)
    written = encoded(name, COUNTS, output)
    reply = answer(json.dumps(written)) if mode == "native" else answer(tool_calls=[("output", written)])

    response = asked(way, name, [reply], output)

    assert response.outcome == Parsed(value=COUNTS)
    said = response.tool_calls[0].arguments if mode == "tool" else json.loads(response.text)
    assert said == written  # as the model wrote it: history and caches depend on it


@pytest.mark.parametrize("name", FAKED)
def test_an_answer_in_prose_is_found_by_the_schema_that_was_sent(name: str) -> None:
    output = Output[Any](schema=MAP)
    text = f"Here you are:\n```json\n{json.dumps(encoded(name, COUNTS, output))}\n```"

    response = asked("sync", name, [text], output)

    assert response.parsed == COUNTS
    assert response.repairs


@pytest.mark.parametrize("name", FAKED)
def test_a_model_that_writes_the_original_shape_is_understood(name: str) -> None:
    assert asked("sync", name, [json.dumps(COUNTS)], Output[Any](schema=MAP)).parsed == COUNTS


@pytest.mark.parametrize("name", FAKED)
def test_an_answer_is_held_to_the_original_and_asked_for_again_in_its_words(name: str) -> None:
    output = Output[Any](schema=MAP, reask=1)
    wrong, right = (encoded(name, {"counts": {"a": number}}, output) for number in (-1, 1))

    first = asked("sync", name, [json.dumps(wrong)], Output[Any](schema=MAP))
    response = asked("sync", name, [json.dumps(wrong), json.dumps(right)], output)

    assert isinstance(first.outcome, Invalid)
    assert first.outcome.errors == ("/counts/a: -1 is not at least 0",)
    assert first.outcome.best_effort == {"counts": {"a": -1}}
    assert (response.parsed, len(response.attempts)) == ({"counts": {"a": 1}}, 2)


@pytest.mark.parametrize("name", FAKED)
@pytest.mark.parametrize("way", WAYS)
def test_an_optional_member_that_came_as_null_is_absent_again(name: str, way: str) -> None:
    @dataclass
    class Note:
        text: str
        stars: int = 3

    output = Output[Any](type=Note)
    how = planned(Client(), BY_WIRE[name], output).output
    assert how is not None
    assert how.lowered is not None
    written = how.lowered.encode({"text": "hi"})

    response = asked(way, name, [json.dumps(written)], output)

    assert response.parsed == Note("hi", 3)


def test_a_wrapped_schema_keeps_what_it_refers_to(client: Client) -> None:
    made = planned(client, WITHOUT_SCHEMAS, Output(type=list[Person], mode="tool"))

    body: Any = made.call.json
    (tool,) = body["tools"]
    assert validate({"value": [{"name": 1}]}, tool["input_schema"]) == ("/value/0/name: 1 is not of type 'string'",)


def test_a_schema_in_the_words_of_openapi_is_sent_and_held_in_those_of_json_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "note": {"type": "string", "nullable": True},
            "count": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        },
        "required": ["note", "count"],
        "additionalProperties": False,
    }
    replies = [answer('{"note": null, "count": 1}'), answer('{"note": null, "count": 0}')]
    with FakeServer(scripted(replies)) as server:
        options: Any = {"api_keys": {"openai": "k"}, "base_urls": {"openai": server.base_url("openai")}}
        with Client(**options) as client:
            good = client.chat(STRICT, "x", output=Output(schema=schema))
            bad = client.chat(STRICT, "x", output=Output(schema=schema))

    assert good.parsed == {"note": None, "count": 1}
    assert isinstance(bad.outcome, Invalid)
    assert "/count" in bad.outcome.errors[0]
