# ruff: noqa: E501, ISC004  (prose reads better as one paragraph a line)
"""The model card and its plot, from the stored results alone: `python scripts/train_refusals.py --page`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from refusals.notes import NOTES

ROOT: Final = Path(__file__).resolve().parents[2]
RESULTS: Final = ROOT / "benchmarks" / "results" / "refusals.json"
PAGE: Final = ROOT / "docs" / "explanation" / "refusal-classifier.md"
PLOT: Final = ROOT / "docs" / "assets" / "refusal-calibration.svg"
Results = dict[str, Any]

TARGETS: Final = {
    "declined or not, macro-F1": "≥ .92",
    "three classes, macro-F1": "≥ .75",
    "F1 of partial": "≥ .40",
    "silent misses": "≤ 7 %",
    "false alarms": "≤ 6 %",
}
PUBLISHED: Final = {"gpt4": "> .936", "llama2orig": "> .893", "mistralinstruct": "> .860"}
"""Agreement of the string matching of XSTest's authors."""
SOURCES: Final = {
    "xstest": ("CC-BY-4.0", "XSTest, commit `d7bb5bd7`: safe and unsafe questions, labels by two people", "trains"),
    "gptfuzz": ("MIT", "GPTFuzz, commit `1eddeb56`: role-play jailbreaks, labels by people", "trains"),
    "k-overrefusal": ("MIT", "K-OverRefusal, commit `f39bed87`: Korean, labels by judges that agree", "trains"),
    "refusal_direction-harmless": ("Apache-2.0", "refusal_direction, commit `9d852fae`: harmless, trigger words", "trains"),
    "vendor-traffic": ("own recordings", "recorded answers of vendors", "trains"),
    "do-not-answer": ("CC-BY-NC-SA-4.0", "do-not-answer, commit `1380ff2f`, labels by people", "only evaluates"),
    "own texts": ("own", "`scripts/refusals/own_texts.py`: twelve languages, stories, disclaimers, scope", "trains"),
}  # fmt: skip


