"""Azure OpenAI: addresses in both forms, a key and a token, and what its filters say."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from openai import AzureOpenAI, DefaultHttpxClient

from portable_llm import Client, Timeouts, request
from portable_llm._exchange import Link, chat
from portable_llm._http import Send, Token
from portable_llm._plan import make_plan
from portable_llm.providers import provider
from portable_llm.providers._target import Settings
from portable_llm.testing import FakeServer

ROWS = ("azure", "azure-dated", "azure-dated-responses", "azure-responses")
ENDPOINT = "https://r.openai.azure.com"
HELLO = request("azure:gpt-4o@https://r.openai.azure.com", "Hello")


@pytest.mark.parametrize("written", ["", "/", "/openai", "/openai/", "/openai/v1", "/openai/v1/"])
def test_the_endpoint_may_be_written_with_what_every_address_begins_with(written: str) -> None:
    target = Settings().resolve(f"azure:gpt-4o@{ENDPOINT}{written}")

    assert target.url("/chat/completions") == f"{ENDPOINT}/openai/v1/chat/completions"


@pytest.mark.parametrize(
    ("row", "path", "address"),
    [
        ("azure", "/chat/completions", "/openai/v1/chat/completions"),
        ("azure-responses", "/responses", "/openai/v1/responses"),
        (
            "azure-dated",
            "/chat/completions",
            "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        ),
        ("azure-dated-responses", "/responses", "/openai/responses?api-version=2025-03-01-preview"),
    ],
)
def test_addresses(row: str, path: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", f"{ENDPOINT}/")

    assert Settings().resolve(f"{row}:gpt-4o").url(path) == ENDPOINT + address


def test_a_deployment_s_name_is_escaped() -> None:
    target = Settings().resolve(f"azure-dated:a/b c@{ENDPOINT}")

    assert "/deployments/a%2Fb%20c/chat/completions?" in target.url("/chat/completions")


def test_a_call_about_no_deployment_has_none_in_its_address() -> None:
    target = Settings().endpoint(f"azure-dated@{ENDPOINT}")

    assert target.url("/models?limit=1").startswith(f"{ENDPOINT}/openai/models?limit=1&api-version=")


def test_the_api_version_comes_from_the_vendor_s_own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-04-01-preview")

    target = Settings().resolve(f"azure-dated:gpt-4o@{ENDPOINT}")

    assert target.url("/chat/completions").endswith("?api-version=2025-04-01-preview")


def test_without_an_endpoint_the_error_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)

    with pytest.raises(Exception, match="AZURE_OPENAI_ENDPOINT"):
        Settings().resolve("azure:gpt-4o")


# ---- the official client ---------------------------------------------------------------------------------------------


def sent_by_the_sdk(**credentials: Any) -> httpx2.Request:
    seen: list[httpx2.Request] = []

    def answer(asked: httpx2.Request) -> httpx2.Response:
        seen.append(asked)
        body = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": []}
        return httpx2.Response(200, json=body)

    client = AzureOpenAI(
        azure_endpoint=ENDPOINT,
        api_version="2024-10-21",
        max_retries=0,
        http_client=DefaultHttpxClient(transport=httpx2.MockTransport(answer)),
        **credentials,
    )
    client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hello"}])
    return seen[0]


def sent_by_us(link: Link) -> Send:
    plan = make_plan(HELLO, Settings().resolve(f"azure-dated:gpt-4o@{ENDPOINT}"))
    exchange = chat(plan, link)
    step = next(exchange)
    while not isinstance(step, Send):
        step = exchange.send("the-token" if isinstance(step, Token) else 0.0)
    return step


@pytest.mark.parametrize(
    ("link", "credentials"),
    [
        (Link(key="the-key"), {"api_key": "the-key"}),
        (Link(token=lambda: "the-token"), {"azure_ad_token_provider": lambda: "the-token"}),
    ],
    ids=["key", "token"],
)
def test_the_official_client_asks_the_same_way(
    link: Link, credentials: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_VERSION", raising=False)
    ours, theirs = sent_by_us(link), sent_by_the_sdk(**credentials)

    assert ours.url == str(theirs.url)
    assert json.loads(ours.body) == json.loads(theirs.content)
    for header in ("api-key", "authorization"):
        assert ours.headers.get(header) == theirs.headers.get(header), header


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("kind", ["key", "token"])
def test_each_row_is_answered_whole_and_streamed(row: str, kind: str) -> None:
    credentials: dict[str, Any] = (
        {"api_keys": {row: "k-1234"}} if kind == "key" else {"tokens": {row: lambda: "k-1234"}}
    )
    with FakeServer(api_key="k-1234", keep_credentials=True) as server:
        with Client(timeouts=Timeouts(total=30), **credentials) as client:
            model = f"{row}:gpt-4o@{server.base_url(row)}"
            whole = client.chat(model, "hello there")
            with client.stream(model, "hello there") as stream:
                streamed = stream.finish()

        assert whole.text == streamed.text == "hello there"
        assert {"api-key" in asked.headers for asked in server.requests} == {kind == "key"}


def test_the_rules_of_models_hold_by_the_deployment_s_name_and_say_so() -> None:
    plan = make_plan(
        request("azure:o3@https://r.openai.azure.com", "Hello", temperature=0.5),
        Settings().resolve(f"azure:o3@{ENDPOINT}"),
    )

    [dropped] = [entry for entry in plan.adaptations if entry.subject == "/sampling/temperature"]
    assert dropped.action == "dropped"
    assert "by the deployment's name" in dropped.detail


def test_rows_are_listed_by_name() -> None:
    assert [provider(name).name for name in ROWS] == list(ROWS)
