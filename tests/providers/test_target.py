"""Model strings, aliases and keys: what is wrong is named, with the remedy, and no key leaves by accident."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from portable_llm import ConfigurationError
from portable_llm.providers import provider
from portable_llm.providers._target import Keyring, Settings, load_settings

SETTINGS = Settings()


@pytest.mark.parametrize(
    ("model", "name", "bare", "base_url"),
    [
        ("openai:gpt-6-luna", "openai", "gpt-6-luna", "https://api.openai.com/v1"),
        ("compatible:llama3:8b@http://127.0.0.1:8080/v1/", "compatible", "llama3:8b", "http://127.0.0.1:8080/v1"),
        ("openai:ft@2024@https://eu.api.openai.com/v1", "openai", "ft@2024", "https://eu.api.openai.com/v1"),
    ],
)
def test_model_strings(model: str, name: str, bare: str, base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    target = SETTINGS.resolve(model)

    assert (target.provider.name, target.model, target.base_url) == (name, bare, base_url)


@pytest.mark.parametrize(
    ("model", "complaint"),
    [
        ("opnai:gpt", "unknown provider 'opnai'; did you mean 'openai'"),
        ("gpt-6", "neither provider:model nor an alias .*PORTABLE_LLM_ALIAS_GPT_6=provider:model"),
        ("openai:", "names no model"),
        ("compatible:m", "has no base URL of its own; write compatible:m@http://host/v1"),
        ("compatible:m@htp://host/v1", "no base URL; write it like https://host/v1"),
        ("compatible:m@http://", "no base URL"),
        ("compatible:m@http://user:pw@host/v1", "must not hold credentials"),
        ("compatible:m@http://host/v1?key=1", "has a query"),
        ("a", "leads in a circle: a → b → a"),
    ],
)
def test_what_is_wrong_with_a_model_string(model: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Settings(aliases={"a": "b", "b": "a"}).resolve(model)


def test_a_switch_is_one_string(tmp_path: Path) -> None:
    config = tmp_path / "portable.toml"
    config.write_text('[aliases]\nsmart = "openai:a"\nfast = "openai:b"\n[base_urls]\nopenai = "http://proxy/v1"\n')
    environment = {"PORTABLE_LLM_CONFIG": str(config), "PORTABLE_LLM_ALIAS_FAST": "openai:c"}

    settings = load_settings(environ=environment, aliases={"best": "smart"})

    assert settings.resolve("best").model == "a"
    assert settings.resolve("fast").model == "c"
    assert settings.resolve("fast").base_url == "http://proxy/v1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[aliases", "is no TOML"),
        ("[aliases]\nfast = 3", r"table \[aliases\]: every value has to be a string"),
        ("[alias]\nfast = 'x'", "unknown table 'alias'"),
    ],
)
def test_a_broken_configuration_file_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    config = tmp_path / "portable.toml"
    config.write_text(text)

    with pytest.raises(ConfigurationError, match=complaint):
        load_settings(config=config)
    with pytest.raises(ConfigurationError, match="No such file"):
        load_settings(config=tmp_path / "missing.toml")


def test_keys_come_from_arguments_then_from_the_vendor_s_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    target = SETTINGS.resolve("openai:m")
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")

    assert Keyring().key_for(target) == "from-environment"
    assert Keyring({"openai": "given"}).key_for(target) == "given"


def test_a_missing_key_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in provider("anthropic").auth.env:
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(ConfigurationError, match=r"no key for anthropic: set ANTHROPIC_API_KEY"):
        Keyring().key_for(SETTINGS.resolve("anthropic:claude"))


def test_a_vendor_s_key_is_not_sent_to_a_host_named_in_the_model_string(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    elsewhere = SETTINGS.resolve("openai:m@http://127.0.0.1:1/v1")

    assert Keyring().key_for(elsewhere) is None
    assert Keyring({"openai": "meant"}).key_for(elsewhere) == "meant"


def test_a_key_ring_shows_and_stores_nothing() -> None:
    ring = Keyring({"openai": "the-secret"})

    assert "the-secret" not in repr(ring)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(ring)
    with pytest.raises(ConfigurationError, match="copy it again") as caught:
        Keyring({"openai": "the secret"}).key_for(SETTINGS.resolve("openai:m"))
    assert "the secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("base_url", "path", "url"),
    [
        ("http://host", "/v1/messages", "http://host/v1/messages"),
        ("http://host/v1", "/v1/messages", "http://host/v1/messages"),
        ("http://host/v1", "/chat/completions", "http://host/v1/chat/completions"),
        ("http://host/v1beta", "/models/m:generateContent", "http://host/v1beta/models/m:generateContent"),
        ("http://host/proxy/v2", "/v1/messages", "http://host/proxy/v2/v1/messages"),
    ],
)
def test_a_base_url_may_name_the_version_or_leave_it_out(base_url: str, path: str, url: str) -> None:
    assert SETTINGS.resolve(f"compatible:m@{base_url}").url(path) == url
