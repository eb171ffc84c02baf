"""One provider for each wire format, for tests that need a conversation and no certain vendor."""

from __future__ import annotations

from portable_llm.providers import provider, provider_names
from portable_llm.wire import wire_format


def one_of_each_wire() -> list[str]:
    """The providers that tests talk to: of each wire format the first that has a base URL and plain capabilities."""
    found: dict[str, str] = {}
    for name in sorted(provider_names(), key=_order):
        found.setdefault(provider(name).wire, name)
    return sorted({*found.values(), "compatible"})


def can_be_forced(name: str, model: str = "some-model") -> bool:
    """Whether the provider's models can be made to call a certain tool."""
    row = provider(name)
    return row.capabilities_of(model, wire_format(row.wire).CAPABILITIES)["tool_choice/named"].support == "yes"


def _order(name: str) -> tuple[bool, bool, str]:
    """Vendors' own services before services like theirs."""
    row = provider(name)
    return (row.base_url is None, name not in ("openai", "anthropic", "google"), name)
