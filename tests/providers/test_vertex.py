"""The two rows of Vertex AI: where they are, what they are shown, what differs from the vendors' own hosts."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from portable_llm import FilePart, Origin, UriPart, request, system, user
from portable_llm._errors import ConfigurationError
from portable_llm._plan import make_plan
from portable_llm.providers import _google_cloud, provider
from portable_llm.providers._google_cloud import GoogleToken, google_token, vertex_url
from portable_llm.providers._target import load_settings

VARIABLES = ("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION", "CLOUD_ML_REGION")
VARIABLES += ("ANTHROPIC_VERTEX_PROJECT_ID", "ANTHROPIC_VERTEX_BASE_URL")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine that names no project."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
    ],
)
def test_each_location_has_its_host(location: str, host: str) -> None:
    path = f"/v1/projects/p/locations/{location}/publishers/google"

    assert vertex_url("p", location) == f"https://{host}{path}"


@pytest.mark.parametrize(
    ("name", "environ", "url"),
    [
        ("vertex", {"GOOGLE_CLOUD_PROJECT": "p"}, vertex_url("p")),
        (
            "vertex",
            {"GOOGLE_CLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": "europe-west4"},
            vertex_url("p", "europe-west4"),
        ),
        (
            "vertex-anthropic",
            {"ANTHROPIC_VERTEX_PROJECT_ID": "a", "GOOGLE_CLOUD_PROJECT": "p", "CLOUD_ML_REGION": "us-east5"},
            vertex_url("a", "us-east5", publisher="anthropic"),
        ),
        ("vertex-anthropic", {"GOOGLE_CLOUD_PROJECT": "p"}, vertex_url("p", publisher="anthropic")),
        (
            "vertex-anthropic",
            {"GOOGLE_CLOUD_PROJECT": "p", "ANTHROPIC_VERTEX_BASE_URL": "https://gateway.example/v1/"},
            "https://gateway.example/v1/projects/p/locations/global/publishers/anthropic",
        ),
    ],
)
def test_project_and_location_make_the_address(
    name: str, environ: dict[str, str], url: str, machine: pytest.MonkeyPatch
) -> None:
    for variable, value in environ.items():
        machine.setenv(variable, value)

    assert load_settings().resolve(f"{name}:m").base_url == url


@pytest.mark.parametrize(
    ("name", "variable"), [("vertex", "GOOGLE_CLOUD_PROJECT"), ("vertex-anthropic", "ANTHROPIC_VERTEX_PROJECT_ID")]
)
def test_without_a_project_the_error_says_what_to_set(name: str, variable: str) -> None:
    with pytest.raises(ConfigurationError, match=f"set {variable} and .*base_urls"):
        load_settings().resolve(f"{name}:m")


def planned(name: str, messages: Any, **options: Any) -> Any:
    asked = request(name, messages, **options)
    settings = load_settings(base_urls={name.partition(":")[0]: "https://host.example/v1/projects/p"})
    return make_plan(asked, settings.resolve(asked.model))


@pytest.mark.parametrize(
    ("options", "version"),
    [({}, "2026-10-21"), ({"temperature": 0.5}, "vertex-2023-10-16")],
)
def test_claude_s_version_stands_in_the_body(options: dict[str, Any], version: str) -> None:
    plan = planned("vertex-anthropic:claude-sonnet-4-5@20250929", "hi", **options)

    assert plan.call.path == "/models/claude-sonnet-4-5@20250929:rawPredict"
    assert plan.call.json["anthropic_version"] == version
    assert "model" not in plan.call.json
    assert "anthropic-version" not in plan.call.headers


def test_the_rules_of_the_models_hold_here_too() -> None:
    old, new = (
        planned(f"vertex-anthropic:{model}", "hi", temperature=0.5)
        for model in ("claude-opus-4-1@20250805", "claude-opus-5")
    )
    gemini = planned("vertex:gemini-4-argon", "hi", temperature=0.5)

    assert old.call.json["temperature"] == 0.5
    assert "temperature" not in new.call.json
    assert [entry.action for entry in gemini.adaptations if entry.subject == "/sampling/temperature"] == ["dropped"]


def test_late_system_text_is_folded_on_every_model() -> None:
    plan = planned("vertex-anthropic:claude-opus-4-8", (user("hi"), system("Now brief."), user("go")))

    assert [turn["role"] for turn in plan.call.json["messages"]] == ["user", "user", "user"]
    assert "/messages/1" in {entry.subject for entry in plan.adaptations}


@pytest.mark.parametrize("name", ["vertex:gemini-2.5-pro", "vertex-anthropic:claude-opus-5"])
def test_there_are_no_stored_files(name: str) -> None:
    vendor, model = name.split(":")
    here = Origin(provider=vendor, host="host.example", model=model)
    file = FilePart(id="files/1", mime_type="image/png", origin=here)

    facts = provider(vendor).capabilities.facts["parts/file"]
    assert facts.support == "no"
    assert planned(name, user("Look.", UriPart(uri="gs://b/a.png", mime_type="image/png"))).call.json
    assert planned(name, user("Look.", file)).call.json


# ---- google-auth -----------------------------------------------------------------------------------------------------


class Credentials:
    """As google-auth's: valid while there is a token."""

    def __init__(self) -> None:
        self.token: str | None = None
        self.refreshed = 0

    @property
    def valid(self) -> bool:
        return self.token is not None

    def refresh(self, _: object) -> None:
        self.refreshed += 1
        self.token = f"token-{self.refreshed}"


@pytest.fixture
def google_auth(monkeypatch: pytest.MonkeyPatch) -> Credentials:
    credentials = Credentials()
    modules = {
        "google.auth": SimpleNamespace(default=lambda scopes: (credentials, "p")),
        "google.auth.transport.requests": SimpleNamespace(Request=object),
    }
    monkeypatch.setattr(_google_cloud, "importlib", SimpleNamespace(import_module=modules.__getitem__))
    return credentials


def test_a_token_is_kept_until_it_is_refused(google_auth: Credentials) -> None:
    token = GoogleToken()

    assert [token(), token()] == ["token-1", "token-1"]
    token.expire()
    assert token() == "token-2"
    assert google_auth.refreshed == 2


def test_without_the_library_the_error_names_the_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(_google_cloud, "importlib", SimpleNamespace(import_module=missing))

    with pytest.raises(ConfigurationError, match="tokens="):
        GoogleToken()()


def test_trouble_of_the_library_is_told(google_auth: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Credentials, _: object) -> None:
        raise RuntimeError("reauthentication is needed")

    monkeypatch.setattr(Credentials, "refresh", fail)

    with pytest.raises(ConfigurationError, match="reauthentication is needed"):
        GoogleToken()()


def test_a_plan_for_vertex_can_be_kept() -> None:
    plan = planned("vertex:gemini-2.5-pro", "hi")

    kept = pickle.loads(pickle.dumps(plan))
    assert kept.call == plan.call
    assert kept.target.provider.auth.source is google_token
