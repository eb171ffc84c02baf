"""Counts against a real engine, which says what it counted: its own endpoint, and its tokenizer as an oracle."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator

import pytest

from engine import Engine
from portable_llm import Client, assistant, system, user

pytestmark = pytest.mark.engine

CONVERSATIONS = {
    "a question": (user("Name three colours."),),
    "with system text": (system("Be brief."), user("Name three colours.")),
    "several turns": (user("Hello"), assistant("Hi, how can I help?"), user("Name three colours, please.")),
    "another script": (user("Назови три цвета: 红, 绿 and blue."),),
}


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as client:
        yield client


def model_of(engine: Engine) -> str:
    return f"llamacpp:{engine.model}@{engine.url}/v1"


@pytest.mark.parametrize("messages", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_the_engine_counts_what_it_then_bills(local_engine, client, messages):
    counted = client.count_tokens(model_of(local_engine), messages)
    answered = client.chat(model_of(local_engine), messages, max_output_tokens=1, temperature=0.0)

    assert counted.method == "provider"
    assert counted.tokens == answered.usage.input_tokens


@pytest.mark.parametrize("messages", CONVERSATIONS.values(), ids=CONVERSATIONS)
def test_the_estimate_for_a_model_that_nobody_knows_holds(local_engine, client, messages):
    planned = client.plan(model_of(local_engine), messages).tokens
    counted = client.count_tokens(model_of(local_engine), messages)

    assert planned.source.startswith("assumed")
    assert planned.low <= counted.tokens <= planned.high


def test_its_tokenizer_endpoint_agrees(local_engine, client):
    """Asked by hand: the template's text, counted by `/tokenize`."""
    said = "<|im_start|>user\nName three colours.<|im_end|>\n<|im_start|>assistant\n"
    body = json.dumps({"content": said, "add_special": False, "parse_special": True}).encode()
    asked = urllib.request.Request(f"{local_engine.url}/tokenize", body, {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as reply:
        tokens = json.load(reply)["tokens"]

    counted = client.count_tokens(model_of(local_engine), CONVERSATIONS["a question"])

    # The template puts a system text of its own before a conversation that has none.
    assert counted.tokens >= len(tokens)
