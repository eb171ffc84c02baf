"""Tools as functions and results as values; names, ids and limits of a target, each change in the ledger."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import pytest
from pydantic import BaseModel

from portable_llm import (
    BlobPart,
    Capabilities,
    Fact,
    InvalidRequestError,
    Message,
    NamedTool,
    Plan,
    Request,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
    UnsupportedSchemaError,
    assistant,
    tool_result,
    user,
)
from portable_llm._plan import make_plan
from portable_llm.providers import provider
from portable_llm.providers._target import Target
from portable_llm.tools import tool

# ---- tools from functions --------------------------------------------------------------------------------------------


@tool
def weather(city: str, days: int = 1) -> str:
    """Weather in a city.

    Args:
        city: Its name.
        days: How many.
    """
    return f"{city} {days}"


def test_a_function_declares_its_tool() -> None:
    assert (weather.name, weather.description) == ("weather", "Weather in a city.")
    assert weather.parameters["required"] == ["city"]
    assert set(weather.parameters["properties"]) == {"city", "days"}


def test_a_tool_can_be_called_as_the_function_it_is() -> None:
    assert weather("Oslo", days=2) == "Oslo 2"


def test_what_is_given_wins_over_what_the_function_says() -> None:
    given: dict[str, Any] = {"type": "object", "properties": {"q": {"type": "string"}}}

    @tool(name="server.search", description="Search.", parameters=given, strict=True)
    def search(**arguments: Any) -> None: ...

    assert (search.name, search.description, search.parameters, search.strict) == (
        "server.search",
        "Search.",
        given,
        True,
    )


def test_a_function_that_no_model_can_call_says_so() -> None:
    class Opaque: ...

    def takes(value: Any) -> None: ...

    takes.__annotations__["value"] = Opaque

    def by_place(value: int, /) -> None: ...

    by_place.__annotations__["value"] = int
    for function in (takes, by_place):
        with pytest.raises(UnsupportedSchemaError, match=function.__name__):
            tool(function)


def test_a_plan_with_functions_can_be_pickled_and_holds_their_declarations() -> None:
    made = plan(tools=(weather,))

    kept: Plan[Any] = pickle.loads(pickle.dumps(made))

    assert kept.call == made.call
    assert kept.request.tools[0].name == "weather"


# ---- results ---------------------------------------------------------------------------------------------------------


class Forecast(BaseModel):
    day: date


@dataclass
class Place:
    name: str


PNG = BlobPart(mime_type="image/png", data=b"\x89PNG")


def result_of(*values: object, **options: Any) -> ToolResultPart:
    return cast("ToolResultPart", tool_result("call_1", *values, **options).parts[0])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12 C", "12 C"),
        ("", ""),
        ({"degrees": 12}, '{"degrees":12}'),
        ([1, "a"], '[1,"a"]'),
        (12.5, "12.5"),
        (True, "true"),
        (None, "null"),
        (Forecast(day=date(2026, 11, 24)), '{"day":"2026-11-24"}'),
        (Place(name="Oslo"), '{"name":"Oslo"}'),
        (float("nan"), "null"),
    ],
    ids=repr,
)
def test_a_value_is_sent_as_its_text_or_its_json(value: object, text: str) -> None:
    assert result_of(value) == ToolResultPart(call_id="call_1", parts=(TextPart(text=text),))


def test_parts_stay_parts_also_in_a_list() -> None:
    assert result_of("a map", PNG).parts == (TextPart(text="a map"), PNG)
    assert result_of(["a map", PNG]).parts == (TextPart(text="a map"), PNG)


def test_an_exception_is_a_failed_result() -> None:
    assert result_of(KeyError("Oslo")) == ToolResultPart(
        call_id="call_1", parts=(TextPart(text="KeyError: 'Oslo'"),), is_error=True
    )


@pytest.mark.parametrize("value", [b"raw", object(), {"a": object()}], ids=["bytes", "object", "inside"])
def test_what_cannot_be_sent_is_refused_with_a_remedy(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="tool result"):
        tool_result("call_1", value)


# ---- what a target takes ---------------------------------------------------------------------------------------------

WEATHER = Tool(name="server.weather", description="Current weather")
OTHER = Tool(name="clock")
SOURCE: dict[str, Any] = {"source": "docs", "date": "2026-01-01"}
NAMES = Fact(values=("A-Za-z_", "A-Za-z0-9_"), maximum=64, **SOURCE)
NINE = Fact(values=("A-Za-z0-9",), minimum=9, maximum=9, **SOURCE)
NO = Fact(support="no", **SOURCE)
YES = Fact(**SOURCE)


def plan(*messages: Message, facts: dict[str, Fact] | None = None, **fields: Any) -> Plan[Any]:
    """A plan for a target whose capabilities are these facts and otherwise nobody's guess."""
    known = {"tools": YES, "tool_choice/named": YES, "tool_choice/required": YES, **(facts or {})}
    row = provider("compatible").with_(capabilities=Capabilities(facts=known))
    target = Target(provider=row, model="m", base_url="http://host/v1", is_override=True)
    return make_plan(Request[Any](model="compatible:m", messages=messages or (user("Hi"),), **fields), target)


