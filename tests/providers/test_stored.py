"""Providers written down: tables of the configuration file and rows of installed packages."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from portable_llm import Client, ConfigurationError
from portable_llm.providers import Provider, provider
from portable_llm.providers._stored import ENTRY_POINTS
from portable_llm.providers._target import Keyring, load_settings

TEAM = """
[aliases]
fast = "team:big-1"

[providers.team]
like = "vllm"
title = "Team server"
base_url = "https://llm.example.org/v1/"
key_variables = ["TEAM_KEY"]

[providers.team.facts]
"sampling/seed" = { support = "no", note = "the gateway strips it", date = 2026-11-24 }

[[providers.team.models]]
pattern = "big-.*"
facts = { max_output_tokens = { maximum = 100 } }
spelling = { max_output_tokens = "max_completion_tokens" }

[providers.openai.facts]
"tools/count" = { maximum = 12, source = "observed", date = "2026-11-24" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "portable.toml"
    path.write_text(TEAM, encoding="utf-8")
    return path


def test_a_provider_of_one_s_own_is_a_table(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAM_KEY", "secret-team")
    with Client(config=config, on_loss="never") as client:
        plan = client.plan("fast", "Hello", seed=7, max_output_tokens=200)

    body: Any = plan.call.json
    assert plan.target.base_url == "https://llm.example.org/v1"
    assert "seed" not in body
    assert body["max_completion_tokens"] == 100
    assert {entry.subject: entry.source for entry in plan.adaptations}["/sampling/seed"] == "configuration 2026-11-24"
    assert Keyring().key_for(plan.target) == "secret-team"


def test_a_table_named_like_a_built_in_row_changes_what_is_known_about_it(config: Path) -> None:
    row = load_settings(config=config, environ={}).providers["openai"]

    assert row.base_url == provider("openai").base_url
    assert row.capabilities["tools/count"].maximum == 12
    assert row.capabilities["tools/count"].source == "observed"
    assert row.models == provider("openai").models


def test_a_copy_is_not_moved_by_the_variable_of_its_model(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_BASE_URL", "http://elsewhere/v1")

    assert load_settings(config=config, environ={}).resolve("team:m").base_url == "https://llm.example.org/v1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[providers]\nx = 1", r"providers\.x: expected a table"),
        ("[providers.x]\nbase = 'http://a/v1'", "unknown key 'base'; known: base_url"),
        ("[providers.x]\nbase_url = 'a/v1'", "no base URL"),
        ("[providers.x]\nlike = 'opnai'", "like: unknown provider 'opnai'"),
        ("[providers.x]\nwire = 'soap'", "unknown wire format 'soap'"),
        ("[providers.x.facts]\ntemperature = {}", "'temperature' is no feature; known: sampling/temperature"),
        ("[providers.x.facts]\nstop = {support = 'maybe'}", "'maybe' is none of yes, no, ignored"),
        ("[providers.x.facts]\nstop = {maximum = 'many'}", "stop.maximum: expected a number"),
        ("[providers.x.facts]\nstop = {max = 4}", "unknown key 'max'"),
        ("[[providers.x.models]]\npattern = '('", "no regular expression"),
        ("[[providers.x.models]]\nfacts = {}", "pattern: expected a string"),
        ("[[providers.x.models]]\npattern = 'a'\nwhen = 'often'", "neither 'always' nor 'thinking'"),
        ("[providers.x]\nkey_variables = [1]", "key_variables: expected a string"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "portable.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=complaint):
        load_settings(config=path, environ={})


def install(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    """An installed package whose entry point gives `value`."""
    module = ModuleType("acme_rows")
    module.__dict__["ROWS"] = value
    monkeypatch.setitem(sys.modules, "acme_rows", module)
    point = importlib.metadata.EntryPoint(name="acme", value="acme_rows:ROWS", group=ENTRY_POINTS)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [point])


def test_an_installed_package_brings_its_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    row = provider("compatible").with_(name="acme", base_url="https://acme.example/v1")
    install(monkeypatch, [row])

    assert load_settings(environ={}).resolve("acme:m").provider is row


@pytest.mark.parametrize("value", ["no provider", [1]])
def test_a_package_that_brings_something_else_is_named(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    install(monkeypatch, value)

    with pytest.raises(ConfigurationError, match=r"'acme_rows:ROWS' gives .*, no Provider"):
        load_settings(environ={}).resolve("acme:m")


def test_built_in_providers_need_no_look_at_the_installed_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "entry_points", None)

    assert isinstance(load_settings(environ={}).resolve("groq:m").provider, Provider)


def test_a_copy_never_gets_the_key_of_the_row_it_is_like(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "portable.toml"
    path.write_text('[providers.my-proxy]\nlike = "groq"\nbase_url = "https://proxy.example/v1"\n', encoding="utf-8")
    monkeypatch.setenv("GROQ_API_KEY", "groq's")
    target = load_settings(config=path, environ={}).resolve("my-proxy:m")

    with pytest.raises(ConfigurationError, match="set MY_PROXY_API_KEY"):
        Keyring().key_for(target)
    monkeypatch.setenv("MY_PROXY_API_KEY", "mine")
    assert Keyring().key_for(target) == "mine"
