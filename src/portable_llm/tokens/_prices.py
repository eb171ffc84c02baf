"""What tokens cost, by the dated tables of `genai-prices` (extra `prices`); an unknown price is `None`, never 0.

The tables are those of the installed package: nothing is fetched. All prices are US dollars.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, cast

from portable_llm._response import Usage
from portable_llm.tokens._count import TokenCount

_MISSING = 'no price tables are installed: pip install "portable-llm[prices]"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """US dollars between two bounds, or why they are not known."""

    low: Decimal | None
    """It costs no less: what can come from a cache does, and the answer is empty."""
    high: Decimal | None
    """It costs no more: every bound is reached. `None`: nothing bounds it, or the price is not known."""
    source: str
    """The price table and its version; empty where there is none."""
    unknown: str | None = None
    """Why a figure is missing."""

    @property
    def usd(self) -> Decimal | None:
        """What it costs, where that is one figure and no range."""
        return self.low if self.low == self.high else None

    def __str__(self) -> str:
        if self.low is None:
            return f"cost unknown: {self.unknown}"
        if self.high is None:
            return f"{dollars(self.low)} or more ({self.unknown})"
        shown = dollars(self.high) if self.low == self.high else f"{dollars(self.low)} to {dollars(self.high)}"
        return f"{shown} ({self.source})"


def dollars(amount: Decimal) -> str:
    """The amount for people, with as many places as it takes to see two figures of it."""
    places = 2 if amount == 0 or amount >= 1 else max(2, 1 - amount.adjusted())
    return f"${amount:.{places}f}"


def unpriced(why: str, source: str = "") -> Cost:
    """A cost that is not known."""
    return Cost(low=None, high=None, source=source, unknown=why)


def cost_of(usage: Usage, provider: str | Sequence[str], model: str) -> Cost:
    """What these tokens cost at this provider (a name, a base URL, or several to try), by the tables of today.

    `usage` as responses have it: cached tokens inside of the input, reasoning inside of the output. Not known without
    the extra `prices`, for a model that has no price there, and for usage that was not reported.
    """
    if usage.input_tokens is None or usage.output_tokens is None:
        return unpriced("the provider reported no usage")
    amount, source, why = price(usage, (provider,) if isinstance(provider, str) else provider, model)
    return Cost(low=amount, high=amount, source=source, unknown=why)


def price(
    usage: Usage, places: Sequence[str], model: str, *, is_cached_for_an_hour: bool = False
) -> tuple[Decimal | None, str, str | None]:
    """The price at the first of these places (names of providers, base URLs) that has one, its source, or why none."""
    if importlib.util.find_spec("genai_prices") is None:
        return None, "", _MISSING
    source = _source()
    for place in places:
        found = _model_at(place, model)
        if found is not None:
            provider, row = found
            return _calculated(provider, row, usage, is_cached_for_an_hour), source, None
    if not places:
        return None, source, f"{model!r} runs on a server of your own, which no table has a price for"
    return None, source, f"{source} has no price for {model!r} at {places[0]!r}"


@cache
def _source() -> str:
    return f"genai-prices {importlib.metadata.version('genai-prices')}"


def _snapshot() -> Any:
    from genai_prices import data_snapshot  # here: takes a second, and only who asks for a price pays it

    return data_snapshot.get_snapshot()


def _model_at(place: str, model: str) -> tuple[Any, Any] | None:
    snapshot = _snapshot()
    is_address = "://" in place
    try:
        provider = snapshot.find_provider(None, None if is_address else place, place if is_address else None)
    except LookupError:
        return None
    if not is_address and _is_somebody_else(place, provider.id):
        return None
    row = provider.find_model(model, all_providers=snapshot.providers)
    return (provider, row) if row is not None and _has_price(row) else None


def _is_somebody_else(name: str, known: str) -> bool:
    """A name that merely begins as a known one does: the tables match by beginnings."""
    rest = name.removeprefix(known)
    return rest != name and rest[:1].isalnum()


def _has_price(row: Any) -> bool:
    """Whether the row holds any price: one without would come out as free."""
    prices = cast("dict[str, object]", vars(row.get_prices(datetime.now(tz=UTC))))
    return any(value is not None for value in prices.values())


def _calculated(provider: Any, row: Any, usage: Usage, is_cached_for_an_hour: bool) -> Decimal:
    from genai_prices import Usage as Counted

    written = usage.cache_creation_input_tokens
    counted = Counted(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cache_read_input_tokens,
        cache_write_tokens=written,
        cache_write_1h_tokens=written if is_cached_for_an_hour else None,
        output_reasoning_tokens=usage.reasoning_output_tokens,
    )
    return row.calc_price(counted, provider).total_price


def cost_between(
    count: TokenCount,
    most_output: int | None,
    places: Sequence[str],
    model: str,
    *,
    may_write_cache: bool = True,
    lasts_an_hour: bool = False,
) -> Cost:
    """What a request of this size costs, from nothing answered to `most_output` tokens (`None`: no limit is known).

    Input that is written to a cache may cost more than other input, and so does what is to stay there for an hour.
    """
    least = Usage(input_tokens=count.low, output_tokens=0, cache_read_input_tokens=count.low)
    low, source, why = price(least, places, model)
    if low is None:
        return unpriced(why or "", source)
    if most_output is None:
        return Cost(
            low=low, high=None, source=source, unknown="no limit is known for the answer: set max_output_tokens"
        )
    most = Usage(input_tokens=count.high, output_tokens=most_output)
    prices = [low, price(most, places, model)[0] or low]
    if may_write_cache:
        written = replace(most, cache_creation_input_tokens=count.high)
        prices.append(price(written, places, model, is_cached_for_an_hour=lasts_an_hour)[0] or low)
    return Cost(low=low, high=max(prices), source=source)