def ledger(made: Plan[Any]) -> dict[str, tuple[str, str]]:
    """Place → what was done there and how grave it is, without the format's own renames."""
    return {
        entry.subject: (entry.action, entry.severity)
        for entry in made.adaptations
        if entry.source == "docs 2026-01-01" or entry.subject == "/allowed_tools"
    }


CALL = ToolCallPart(id="functions.weather:0", name="server.weather", arguments={}, raw_arguments="{}")
ROUND = (user("Hi"), assistant(CALL), tool_result(CALL.id, "12 C"), user("And now?"))


def test_a_name_is_renamed_everywhere_and_each_place_is_said() -> None:
    made = plan(*ROUND, facts={"tools/name": NAMES}, tools=(OTHER, WEATHER), tool_choice=NamedTool("server.weather"))

    assert "server.weather" not in str(made.call.json)
    assert ledger(made) == dict.fromkeys(
        ["/tools/1/name", "/tool_choice/name", "/messages/1/parts/0/name"], ("renamed", "exact")
    )
    assert made.tools is not None
    assert made.tools.names == {"server_weather": "server.weather"}


def test_legal_names_and_ids_need_no_plan() -> None:
    call = ToolCallPart(id="abcdefghi", name="clock", arguments={}, raw_arguments="{}")
    history = (user("Hi"), assistant(call), tool_result(call.id, "12"))

    made = plan(*history, facts={"tools/name": NAMES, "tools/call_id": NINE}, tools=(OTHER,))

    assert made.tools is None
    assert ledger(made) == {}


def test_an_id_is_rewritten_alike_in_call_and_result() -> None:
    made = plan(*ROUND, facts={"tools/call_id": NINE}, tools=(OTHER,))

    [_, asked, answered, _] = cast("Any", made.call.json)["messages"]
    assert asked["tool_calls"][0]["id"] == answered["tool_call_id"]
    assert len(answered["tool_call_id"]) == 9
    assert ledger(made) == {
        "/messages/1/parts/0/id": ("renamed", "exact"),
        "/messages/2/parts/0/call_id": ("renamed", "exact"),
    }


def names_sent(made: Plan[Any]) -> list[str]:
    return [tool["function"]["name"] for tool in cast("Any", made.call.json).get("tools", ())]


def test_a_subset_of_the_tools_is_all_that_is_sent() -> None:
    made = plan(tools=(Tool(name="a"), Tool(name="b"), Tool(name="c")), allowed_tools=("b", "c"))

    assert names_sent(made) == ["b", "c"]
    assert ledger(made) == {"/allowed_tools": ("emulated", "exact")}


def test_an_empty_subset_forbids_calls() -> None:
    made = plan(tools=(Tool(name="a"),), allowed_tools=())

    assert names_sent(made) == []


def test_places_of_what_is_left_are_those_of_the_request() -> None:
    made = plan(facts={"tools/name": NAMES}, tools=(OTHER, WEATHER), allowed_tools=("server.weather",))

    assert "/tools/1/name" in ledger(made)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"allowed_tools": ("nope",)}, "'nope'"),
        ({"allowed_tools": (), "tool_choice": "required"}, "allows none"),
        ({"allowed_tools": (), "tool_choice": NamedTool("clock")}, "does not allow"),
    ],
)
def test_a_subset_that_cannot_be_meant_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        plan(tools=(OTHER,), **fields)


