"""Asks other repair libraries the hard texts, and writes what they returned for the documentation's page.

    cd benchmarks; PYTHONPATH=../src python collect_repairs.py 2026-11-24 --python PYTHON --node-modules FOLDER

PYTHON is that of an environment with the peers of `peer_repair.py`, FOLDER holds the `node_modules` with those of
`peer_repair.mjs`. Each library runs in a process of its own; one that hangs or dies is started again, and that is its
answer.
"""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hard_texts import CASES
from peer_repair import READERS

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "hard_texts.json"
NPM = ("jsonrepair", "best-effort-json-parser", "ai")
SECONDS = 10.0


class Peer:
    """A library in its process."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.about: dict[str, Any] = {}
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._pump, args=(self.process, self.lines), daemon=True).start()
        self.about = json.loads(self.lines.get(timeout=120))

    @staticmethod
    def _pump(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Its answer; a hang or a crash is one."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            line = self.lines.get(timeout=SECONDS)
        except queue.Empty:
            line = "timeout"
        except OSError:
            line = ""
        if line and line != "timeout":
            return json.loads(line)
        self.process.kill()
        self.process.wait()
        self.start()
        return {"error": f"no answer within {SECONDS:g} s" if line else "its process died"}

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("date")
    parser.add_argument("--python", required=True)
    parser.add_argument("--node-modules", required=True)
    asked = parser.parse_args()
    commands = {name: [asked.python, str(HERE / "peer_repair.py"), name] for name in READERS}
    commands |= {name: ["node", str(HERE / "peer_repair.mjs"), asked.node_modules, name] for name in NPM}
    libraries: list[dict[str, Any]] = []
    for name, command in commands.items():
        peer = Peer(command)
        answers = [peer.ask({"text": case.text, "schema": case.schema}) for case in CASES]
        libraries.append({**peer.about, "registry": "npm" if name in NPM else "PyPI", "answers": answers})
        peer.stop()
    stored = {"date": asked.date, "texts": [case.text for case in CASES], "libraries": libraries}
    RESULTS.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
