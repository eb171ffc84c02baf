"""Limits on what a call may spend: held before sending, against the upper bound, over all that a call sends."""

from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from portable_llm import (
    AsyncClient,
    BudgetError,
    CacheHint,
    Client,
    ConfigurationError,
    ConnectionFailedError,
    Output,
    Request,
    Response,
    RetryPolicy,
    Tool,
    Usage,
    request,
    user,
)
from portable_llm._exchange import Link, chat
from portable_llm._http import Send
from portable_llm._plan import Plan, make_plan
from portable_llm._spending import Limits
from portable_llm.providers._target import load_settings
from portable_llm.testing import FakeServer, scripted
from portable_llm.testing import answer as answering
from portable_llm.testing._script import play, reply
from portable_llm.tokens import Cost, cost_of
from portable_llm.tokens import _prices as prices

pytest.importorskip("genai_prices")

SETTINGS = load_settings(environ={})
MODEL = "openai:gpt-4o-mini"
END = ("/messages/0",)
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}


def plan_of(model: str = MODEL, text: str = "Hello", **options: Any) -> Plan[Any]:
    asked = request(model, text, **options)
    return make_plan(asked, SETTINGS.resolve(asked.model))


def answer(text: str, *, tokens: int | None = 10) -> Any:
    body: dict[str, Any] = {
        "id": "c1",
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
    }
    if tokens is not None:
        body["usage"] = {"prompt_tokens": tokens, "completion_tokens": tokens}
    return reply(200, json=body)


def link(**limits: Any) -> Link:
    return Link(key="k", random=lambda: 0.0, purse=Limits().with_(limits).purse())


@pytest.fixture
def client() -> Iterator[Client]:
    """Any request would fail: there is nobody at that address."""
    with Client(api_keys={"openai": "k"}, base_urls={"openai": "http://127.0.0.1:9/v1"}) as opened:
        yield opened


# ---- a plan says what it is ------------------------------------------------------------------------------------------


def test_a_plan_knows_its_tokens_and_its_cost() -> None:
    made = plan_of(max_output_tokens=100)

    assert made.tokens.low <= made.tokens.tokens <= made.tokens.high
    assert made.cost.low is not None
    assert made.cost.high is not None
    assert Decimal(0) < made.cost.low < made.cost.high
    assert made.cost.source.startswith("genai-prices ")


def test_the_upper_bound_is_the_price_of_the_longest_answer() -> None:
    made = plan_of(max_output_tokens=100)
    longest = Usage(input_tokens=made.tokens.high, output_tokens=100)

    assert made.cost.high == made.cost_of(longest).usd


def test_what_is_planned_is_counted_as_it_is_sent() -> None:
    """The schema travels in the prompt here, so it is part of the input."""
    plain = plan_of("ollama:llama3.1")
    with_schema = plan_of("ollama:llama3.1", output=Output(schema=SCHEMA, mode="prompt"))

    assert with_schema.tokens.tokens > plain.tokens.tokens + 20


def test_without_a_limit_for_the_answer_there_is_no_upper_bound() -> None:
    cost = plan_of("deepseek:deepseek-chat").cost

    assert cost.high is None
    assert cost.unknown is not None
    assert "max_output_tokens" in cost.unknown


def test_writing_a_cache_is_dearer_than_not() -> None:
    model = "anthropic:claude-sonnet-4-5"
    plain, cached, longer = (
        plan_of(model, "Hello " * 2000, max_output_tokens=10, **options).cost.high
        for options in (
            {},
            {"cache": CacheHint(breakpoints=END, ttl="5m")},
            {"cache": CacheHint(breakpoints=END, ttl="1h")},
        )
    )

    assert plain is not None
    assert cached is not None
    assert longer is not None
    assert plain < cached < longer


def test_a_plan_keeps_its_figures_when_pickled() -> None:
    made = plan_of(max_output_tokens=5)

    assert pickle.loads(pickle.dumps(made)).tokens == made.tokens
    assert copy.copy(made).cost == made.cost


def test_explain_shows_them_when_asked() -> None:
    made = plan_of(max_output_tokens=100)
    line = made.explain(cost=True).splitlines()[1]

    assert f"{made.tokens.tokens} tokens" in line
    assert "in, at most 100 out; $" in line
    assert line not in made.explain()


# ---- prices ----------------------------------------------------------------------------------------------------------

USAGE = Usage(input_tokens=1_000_000, output_tokens=1_000_000)


def test_a_price_is_that_of_the_table() -> None:
    """The table's own calculation is the reference."""
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    expected = calc_price(Counted(input_tokens=1_000_000, output_tokens=1_000_000), "gpt-4o-mini", provider_id="openai")

    assert cost_of(USAGE, "openai", "gpt-4o-mini").usd == expected.total_price


