"""Makes and measures the soft refusal classifier.

    python scripts/train_refusals.py                # weights, results, page and plot
    python scripts/train_refusals.py --evaluate     # figures out of fold only, nothing written
    python scripts/train_refusals.py --page         # page and plot again from the stored results; needs no data
    python scripts/train_refusals.py --speed        # milliseconds of the shipped classifier
    python scripts/train_refusals.py --data FOLDER  # where the labelled answers are

Needs numpy and scipy; the classifier itself needs neither. Takes five to ten minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "scripts")]

from refusals import pages  # noqa: E402

WEIGHTS = ROOT / "src" / "portable_llm" / "refusal" / "_soft_weights.bin"


def main() -> None:
    """Fits, measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of *.jsonl.gz")
    parser.add_argument("--evaluate", action="store_true", help="print figures out of fold and write nothing")
    parser.add_argument("--page", action="store_true", help="write the page from the stored results")
    parser.add_argument("--speed", action="store_true", help="print milliseconds of the shipped classifier")
    options = parser.parse_args()
    if options.speed:
        clock(options.data)
        return
    if not options.page:
        results = measured(options.data, keep=not options.evaluate)
        print(json.dumps(brief(results), indent=1))
        if options.evaluate:
            return
        pages.RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    pages.write()


def clock(folder: Path | None) -> None:
    """Prints how long an answer takes."""
    # numpy is imported by none of these, but the data must be there.
    from refusals.data import DEFAULT_FOLDER, load
    from refusals.speed import times

    for name, milliseconds in times(load(folder or DEFAULT_FOLDER)).items():
        print(f"{name:<32}{milliseconds:.3f} ms")


def brief(results: dict[str, Any]) -> dict[str, Any]:
    """What is worth printing."""
    kept = ("figures", "declined_strictly", "agreement", "sources", "leave_one_source_out", "leave_one_model_out")
    return {name: results[name] for name in kept} | {"robustness": pages.unchanged(results)}


def measured(folder: Path | None, *, keep: bool) -> dict[str, Any]:
    """All figures; with `keep`, the weights are fitted on everything that may train and written."""
    # numpy and scipy: only for those who measure, not for those who write the page again.
    from refusals import evaluate, fit, outside
    from refusals.data import DEFAULT_FOLDER, load, own

    folder = folder or DEFAULT_FOLDER
    records, extra = load(folder), own()
    validation = evaluate.cross_validate(records, extra)
    judged = validation.judged
    divisor = evaluate.temperature(judged)
    if keep:
        trained = [record for record in records if record.trains]
        model = fit.fit([*trained, *extra], evaluate.chosen(trained, extra))
        WEIGHTS.write_bytes(fit.packed(model, divisor))
    module = outside.scorer(folder)
    rivals = outside.baselines(module, records) if module else {}
    return {
        **figures(judged),
        "penalties": [[one.structure, one.words] for one in validation.penalties],
        "temperature": round(divisor, 3),
        "calibration": [evaluate.rounded(one) for one in evaluate.calibration(judged, divisor)],
        "worst": evaluate.worst(judged, divisor),
        "leave_one_source_out": left_out(evaluate.leave_out(records, extra, lambda one: one.source), "source"),
        "leave_one_model_out": left_out(evaluate.leave_out(records, extra, lambda one: one.writer), "writer"),
        "baselines": {name: figures(said, tables=False) for name, said in rivals.items()},
        "scorer": outside.scored(module, folder, judged) if module else None,
        "robustness": evaluate.robustness(validation),
        "trained_on": counts(records, extra),
        "weights": {"bytes": WEIGHTS.stat().st_size},
    }


def figures(judged: Sequence[Any], *, tables: bool = True) -> dict[str, Any]:
    """The figures of one set of verdicts, and with `tables` who was confused with whom."""
    from refusals import evaluate

    found: dict[str, Any] = {
        "figures": evaluate.rounded(evaluate.figures(judged)),
        "declined_strictly": round(evaluate.strict(judged), 4),
        "agreement": evaluate.rounded(evaluate.agreement(judged)),
        "sources": _rounded(evaluate.per_group(judged, lambda one: one.source)),
    }
    if tables:
        found["languages"] = _rounded(evaluate.per_group(judged, lambda one: one.language))
        found["confusion_by_source"] = evaluate.confusion(judged, lambda one: one.source)
        found["confusion_by_language"] = evaluate.confusion(judged, lambda one: one.language)
    return found


def left_out(judged: Sequence[Any], by: str) -> dict[str, dict[str, float]]:
    """Each group judged by weights that never saw it."""
    from refusals import evaluate

    return _rounded(evaluate.per_group(judged, lambda one: getattr(one, by)))


def _rounded(groups: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    from refusals import evaluate

    return {name: evaluate.rounded(group) for name, group in groups.items()}


def counts(records: Sequence[Any], own: Sequence[Any]) -> dict[str, int]:
    """Records by source that trained the shipped weights."""
    sources = sorted({one.source for one in records if one.trains})
    return {name: sum(one.trains and one.source == name for one in records) for name in sources} | {
        "own texts": len(own)
    }


if __name__ == "__main__":
    main()
