"""Messages outlive vendors: the stored form is versioned, exact, and refuses what it cannot read."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import (
    BlobPart,
    Citation,
    FilePart,
    InvalidRequestError,
    Message,
    Origin,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
    assistant,
    system,
    tool_result,
    user,
)
from portable_llm._messages import MESSAGE_VERSION

short = st.text(max_size=8)
maybe = st.none() | short
states = st.none() | st.dictionaries(short, short | st.integers(), max_size=2)
origins = st.none() | st.builds(Origin, provider=short, host=short, model=short)
citations = st.builds(Citation, start=st.none() | st.integers(0, 9), url=maybe, title=maybe, quote=maybe, raw=states)
content = st.one_of(
    st.builds(TextPart, text=short, citations=st.lists(citations, max_size=2).map(tuple), state=states, origin=origins),
    st.builds(BlobPart, mime_type=short, data=st.binary(max_size=9)),
    st.builds(UriPart, uri=short, mime_type=maybe),
    st.builds(FilePart, id=short, mime_type=maybe, origin=origins),
    st.builds(UnknownPart, raw=st.dictionaries(short, short, max_size=2), origin=origins),
)
arguments = st.none() | st.dictionaries(short, short, max_size=2)
parts = content | st.one_of(
    st.builds(ReasoningPart, text=short, state=states, origin=origins),
    st.builds(
        ToolCallPart, id=short, name=short, arguments=arguments, raw_arguments=short, state=states, origin=origins
    ),
    st.builds(ToolResultPart, call_id=short, parts=st.lists(content, max_size=2).map(tuple), is_error=st.booleans()),
    st.builds(RefusalPart, text=short),
)


def messages() -> st.SearchStrategy[Message]:
    """Every kind of part, with and without state and origin."""
    roles = st.sampled_from(["system", "user", "assistant", "tool"])
    return st.builds(Message, role=roles, parts=st.lists(parts, max_size=4).map(tuple))


@given(messages())
def test_a_message_survives_storage(message: Message) -> None:
    stored = json.loads(json.dumps(message.to_json()))

    assert Message.from_json(stored) == message


@given(messages())
def test_a_message_can_be_pickled(message: Message) -> None:
    assert pickle.loads(pickle.dumps(message)) == message


def test_short_forms() -> None:
    call = ToolCallPart(id="c1", name="weather", arguments={"city": "Oslo"}, raw_arguments='{"city":"Oslo"}')

    assert system("Be brief.").role == "system"
    assert user("Hello").text == "Hello"
    assert assistant("Let me look.", call).tool_calls == (call,)
    assert tool_result("c1", "12 °C").role == "tool"


@pytest.mark.parametrize(
    ("stored", "complaint"),
    [
        ({"version": MESSAGE_VERSION + 1, "role": "user", "parts": []}, "newer than this library"),
        ({"role": "wizard", "parts": []}, "role 'wizard'"),
        ({"role": "user", "parts": [{"type": "hologram"}]}, "unknown type 'hologram'"),
        ({"role": "user", "parts": [{"type": "text"}]}, "'text' part cannot be read"),
        ({"role": "user", "parts": [{"type": "blob", "mime_type": "image/png", "data": "%%"}]}, "not base64"),
    ],
)
def test_what_cannot_be_read_is_named(stored: dict[str, object], complaint: str) -> None:
    with pytest.raises(InvalidRequestError, match=complaint):
        Message.from_json(stored)