def test_cached_input_is_cheaper_and_reasoning_is_output() -> None:
    cached = Usage(input_tokens=1_000_000, output_tokens=1_000_000, cache_read_input_tokens=900_000)
    thought = Usage(input_tokens=1_000_000, output_tokens=1_000_000, reasoning_output_tokens=900_000)
    plain = cost_of(USAGE, "openai", "gpt-5").usd

    assert plain is not None
    assert (cost_of(cached, "openai", "gpt-5").usd or 0) < plain
    assert cost_of(thought, "openai", "gpt-5").usd == plain


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "a-model-that-is-none"),
        ("nobody", "gpt-4o-mini"),
        # Its rows begin as a hosted service's name does, and it runs on one's own machine.
        ("mistralrs", "mistral-large-latest"),
        # In the table, without a price: that is not the same as free.
        ("openrouter", "deepseek/deepseek-chat:free"),
    ],
)
def test_an_unknown_price_is_none_and_never_zero(provider: str, model: str) -> None:
    cost = cost_of(USAGE, provider, model)

    assert (cost.usd, cost.low, cost.high) == (None, None, None)
    assert cost.unknown is not None
    assert "has no price" in cost.unknown
    assert str(cost).startswith("cost unknown: ")


def test_usage_that_was_not_reported_has_no_price() -> None:
    assert cost_of(Usage(output_tokens=3), "openai", "gpt-4o-mini").unknown == "the provider reported no usage"


def test_a_server_of_one_s_own_has_no_price() -> None:
    unknown = plan_of("vllm:gpt-4o-mini").cost.unknown

    assert unknown is not None
    assert "a server of your own" in unknown


def test_without_the_extra_the_reason_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices.importlib.util, "find_spec", lambda name: None)

    assert cost_of(USAGE, "openai", "gpt-4o-mini") == Cost(
        low=None,
        high=None,
        source="",
        unknown='no price tables are installed: pip install "portable-llm[prices]"',
    )


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "$0.00"), ("12.3456", "$12.35"), ("0.5", "$0.50"), ("0.0021875", "$0.0022"), ("0.00000098", "$0.00000098")],
)
def test_amounts_are_shown_with_two_figures(amount: str, shown: str) -> None:
    assert prices.dollars(Decimal(amount)) == shown


# ---- limits ----------------------------------------------------------------------------------------------------------


def test_a_request_that_could_be_too_long_is_not_sent(client: Client) -> None:
    with pytest.raises(BudgetError, match=r"openai:gpt-4o-mini: the request is .* max_input_tokens is 50") as caught:
        client.chat(MODEL, "Hello " * 100, max_input_tokens=50)

    assert caught.value.limit == 50
    assert caught.value.tokens is not None
    assert caught.value.tokens.high > 50
    assert (caught.value.provider, caught.value.attempts) == ("openai", None)


def test_a_request_that_could_cost_too_much_is_not_sent(client: Client) -> None:
    with pytest.raises(
        BudgetError, match=r"may cost up to \$[0-9.]+, and max_cost is \$0.00001 .*lower max_output"
    ) as caught:
        client.chat(MODEL, "Hello", max_output_tokens=5000, max_cost=0.00001)

    assert caught.value.limit == Decimal("0.00001")
    assert caught.value.cost is not None


def test_an_unknown_price_cannot_be_held_to_a_limit(client: Client) -> None:
    with pytest.raises(BudgetError, match=r"cannot be held to max_cost: .*has no price for 'gpt-unheard-of'"):
        client.chat("openai:gpt-unheard-of", "Hello", max_cost=100, max_output_tokens=5)


@pytest.mark.parametrize("options", [{"max_cost": 0}, {"max_input_tokens": 0}], ids=str)
def test_a_limit_of_nothing_lets_nothing_pass(client: Client, options: dict[str, Any]) -> None:
    with pytest.raises(BudgetError):
        client.chat(MODEL, "Hello", **options)


@pytest.mark.parametrize("margin", [0, -1])
def test_the_limit_is_held_against_the_upper_bound(margin: int) -> None:
    made = plan_of("anthropic:claude-sonnet-4-5", "Hello there", max_output_tokens=5)
    purse = Limits().with_({"max_input_tokens": made.tokens.high + margin}).purse()
    assert purse is not None

    assert made.tokens.high > made.tokens.tokens
    if margin < 0:
        with pytest.raises(BudgetError):
            purse.admit(made)
    else:
        purse.admit(made)


def test_a_client_s_limits_hold_for_each_call_and_a_call_may_lift_them() -> None:
    options: Any = {"api_keys": {"openai": "k"}, "base_urls": {"openai": "http://127.0.0.1:9/v1"}}
    options["retry"] = RetryPolicy(max_attempts=1)
    with Client(max_input_tokens=1, **options) as client:
        for ask in (
            lambda: client.chat(MODEL, "Hello"),
            lambda: client.stream(MODEL, "Hello"),
            lambda: client.send(client.plan(MODEL, "Hello")),
            lambda: client.run(MODEL, "Hello"),
        ):
            with pytest.raises(BudgetError):
                ask()
        with pytest.raises(ConnectionFailedError):
            client.chat(MODEL, "Hello", max_input_tokens=None)