def write() -> None:
    """Writes page and plot."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    PAGE.write_text(page(results), encoding="utf-8")
    PLOT.write_text(plot(results["calibration"]), encoding="utf-8")


def unchanged(results: Results) -> float:
    """The share of verdicts that forty rewritings leave as they are."""
    pairs = results["robustness"].values()
    return sum(kept for _, kept in pairs) / sum(count for count, _ in pairs)


def page(results: Results) -> str:
    """The model card in Markdown."""
    return "\n".join(
        [
            *_head(results),
            *_figures(results),
            *_sources(results),
            *_left_out(results),
            *_confusions(results),
            *_calibration(results),
            *_robust(results),
            *_worst(results),
            *_limits(),
        ]
    )


def _head(results: Results) -> Iterator[str]:
    yield from (
        "# The refusal classifier",
        "",
        "<!-- written by scripts/train_refusals.py; do not edit -->",
        "",
        "`portable_llm.refusal.classify(prompt, response)` says whether an answer complies, refuses, or refuses a part. It "
        "runs offline on the standard library, gives the same verdict everywhere, and asks no model.",
        "",
        "## How it decides",
        "",
        "1. **View.** Up to 1,000 letters are read whole. Of a longer answer: the first 640, the last 320, and up to two "
        "places between them where a first person declines something. Thoughts in tags and text fences are set "
        "aside, lines that come again too.",
        "2. **Structure.** A lexicon of our own writing in twelve languages finds what phrases *do*: apologise, deny an "
        "ability, name a rule, offer something else, quote somebody. Where these stand, which stand together, how many "
        "plain sentences follow the last that declines, lists, personas, length and overlap with the question are switches "
        "of a logistic regression.",
        "3. **Words.** Only where structure leads by less than 2.5 logits, hashed words and word pairs (English and Korean "
        "only, the languages with training data) correct it.",
        "4. **JSON.** Strings of an answer in JSON, and JSON within them such as tool arguments, are judged one by one.",
        "",
        f"The weights are {results['weights']['bytes']:,} bytes of small integers and hashes: no text is shipped.",
        "",
        "## Data and licences",
        "",
        "| source | licence | what it is | use | records that train |",
        "| --- | --- | --- | --- | --- |",
    )
    for name, (licence, what, use) in SOURCES.items():
        yield f"| {name} | {licence} | {what} | {use} | {results['trained_on'].get(name, 0):,} |"
    yield from (
        "",
        "No weight was fitted on data whose licence forbids commercial use. Answers whose label needs a convention train "
        "nothing. A source that merges partial with refusal teaches that an answer is one of the two, not which. The data "
        "is not part of the repository.",
        "",
        "Build it again with `python scripts/train_refusals.py --data FOLDER` (numpy and scipy, five to ten minutes); `--evaluate` "
        "prints the figures only, `--page` writes this page from the stored results.",
        "",
    )


def _figures(results: Results) -> Iterator[str]:
    yield from (
        "## Figures",
        "",
        "Five-fold cross-validation grouped by prompt: every answer is judged by weights that saw neither it nor its "
        "question; the penalty of words is chosen inside the folds. **The shipped weights were fitted on all of it** that "
        "may train, so a run of the product on this data shows more than it can. The lexicon and the list of features were "
        "written with errors on this data in view, so an unseen set may come out a little lower.",
        "",
        "| figure | wanted | classifier | " + " | ".join(f"{name}" for name in results["baselines"]) + " |",
        "| --- | --- | --- |" + " --- |" * len(results["baselines"]),
    )
    for name, value in results["figures"].items():
        rivals = " | ".join(_shown(name, one["figures"][name]) for one in results["baselines"].values())
        yield f"| {name} | {TARGETS.get(name, '')} | **{_shown(name, value)}** | {rivals} |"
    for model, value in results["agreement"].items():
        rivals = " | ".join(_shown("", one["agreement"][model]) for one in results["baselines"].values())
        yield f"| agreement with people on XSTest, {model} | {PUBLISHED.get(model, '')} | **{_shown('', value)}** | {rivals} |"
    mean = sum(results["agreement"].values()) / max(1, len(results["agreement"]))
    yield from (
        "",
        f"Mean agreement with people on XSTest: {_shown('', mean)} (wanted ≥ .92, aim .95; people among themselves .96 to "
        ".98). Where a label accepts two answers, partial is forgiven by these counts. Counting partial always as declined, "
        f"the first figure is {_shown('', results['declined_strictly'])}.",
        "",
    )


def _shown(name: str, value: float) -> str:
    return f"{100 * value:.1f} %" if name in ("silent misses", "false alarms") else f"{value:.3f}".lstrip("0")


def _sources(results: Results) -> Iterator[str]:
    yield from ("## By source", "", "Share of accepted answers, beside the best keyword list on that source.", "")
    yield from _table(results["sources"], ("best list",), [[_best(results, name)] for name in results["sources"]])
    behind = [
        f"{name} ({100 * (_best_value(results, name) - one['accepted']):.1f} points, {one['records']} records)"
        for name, one in results["sources"].items()
        if _best_value(results, name) - one["accepted"] > 0.02
    ]
    if behind:
        yield from (f"More than two points behind the best list: {', '.join(behind)}.", "")
    if any(name.startswith("vendor-traffic") for name in behind):
        yield from (
            "In the recorded traffic that is one answer: after its thoughts it says that it cannot read files and has no "
            "tool for it. The source's rule calls a harmless request answered; here, declining for want of capability is a "
            "refusal by definition, so it was left as it is.",
            "",
        )
    yield from ("## By language", "")
    yield from _table(results["languages"])


def _best_value(results: Results, source: str) -> float:
    return max((one["sources"][source]["accepted"] for one in results["baselines"].values()), default=0.0)


def _best(results: Results, source: str) -> str:
    return f"{100 * _best_value(results, source):.1f} %"


def _table(groups: Results, more: Sequence[str] = (), cells: Sequence[Sequence[str]] = ()) -> Iterator[str]:
    yield "| | records | accepted | silent misses | false alarms |" + "".join(f" {name} |" for name in more)
    yield "| --- | --- | --- | --- | --- |" + " --- |" * len(more)
    for place, (name, one) in enumerate(groups.items()):
        line = (
            f"| {name} | {one['records']:,} | {100 * one['accepted']:.1f} % "
            f"| {one['silent misses']} of {one['refusals']} | {one['false alarms']} of {one['compliances']} |"
        )
        yield line + "".join(f" {cell} |" for cell in (cells[place] if cells else ()))
    yield ""


def _left_out(results: Results) -> Iterator[str]:
    yield from (
        "## Leaving out a source or a model",
        "",
        "Every group is judged by weights that never saw a record of it. This shows what was learnt of answers in general: "
        "what a source calls a refusal is partly its own convention, and role-play and Korean are in one source each.",
        "",
    )
    yield from _table(results["leave_one_source_out"])
    yield from _table(results["leave_one_model_out"])


def _confusions(results: Results) -> Iterator[str]:
    yield from ("## Who is taken for whom", "")
    for title, tables in (("source", results["confusion_by_source"]), ("language", results["confusion_by_language"])):
        yield from (
            f"| {title} | label allows | said compliance | partial | refusal |",
            "| --- | --- | --- | --- | --- |",
        )
        for name, table in tables.items():
            for allowed, said in table.items():
                yield f"| {name} | {allowed} | {said['compliance']} | {said['partial']} | {said['refusal']} |"
        yield ""


def _calibration(results: Results) -> Iterator[str]:
    yield from (
        "## Calibration",
        "",
        "![Said and observed share of declined answers](../assets/refusal-calibration.svg)",
        "",
        f"Logits are divided by {results['temperature']}, one number fitted out of fold. Expected error of the probability "
        f"that an answer declines: {100 * _expected_error(results['calibration']):.1f} points.",
        "",
        "| answers | said | so |",
        "| --- | --- | --- |",
        *(f"| {one['count']:,.0f} | {one['said']:.2f} | {one['so']:.2f} |" for one in results["calibration"]),
        "",
    )


def _expected_error(bins: Iterable[dict[str, float]]) -> float:
    rows = list(bins)
    return sum(one["count"] * abs(one["said"] - one["so"]) for one in rows) / sum(one["count"] for one in rows)


def _robust(results: Results) -> Iterator[str]:
    forms = results["robustness"]
    yield from (
        "## Rewriting",
        "",
        f"Every answer was rewritten in {len(forms)} ways that do not change what it does, and judged out of fold again: "
        f"{100 * unchanged(results):.1f} % of the verdicts stayed. Those that moved most:",
        "",
        "| what was done | answers | verdict stayed |",
        "| --- | --- | --- |",
    )
    hardest = sorted(forms.items(), key=lambda item: item[1][1] / item[1][0])[:10]
    yield from (f"| {name} | {count:,} | {100 * kept / count:.1f} % |" for name, (count, kept) in hardest)
    yield ""


def _worst(results: Results) -> Iterator[str]:
    yield from (
        "## The fifty worst errors",
        "",
        "Out of fold, surest first. Five kinds return: two voices in one answer; a premise denied without a word of "
        "refusal; a refusal followed by general advice that people call partial; an answer to another, harmless "
        "question; and moral words in a plain answer.",
        "",
        "| record | label allows | said | how sure | what happens |",
        "| --- | --- | --- | --- | --- |",
    )
    for one in results["worst"]:
        yield (
            f"| {one['id']} | {one['wanted']} | {one['said']} | {one['probability']:.2f} | {NOTES.get(one['id'], '')} |"
        )
    yield ""


def _limits() -> Iterator[str]:
    yield from (
        "## Limits",
        "",
        "- It reads words. An answer that denies a premise, changes the subject or gives a worse answer in plain prose is "
        "compliance to it.",
        "- Partial refusals are its weakest class: they were learnt from 78 answers of three models.",
        "- German, French, Spanish, Portuguese, Italian, Chinese, Japanese, Arabic, Russian and Hindi rest on the lexicon and "
        "our own sentences; there is no labelled set to give a figure for them.",
        "- Between the opening and the end of an answer over 1,000 letters only places that hold one of 26 phrases are read.",
        "- XSTest cuts some answers after 300 letters and GPTFuzz after 600 or 900; an unfinished end is one of the features, "
        "and part of its weight may come from that.",
        "- Labels are noisy: the authors of GPTFuzz say so of theirs, and models wrote the Korean ones.",
        "",
    )


def plot(bins: Sequence[dict[str, float]]) -> str:
    """The reliability diagram as SVG; the area of a dot is the number of answers."""
    side, edge = 320, 44
    top = max(one["count"] for one in bins)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side + 2 * edge} {side + 2 * edge}" '
        'font-family="sans-serif" font-size="12" role="img" aria-label="Calibration of declined answers">',
        f'<rect width="{side + 2 * edge}" height="{side + 2 * edge}" fill="#ffffff"/>',
        f'<path d="M{edge} {edge}V{edge + side}H{edge + side}" fill="none" stroke="#444444"/>',
        f'<path d="M{edge} {edge + side}L{edge + side} {edge}" stroke="#999999" stroke-dasharray="4 4"/>',
    ]
    for tenth in range(0, 11, 2):
        at = edge + side * tenth / 10
        lines.append(f'<text x="{at:.0f}" y="{edge + side + 18}" text-anchor="middle">{tenth / 10:.1f}</text>')
        lines.append(
            f'<text x="{edge - 8}" y="{2 * edge + side - at + 4:.0f}" text-anchor="end">{tenth / 10:.1f}</text>'
        )
    for one in bins:
        x, y = edge + side * one["said"], edge + side * (1 - one["so"])
        radius = 3 + 9 * (one["count"] / top) ** 0.5
        lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#3569b5" fill-opacity="0.75"/>')
    middle = edge + side / 2
    lines.append(
        f'<text x="{middle:.0f}" y="{2 * edge + side - 8}" text-anchor="middle">said probability of declining</text>'
    )
    lines.append(
        f'<text x="14" y="{middle:.0f}" text-anchor="middle" transform="rotate(-90 14 {middle:.0f})">share that declined</text>'
    )
    return "\n".join([*lines, "</svg>", ""])
