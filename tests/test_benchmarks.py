"""The benchmarks run; what they measure is for people and not for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_this_library_can_be_measured_beside_the_bare_client() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, str(ROOT / "benchmarks" / "run.py"), "portable_llm", "--calls", "4"]

    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100, check=False)

    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[1:3]] == ["httpx2", "portable_llm"]
