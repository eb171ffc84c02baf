"""When to send again: the provider's wish first, chance second, a budget above both."""

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import (
    AuthenticationError,
    BadRequestError,
    ConnectionFailedError,
    GatewayTimeoutError,
    OverloadedError,
    PortableLLMError,
    ProviderTimeoutError,
    QuotaError,
    RateLimitError,
    RetryPolicy,
    ServerError,
    UnknownProviderError,
    UnreadableAnswerError,
)
from portable_llm._retry import RetryBudget, RetryHint, is_retryable, read_hint

NOW = 1_750_000_000.0
NO_HINT = RetryHint()


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(NOW + seconds, UTC)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": format_datetime(at(30), usegmt=True)}, 30.0),
        ({"retry-after": format_datetime(at(-30), usegmt=True)}, 0.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "0", "retry-after": "1"}, 1.0),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0"}, 360.0),
        ({"x-ratelimit-reset-tokens": "4ms", "x-ratelimit-remaining-tokens": "0"}, 0.004),
        ({"x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-tokens": "9"}, None),
        ({"anthropic-ratelimit-tokens-reset": at(12).isoformat(), "anthropic-ratelimit-tokens-remaining": "0"}, 12.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Mon, 99 Foo 2026"}, None),
        ({"x-ratelimit-reset-tokens": "whenever", "x-ratelimit-remaining-tokens": "0"}, None),
    ],
)
def test_how_long_the_provider_asks_to_wait(headers: dict[str, str], after: float | None) -> None:
    assert read_hint(headers, NOW).after == after


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x-should-retry"]), st.text(max_size=30)))
def test_no_header_breaks_us(headers: dict[str, str]) -> None:
    after = read_hint(headers, NOW).after

    assert after is None or after >= 0


@pytest.mark.parametrize(
    ("error", "retryable"),
    [
        (RateLimitError("", status=429), True),
        (OverloadedError("", status=529), True),
        (ServerError("", status=500), True),
        (GatewayTimeoutError("", status=504), True),
        (ConnectionFailedError(""), True),
        (ProviderTimeoutError("", phase="first_token"), True),
        (UnknownProviderError("", status=409), True),
        (ProviderTimeoutError("", phase="total"), False),
        (UnknownProviderError("", status=302), False),
        (BadRequestError("", status=400), False),
        (AuthenticationError("", status=401), False),
        (QuotaError("", status=429), False),
        (UnreadableAnswerError("", status=200), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error: PortableLLMError, retryable: bool) -> None:
    assert is_retryable(error, NO_HINT) is retryable


@pytest.mark.parametrize(("said", "retryable"), [("true", True), ("false", False)])
def test_the_provider_s_own_word_on_retrying_wins(said: str, retryable: bool) -> None:
    hint = read_hint({"x-should-retry": said}, NOW)

    assert is_retryable(RateLimitError("", status=429), hint) is retryable
    assert is_retryable(BadRequestError("", status=400), hint) is retryable


@given(st.integers(1, 9), st.floats(0, 1, exclude_max=True))
def test_pauses_have_full_jitter_under_a_doubling_ceiling(attempt: int, draw: float) -> None:
    policy = RetryPolicy(max_attempts=10, base=0.5, cap=8.0)

    delay = policy.delay(attempt, ServerError("", status=500), NO_HINT, draw)

    assert delay == pytest.approx(draw * min(8.0, 0.5 * 2 ** (attempt - 1)))


def test_the_provider_is_never_bothered_earlier_than_it_asked() -> None:
    asked: Any = RateLimitError("", status=429, retry_after=5.0)

    assert RetryPolicy().delay(1, asked, NO_HINT, 0.0) == 5.0
    assert 5.0 <= (RetryPolicy().delay(1, asked, NO_HINT, 0.99) or 0) < 5.1
    assert RetryPolicy(max_retry_after=4.0).delay(1, asked, NO_HINT, 0.0) is None
    assert RetryPolicy().delay(3, asked, NO_HINT, 0.0) is None


def test_an_empty_budget_ends_the_retries_of_all_calls() -> None:
    budget = RetryBudget(ratio=0.5, capacity=2)

    assert [budget.spend() for _ in range(3)] == [True, True, False]
    for _ in range(2):
        budget.earn()
    assert [budget.spend() for _ in range(2)] == [True, False]