def test_more_tools_than_the_target_takes_are_refused_with_a_remedy() -> None:
    facts = {"tools/count": Fact(maximum=2, **SOURCE)}
    tools = tuple(Tool(name=name) for name in "abc")

    with pytest.raises(InvalidRequestError, match="allowed_tools"):
        plan(facts=facts, tools=tools)
    assert names_sent(plan(facts=facts, tools=tools, allowed_tools=("a", "c"))) == ["a", "c"]


def test_a_description_that_is_too_long_stands_whole_in_the_system_text() -> None:
    long = "word " * 40
    made = plan(facts={"tools/description": Fact(maximum=50, **SOURCE)}, tools=(Tool(name="a", description=long),))

    body = cast("Any", made.call.json)
    sent = body["tools"][0]["function"]["description"]
    assert len(sent) <= 50
    assert long.startswith(sent.removesuffix("…"))
    assert long in body["messages"][0]["content"]
    assert ledger(made) == {"/tools/0/description": ("moved", "exact")}


def test_a_certain_call_that_cannot_be_forced_is_the_only_one_offered() -> None:
    made = plan(facts={"tool_choice/named": NO}, tools=(OTHER, WEATHER), tool_choice=NamedTool("clock"))

    assert names_sent(made) == ["clock"]
    assert cast("Any", made.call.json)["tool_choice"] == "required"
    assert ledger(made) == {"/tool_choice": ("emulated", "exact")}


def test_strict_tools_beyond_the_target_s_number_are_not_strict_and_said() -> None:
    tools = tuple(Tool(name=name, strict=True) for name in "abc")
    made = plan(facts={"tools/strict": Fact(maximum=2, **SOURCE)}, tools=tools)

    sent = [tool["function"].get("strict") for tool in cast("Any", made.call.json)["tools"]]
    assert sent == [True, True, None]
    assert ledger(made) == {"/tools/2/strict": ("dropped", "lost")}


# ---- media in results ------------------------------------------------------------------------------------------------

BOTH = (user("Hi"), assistant(CALL), tool_result(CALL.id, "a map", PNG), user("Where?"))


def test_an_image_of_a_result_goes_right_behind_the_results_where_they_take_text_only() -> None:
    made = plan(*BOTH, facts={"tool_result/media": NO, "parts/image": YES}, tools=(WEATHER,))

    [_, _, result, image, question] = cast("Any", made.call.json)["messages"]
    assert [part["type"] for part in result["content"]] == ["text", "text"]
    assert (image["role"], image["content"][1]["type"]) == ("user", "image_url")
    assert question["content"] == "Where?"
    assert ledger(made) == {"/messages/2/parts/0/parts/1": ("moved", "exact")}


def test_images_of_several_results_follow_them_all() -> None:
    second = ToolCallPart(id="call_2", name="clock", arguments={}, raw_arguments="{}")
    history = (user("Hi"), assistant(CALL, second), tool_result(CALL.id, PNG), tool_result("call_2", PNG))

    made = plan(*history, facts={"tool_result/media": NO, "parts/image": YES}, tools=(WEATHER,))

    roles = [message["role"] for message in cast("Any", made.call.json)["messages"]]
    assert roles == ["user", "assistant", "tool", "tool", "user"]


def test_what_the_target_takes_nowhere_is_left_out_and_said() -> None:
    made = plan(*BOTH, facts={"tool_result/media": NO, "parts/image": NO}, tools=(WEATHER,))

    assert ledger(made) == {"/messages/2/parts/0/parts/1": ("dropped", "changed")}


def test_what_a_docstring_says_of_a_parameter_reaches_the_model() -> None:
    @tool
    def weather(city: str) -> str:
        """Tell the weather.

        Args:
            city: Name of the city, without the country.
        """
        return city

    assert weather.parameters["properties"]["city"]["description"] == "Name of the city, without the country."
    assert weather.description == "Tell the weather."
