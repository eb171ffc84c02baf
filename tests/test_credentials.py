"""Credentials on their way: shown, signed with, renewed when refused, and never in a message."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

import portable_llm
from portable_llm import AsyncClient, AuthenticationError, Client, OverloadedError
from portable_llm._exchange import Link, chat
from portable_llm._http import Send, Token
from portable_llm._plan import Plan, make_plan
from portable_llm.providers import provider
from portable_llm.providers._sigv4 import AwsCredentials
from portable_llm.providers._target import load_settings
from portable_llm.testing import FakeServer, Status, first
from portable_llm.testing._script import WALL_CLOCK_START, play, reply

SETTINGS = load_settings(environ={}, base_urls={"bedrock": "https://bedrock-runtime.eu-west-1.amazonaws.com"})
LINK = Link(random=lambda: 0.0)
CREDENTIALS = AwsCredentials(access_key="AKID", secret_key="the-secret-key", session_token="the-session-token")
ANSWER: Any = {"output": {"message": {"role": "assistant", "content": [{"text": "ok"}]}}, "stopReason": "end_turn"}
REFUSED = reply(401, json={"message": "no"})


def plan_for(model: str = "bedrock:amazon.nova-lite-v1:0") -> Plan[Any]:
    asked = portable_llm.request(model, "Hello")
    return make_plan(asked, SETTINGS.resolve(asked.model))


def sends(steps: list[Any]) -> list[Send]:
    return [step for step in steps if isinstance(step, Send)]


def one_after_another(*values: Any) -> Callable[[], Any]:
    rest = iter(values)
    return lambda: next(rest)


# ---- signing ---------------------------------------------------------------------------------------------------------


def test_what_is_signed_is_what_is_sent() -> None:
    link = replace(LINK, token=lambda: CREDENTIALS, headers={"x-team": "a"})

    steps, _ = play(chat(plan_for(), link), reply(200, json=ANSWER))

    (send,) = sends(steps)
    unsigned = {name: value for name, value in send.headers.items() if not name.startswith(("x-amz", "auth"))}
    signed = CREDENTIALS.sign(send.method, send.url, unsigned, send.body, WALL_CLOCK_START)
    assert send.headers == {**unsigned, **signed}
    assert send.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert "/eu-west-1/bedrock/aws4_request" in send.headers["authorization"]
    assert unsigned.keys() == {"content-type", "user-agent", "x-team"}


def test_each_try_is_signed_anew() -> None:
    link = replace(LINK, token=lambda: CREDENTIALS)
    limited = reply(429, json={"message": "slow down"}, headers={"retry-after": "60"})

    steps, _ = play(chat(plan_for(), link), limited, reply(200, json=ANSWER))

    dates = [send.headers["x-amz-date"] for send in sends(steps)]
    assert len(set(dates)) == 2


def test_secrets_that_an_error_quotes_are_taken_out() -> None:
    link = replace(LINK, token=lambda: CREDENTIALS)
    quoting = "The canonical string was 'x-amz-security-token:the-session-token', key the-secret-key"
    body = {"message": quoting}

    with pytest.raises(AuthenticationError) as caught:
        play(chat(plan_for(), link), reply(403, json=body, headers={"x-amzn-errortype": "InvalidSignatureException"}))

    shown = f"{caught.value!r} {caught.value} {caught.value.body} {link!r}"
    assert "the-session-token" not in shown
    assert "the-secret-key" not in shown
    assert "[redacted]" in caught.value.message


# ---- renewal ---------------------------------------------------------------------------------------------------------


def test_a_refused_token_is_asked_for_once_more_and_sent_at_once() -> None:
    link = replace(LINK, token=one_after_another("stale-token", "fresh-token"))

    steps, response = play(chat(plan_for(), link), REFUSED, reply(200, json=ANSWER))

    assert [send.headers["authorization"] for send in sends(steps)] == ["Bearer stale-token", "Bearer fresh-token"]
    assert [type(step) for step in steps] == [Token, Send, Token, Send]
    assert [(attempt.status, attempt.waited) for attempt in response.attempts] == [(401, 0.0), (200, 0.0)]


def test_the_same_token_again_is_no_other_one() -> None:
    steps: list[Any] = []

    with pytest.raises(AuthenticationError) as caught:
        play(chat(plan_for(), replace(LINK, token=lambda: "the-token")), REFUSED, steps=steps)

    assert len(sends(steps)) == 1
    assert caught.value.attempts == 1


def test_a_second_refusal_is_final() -> None:
    link = replace(LINK, token=one_after_another("one-token", "two-token", "three-token"))

    with pytest.raises(AuthenticationError) as caught:
        play(chat(plan_for(), link), REFUSED, REFUSED)
    assert caught.value.attempts == 2


def test_a_callback_that_keeps_its_token_is_told_that_it_expired() -> None:
    class Kept:
        """Keeps a token until it is told otherwise, as the vendors' libraries do."""

        number = 1

        def __call__(self) -> str:
            return f"token-{self.number}"

        def expire(self) -> None:
            self.number += 1

    steps, _ = play(chat(plan_for(), replace(LINK, token=Kept())), REFUSED, reply(200, json=ANSWER))

    assert [send.headers["authorization"] for send in sends(steps)] == ["Bearer token-1", "Bearer token-2"]


