"""Environments are made once and remade when what they hold is no longer right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import environment
from environment import Need, SetupError


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A checkout of its own, where installing only writes down what would be installed."""
    (tmp_path / "pyproject.toml").write_text("[project]\n[project.optional-dependencies]\nfast = []\n")
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    return tmp_path


@pytest.fixture
def pip(monkeypatch) -> list[tuple[str, ...]]:
    """The calls of pip, which do nothing."""
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(environment, "_pip", lambda home, log, *arguments: calls.append(arguments))

    def make(home: Path, python: str) -> None:
        (home / "bin").mkdir(parents=True, exist_ok=True)
        (home / "bin" / "python").touch()

    monkeypatch.setattr(environment, "_make", make)
    return calls


def test_the_second_run_installs_nothing(checkout, pip):
    environment.ensure(".venv", Need(groups=frozenset({"test"})))
    before = list(pip)
    environment.ensure(".venv", Need(groups=frozenset({"test"})))

    assert before
    assert pip == before


def test_a_changed_pyproject_installs_again(checkout, pip):
    environment.ensure(".venv", Need())
    pip.clear()
    (checkout / "pyproject.toml").write_text("[project]\nversion = '2'\n")
    environment.ensure(".venv", Need())

    assert pip


def test_a_new_need_is_added_to_what_is_there(checkout, pip):
    environment.ensure(".venv", Need(groups=frozenset({"engine"})))
    pip.clear()
    environment.ensure(".venv", Need(groups=frozenset({"test"}), extras=frozenset({"fast"})))

    assert ("--editable", ".[fast]", "--group", "engine", "--group", "test") in pip


def test_the_model_comes_without_its_dependencies(checkout, pip):
    environment.ensure(".venv", Need(groups=frozenset({"engine"})))

    assert pip[-1] == ("--no-deps", environment.MODEL)


def test_a_failed_installation_leaves_no_stamp(checkout, pip, monkeypatch):
    environment.ensure(".venv", Need())

    def fail(*_arguments: object) -> None:
        raise SetupError("no")

    monkeypatch.setattr(environment, "_pip", fail)
    with pytest.raises(SetupError):
        environment.ensure(".venv", Need(groups=frozenset({"test"})))
    assert not (checkout / ".venv" / "installed.json").exists()


@pytest.mark.parametrize("stamp", ["", "[1", json.dumps({"digest": "other"})])
def test_an_unreadable_or_foreign_stamp_counts_as_none(checkout, pip, stamp):
    environment.ensure(".venv", Need())
    pip.clear()
    (checkout / ".venv" / "installed.json").write_text(stamp)
    environment.ensure(".venv", Need())

    assert pip


class TestRemedies:
    LOG = Path(".venv/install.log")

    def test_without_a_network_the_network_is_named_and_not_the_package(self):
        said = (
            "WARNING: Retrying after connection broken by 'NewConnectionError(\"Failed to establish a new connection: "
            "[Errno -3] Temporary failure in name resolution\")'\n"
            "ERROR: Could not find a version that satisfies the requirement pip>=25.1 (from versions: none)\n"
        )

        assert environment.remedy(said, self.LOG).startswith("the package index cannot be reached; connect")

    def test_otherwise_the_last_error_and_the_log_are_named(self):
        message = environment.remedy("ERROR: first\nERROR: No matching distribution found for x==9\nhint\n", self.LOG)

        assert message == "pip failed: No matching distribution found for x==9; all it said is in .venv/install.log"

    @pytest.mark.parametrize("said", ["", "ERROR: a\nmore", "OSError: [Errno 28] No space left on device"])
    def test_it_is_always_one_line(self, said):
        assert len(environment.remedy(said, self.LOG).splitlines()) == 1


def test_a_python_that_is_too_old_is_refused_in_one_line_with_the_remedy(tmp_path):
    """Every Python on this path is a script that fails, as an old one does at the version check."""
    script = environment.CHECKOUT / "scripts" / "with-python"
    for name in ("python", *(f"python3{minor}" for minor in ("", ".11", ".12", ".13", ".14"))):
        (tmp_path / name).write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\nexit 1\n')
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["/bin/bash", str(script), "develop.py"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith(
        "error: no Python 3.11 or newer with venv found (python3 is Python 3.9.2); install one"
    )
    assert done.stderr.count("\n") == 1


def test_tools_see_the_environment_and_not_the_callers_python_path(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    inner = environment.child_environment(Path(sys.prefix) / "bin" / "python")

    assert "PYTHONPATH" not in inner
    assert inner["PATH"].split(":")[0] == f"{sys.prefix}/bin"


def test_a_model_under_terms_of_use_says_so_before_it_is_installed(checkout, pip, capsys):
    environment.ensure(".venv", Need(groups=frozenset({"gemma"})))

    assert "Gemma Terms of Use" in capsys.readouterr().out
