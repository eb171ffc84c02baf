"""What `scripts/install`, `scripts/check` and `scripts/test` do.

Each step is a command of the environment's own tools; a failed step does not hide the ones after it, and the last
lines say what passed, what failed and how long each took.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from environment import CHECKOUT, Need, SetupError, child_environment, ensure, every_extra

ENVIRONMENT = ".venv"

FAST = "not slow and not engine and not live"
"""What the fast tier runs, as a pytest marker expression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A part of the slow tier, small enough for one run of the continuous integration (13 min)."""

    about: str
    pytest: tuple[str, ...]
    """Arguments that select its tests."""
    groups: frozenset[str] = frozenset()
    """Dependency groups it needs besides `test`."""
    on_other_python: bool = False
    """Runs in an environment of the newest other Python on this machine."""


# Every slow test is in exactly one shard: the suite's own long runs, or the rest. Adding a shard is one row here.
SHARDS: dict[str, Shard] = {
    "simulation": Shard(
        about="long runs of the conformance suite and its statistics",
        pytest=("-m", "slow and not engine and not live", "tests/conformance"),
    ),
    "fuzz": Shard(
        about="long forms of everything else: fuzzing, chaos, memory",
        pytest=("-m", "slow and not engine and not live", "--ignore=tests/conformance"),
    ),
    "engine": Shard(
        about="what needs the real local engine",
        pytest=("-m", "engine and not slow", "-n", "0"),  # one engine, one client: two would fight for two cores
        groups=frozenset({"engine"}),
    ),
    "models": Shard(
        about="long comparisons on the engine, with Gemma 3 270M as a second model (under Google's Gemma terms)",
        pytest=("-m", "engine and slow", "-n", "0"),
        groups=frozenset({"engine", "gemma"}),
    ),
    "python": Shard(
        about="the fast tier under the newest other Python found here",
        pytest=("-m", FAST, "-n", "2"),
        on_other_python=True,
    ),
}


@dataclass(slots=True)
class Steps:
    """Runs steps one after the other and keeps how each ended."""

    ended: list[tuple[str, bool, float]] = field(default_factory=list[tuple[str, bool, float]])

    def run(self, name: str, *commands: Sequence[str], python: Path) -> bool:
        """Run the commands side by side, two at a time; True when all of them succeed."""
        print(f"\n=== {name}", flush=True)
        start = time.monotonic()
        if len(commands) == 1:
            is_good = (
                subprocess.run(commands[0], cwd=CHECKOUT, env=child_environment(python), check=False).returncode == 0
            )
        else:
            with ThreadPoolExecutor(2) as pool:
                is_good = all(list(pool.map(_run_quietly, commands, repeat(python))))
        self.ended.append((name, is_good, time.monotonic() - start))
        return is_good

    def close(self) -> int:
        """Print the summary; the exit status."""
        print()
        for name, is_good, seconds in self.ended:
            print(f"{'ok    ' if is_good else 'FAILED'} {name:<12} {seconds:6.1f} s")
        return 0 if all(is_good for _, is_good, _ in self.ended) else 1


def _run_quietly(command: Sequence[str], python: Path) -> bool:
    done = subprocess.run(
        command, cwd=CHECKOUT, env=child_environment(python), capture_output=True, text=True, check=False
    )
    said = (done.stdout + done.stderr).strip()
    print(f"$ {' '.join(command)}\n{said}".rstrip(), flush=True)
    return done.returncode == 0


def install(options: argparse.Namespace) -> int:
    """Everything for development; the engine and the documentation tools when asked for."""
    wanted = {"check": True, "test": True, "engine": bool(options.engine), "docs": bool(options.docs)}
    groups = frozenset(name for name, is_wanted in wanted.items() if is_wanted)
    python = ensure(ENVIRONMENT, Need(groups=groups, extras=every_extra()))
    print(f"Ready: {python.relative_to(CHECKOUT)}")
    return 0


def check(_options: argparse.Namespace) -> int:
    """Format, lint and strict types."""
    steps = Steps()
    _check(steps, ensure(ENVIRONMENT, Need(groups=frozenset({"check", "test"}), extras=every_extra())))
    return steps.close()


def _check(steps: Steps, python: Path) -> None:
    steps.run(
        "check",
        ("pyright", "--pythonpath", str(python)),
        ("ruff", "format", "--check", "."),
        ("ruff", "check", "."),
        ("mypy",),
        python=python,
    )


def test(options: argparse.Namespace) -> int:
    """The whole fast tier; with `--slow` the slow tier or a shard of it; with pytest's arguments only pytest."""
    if options.slow is not None:
        return _slow(options.slow, options.pytest)
    steps = Steps()
    if options.pytest:
        python = ensure(ENVIRONMENT, Need(groups=frozenset({"test"}), extras=every_extra()))
        steps.run("tests", _pytest(*options.pytest), python=python)
        return steps.close()
    python = ensure(ENVIRONMENT, Need(groups=frozenset({"check", "test", "docs"}), extras=every_extra()))
    _check(steps, python)
    steps.run(
        "tests", _pytest("-m", FAST, "-n", "2", "--dist", "worksteal", "--cov", "--cov-report=term"), python=python
    )
    steps.run("docs", (str(python), "scripts/docs_site.py", "build"), python=python)
    return steps.close()


