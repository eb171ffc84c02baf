"""`portable-llm providers NAME --probe MODEL`: from the plan to a file that is loaded again."""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from portable_llm import Client, Request, TokenLogprob, Usage
from portable_llm._capabilities import Capabilities
from portable_llm._messages import BlobPart
from portable_llm._request import NamedTool
from portable_llm.providers._target import load_settings
from portable_llm.testing import FakeServer, Received, Reply, Status, answer
from portable_llm.wire import wire_format
from support.speakers import one_of_each_wire

EVERY_PROVIDER = pytest.mark.parametrize("name", one_of_each_wire())
FACTS = "sampling/temperature", "parts/image", "stop", "tool_choice/required", "tools", "sampling/logprobs"


def picky(request: Request[Any], received: Received) -> Reply:
    """A model that refuses temperature and images, does not know of stop strings, and does the rest as it is told."""
    if request.sampling.temperature is not None:
        return no("Unsupported parameter: 'temperature' is not supported with this model.")
    if request.sampling.top_p is not None:
        return no("top_p must be 1 for you", status=422)
    if any(isinstance(part, BlobPart) for message in request.messages for part in message.parts):
        return no("This model does not support image input.")
    tokens = [TokenLogprob(token="red, green, blue", logprob=-0.5)]
    if request.tools and request.tool_choice not in (None, "auto", "none"):
        name = request.tool_choice.name if isinstance(request.tool_choice, NamedTool) else request.tools[0].name
        return Reply(response=answer(tool_calls=[(name, {"city": "Oslo"})]))
    if request.output is not None:
        return Reply(response=answer('{"code": "Q7"}'))
    return Reply(response=answer("red, green, blue", logprobs=tokens, usage=Usage(input_tokens=9, output_tokens=6)))


def no(message: str, status: int = 400) -> Reply:
    return Reply(response=answer(), faults=(Status(status, kind="invalid_request", message=message),))


@pytest.fixture
def picky_server():
    with FakeServer(picky) as server:
        yield server


def probe(run: Any, server: FakeServer, name: str, path: Path, *more: str) -> Any:
    where = f"{name}@{server.base_url(name)}"
    return run("providers", where, "--probe", "tiny-1.5", "--yes", "-o", str(path), *more)


def loaded(path: Path, name: str, model: str = "tiny-1.5") -> Capabilities:
    row = load_settings(config=path, environ={}).resolve(f"{name}:{model}@http://host/v1").provider
    return row.capabilities_of(model, wire_format(row.wire).CAPABILITIES)


# ---- every wire format -----------------------------------------------------------------------------------------------


@EVERY_PROVIDER
def test_what_was_found_is_loaded_again(run, picky_server, tmp_path, name):
    path = tmp_path / "found.toml"

    ended = probe(run, picky_server, name, path)

    assert (ended.code, picky_server.errors) == (0, ())
    facts = loaded(path, name)
    wire = wire_format(load_settings(environ={}).resolve(f"{name}:m@http://h/v1").provider.wire).CAPABILITIES
    wanted = {"sampling/temperature": "no", "parts/image": "no", "stop": "ignored", "tool_choice/required": "yes"}
    for feature, support in wanted.items():
        if wire[feature].support == "yes":
            assert (feature, facts[feature].support) == (feature, support)
            assert facts[feature].source == "observed"
            assert facts[feature].date
    if wire["output/native"].support == "yes" and facts.spelling.get("output/native") != "unseen":
        assert facts["output/native"].note == "accepted; seen: the answer is what the schema asks for"
    if wire["sampling/logprobs"].support == "yes":
        assert facts["sampling/logprobs"].note.startswith("accepted; seen: 1 tokens")
    assert facts["sampling/top_p"].source != "observed"
    assert loaded(path, name, "tiny-1x5")["stop"].source != "observed"


@EVERY_PROVIDER
def test_a_plan_made_with_the_file_leaves_out_what_was_refused(run, picky_server, tmp_path, name):
    path = tmp_path / "found.toml"
    probe(run, picky_server, name, path)

    with Client(config=path, on_loss="never") as client:
        plan = client.plan(f"{name}:tiny-1.5@http://host/v1", "Hi", temperature=0.5)

    entry = next(one for one in plan.adaptations if one.subject == "/sampling/temperature")
    assert entry.action == "dropped"
    assert entry.source is not None
    assert entry.source.startswith("observed 20")


