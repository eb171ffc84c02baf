"""Which models a provider has: every wire format's list, page by page, and what each field means."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest

from portable_llm import AsyncClient, AuthenticationError, Client, ConfigurationError, UnreadableAnswerError
from portable_llm._listing import ModelInfo
from portable_llm.providers import provider, provider_names
from portable_llm.wire import wire_format

DAY = 1_780_000_000  # 2026-05-28

PAGES: dict[str, list[Any]] = {
    "openai": [{"object": "list", "data": [{"id": "a", "created": DAY, "shutdown_date": "2027-01-14"}]}],
    "openai-responses": [{"object": "list", "data": [{"id": "a", "created": DAY, "shutdown_date": "2027-01-14"}]}],
    "anthropic": [
        {
            "data": [{"id": "a", "display_name": "A", "created_at": "2026-05-28T00:00:00Z", "max_input_tokens": 9}],
            "has_more": True,
            "last_id": "a",
        },
        {"data": [{"id": "b", "max_tokens": 5, "retires_at": "2027-01-14T00:00:00Z"}], "has_more": False},
    ],
    "google": [
        {"models": [{"name": "models/a", "displayName": "A", "inputTokenLimit": 9}], "nextPageToken": "x/y"},
        {"models": [{"name": "models/b", "outputTokenLimit": 5}]},
    ],
    "mistral": [{"data": [{"id": "a", "max_context_length": 9, "deprecation": "2027-01-14T00:00:00Z"}]}],
    "cohere": [{"models": [{"name": "a", "context_length": 9.0}], "next_page_token": ""}],
    "ollama": [{"models": [{"name": "a:1b", "model": "a:1b", "modified_at": "2026-05-28T10:00:00+02:00"}]}],
    "openrouter": [{"data": [{"id": "a/b", "context_length": 9, "top_provider": {"max_completion_tokens": 5}}]}],
    "together": [[{"id": "a", "context_length": 9}]],
    "vllm": [{"data": [{"id": "a", "max_model_len": 9}]}],
}


def served(pages: list[Any], asked: list[str]) -> httpx2.MockTransport:
    """Gives one page after the other."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.raw_path.decode())
        return httpx2.Response(200, json=pages[len(asked) - 1])

    return httpx2.MockTransport(answer)


def listed(name: str, pages: list[Any]) -> tuple[tuple[ModelInfo, ...], list[str]]:
    asked: list[str] = []
    with (
        httpx2.Client(transport=served(pages, asked)) as http,
        Client(http_client=http, api_keys={name: "k"}) as client,
    ):
        return client.models(name), asked


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_read(name: str) -> None:
    models, asked = listed(name, PAGES[name])

    assert len(asked) == len(PAGES[name])
    assert len(models) == len(PAGES[name])
    assert models[0].id in ("a", "a/b", "a:1b")
    assert all(model.raw for model in models)


def test_every_wire_format_with_a_list_is_asked_here() -> None:
    with_list = {row.wire for name in provider_names() if wire_format((row := provider(name)).wire).LISTING}

    assert {provider(name).wire for name in PAGES} == with_list


def test_what_the_fields_say() -> None:
    (openai,), _ = listed("openai", PAGES["openai"])
    (first, second), asked = listed("anthropic", PAGES["anthropic"])
    (router,), _ = listed("openrouter", PAGES["openrouter"])

    assert (openai.created, openai.shutdown, openai.context_window) == ("2026-05-28", "2027-01-14", None)
    assert (first.name, first.created, first.context_window) == ("A", "2026-05-28", 9)
    assert (second.name, second.max_output_tokens, second.shutdown) == (None, 5, "2027-01-14")
    assert asked[1].endswith("&after_id=a")
    assert (router.context_window, router.max_output_tokens) == (9, 5)


def test_a_token_of_a_page_is_quoted() -> None:
    _, asked = listed("google", PAGES["google"])

    assert asked[1].endswith("/models?pageSize=1000&pageToken=x%2Fy")


def test_the_async_client_lists_them_too() -> None:
    async def main() -> tuple[ModelInfo, ...]:
        transport = served(PAGES["mistral"], [])
        async with (
            httpx2.AsyncClient(transport=transport) as http,
            AsyncClient(http_client=http, api_keys={"mistral": "k"}) as client,
        ):
            return await client.models("mistral")

    assert asyncio.run(main())[0].context_window == 9


@pytest.mark.parametrize("name", ["bedrock", "vertex@https://host", "vertex-anthropic@https://host"])
def test_who_lists_none_says_so(name: str) -> None:
    with Client(api_keys={name.partition("@")[0]: "k"}) as client, pytest.raises(ConfigurationError, match="lists no"):
        client.models(name)


@pytest.mark.parametrize("page", [{"data": "none"}, {}, 7, "no"], ids=str)
def test_what_is_no_list_is_an_error_that_holds_it(page: Any) -> None:
    with pytest.raises(UnreadableAnswerError) as caught:
        listed("openai", [page])

    assert caught.value.body == json.dumps(page, separators=(",", ":"))


def test_entries_without_a_name_and_fields_of_the_wrong_type_are_passed_over() -> None:
    models, _ = listed("openai", [{"data": [None, {}, {"id": "a", "created": "soon", "context_window": "many"}]}])

    assert [(model.id, model.created, model.context_window) for model in models] == [("a", None, None)]


def test_a_list_without_an_end_is_an_error_and_no_shorter_list() -> None:
    page = {"data": [{"id": "a"}], "has_more": True, "last_id": "a"}

    with pytest.raises(UnreadableAnswerError, match="goes on after 100 pages"):
        listed("anthropic", [page] * 200)


def test_an_error_answer_is_an_error() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(401, json={"error": {"message": "no", "type": "invalid_request_error"}})

    transport = httpx2.MockTransport(refuse)
    with (
        httpx2.Client(transport=transport) as http,
        Client(http_client=http, api_keys={"openai": "k"}) as client,
        pytest.raises(AuthenticationError),
    ):
        client.models("openai")
