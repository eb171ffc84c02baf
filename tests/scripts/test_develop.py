"""The shards of the slow tier, and what a step's failure does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import develop

PYTHON = Path(sys.executable)


def test_a_failed_step_does_not_hide_the_next_and_fails_the_whole(capsys):
    steps = develop.Steps()
    steps.run("first", (sys.executable, "-c", "raise SystemExit(3)"), python=PYTHON)
    steps.run("second", (sys.executable, "-c", ""), python=PYTHON)

    assert steps.close() == 1
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()[-2:]] == [
        ["FAILED", "first"],
        ["ok", "second"],
    ]


def test_one_failing_command_of_a_step_fails_it():
    good, bad = ((sys.executable, "-c", f"raise SystemExit({status})") for status in (0, 1))

    assert not develop.Steps().run("both", bad, good, python=PYTHON)
    assert develop.Steps().run("both", good, good, python=PYTHON)


def test_an_empty_selection_of_tests_is_a_failure(tmp_path):
    """pytest's status 5: a shard that silently selects nothing would always be green."""
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(tmp_path))

    assert not develop.Steps().run("nothing", command, python=PYTHON)


def test_every_slow_test_is_in_exactly_one_shard():
    simulation, fuzz = develop.SHARDS["simulation"].pytest, develop.SHARDS["fuzz"].pytest

    assert simulation[:2] == fuzz[:2]
    assert fuzz[2] == f"--ignore={simulation[2]}"


def test_every_test_of_the_engine_is_in_exactly_one_shard():
    engine, models = develop.SHARDS["engine"], develop.SHARDS["models"]

    assert (engine.pytest[1], models.pytest[1]) == ("engine and not slow", "engine and slow")
    assert models.groups - engine.groups == {"gemma"}


def test_an_unknown_shard_is_refused_with_the_known_ones():
    done = subprocess.run(
        [sys.executable, str(develop.CHECKOUT / "scripts" / "develop.py"), "test", "--slow", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert all(shard in done.stderr for shard in develop.SHARDS)


@pytest.mark.parametrize("path", ["/nonexistent/python", "/bin/false"])
def test_what_is_no_usable_python_is_passed_over(path):
    assert develop.minor_version(path) is None


def test_this_python_is_seen_as_what_it_is():
    assert develop.minor_version(sys.executable) == sys.version_info.minor
