"""`python -m portable_llm.testing` serves until it is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

import portable_llm
from portable_llm.testing.__main__ import main

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running command and what it printed first."""
    environment = {**os.environ, "PYTHONPATH": str(Path(portable_llm.__file__).parents[1])}
    command = [sys.executable, "-m", "portable_llm.testing", "--wire", "openai-chat", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.kill()


def said(url: str) -> str:
    with urlopen(Request(f"{url}/chat/completions", BODY), timeout=20) as reply:
        return json.load(reply)["choices"][0]["message"]["content"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_prints_the_base_url_serves_and_stops(number: signal.Signals) -> None:
    with serving("--echo") as (process, line):
        wire, url = line.split()
        assert wire == "openai-chat"
        assert said(url) == "hi"

        process.send_signal(number)
        assert process.wait(20) == 0


def test_plays_a_script_with_faults(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(["first", {"text": '{"n": 1}', "faults": [{"fault": "fence_json"}]}]))
    with serving("--script", str(script), "--fault", '{"fault": "drop_usage"}') as (_, line):
        url = line.split()[1]

        assert [said(url), said(url)] == ["first", '```json\n{"n": 1}\n```']


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--fault", "{"], "error: --fault: not JSON"),
        (["--fault", "[]"], "error: --fault: an object is wanted, got []"),
        (["--fault", '{"fault": "meteor"}'], "error: unknown fault 'meteor'; known: "),
        (["--script", "no-such-file.json"], "error: --script no-such-file.json: "),
        (["--script", "SCRIPT"], "error: an item of the script cannot be read: "),
    ],
)
def test_says_in_one_line_what_is_wrong(
    arguments: list[str], error: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.json").write_text('[{"txet": "typo"}]')
    given = [str(tmp_path / "bad.json") if word == "SCRIPT" else word for word in arguments]

    assert main(given) == 2
    assert capsys.readouterr().err.startswith(error)