def test_credentials_that_expire_are_renewed_too() -> None:
    fresh = replace(CREDENTIALS, session_token="another-token")
    link = replace(LINK, token=one_after_another(CREDENTIALS, fresh))
    expired = reply(403, json={"message": "The security token included in the request is expired"})

    steps, _ = play(chat(plan_for(), link), expired, reply(200, json=ANSWER))

    tokens = [send.headers["x-amz-security-token"] for send in sends(steps)]
    assert tokens == ["the-session-token", "another-token"]


def test_after_a_renewal_later_tries_ask_as_before() -> None:
    link = replace(LINK, token=one_after_another("stale-token", "fresh-token", "later-token"))
    busy = reply(503, json={"message": "busy"})

    steps, _ = play(chat(plan_for(), link), REFUSED, busy, reply(200, json=ANSWER))

    shown = [send.headers["authorization"] for send in sends(steps)]
    assert shown == ["Bearer stale-token", "Bearer fresh-token", "Bearer later-token"]


def test_a_key_is_not_asked_for_again() -> None:
    steps: list[Any] = []

    with pytest.raises(AuthenticationError):
        play(chat(plan_for(), replace(LINK, key="the-key")), REFUSED, steps=steps)
    assert len(sends(steps)) == 1


def test_what_else_is_refused_is_no_matter_of_credentials() -> None:
    link = replace(LINK, token=one_after_another("a-token", "b-token", "c-token", "d-token"))
    busy = reply(503, json={"message": "busy"})

    with pytest.raises(OverloadedError):
        play(chat(plan_for(), link), busy, busy, busy)


