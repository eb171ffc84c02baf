"""Runs survive kills, full disks and changed minds; a report follows from its evidence, or it does not hold."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from portable_llm import ConfigurationError, ConnectionFailedError
from portable_llm.conformance.comparison import compare, execute
from portable_llm.conformance.runner import Limits
from portable_llm.conformance.store import Record, Redactor, RunStore, RunStoreError
from portable_llm.conformance.verify import verify
from portable_llm.providers._target import Keyring, load_settings
from portable_llm.testing import FakeServer, Status, answer, first
from support.endpoints import name_of, run_comparison, scripted_server

SECRET = "sk-the-very-secret-key-1234567890"
FILES = ("transcripts.jsonl", "observations.jsonl", "report.json")


def smoke(a: str, b: str | None, directory: Path, **options: Any) -> dict[str, Any]:
    report, _ = run_comparison(a, b, directory, depth="smoke", **options)
    return report


def figures(report: dict[str, Any]) -> dict[str, Any]:
    """The report without what names the single run, and without digests (answers carry ids of their own)."""
    return {key: value for key, value in report.items() if key not in ("run", "digests")}


def test_a_run_that_was_stopped_goes_on_and_gives_the_same_report(tmp_path: Path) -> None:
    with scripted_server() as server:
        name = name_of(server)
        whole = smoke(name, name, tmp_path / "whole")
        _, stopped = run_comparison(name, name, tmp_path / "halves", depth="smoke", max_calls=10)
        assert (stopped.stopped, stopped.made) == ("max_calls", 10)
        before = len(server.requests)
        resumed = smoke(name, name, tmp_path / "halves")

    assert len(server.requests) - before == whole["run"]["calls"]["made"] - 10
    assert figures(resumed) == figures(whole)


def test_a_run_that_is_killed_goes_on(tmp_path: Path) -> None:
    """A real process, killed with -9 in the middle of writing; a torn line is made anew."""
    with scripted_server() as server:
        name = name_of(server)
        whole = smoke(name, name, tmp_path / "whole")
        command = [sys.executable, "-c", "from portable_llm.cli import main; main()", "conformance", "run", name, name]
        options = ["--depth", "smoke", "--axes", "tools,json", "--out", str(tmp_path / "killed")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen([*command, *options], env=environment, stderr=subprocess.DEVNULL)
        transcripts = tmp_path / "killed" / "transcripts.jsonl"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (not transcripts.exists() or transcripts.read_bytes().count(b"\n") < 5):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)
        with transcripts.open("ab") as file:
            file.write(b'{"arm":"a","ca')
        resumed = smoke(name, name, tmp_path / "killed")

    assert figures(resumed) == figures(whole)
    assert verify(tmp_path / "killed").holds


def test_a_report_holds_and_fails_after_one_changed_byte_in_any_file(tmp_path: Path) -> None:
    with scripted_server() as server:
        smoke(name_of(server), name_of(server), tmp_path)
    assert verify(tmp_path).holds

    for name in FILES:
        original = (tmp_path / name).read_bytes()
        for place in range(7, len(original), len(original) // 25):
            (tmp_path / name).write_bytes(original[:place] + bytes([original[place] ^ 1]) + original[place + 1 :])
            assert not holds(tmp_path), f"{name}, byte {place}"
        (tmp_path / name).write_bytes(original)
    assert holds(tmp_path)


def holds(directory: Path) -> bool:
    try:
        return verify(directory).holds
    except RunStoreError:
        return False


def test_a_changed_figure_is_named(tmp_path: Path) -> None:
    with scripted_server() as server:
        smoke(name_of(server), name_of(server), tmp_path)
    report = json.loads((tmp_path / "report.json").read_bytes())
    report["score"]["overall"]["value"] = 99.0
    (tmp_path / "report.json").write_bytes((json.dumps(report, indent=1, sort_keys=True) + "\n").encode())

    (problem,) = verify(tmp_path).problems
    assert "/score/overall/value: 99.0 stored, 100.0 computed" in problem


def test_an_answer_that_comes_after_the_end_belongs_to_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portable_llm.conformance.runner._LAST_ANSWERS", 0.05)
    released = threading.Event()

    async def slow(_request: Any, _received: Any) -> Any:
        while not released.is_set():
            await asyncio.sleep(0.01)
        return answer("late")

    with FakeServer(slow) as server:
        comparison = compare(name_of(server), None, settings=load_settings(environ={}), depth="smoke", axes=("json",))
        progress, _ = execute(comparison, tmp_path, keys=Keyring(), limits=Limits(deadline=0.1))
        released.set()
        for worker in [thread for thread in threading.enumerate() if thread.name.startswith("conformance-")]:
            worker.join(10)

    assert (progress.stopped, progress.done) == ("deadline", 0)
    assert RunStore(tmp_path).records() == []


def test_what_failed_for_want_of_a_server_is_tried_again_when_the_run_goes_on(tmp_path: Path) -> None:
    # Four tries a call, two endpoints at once: the first call of each fails for good, and everything after it works.
    with scripted_server(Status(503, retry_after=0, on=first(8))) as server:
        name = name_of(server)
        report = smoke(name, name, tmp_path, concurrency=1)
        assert "server_failed" in report["reasons"]
        again = smoke(name, name, tmp_path, concurrency=1)

    assert "server_failed" not in again["reasons"]
    assert verify(tmp_path).holds


def test_an_endpoint_that_is_not_there_ends_the_run_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailedError, match=r"does not answer: .*check its address, model name and key"):
        smoke("compatible:m@http://127.0.0.1:9/v1", "compatible:m@http://127.0.0.1:9/v1", tmp_path)


def test_a_stored_baseline_stands_for_an_endpoint_that_is_gone(tmp_path: Path) -> None:
    with scripted_server() as a:
        gone = name_of(a)
        smoke(gone, None, tmp_path / "home")
    with scripted_server() as b:
        report = smoke(gone, name_of(b), tmp_path / "run", home=tmp_path / "home")

    assert report["run"]["home"]["age_days"] == 0
    assert {trial["outcome"] for case in report["cases"] for trial in case["trials"]} == {"pass"}
    assert verify(tmp_path / "run").holds


def test_results_of_different_comparisons_are_never_mixed(tmp_path: Path) -> None:
    with scripted_server() as server:
        smoke(name_of(server), name_of(server), tmp_path)

        with pytest.raises(ConfigurationError, match=r"another suite.*use another --out, or --fresh"):
            smoke(name_of(server), name_of(server), tmp_path, axes=("tools",))
        with pytest.raises(ConfigurationError, match="another endpoint B"):
            smoke(name_of(server), name_of(server, "anthropic"), tmp_path)


def test_equal_requests_share_one_exchange(tmp_path: Path) -> None:
    with scripted_server() as server:
        report = smoke(name_of(server), name_of(server), tmp_path)

    calls = report["run"]["calls"]
    assert calls["shared"] == 12  # raw and norm of the 12 cases are the same bytes for the same wire
    assert calls["made"] == 24


def test_keys_never_reach_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    with scripted_server() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url("openai"))
        comparison = compare("openai:tiny", "openai:tiny", settings=load_settings(), depth="smoke", axes=("json",))
        execute(comparison, tmp_path, keys=Keyring(), limits=Limits())
        assert len(server.requests) == 12

    for path in tmp_path.iterdir():
        assert SECRET.encode() not in path.read_bytes(), path.name


def test_what_looks_like_a_key_is_redacted_wherever_it_stands() -> None:
    redact = Redactor(["hunter2-token"])

    text = redact(
        f"header hunter2-token body {SECRET} AIzaSyA-1234567890abcdefghijklmnopqrstu Bearer abc.def-1234567890123"
    )
    assert text == "header [redacted] body [redacted] [redacted] [redacted]"


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore(tmp_path)
    store.append(Record(arm="a", case="c1", lanes=("home",), trial=0))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(RunStoreError, match="no space left; free some and run again, finished trials are kept"):
        store.append(Record(arm="a", case="c2", lanes=("home",), trial=0))
    assert store.records()[0].case == "c1"
    store.close()


def test_two_processes_do_not_share_a_run(tmp_path: Path) -> None:
    one, two = RunStore(tmp_path), RunStore(tmp_path)
    one.append(Record(arm="a", case="c1", lanes=("home",), trial=0))

    with pytest.raises(ConfigurationError, match="another process is running"):
        two.append(Record(arm="a", case="c2", lanes=("home",), trial=0))
    one.close()


@pytest.mark.parametrize("body", [b"", b"plain", b"\xff\xfe\x00", "ünïcödé \U0001f600".encode()])
def test_bytes_come_back_as_they_were(body: bytes, tmp_path: Path) -> None:
    record = Record(arm="b", case="c", lanes=("raw", "norm"), trial=2, body=body, status=200, request={"a": [1]})
    store = RunStore(tmp_path)
    store.append(record)
    store.close()

    assert RunStore(tmp_path).records() == [record]
