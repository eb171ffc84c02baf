"""How long a model's context window is, and how its messages are counted."""

from __future__ import annotations

from functools import cache

from portable_llm._capabilities import Capabilities
from portable_llm._errors import InvalidRequestError
from portable_llm._messages import Message
from portable_llm.history._strategies import Count
from portable_llm.providers._target import Settings, Target
from portable_llm.wire import wire_format


def counter(capabilities: Capabilities | None = None) -> Count:
    """How many tokens a message is at the most to a model of these capabilities; without any, a wide estimate."""
    from portable_llm.tokens._request import measure_message  # here: who counts otherwise does not pay for it
    from portable_llm.tokens._tokenizers import tokenizer_of

    chosen = tokenizer_of(Capabilities(facts={}) if capabilities is None else capabilities)

    def count(message: Message) -> int:
        return chosen.count(measure_message(message, chosen)).high

    return count


def window_of(model: str) -> tuple[int, Count]:
    """The context window of `provider:model` in tokens, and its way to count.

    Raises `ConfigurationError` for a model string that is none, `InvalidRequestError` where the window is not known.
    """
    target = Settings().resolve(model)
    capabilities = target.capabilities(wire_format(target.provider.wire).CAPABILITIES)
    window = window_in(capabilities, target)
    if window is None:
        raise InvalidRequestError(
            f"the context window of {model!r} is not known: give its tokens as a number, install the extra `prices`, "
            "whose tables have many, or state the fact `context_window` of a provider of your own"
        )
    return window, counter(capabilities)


def window_in(capabilities: Capabilities, target: Target) -> int | None:
    """The context window in tokens: what the provider's row says, else the tables of the extra `prices`."""
    maximum = capabilities["context_window"].maximum
    if maximum is not None:
        return int(maximum)
    return None if target.provider.is_self_hosted else _published(target.base_url, target.model)


@cache
def _published(base_url: str, model: str) -> int | None:
    try:
        from genai_prices import data_snapshot  # here: an extra, and takes a second to load
    except ImportError:
        return None
    snapshot = data_snapshot.get_snapshot()
    try:
        row = snapshot.find_provider(None, None, base_url).find_model(model, all_providers=snapshot.providers)
    except LookupError:
        return None
    return None if row is None else row.context_window