# ---- where they come from --------------------------------------------------------------------------------------------


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with AWS keys in its environment and no files."""
    for name in ("AWS_BEARER_TOKEN_BEDROCK", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-env")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    return monkeypatch


def shown(server: FakeServer) -> str:
    return server.requests[-1].headers["authorization"]


def test_a_client_signs_with_what_the_machine_has(machine: pytest.MonkeyPatch) -> None:
    with (
        FakeServer(keep_credentials=True) as server,
        Client(base_urls={"bedrock": server.base_url("bedrock")}) as client,
    ):
        assert client.chat("bedrock:amazon.nova-lite-v1:0", "hello").text == "hello"
        with client.stream("bedrock:amazon.nova-lite-v1:0", "hello there") as stream:
            assert "".join(stream.texts()) == "hello there"

        assert shown(server).startswith("AWS4-HMAC-SHA256 Credential=AKIDENV/")

        machine.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1")
        client.chat("bedrock:amazon.nova-lite-v1:0", "hello")
        assert shown(server) == "Bearer bedrock-api-key-1"


def test_an_address_in_the_model_string_gets_nothing_of_the_machine_s(machine: pytest.MonkeyPatch) -> None:
    machine.setenv("AWS_BEARER_TOKEN_BEDROCK", "bedrock-api-key-1")
    with FakeServer(keep_credentials=True) as server, Client() as client:
        client.chat(f"bedrock:amazon.nova-lite-v1:0@{server.base_url('bedrock')}", "hello")

        assert "authorization" not in server.requests[-1].headers


ARN = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3d4"
STEADY = replace(CREDENTIALS, region="eu-west-1")


def is_signed_right(server: FakeServer) -> bool:
    """Whether botocore, asked about the request as it came over the line, comes to the same signature."""
    auth: Any = pytest.importorskip("botocore.auth")
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    received = server.requests[-1]
    came = AWSRequest(
        method=received.method,
        url=f"http://{received.headers['host']}{received.path}",
        data=received.body,
        headers={"content-type": received.headers["content-type"]},
    )
    at = datetime.strptime(received.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "get_current_datetime", lambda *_, **__: at)
        credentials = Credentials("AKID", "the-secret-key", "the-session-token")
        auth.SigV4Auth(credentials, "bedrock", "eu-west-1").add_auth(came)
    return bool(came.headers["Authorization"] == received.headers["authorization"])


@pytest.mark.anyio
@pytest.mark.parametrize("model", ["us.amazon.nova-lite-v1:0", ARN])
@pytest.mark.parametrize("driver", ["httpx2", "httpx", "async httpx2", "aiohttp"])
async def test_what_comes_over_the_line_is_what_was_signed(driver: str, model: str) -> None:
    with FakeServer(keep_credentials=True) as server:
        options: Any = {"base_urls": {"bedrock": server.base_url("bedrock")}, "tokens": {"bedrock": lambda: STEADY}}
        match driver:
            case "httpx2":
                with Client(**options) as client:
                    client.chat(f"bedrock:{model}", "Grüße")
            case "httpx":
                httpx = pytest.importorskip("httpx")
                with httpx.Client() as http, Client(http_client=http, **options) as client:
                    client.chat(f"bedrock:{model}", "Grüße")
            case _:
                if driver == "aiohttp":
                    pytest.importorskip("aiohttp")
                    options["http_client"] = "aiohttp"
                async with AsyncClient(**options) as client:
                    await client.chat(f"bedrock:{model}", "Grüße")

        assert is_signed_right(server)


@pytest.mark.anyio
async def test_async_callbacks_may_sign(machine: pytest.MonkeyPatch) -> None:
    async def credentials() -> AwsCredentials:
        return CREDENTIALS

    with FakeServer(faults=[Status(503, on=first(1))]) as server:
        async with AsyncClient(
            base_urls={"bedrock": server.base_url("bedrock")}, tokens={"bedrock": credentials}
        ) as client:
            response = await client.chat("bedrock:amazon.nova-lite-v1:0", "hello")

        assert response.text == "hello"
        assert server.requests[-1].headers["authorization"] == "[redacted]"
        assert server.requests[-1].headers["x-amz-security-token"] == "[redacted]"


@pytest.mark.anyio
async def test_what_may_go_over_the_network_itself_gets_a_thread() -> None:
    where: list[int] = []

    def found() -> AwsCredentials:
        where.append(threading.get_ident())
        return replace(CREDENTIALS, region="eu-west-1")

    own = provider("bedrock").with_(auth=replace(provider("bedrock").auth, source=found))
    with FakeServer() as server:
        async with AsyncClient(base_urls={"bedrock": server.base_url("bedrock")}, providers={"bedrock": own}) as client:
            await client.chat("bedrock:amazon.nova-lite-v1:0", "hello")

    assert where
    assert where[0] != threading.get_ident()


def test_a_token_may_be_shown_otherwise_than_a_key() -> None:
    auth = replace(provider("bedrock").auth, scheme="header", header="api-key", token_scheme="bearer")

    assert auth.headers("k") == {"api-key": "k"}
    assert auth.headers("t", is_token=True) == {"authorization": "Bearer t"}