def test_the_async_client_holds_them_too() -> None:
    async def ask() -> None:
        async with AsyncClient(api_keys={"openai": "k"}) as client:
            await client.chat(MODEL, "Hello", max_input_tokens=1)

    with pytest.raises(BudgetError):
        asyncio.run(ask())


def test_every_model_that_may_be_asked_is_checked_before_one_is(client: Client) -> None:
    with pytest.raises(BudgetError, match=r"openai:gpt-4\.1"):
        client.chat(MODEL, "Hello", fallback=["openai:gpt-4.1"], max_output_tokens=1000, max_cost="0.002")


@pytest.mark.parametrize(
    "options",
    [{"max_cost": "much"}, {"max_cost": -1}, {"max_cost": True}, {"max_cost": "nan"}, {"max_input_tokens": 1.5}],
    ids=str,
)
def test_what_is_no_limit_is_an_error(client: Client, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"max_cost is an amount|max_input_tokens is a number"):
        client.chat(MODEL, "Hello", **options)
    with pytest.raises(ConfigurationError):
        Client(**options)


def test_without_limits_nothing_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portable_llm.tokens.count_request", None)

    steps, response = play(chat(plan_of(), link()), answer("ok"))

    assert response.text == "ok"
    assert sends(steps) == 1


# ---- all that a call sends -------------------------------------------------------------------------------------------


def wanted(limit: str) -> tuple[Plan[Any], Link]:
    return plan_of(output=Output(schema=SCHEMA, reask=3), max_output_tokens=100), link(max_cost=limit)


def sends(steps: list[Any]) -> int:
    return sum(isinstance(step, Send) for step in steps)


def test_what_is_asked_again_comes_out_of_the_same_purse() -> None:
    made, reached = wanted("0.0002")
    dear = answer("not JSON", tokens=100)

    with pytest.raises(BudgetError, match=r"after \$0.000\d+ already spent"):
        play(chat(made, reached), dear, dear, dear, dear)


def test_a_limit_that_is_wide_enough_changes_nothing() -> None:
    made, reached = wanted("1")

    steps, response = play(chat(made, reached), answer("not JSON"), answer('{"n": 1}'))

    assert sends(steps) == 2
    assert response.parsed == {"n": 1}
    assert reached.purse is not None
    assert reached.purse.spent == made.cost_of(Usage(input_tokens=20, output_tokens=20)).usd


def test_an_answer_without_usage_counts_as_the_dearest() -> None:
    made, reached = wanted("1")

    play(chat(made, reached), answer('{"n": 1}', tokens=None))

    assert reached.purse is not None
    assert reached.purse.spent == made.cost.high


def test_a_request_keeps_no_limits() -> None:
    """They belong to the call: a stored request means the same whoever sends it."""
    assert "max_cost" not in Request.__dataclass_fields__
    assert request(MODEL, user("x")) == request(MODEL, user("x"))


def test_a_response_can_be_priced() -> None:
    made = plan_of()
    _, response = play(chat(made, link()), answer("ok"))
    assert isinstance(response, Response)

    assert cost_of(response.usage, "openai", "gpt-4o-mini") == made.cost_of(response.usage)


def test_a_run_pays_for_all_its_rounds_from_one_purse() -> None:
    """The first round is cheap enough, and the second would exceed what is left."""
    calls = [answering(tool_calls=[("look", {})], usage=Usage(input_tokens=400, output_tokens=400))] * 5
    look = Tool(name="look", description="Looks.")
    with (
        FakeServer(scripted(calls)) as server,
        Client(api_keys={"openai": "k"}, base_urls={"openai": server.base_url("openai")}) as client,
        pytest.raises(BudgetError, match=r"after \$0\.0003 already spent") as caught,
    ):
        client.run(MODEL, "Look", tools=[look], handlers={"look": lambda: 1}, max_output_tokens=400, max_cost="0.00045")

    assert len(server.requests) == 1
    assert caught.value.run is not None
    assert len(caught.value.run.rounds) == 1


def test_a_fallback_pays_from_the_same_purse() -> None:
    declined = answering(refusal="No.", usage=Usage(input_tokens=400, output_tokens=400))
    with (
        FakeServer(scripted([declined] * 3)) as server,
        Client(api_keys={"openai": "k"}, base_urls={"openai": server.base_url("openai")}) as client,
        pytest.raises(BudgetError, match="already spent"),
    ):
        client.chat(MODEL, "Hello", fallback=["openai:gpt-4.1-nano"] * 2, max_output_tokens=400, max_cost="0.0004")