def test_each_call_reaches_the_server_as_it_was_announced(run, picky_server, tmp_path):
    ended = probe(run, picky_server, "compatible", tmp_path / "found.toml", "--json")

    report = json.loads(ended.out)
    assert report["calls"] == len(picky_server.requests)
    assert f"  {report['calls']} calls" in ended.err
    verdicts = {one["feature"]: one["verdict"] for one in report["findings"]}
    assert verdicts["sampling/top_p"] == "unknown"
    assert {verdicts[name] for name in FACTS} == {"refused", "ignored", "applied", "accepted"}
    assert all(sent.request is not None for sent in picky_server.requests)


# ---- before anything is sent -----------------------------------------------------------------------------------------


def test_without_a_yes_nothing_is_sent(run, picky_server, tmp_path):
    where = f"compatible@{picky_server.base_url('compatible')}"
    ended = run("providers", where, "--probe", "m", "-o", str(tmp_path / "found.toml"))

    assert ended.code == 4
    assert "calls" in ended.err
    assert "add --yes" in ended.err
    assert (picky_server.requests, list(tmp_path.iterdir())) == ((), [])


def test_a_file_that_is_there_is_kept_and_no_call_is_made(run, picky_server, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine", encoding="utf-8")

    ended = probe(run, picky_server, "compatible", path)

    assert ended.code == 4
    assert "--force" in ended.err
    assert (path.read_text(encoding="utf-8"), picky_server.requests) == ("mine", ())


def test_force_writes_over_it(run, picky_server, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine", encoding="utf-8")

    assert probe(run, picky_server, "compatible", path, "--force").code == 0
    assert "providers" in tomllib.loads(path.read_text(encoding="utf-8"))
    assert [one.name for one in tmp_path.iterdir()] == ["mine.toml"]


def test_a_folder_that_is_not_there_is_told_before_a_call_is_paid_for(run, picky_server, tmp_path):
    ended = probe(run, picky_server, "compatible", tmp_path / "none" / "found.toml")

    assert (ended.code, picky_server.requests) == (4, ())
    assert "there is no folder" in ended.err


def test_a_probe_needs_a_provider(run):
    assert run("providers", "--probe", "m").code == 4


# ---- what can go wrong -----------------------------------------------------------------------------------------------


def test_a_model_that_does_not_answer_at_all_leaves_no_file(run, tmp_path):
    with FakeServer(lambda request, received: no("no such model", status=404)) as server:
        ended = probe(run, server, "compatible", tmp_path / "found.toml")

    assert (ended.code, list(tmp_path.iterdir())) == (4, [])
    assert len(server.requests) == 1


def test_the_caps_hold(run, picky_server, tmp_path):
    probe(run, picky_server, "compatible", tmp_path / "a.toml", "--max-calls", "4")
    calls = len(picky_server.requests)
    probe(run, picky_server, "compatible", tmp_path / "b.toml", "--max-tokens", "70")

    assert calls == 4
    assert 1 < len(picky_server.requests) - calls < 12


def test_a_key_that_is_said_back_is_in_no_output(run, tmp_path, monkeypatch):
    def tell(request: Request[Any], received: Received) -> Reply:
        if request.stop:
            return no("Unsupported parameter: 'stop' is not supported for the key sk-my-own-key")
        return Reply(response=answer("red"))

    monkeypatch.setenv("COMPATIBLE_API_KEY", "sk-my-own-key")
    path = tmp_path / "found.toml"
    with FakeServer(tell) as server:
        ended = probe(run, server, "compatible", path)

    said = ended.out + ended.err + path.read_text(encoding="utf-8")
    assert "'stop' is not supported" in said
    assert "sk-my-own-key" not in said


def test_the_file_is_whole_and_readable_by_its_owner(run, picky_server, tmp_path):
    path = tmp_path / "found.toml"
    probe(run, picky_server, "compatible", path)

    assert path.read_text(encoding="utf-8").endswith("}\n")
    assert stat.S_IMODE(path.stat().st_mode) & stat.S_IRUSR
