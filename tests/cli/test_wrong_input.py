"""Wrong input: one line that names the place and the remedy, and the documented exit code; nothing is sent."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest

from portable_llm.conformance import store
from support.endpoints import name_of

OPTIONS = ("--depth", "smoke", "--axes", "wire")


def said(ended, code: int = 4) -> str:
    """The one line of an error."""
    assert ended.code == code
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    return ended.err.removeprefix("error: ").strip()


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("opnai:gpt", ["unknown provider 'opnai'", "did you mean 'openai'?"]),
        ("fast", ["'fast' is neither provider:model nor an alias", "PORTABLE_LLM_ALIAS_FAST"]),
        ("openai:", ["names no model", "write provider:model"]),
        ("openai:gpt", ["no key for openai", "set OPENAI_API_KEY"]),
        ("compatible:m", ["no base URL of its own", "compatible:m@http://host/v1"]),
        ("compatible:m@http//127.0.0.1", ["'http//127.0.0.1' is no base URL", "https://host/v1"]),
        ("compatible:m@htp://127.0.0.1", ["'htp://127.0.0.1' is no base URL", "https://host/v1"]),
        ("compatible:m@127.0.0.1:8080/v1", ["'127.0.0.1:8080/v1' is no base URL", "https://host/v1"]),
        ("openai:gpt@localhost:8080", ["'localhost:8080' is no base URL", "https://host/v1"]),
    ],
)
def test_a_wrong_model_string(run, model, words):
    line = said(run("chat", model, "Hi"))

    assert [word for word in words if word not in line] == []


def test_a_port_where_nobody_listens(run):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    line = said(run("chat", f"compatible:m@{address}", "Hi"), 5)

    assert line.startswith(address)
    assert line.endswith("check the address, and that the server is running")


@pytest.mark.parametrize("command", [("chat",), ("plan", "-p")], ids=["chat", "plan"])
@pytest.mark.parametrize("prompt", ["", " \n"])
def test_an_empty_prompt(run, server, command, prompt):
    line = said(run(command[0], name_of(server), *command[1:], prompt))

    assert line.startswith("the prompt is empty; write what to ask")
    assert server.requests == ()


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--schema", None, "No such file or directory; check the path"),
        ("--schema", "{", "is no JSON: "),
        ("--schema", "[1]", "a JSON Schema is an object, this is list"),
        ("--schema", '{"type": "objct"}', "is no JSON Schema: at /type: 'objct'"),
        ("--tools", None, "No such file or directory; check the path"),
        ("--tools", "{}", "expected a list of tools"),
        ("--tools", "[1]", "item 0: a tool needs a name"),
    ],
)
@pytest.mark.parametrize("command", ["chat", "plan"])
def test_a_file_that_is_none(run, server, tmp_path: Path, command, option, content, words):
    path = tmp_path / "file.json"
    if content is not None:
        path.write_text(content)
    prompt = ("Hi",) if command == "chat" else ()
    line = said(run(command, name_of(server), *prompt, option, str(path)))

    assert f"file {path}" in line
    assert words in line
    assert server.requests == ()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("chat",), "Missing argument 'MODEL'; see portable-llm chat --help"),
        (("nonsense",), "No such command 'nonsense'; see portable-llm --help"),
        (("chat", "openai:m", "Hi", "-t", "hot"), "'hot' is not a valid float; see portable-llm chat --help"),
        (("conformance", "run", "openai:m"), "give two endpoints, A and B (provider:model), or --home RUN --to B"),
        (
            ("conformance", "plan", "openai:m", "openai:m", "--axes", "tols"),
            "unknown axis tols; known: wire, prompt, instruct",
        ),
        (("conformance", "run", "--home", "nowhere", "--to", "openai:m"), "Directory 'nowhere' does not exist"),
        (("conformance", "report", "nowhere"), "nowhere/report.json: No such file or directory; is this a run"),
        (("conformance", "verify", "nowhere"), "No such file or directory; is this a run directory?"),
        (("providers", "opnai"), "unknown provider 'opnai'; did you mean 'openai'?"),
    ],
)
def test_wrong_arguments(run, arguments, words):
    assert words in said(run(*arguments))


@pytest.mark.parametrize("arguments", [(), ("conformance",)])
def test_no_command_at_all_shows_the_help(run, arguments):
    ended = run(*arguments)

    assert ended.code == 4
    assert "Commands:" in ended.err


def test_a_comparison_without_a_key_begins_nothing(run, server, tmp_path: Path):
    out = tmp_path / "run"
    ended = run("conformance", "run", name_of(server, "compatible"), "openai:gpt", *OPTIONS, "--out", str(out))

    assert ended.code == 4
    assert "no key for openai: set OPENAI_API_KEY" in ended.err
    assert not out.exists()
    assert server.requests == ()


def test_a_run_directory_that_cannot_be_made(run, server, tmp_path: Path):
    (tmp_path / "file").write_text("")
    name = name_of(server, "compatible")
    ended = run("conformance", "run", name, name, *OPTIONS, "--out", str(tmp_path / "file" / "run"))

    assert ended.code == 4
    assert "choose another run directory" in ended.err.splitlines()[-1]


def test_a_full_disk_is_told_with_what_to_do(run, server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(store.os, "fsync", full)
    name = name_of(server, "compatible")
    ended = run("conformance", "run", name, name, *OPTIONS, "--out", str(tmp_path / "run"))

    assert ended.code == 4
    assert "no space left; free some and run again" in ended.err.splitlines()[-1]
