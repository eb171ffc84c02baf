"""`portable-llm history`: stored conversations on the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

CHAT: list[dict[str, Any]] = [
    {"role": "user", "content": "Weather in Oslo?"},
    {"role": "tool", "tool_call_id": "gone", "content": "12 C"},
    {"role": "assistant", "content": "12 degrees."},
]


@pytest.fixture
def stored(tmp_path: Path) -> str:
    file = tmp_path / "conversation.json"
    file.write_text(json.dumps(CHAT), encoding="utf-8")
    return str(file)


def test_a_conversation_is_looked_at(run: Any, stored: str) -> None:
    ended = run("history", stored)

    assert ended.code == 0, ended.err
    assert ended.out.startswith("openai-chat: 3 messages (1 user, 1 tool, 1 assistant), 0 tools")


def test_it_is_mended_and_written_for_another_vendor(run: Any, stored: str) -> None:
    ended = run("history", stored, "--repair", "--to", "gemini")

    assert json.loads(ended.out) == {
        "contents": [
            {"role": "user", "parts": [{"text": "Weather in Oslo?"}]},
            {"role": "model", "parts": [{"text": "12 degrees."}]},
        ]
    }
    assert "/messages/1/parts/0" in ended.err


def test_standard_input_and_lines_are_read(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "\n".join(map(json.dumps, CHAT))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))

    ended = run("history", "-", "--json")

    assert [message["role"] for message in json.loads(ended.out)["messages"]] == ["user", "tool", "assistant"]


def test_a_handoff_is_shown(run: Any, stored: str) -> None:
    shown = run("history", stored, "--handoff", "google:gemini-3-pro")
    as_json = run("history", stored, "--handoff", "openai:gpt-4.1", "--json")

    assert "google:gemini-3-pro goes on with 2 messages" in shown.out
    assert json.loads(as_json.out)["repairs"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("no-such-file",), "check the path"), (("--to", "gemini", "--handoff", "openai:x", "F"), "give one of them")],
)
def test_what_is_wrong_is_said_in_one_line(run: Any, arguments: tuple[str, ...], words: str) -> None:
    ended = run("history", *arguments)

    assert ended.code != 0
    assert words in ended.err


def test_a_broken_history_says_so(run: Any, stored: str) -> None:
    ended = run("history", stored, "--to", "gemini")

    assert ended.code == 4
    assert "no earlier message makes" in ended.err
