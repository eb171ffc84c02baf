"""Money: known before anything is sent, and never exceeded."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from portable_llm._errors import ConfigurationError
from portable_llm.conformance.comparison import compare, execute
from portable_llm.conformance.money import Prices, money_of
from portable_llm.conformance.runner import Limits
from portable_llm.providers._target import Keyring, load_settings
from support.endpoints import scripted_server

SETTINGS = load_settings(environ={})


def test_a_plan_knows_the_most_it_can_cost_for_each_endpoint() -> None:
    comparison = compare(
        "openai:gpt-4o", "anthropic:claude-sonnet-4-5", settings=SETTINGS, depth="smoke", axes=["json"]
    )
    jobs, prices = comparison.jobs(), Prices(comparison.endpoints)

    money = money_of(jobs, prices)

    assert set(money) == {"a", "b"}
    for arm, one in money.items():
        each = [prices.highest(job) for job in jobs if job.arm == arm and job.is_sent]
        assert one.highest == sum(cost for cost in each if cost is not None)
        assert 0 < one.highest < 1
        assert one.source.startswith("genai-prices")


def test_more_trials_cost_more() -> None:
    def most(trials: int) -> Decimal:
        one = compare("openai:gpt-4o", None, settings=SETTINGS, depth="smoke", axes=["json"], trials=trials)
        return money_of(one.jobs(), Prices(one.endpoints))["a"].highest or Decimal(0)

    assert most(3) == 3 * most(1)


def test_an_unknown_price_is_said_and_is_no_nothing() -> None:
    comparison = compare("openai:nobody-knows", None, settings=SETTINGS, depth="smoke", axes=["json"])

    (money,) = money_of(comparison.jobs(), Prices(comparison.endpoints)).values()

    assert money.highest is None
    assert money.unknown


def test_a_cap_on_money_ends_a_run_before_it_is_exceeded(tmp_path: Path) -> None:
    with scripted_server(depth="smoke") as server:
        name = f"openai:gpt-4o@{server.base_url('openai')}"
        comparison = compare(name, None, settings=SETTINGS, depth="smoke", axes=["json", "tools"])
        prices = Prices(comparison.endpoints)
        most = money_of(comparison.jobs(), prices)["a"].highest
        assert most is not None
        cap = most / 2

        progress, _ = execute(comparison, tmp_path, keys=Keyring(), limits=Limits(max_usd=cap))

        assert progress.stopped == "max_usd"
        assert 0 < progress.made == len(server.requests) < len(comparison.jobs())
        assert progress.reserved <= cap

        progress, _ = execute(comparison, tmp_path, keys=Keyring(), limits=Limits(max_usd=most))

    assert progress.stopped is None


def test_where_a_cap_could_not_be_kept_nothing_is_sent(tmp_path: Path) -> None:
    with scripted_server(depth="smoke") as server:
        name = f"openai:nobody-knows@{server.base_url('openai')}"
        comparison = compare(name, None, settings=SETTINGS, depth="smoke", axes=["json"])

        with pytest.raises(ConfigurationError, match=r"cannot be kept for endpoint A: .*nothing was sent"):
            execute(comparison, tmp_path, keys=Keyring(), limits=Limits(max_usd=Decimal(1)))

        assert server.requests == ()
