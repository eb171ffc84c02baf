"""The command line in a test's own process, and as a real one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
import pytest

from portable_llm import cli
from portable_llm.testing import FakeServer, fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run `portable-llm ARGUMENTS` here; without any vendor's key."""
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_AUTH_TOKEN")) or name.startswith("PORTABLE_LLM_"):
            monkeypatch.delenv(name)

    def call(*arguments: str) -> Ended:
        group = click.Group("portable-llm", commands=cli.commands())
        code = cli.run(group, list(arguments))
        said = capsys.readouterr()
        return Ended(code=code, out=said.out, err=said.err)

    return call


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """Says hello."""
    with FakeServer(fixed("Hello there.")) as running:
        yield running


@pytest.fixture
def command() -> tuple[list[str], dict[str, str]]:
    """`portable-llm` as a process of its own: its command and its environment."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NO_COLOR": "1"}
    return [sys.executable, "-c", "from portable_llm.cli import main; main()"], environment
