"""Where AWS credentials and the region come from; the files are held against botocore's reading of them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from portable_llm._errors import ConfigurationError
from portable_llm.providers import _aws, provider
from portable_llm.providers._aws import aws_credentials
from portable_llm.providers._target import load_settings

CREDENTIALS = """
[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = secret%default

[work]
aws_access_key_id = AKIDWORK
aws_secret_access_key = secret-work
aws_session_token = token-work
"""
CONFIG = """
[default]
region = eu-west-1

[profile work]
region = ap-south-1

[profile role]
role_arn = arn:aws:iam::123456789012:role/r
source_profile = default
region = us-west-2
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with these two files and nothing in its environment."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "DEFAULT_PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "credentials").write_text(CREDENTIALS)
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    _aws._botocore_credentials.cache_clear()
    return tmp_path


def test_keys_in_the_environment_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-env")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-env")

    found = aws_credentials()

    assert (found.access_key, found.secret_key, found.session_token) == ("AKIDENV", "secret-env", "token-env")


@pytest.mark.parametrize("variable", [None, "AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_of_the_shared_files_as_botocore_reads_it(
    variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    session: Any = pytest.importorskip("botocore.session")
    if variable is not None:
        monkeypatch.setenv(variable, "work")

    found = aws_credentials()

    theirs = session.Session().get_credentials().get_frozen_credentials()
    assert (found.access_key, found.secret_key, found.session_token) == (
        theirs.access_key,
        theirs.secret_key,
        theirs.token,
    )
    assert found.region == session.Session().get_config_variable("region")


def test_a_profile_named_in_the_call_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENV")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-env")

    assert aws_credentials("work").access_key == "AKIDWORK"


def test_a_file_that_changes_is_read_again(home: Path) -> None:
    assert aws_credentials().access_key == "AKIDDEFAULT"

    (home / "credentials").write_text(CREDENTIALS.replace("AKIDDEFAULT", "AKIDROTATED"))

    assert aws_credentials().access_key == "AKIDROTATED"


def test_what_needs_a_conversation_is_botocore_s(monkeypatch: pytest.MonkeyPatch) -> None:
    class Frozen:
        access_key, secret_key, token = "AKIDROLE", "secret-role", "token-role"

    class Credentials:
        def get_frozen_credentials(self) -> Frozen:
            return Frozen()

    session: Any = pytest.importorskip("botocore.session")
    monkeypatch.setattr(session.Session, "get_credentials", lambda self: Credentials())
    monkeypatch.setenv("AWS_PROFILE", "role")

    found = aws_credentials()

    assert (found.access_key, found.secret_key, found.session_token) == ("AKIDROLE", "secret-role", "token-role")


def test_a_program_that_prints_credentials(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore.session")
    printed = {"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "secret", "SessionToken": "token"}
    (home / "printed.json").write_text(json.dumps(printed))
    (home / "config").write_text(f"[profile printing]\ncredential_process = cat {home / 'printed.json'}\n")
    monkeypatch.setenv("AWS_PROFILE", "printing")

    assert aws_credentials().access_key == "AKIDPROCESS"


def test_a_container_asks_its_host(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore.session")
    (home / "credentials").write_text("")
    given = {"AccessKeyId": "AKIDHOST", "SecretAccessKey": "secret", "Token": "token-1"}
    with told(json.dumps({**given, "Expiration": "2099-01-01T00:00:00Z"}).encode()) as url:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)

        found = aws_credentials()

    assert (found.access_key, found.session_token) == ("AKIDHOST", "token-1")
    assert aws_credentials() == found  # kept by botocore until they expire


@contextmanager
def told(body: bytes) -> Iterator[str]:
    """A server that says this to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the terminal."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/credentials"
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_credentials_the_error_says_where_it_looked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "credentials").write_text("")
    monkeypatch.setattr(_aws, "_botocore_credentials", lambda profile: None)

    with pytest.raises(ConfigurationError, match=r"AWS_BEARER_TOKEN_BEDROCK.*'default'.*portable-llm\[botocore\]"):
        aws_credentials()


def test_a_broken_file_is_named_and_not_quoted(home: Path) -> None:
    (home / "credentials").write_text("secret-on-a-line-of-its-own\n")

    with pytest.raises(ConfigurationError) as caught:
        aws_credentials()

    assert "credentials is no AWS configuration file" in caught.value.message
    assert "secret-on-a-line" not in caught.value.message


def test_trouble_of_botocore_is_ours_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(profile: str | None) -> Any:
        raise RuntimeError("the SSO session has expired")

    monkeypatch.setattr(_aws, "_botocore_credentials", fail)
    monkeypatch.setenv("AWS_PROFILE", "role")

    with pytest.raises(ConfigurationError, match="SSO session has expired"):
        aws_credentials()


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "https://bedrock-runtime.eu-west-1.amazonaws.com"),
        ({"AWS_PROFILE": "work"}, "https://bedrock-runtime.ap-south-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "us-west-2"}, "https://bedrock-runtime.us-west-2.amazonaws.com"),
        ({"AWS_REGION": "cn-north-1"}, "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"),
        ({"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://vpce.example"}, "https://vpce.example"),
        ({"AWS_CONFIG_FILE": "/nowhere"}, "https://bedrock-runtime.us-east-1.amazonaws.com"),
    ],
)
def test_the_region_makes_the_address(environ: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    assert load_settings().resolve("bedrock:amazon.nova-lite-v1:0").base_url == url


def test_an_address_of_one_s_own_wins() -> None:
    settings = load_settings(base_urls={"bedrock": "https://bedrock-runtime-fips.us-east-1.amazonaws.com"})

    assert settings.resolve("bedrock:x").base_url == "https://bedrock-runtime-fips.us-east-1.amazonaws.com"


def test_the_row_names_its_sources() -> None:
    auth = provider("bedrock").auth

    assert auth.env == ("AWS_BEARER_TOKEN_BEDROCK",)
    assert auth.source is aws_credentials
