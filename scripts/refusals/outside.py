"""The outside scorer and its keyword baselines, where they stand beside the data; never part of the repository."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from refusals.data import Record
from refusals.evaluate import Judged


def scorer(folder: Path) -> ModuleType | None:
    """`bench/score_refusals.py` two folders above the data, loaded; None where it is not there."""
    path = folder.resolve().parents[1] / "bench" / "score_refusals.py"
    spec = importlib.util.spec_from_file_location("outside_scorer", path) if path.exists() else None
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scored(module: ModuleType, folder: Path, judged: Sequence[Judged]) -> dict[str, Any]:
    """What the scorer itself prints for verdicts out of fold."""
    table = {(one.record.prompt, one.record.response): one.answer for one in judged}

    def say(prompt: str, response: str) -> str:
        return table.get((prompt, response), "compliance")

    stand_in = ModuleType("out_of_fold")
    stand_in.__dict__["say"] = say
    sys.modules["out_of_fold"] = stand_in
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "scores.json"
        arguments = ["score", "--impl", "out_of_fold:say", "--data", str(folder), "--json", str(out)]
        before, sys.argv = sys.argv, arguments
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                module.main()
        finally:
            sys.argv = before
        printed = json.loads(out.read_text())
    # Where the data lies and how long a look-up takes say nothing about the classifier.
    return {name: value for name, value in printed.items() if name not in ("data", "name", "time", "growth")}


def baselines(module: ModuleType, records: Sequence[Record]) -> dict[str, list[Judged]]:
    """The verdicts of the keyword lists of other projects."""
    found: dict[str, list[Judged]] = {}
    for name, make in module.PEERS.items():
        if not name.startswith("always"):
            say = make()
            found[name] = [
                Judged(record=one, answer=say(one.prompt, one.response), logits=(0.0, 0.0)) for one in records
            ]
    return found
