"""The signer against botocore's own, over many generated requests; and what it never shows."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_llm._errors import ConfigurationError
from portable_llm.providers._sigv4 import AwsCredentials, region_of

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()
HAIKU = "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("token", "signature"),
    [
        (None, "5df0bbbcb49d808b5d8e41309cec37e10b8b34f431bcbf16bfb8b2ef07b3520b"),
        ("TOKEN==", "5698f0b7cd01b682f3e7c1cacdb2b504a9aa159a77d7ebb7e9de1f0eaae23ed3"),
    ],
)
def test_known_signatures(token: str | None, signature: str) -> None:
    credentials = AwsCredentials(access_key="AKID", secret_key="SECRET", session_token=token)

    headers = credentials.sign("POST", HAIKU, JSON, b'{"messages":[]}', AT)

    assert headers["authorization"].endswith(f"Signature={signature}")
    assert headers["x-amz-date"] == "20260102T030405Z"
    assert headers.get("x-amz-security-token") == token


models = st.sampled_from(
    [
        "anthropic.claude-3-haiku-20240307-v1:0",
        "us.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3",
        "meta.llama3-2-1b-instruct-v1:0",
        "a b/c~d_e.f-g",
    ]
)
hosts = st.sampled_from(
    [
        "https://bedrock-runtime.eu-central-1.amazonaws.com",
        "https://bedrock-runtime-fips.us-east-1.amazonaws.com",
        "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
        "http://127.0.0.1:8765",
        "https://gateway.example:443/prefix",
    ]
)
queries = st.sampled_from(["", "?b=2&a=1", "?a=1&a=0", "?marker=x%2Fy"])
secrets = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", min_size=8, max_size=40)


@settings(max_examples=300, deadline=None)
@given(
    host=hosts,
    model=models,
    query=queries,
    body=st.binary(max_size=200),
    secret=secrets,
    token=st.none() | secrets,
    method=st.sampled_from(["POST", "GET"]),
    at=st.integers(1_500_000_000, 2_000_000_000),
    has_type=st.booleans(),
)
def test_botocore_signs_the_same(
    host: str, model: str, query: str, body: bytes, secret: str, token: str | None, method: str, at: int, has_type: bool
) -> None:
    auth: Any = pytest.importorskip("botocore.auth")
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = f"{host}/model/{quote(model, safe='')}/converse{query}"
    headers = JSON if has_type else {}
    theirs: Any = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    moment = datetime.fromtimestamp(at, UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "get_current_datetime", lambda *_, **__: moment.replace(tzinfo=None))
        auth.SigV4Auth(Credentials("AKID", secret, token), "bedrock", region_of(url) or "us-west-2").add_auth(theirs)

    ours = AwsCredentials(access_key="AKID", secret_key=secret, session_token=token, region="us-west-2").sign(
        method, url, headers, body, float(at)
    )

    assert ours["authorization"] == theirs.headers["Authorization"]
    assert ours["x-amz-date"] == theirs.headers["X-Amz-Date"]


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("vpce-0a1b-2c3d.bedrock-runtime.eu-west-3.vpce.amazonaws.com", "eu-west-3"),
        ("bedrock-mantle.ap-southeast-2.api.aws", "ap-southeast-2"),
        ("gateway.example", None),
    ],
)
def test_the_region_stands_in_the_address(host: str, region: str | None) -> None:
    assert region_of(f"https://{host}/model/x/converse") == region


def test_without_a_region_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    credentials = AwsCredentials(access_key="AKID", secret_key="SECRET")

    with pytest.raises(ConfigurationError, match="AWS_REGION"):
        credentials.sign("POST", "http://127.0.0.1:1/model/x/converse", JSON, b"", AT)

    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    signed = credentials.sign("POST", "http://127.0.0.1:1/model/x/converse", JSON, b"", AT)
    assert "/eu-north-1/bedrock/" in signed["authorization"]


def test_secrets_are_never_shown() -> None:
    credentials = AwsCredentials(access_key="AKID", secret_key="the-secret", session_token="the-token")

    assert "the-secret" not in repr(credentials)
    assert "the-token" not in repr(credentials)
    assert credentials.secrets == ("the-secret", "the-token")
    with pytest.raises(TypeError, match="secrets"):
        pickle.dumps(credentials)