def _pytest(*arguments: str) -> tuple[str, ...]:
    return ("python", "-m", "pytest", *arguments)


def _slow(name: str, more: Sequence[str]) -> int:
    """Run one shard, or all of them."""
    steps = Steps()
    for each in SHARDS if name == "all" else (name,):
        shard = SHARDS[each]
        python = _shard_python(shard)
        if python is None:
            print(f"\n=== {each}: no other Python >= 3.11 on this machine, so there is nothing to compare with")
            continue
        steps.run(f"slow {each}", _pytest(*shard.pytest, *more), python=python)
    return steps.close()


def shards(_options: argparse.Namespace) -> int:
    """Print the names of the slow tier's shards."""
    print(*SHARDS)
    return 0


def _shard_python(shard: Shard) -> Path | None:
    need = Need(groups=frozenset({"test"}) | shard.groups, extras=every_extra())
    if not shard.on_other_python:
        return ensure(ENVIRONMENT, need)
    other = newest_other_python()
    if other is None:
        return None
    minor, path = other
    return ensure(f"{ENVIRONMENT}-3.{minor}", need, python=path)


def newest_other_python() -> tuple[int, str] | None:
    """The minor version and path of the newest Python here that is not the one running this; None without one."""
    found = {minor: path for path in _python_candidates() if (minor := minor_version(path)) is not None}
    found.pop(sys.version_info.minor, None)
    return max(found.items(), default=None)


def _python_candidates() -> list[str]:
    managed = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return [*map(str, managed.glob("3.*/bin/python")), *(f"python3.{minor}" for minor in range(11, 15))]


def minor_version(path: str) -> int | None:
    """The minor version of a Python that is new enough and can make environments, or None."""
    code = "import ensurepip, ssl, sys; print(sys.version_info.minor if sys.version_info >= (3, 11) else '')"
    try:
        said = subprocess.run(
            [path, "-c", code], capture_output=True, text=True, check=False, timeout=20
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return None
    return int(said) if said.isdigit() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/", description="Set up, check and test this checkout.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("install", prog="scripts/install", help="everything for development, in .venv")
    command.add_argument("--engine", action="store_true", help="the local engine too (130 MB)")
    command.add_argument("--docs", action="store_true", help="the documentation tools too")
    command.set_defaults(run=install)
    commands.add_parser("shards", help="the names of the slow tier's shards").set_defaults(run=shards)
    commands.add_parser("check", prog="scripts/check", help="format, lint, strict types").set_defaults(run=check)
    command = commands.add_parser(
        "test",
        prog="scripts/test",
        allow_abbrev=False,  # `--cov` and the like are pytest's
        usage="%(prog)s [--slow [SHARD]] [PYTEST ARGUMENT ...]",
        help="the fast tier",
        epilog="Shards: " + "; ".join(f"{name} ({shard.about})" for name, shard in SHARDS.items()),
    )
    command.add_argument(
        "--slow", nargs="?", const="all", choices=("all", *SHARDS), help="the slow tier or one shard of it"
    )
    command.set_defaults(run=test)
    return parser


def main() -> int:
    # What the parser does not know belongs to pytest: `scripts/test tests/schema -k lower`.
    options, rest = _parser().parse_known_args()
    options.pytest = [word for word in rest if word != "--"]
    if rest and options.run is not test:
        _parser().error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return options.run(options)
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
