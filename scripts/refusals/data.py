"""The labelled answers: read from a folder beside the repository, never copied into it.

Licences decide the use. XSTest (CC-BY-4.0), GPTFuzz (MIT), K-OverRefusal (MIT), refusal_direction (Apache-2.0) and the
recorded traffic may train. do-not-answer (CC-BY-NC-SA-4.0) forbids commercial use: it only evaluates.
"""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portable_llm.refusal._soft_features import Reading, read
from refusals.own_texts import rows

CLASSES: Final = ("compliance", "partial", "refusal")
LICENCES: Final = {
    "do-not-answer": "CC-BY-NC-SA-4.0",
    "gptfuzz": "MIT",
    "k-overrefusal": "MIT",
    "refusal_direction-harmless": "Apache-2.0",
    "vendor-traffic": "own recordings",
    "xstest": "CC-BY-4.0",
}
OWN: Final = "own texts"
ONLY_EVALUATES: Final = frozenset({"do-not-answer"})
DEFAULT_FOLDER: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "refusals"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One labelled answer and what the product reads of it."""

    id: str
    source: str
    language: str
    model: str
    prompt: str
    response: str
    label: str | None
    accept: frozenset[str]
    agreed: bool
    reading: Reading
    words: frozenset[int]

    @property
    def trains(self) -> bool:
        """Whether its licence and its label allow it to train."""
        return self.agreed and self.source not in ONLY_EVALUATES

    @property
    def writer(self) -> str:
        """The model that wrote it; the few answers of each model in the recorded traffic stand together."""
        return self.source if self.source == "vendor-traffic" else f"{self.source}: {self.model}"

    @property
    def allowed(self) -> tuple[bool, bool, bool]:
        """The classes its label leaves open, in the order of `CLASSES`.

        A merged "compliance or partial" teaches compliance: to call every such answer partial would always be
        accepted and never say anything.
        """
        if self.label or "compliance" in self.accept:
            return self.target == 0, self.target == 1, self.target == 2
        return False, True, True

    @property
    def target(self) -> int:
        """The class to learn. Sources of two classes merge partial into both: their plain end is learnt."""
        if self.label:
            return CLASSES.index(self.label)
        return CLASSES.index("compliance" if "compliance" in self.accept else "refusal")


def load(folder: Path) -> list[Record]:
    """All records of all sources; stops with a plain message where the data is not there."""
    files = sorted(folder.glob("*.jsonl.gz"))
    if not files:
        print(
            f"no *.jsonl.gz in {folder}: the training data is not part of the repository; name its folder with --data",
            file=sys.stderr,
        )
        raise SystemExit(2)
    return [_record(json.loads(line)) for file in files for line in gzip.open(file, "rt", encoding="utf-8")]


def own() -> list[Record]:
    """The texts of our own writing as records that train and are never measured."""
    return [
        _record(
            {
                "id": f"own-{number}",
                "source": OWN,
                "lang": "",
                "model": "people",
                "prompt": prompt,
                "response": answer,
                "label": label,
                "accept": [label],
                "strictness": "agreed",
            }
        )
        for number, (label, prompt, answer) in enumerate(rows())
    ]


def _record(row: dict[str, Any]) -> Record:
    reading = read(row["prompt"], row["response"])
    return Record(
        id=row["id"],
        source=row["source"],
        language=row["lang"],
        model=row["model"] or "unnamed",
        prompt=row["prompt"],
        response=row["response"],
        label=row["label"],
        accept=frozenset(row["accept"]),
        agreed=row["strictness"] == "agreed",
        reading=reading,
        words=reading.words(),
    )
