"""Counting texts, messages and requests: what is exact is exact, what is estimated says how far."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import ConfigurationError, Reasoning, Tool, assistant, request, system, tool_result, user
from portable_llm._capabilities import Capabilities, Fact
from portable_llm._messages import BlobPart, Message, TextPart, ToolCallPart
from portable_llm.tokens import TokenCount, count_message, count_request, count_text, tokenizer_names
from portable_llm.tokens._tables import exact_counter

NAMES = tokenizer_names()
HAS_TABLES = exact_counter("o200k") is not None
needs_tables = pytest.mark.skipif(not HAS_TABLES, reason="no vocabulary here: pip install bpe-openai")


def known(*values: str) -> Capabilities:
    return Capabilities(facts={"tokenizer": Fact(values=values, source="a test", date="2026-11-24")})


def a_count(tokens: int, low: int, high: int, method: Any = "estimated") -> TokenCount:
    return TokenCount(tokens=tokens, low=low, high=high, method=method, tokenizer="t", source="s")


def test_counts_add_up_with_their_bounds() -> None:
    total = a_count(10, 8, 12) + a_count(5, 5, 5, "exact")

    assert (total.tokens, total.low, total.high) == (15, 13, 17)
    assert total.method == "estimated"


def test_a_sum_of_exact_counts_is_exact() -> None:
    assert (a_count(1, 1, 1, "exact") + a_count(2, 2, 2, "exact")).method == "exact"


@needs_tables
@pytest.mark.parametrize(
    ("text", "tokens"),
    # Published examples of the vocabulary's owner: tiktoken's README and the cookbook on counting tokens.
    [("tiktoken is great!", 6), ("antidisestablishmentarianism", 6), ("2 + 2 = 4", 7), ("お誕生日おめでとう", 9)],
)
def test_a_public_vocabulary_counts_exactly(text: str, tokens: int) -> None:
    count = count_text(text, "cl100k")

    assert count == TokenCount(
        tokens=tokens, low=tokens, high=tokens, method="exact", tokenizer="cl100k", source="vocabulary cl100k"
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_text_is_no_token(name: str) -> None:
    assert count_text("", name).high == 0


@given(text=st.text(max_size=300), name=st.sampled_from(NAMES))
def test_any_text_can_be_counted_and_lies_within_its_bounds(text: str, name: str) -> None:
    count = count_text(text, name)

    assert 0 <= count.low <= count.tokens <= count.high
    assert (count.method == "exact") == (count.low == count.high) or count.high == 0


@given(text=st.text(min_size=1, max_size=200), times=st.integers(2, 6))
def test_more_text_is_more_tokens(text: str, times: int) -> None:
    assert count_text(text * times, "claude").tokens >= count_text(text, "claude").tokens


def test_half_a_surrogate_pair_is_counted() -> None:
    assert count_text("a\ud800b", "o200k").tokens > 0
    assert count_text("a\ud800b", "claude").tokens > 0


def test_an_unknown_name_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"no tokenizer is called 'o300k'; known: .*claude"):
        count_text("x", "o300k")


@needs_tables
def test_a_message_adds_what_the_format_adds() -> None:
    """OpenAI's cookbook: three tokens and the role for each message, three more for the answer to begin."""
    text = count_text("Hello", "o200k").tokens
    whole = count_request(request("any", "Hello"), known("o200k", "gpt"))

    assert count_message(user("Hello"), "o200k").tokens == text + 4
    assert (whole.tokens, whole.method) == (text + 7, "exact")


@needs_tables
def test_openai_s_example_of_a_tool_s_definition() -> None:
    """The tool of the vendor's cookbook; recorded there: 101 tokens with gpt-4o for this system and user message."""
    unit = {"type": "string", "description": "The unit of temperature to return", "enum": ["celsius", "fahrenheit"]}
    place = {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}
    tool = Tool(
        name="get_current_weather",
        description="Get the current weather in a given location",
        parameters={"type": "object", "properties": {"location": place, "unit": unit}, "required": ["location"]},
    )
    asked = request(
        "any",
        [
            system("You are a helpful assistant that can answer to questions about the weather."),
            user("What's the weather like in San Francisco?"),
        ],
        tools=[tool],
    )
    count = count_request(asked, known("o200k", "gpt"))

    assert count.method == "estimated"
    assert count.low <= 101 <= count.high
    assert abs(count.tokens - 101) <= 3


def test_a_model_that_nobody_knows_is_assumed() -> None:
    count = count_request(request("any", "Hello"), Capabilities())

    assert (count.tokenizer, count.method) == ("unknown", "estimated")
    assert count.source.startswith("assumed")
    assert count.high > count.tokens


def test_an_assumed_tokenizer_is_never_exact() -> None:
    assumed = Capabilities(facts={"tokenizer": Fact(values=("o200k",))})

    assert count_request(request("any", "Hello"), assumed).method == "estimated"


CALL = ToolCallPart(id="c1", name="look", arguments={"place": "Oslo"})
PLAIN = (system("Be brief."), user("Hello"))
LONGER: dict[str, tuple[Message, ...]] = {
    "a second system message": (*PLAIN, system("And be kind.")),
    "a call and its result": (*PLAIN, assistant(CALL), tool_result("c1", {"degrees": 7})),
    "an image": (PLAIN[0], user("Hello", BlobPart(mime_type="image/png", data=b""))),
}


@pytest.mark.parametrize("messages", LONGER.values(), ids=LONGER)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_added_counts(messages: tuple[Message, ...], name: str) -> None:
    plain = count_request(request("any", PLAIN), known(name))
    longer = count_request(request("any", messages), known(name))

    assert longer.high > plain.high


@pytest.mark.parametrize("name", NAMES)
def test_tools_a_schema_and_thinking_count(name: str) -> None:
    plain = count_request(request("any", "Hello"), known(name)).high
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    tool = Tool(name="look", description="Looks.", parameters=schema)

    assert count_request(request("any", "Hello", tools=[tool]), known(name)).high > plain
    assert count_request(request("any", "Hello", output=schema), known(name)).high > plain
    assert count_request(request("any", "Hello", reasoning=Reasoning(effort="high")), known(name)).high >= plain


def test_what_was_counted_exactly_is_no_less_assumed_for_another_model() -> None:
    """The same message, to a model whose tokenizer is known and to one for which it is assumed."""
    asked = request("any", user("the same message for both"))
    exact = count_request(asked, known("o200k"))
    assumed = count_request(asked, Capabilities(facts={"tokenizer": Fact(values=("o200k",))}))

    assert assumed.method == "estimated"
    assert count_request(asked, known("o200k")) == exact


def test_a_chat_format_that_is_none_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match=r"no chat format is called 'gtp'; known: .*gpt"):
        count_request(request("any", "Hello"), known("o200k", "gtp"))


def test_a_message_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    message = user("counted once, and then remembered")
    first = count_message(message, "claude")
    monkeypatch.setattr("portable_llm.tokens._tokenizers.estimator", None)

    assert count_message(message, "claude") == first


def test_two_messages_never_share_a_count() -> None:
    """Counts are remembered by identity: a new message at an old one's address would be told the old one's."""
    for length in range(1, 300):
        text = "word " * length
        assert count_message(user(text), "claude") == count_message(user(text), "claude")
        assert count_message(user(text), "claude").tokens >= length


def test_arguments_that_could_not_be_read_count_as_they_were_written() -> None:
    unread = replace(CALL, arguments=None, raw_arguments='{"place": "Os')

    assert (
        count_message(assistant(unread), "claude").tokens > count_message(assistant(TextPart(text="")), "claude").tokens
    )
