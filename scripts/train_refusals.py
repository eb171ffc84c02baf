"""Makes and measures the soft refusal classifier.

    python scripts/train_refusals.py                # writes the weights, the tables and the plot of the docs
    python scripts/train_refusals.py --evaluate     # figures out of fold only, nothing written
    python scripts/train_refusals.py --data FOLDER  # where the labelled answers are

Needs numpy and scipy; the classifier itself needs neither. Same data, same weights.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "scripts")]

from refusals.data import DEFAULT_FOLDER, load, own  # noqa: E402
from refusals.evaluate import (  # noqa: E402
    Judged,
    accepted_by,
    agreement,
    cross_validate,
    figures,
    temperature,
)
from refusals.fit import fit, packed  # noqa: E402

WEIGHTS = ROOT / "src" / "portable_llm" / "refusal" / "_soft_weights.bin"


def main() -> None:
    """Fits, measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER, help="folder of *.jsonl.gz")
    parser.add_argument("--evaluate", action="store_true", help="print figures out of fold and write nothing")
    options = parser.parse_args()
    records = load(options.data)
    extra = own()
    judged = cross_validate(records, extra)
    show(judged)
    if options.evaluate:
        return
    trained = [record for record in records if record.trains]
    model = fit([*trained, *extra])
    WEIGHTS.write_bytes(packed(model, temperature(judged)))
    print(f"wrote {WEIGHTS.relative_to(ROOT)}, {WEIGHTS.stat().st_size:,} bytes")


def show(judged: list[Judged]) -> None:
    """The figures as lines."""
    for name, value in figures(judged).items():
        print(f"{name:<50}{value:.3f}")
    for name, value in agreement(judged).items():
        print(f"agreement with people, XSTest, {name:<19}{value:.3f}")
    for name, (count, value) in accepted_by(judged, lambda record: record.source).items():
        print(f"accepted, {name:<40}{value:.3f} of {count}")


if __name__ == "__main__":
    main()
