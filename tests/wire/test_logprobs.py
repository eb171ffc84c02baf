"""Log-probabilities: every spelling reads the same, whole and streamed; a wish that was not met is in the ledger."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import strategies
from portable_llm import AsyncClient, Client, Response, Sampling, TokenLogprob
from portable_llm._frames import Frame
from portable_llm._http import HttpReply
from portable_llm.providers import provider
from portable_llm.testing import FakeServer, answer, fixed
from portable_llm.wire import wire_format
from support.speakers import one_of_each_wire

HOT = (TokenLogprob(token="H", logprob=-0.25), TokenLogprob(token="ot", logprob=-9999.0))
WISH = Sampling(logprobs=0)
EVERY_PROVIDER = pytest.mark.parametrize("name", one_of_each_wire())


def has_them(name: str) -> bool:
    wire = wire_format(provider(name).wire)
    return wire.CAPABILITIES["sampling/logprobs"].support == "yes"


def opened(name: str) -> Any:
    """The provider as its wire format would have it: what its hosts refuse is another matter."""
    row = provider(name)
    wire = wire_format(row.wire)
    return row.with_(capabilities=wire.CAPABILITIES.with_(spelling=row.capabilities.spelling), models=())


def ask(name: str, response: Response[None], *, stream: bool) -> Response[Any]:
    with (
        FakeServer(fixed(response), api_key="k") as server,
        Client(api_keys={name: "k"}, providers={name: opened(name)}, on_loss="never") as client,
    ):
        model = f"{name}:tiny@{server.base_url(name)}"
        if not stream:
            return client.chat(model, "Hi", sampling=WISH)
        with client.stream(model, "Hi", sampling=WISH) as events:
            return events.finish()


# ---- through the client ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@EVERY_PROVIDER
def test_they_come_whole_and_streamed_wherever_the_format_has_them(name: str, stream: bool) -> None:
    response = ask(name, answer("Hot", logprobs=HOT), stream=stream)

    entries = [(entry.subject, entry.action, entry.severity) for entry in response.adaptations]
    if has_them(name):
        assert response.logprobs is not None
        assert [(token.token, token.logprob) for token in response.logprobs] == [("H", -0.25), ("ot", -9999.0)]
        assert not [subject for subject, action, _ in entries if action == "dropped" and "logprobs" in subject]
    else:
        assert response.logprobs is None
        assert ("/sampling/logprobs", "dropped", "lost") in entries


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@EVERY_PROVIDER
def test_an_answer_without_them_says_so_in_the_ledger(name: str, stream: bool) -> None:
    response = ask(name, answer("Hot"), stream=stream)

    said = [(one.subject, one.action, one.severity) for one in response.adaptations if "logprobs" in one.subject]
    missing = ("/response/logprobs", "dropped", "lost")
    assert (missing in said) == has_them(name)
    assert ("/sampling/logprobs", "dropped", "lost") in said or missing in said


def test_who_does_not_ask_gets_none_and_no_entry() -> None:
    with FakeServer(fixed(answer("Hot", logprobs=HOT))) as server, Client() as client:
        response = client.chat(f"compatible:tiny@{server.base_url('compatible')}", "Hi")

    assert response.logprobs is None
    assert not [entry for entry in response.adaptations if "logprobs" in entry.subject]


def test_the_asynchronous_client_reads_the_same() -> None:
    async def ask_twice(server: FakeServer) -> list[Any]:
        model = f"compatible:tiny@{server.base_url('compatible')}"
        async with AsyncClient() as client:
            whole = await client.chat(model, "Hi", sampling=WISH)
            async with client.stream(model, "Hi", sampling=WISH) as stream:
                return [whole.logprobs, (await stream.finish()).logprobs]

    with FakeServer(fixed(answer("Hot", logprobs=HOT))) as server:
        assert asyncio.run(ask_twice(server)) == [HOT, HOT]


# ---- spellings -------------------------------------------------------------------------------------------------------


def parsed(wire: str, body: dict[str, Any]) -> list[TokenLogprob]:
    reply = HttpReply(status=200, body=json.dumps(body).encode())
    return list(wire_format(wire).parse_response(reply, strategies.ORIGIN).logprobs or ())


def choice(logprobs: Any, text: str = "Hot") -> dict[str, Any]:
    return {"choices": [{"message": {"content": text}, "logprobs": logprobs, "finish_reason": "stop"}]}


def test_a_token_has_its_bytes_and_its_alternatives() -> None:
    top = [{"token": "H", "logprob": -0.1, "bytes": [72]}, {"token": "C", "logprob": -2, "bytes": [67]}]
    item = {"token": "H", "logprob": -0.1, "bytes": [72], "top_logprobs": top}

    (token,) = parsed("openai-chat", choice({"content": [item], "refusal": None}))

    assert (token.token, token.bytes, token.kind) == ("H", b"H", "text")
    assert [(other.token, other.logprob) for other in token.top] == [("H", -0.1), ("C", -2.0)]


def test_tokens_of_reasoning_and_of_a_refusal_are_told_apart() -> None:
    one = [{"token": "a", "logprob": -1}]
    told = parsed("openai-chat", choice({"refusal": one, "content": one, "reasoning_content": one}))

    assert [token.kind for token in told] == ["text", "reasoning", "refusal"]


def test_the_columns_of_the_older_form_are_read() -> None:
    columns = {"tokens": ["H", "ot"], "token_logprobs": [-0.25, None], "top_logprobs": [{"C": -2.0}]}
    told = parsed("openai-chat", choice(columns))

    assert [(token.token, token.logprob) for token in told] == [("H", -0.25), ("ot", None)]
    assert told[0].top == (TokenLogprob(token="C", logprob=-2.0),)


def test_gemini_s_candidates_have_numbers_and_alternatives_beside_them() -> None:
    chosen = [{"token": "2", "tokenId": 23, "logProbability": -0.02}, {"token": " +"}]
    result = {"chosenCandidates": chosen, "topCandidates": [{"candidates": chosen}]}
    candidate = {"content": {"parts": [{"text": "2 +"}]}, "finishReason": "STOP", "logprobsResult": result}

    first, second = parsed("gemini", {"candidates": [candidate]})

    assert (first.token, first.ids, first.logprob, len(first.top)) == ("2", (23,), -0.02, 2)
    assert (second.ids, second.logprob, second.top) == ((), None, ())


def test_a_piece_of_several_tokens_has_their_sum() -> None:
    message = {"content": [{"type": "text", "text": "Hot"}]}
    pieces = [{"text": "Hot", "token_ids": [5, 6], "logprobs": [-0.5, -0.25]}, {"text": "!", "token_ids": [7]}]
    told = parsed("cohere-v2", {"id": "a", "message": message, "finish_reason": "COMPLETE", "logprobs": pieces})

    assert [(token.token, token.ids, token.logprob) for token in told] == [("Hot", (5, 6), -0.75), ("!", (7,), None)]


STRANGE: list[Any] = [
    True, 7, "x", [], [None], {"content": 3}, {"content": [None, 7, {}]}, {"tokens": [None, {}], "token_logprobs": 3},
    {"content": [{"token": 1, "logprob": "x", "bytes": [999], "top_logprobs": {}}]},
    {"content": [{"token": "a", "logprob": 10**400, "bytes": [10**400]}]},
]  # fmt: skip


@pytest.mark.parametrize("logprobs", STRANGE, ids=repr)
@pytest.mark.parametrize("wire", ["openai-chat", "mistral-chat"])
def test_what_is_no_list_of_tokens_reads_as_not_reported(wire: str, logprobs: Any) -> None:
    for token in parsed(wire, choice(logprobs)):
        assert (token.logprob, token.bytes) == (None, None)


@pytest.mark.parametrize(("in_deltas", "logprob"), [(True, -0.512345), (False, -0.51)], ids=["in both", "at its end"])
def test_a_finished_text_of_the_responses_format_says_its_tokens_once_more(in_deltas: bool, logprob: float) -> None:
    """Rounded, as recorded; those who leave them out of the deltas have them there only."""
    decoder = wire_format("openai-responses").stream_decoder(strategies.ORIGIN)
    exact = {"token": "Hot", "logprob": -0.512345, "bytes": [72, 111, 116], "top_logprobs": []}
    told = [exact] if in_deltas else []
    text = {"type": "output_text", "text": "Hot", "logprobs": [{**exact, "logprob": -0.51}]}
    item = {"type": "message", "id": "m", "content": [text]}
    at = {"output_index": 0, "content_index": 0}
    for event in (
        {"type": "response.output_text.delta", **at, "delta": "Hot", "logprobs": told},
        {"type": "response.output_text.done", **at, "text": "Hot", "logprobs": told},
        {"type": "response.content_part.done", **at, "part": text},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": {"status": "completed", "output": [item]}},
    ):
        decoder.feed(Frame(str(event["type"]), json.dumps(event).encode()))

    assert [(one.token, one.logprob) for one in decoder.finish()[1].logprobs or ()] == [("Hot", logprob)]


# ---- as JSON ---------------------------------------------------------------------------------------------------------

EVERYTHING: dict[str, bool] = dict.fromkeys((str(name) for name in strategies.RESPONSE_FEATURES), True)


@given(data=st.data(), kind=st.sampled_from(["text", "reasoning", "refusal"]))
def test_a_token_comes_back_from_json_as_it_was(data: st.DataObject, kind: Any) -> None:
    text = data.draw(strategies.texts)
    for token in data.draw(strategies.token_logprobs(text, EVERYTHING)):
        told = replace(token, kind=kind)
        assert TokenLogprob.from_json(json.loads(json.dumps(told.to_json()))) == told


@pytest.mark.parametrize(
    "stored", [{}, {"token": "a", "more": 1}, {"token": "a", "top": [3]}, {"token": "a", "ids": 3}]
)
def test_json_that_is_no_token_is_refused(stored: Any) -> None:
    with pytest.raises(ValueError, match="no log-probability"):
        TokenLogprob.from_json(stored)
