"""Client overhead of several libraries in one run, beside bare httpx2: `python benchmarks/run.py httpx2 openai`.

A library that clashes with the others' versions runs in an environment of its own: `litellm=/path/to/its/python`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASELINE = "httpx2"


def measure(name: str, python: str, base: str, calls: int) -> dict[str, float]:
    """The figures of one library, from a process of its own."""
    environment = os.environ | {"FAKE_BASE": base}
    command = [python, str(HERE / "overhead.py"), name, str(calls)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise SystemExit(
            f"error: {name} cannot be measured: {lines[-1] if lines else 'no output'}; is it installed in {python}?"
        )
    return json.loads(done.stdout)


def table(figures: dict[str, dict[str, float]]) -> str:
    """Figures and, beside them, how many times the baseline's they are."""
    columns = list(next(iter(figures.values())))
    lines = [f"{'':<14}" + "".join(f"{column:>20}" for column in columns)]
    for name, row in figures.items():
        cells = (f"{row[column]:.1f} ({row[column] / figures[BASELINE][column]:.2f} x)" for column in columns)
        lines.append(f"{name:<14}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(
        [*lines, "", f"import in ms, the rest in µs of CPU; in brackets: times bare {BASELINE} of this run"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Client overhead beside bare httpx2, in one run.")
    parser.add_argument("libraries", nargs="+", metavar="NAME[=PYTHON]")
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    wanted = {name: python or sys.executable for name, _, python in (word.partition("=") for word in options.libraries)}
    wanted = {BASELINE: sys.executable} | wanted
    with subprocess.Popen([sys.executable, str(HERE / "server.py")], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            base = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
            figures = {name: measure(name, python, base, options.calls) for name, python in wanted.items()}
        finally:
            server.terminate()
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
