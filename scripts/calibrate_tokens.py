"""Fit the estimator of `portable_llm.tokens` and set its bounds: writes `src/portable_llm/tokens/estimates.json`.

    PYTHONPATH=src:scripts python scripts/calibrate_tokens.py --data ../shared/data --engine http://127.0.0.1:18971

Families with a public vocabulary are fitted on texts (see `token_counts.texts`), by least squares on relative error.
A family without one takes the weights of its nearest neighbour times a factor; the factors, and where they were
measured, stand in `DERIVED`. Needs numpy and scipy, and the packages named in `token_counts.vocabularies`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from portable_llm.tokens._features import FEATURES, GROUPS, SCRIPTS, measure
from token_counts.texts import Text, texts
from token_counts.traffic import texts_of
from token_counts.vocabularies import vocabularies

Floats = NDArray[np.float64]

TARGET = Path("src/portable_llm/tokens/estimates.json")
DATE = "2026-11-24"
ONE_SIDED = 0.95
_MAY_BE_NEGATIVE = ("vietnamese", "latin/accents", "digits/threes", "punctuation/unspaced", "foreign/1", "foreign/4")

DERIVED: Mapping[str, tuple[str, Mapping[str, float], float, str]] = {
    "claude": ("gemini", {"": 1.08}, 0.08, "recorded usage of Claude 3 to 4.6 against Gemma's vocabulary"),
    "claude-new": (
        "gemini",
        {"": 1.10, "english": 1.47, "latin": 1.40, "code": 1.15},
        0.12,
        "Claude 4.7 and later: ratios published by users of the vendor's counter (2026-04), recorded usage",
    ),
    "nova": ("gemini", {"": 1.0}, 0.08, "recorded usage"),
    "deepseek-bpe": ("qwen", {"": 1.0}, 0.10, "recorded usage; a vocabulary of the same size and kind"),
    "glm": ("qwen", {"": 1.0}, 0.10, "recorded usage; a vocabulary of the same size and kind"),
    "kimi": ("o200k", {"": 1.0}, 0.10, "recorded usage; a vocabulary of the same size and kind"),
    "grok": ("o200k", {"": 1.0}, 0.12, "recorded usage; a vocabulary of the same size and kind"),
    "command": ("gemini", {"": 1.0}, 0.12, "recorded usage; a vocabulary of the same size and kind"),
    "unknown": ("cl100k", {"": 1.05}, 0.25, "assumed: nothing is known of the tokenizer"),
}
"""Family → neighbour, factors by group ("" for all others), what is added to every bound, where it was measured."""


def fit(numbers: Floats, counts: Floats, weight: Floats) -> Floats:
    """Weights per feature: relative least squares with a pull to zero."""
    scale = weight / np.maximum(counts, 12) ** 0.85
    rows, wanted = numbers * scale[:, None], counts * scale
    pull = np.diag(0.006 * np.sqrt((rows**2).sum(0)) + 1e-9)
    lowest = np.array([-1.0 if name in _MAY_BE_NEGATIVE else 0.0 for name in FEATURES])
    solved: Any = lsq_linear(
        np.vstack([rows, pull]), np.concatenate([wanted, np.zeros(len(FEATURES))]), (lowest, np.full(len(lowest), 6.0))
    )
    return solved.x


def by_group(numbers: Floats, weights: Floats) -> dict[str, Floats]:
    """Tokens of each text by group, Latin words parted as the estimator parts them."""
    parts: dict[str, Floats] = {group: np.zeros(len(numbers)) for group in SCRIPTS}
    latin = np.zeros(len(numbers))
    for column, group in enumerate(GROUPS):
        tokens = numbers[:, column] * weights[column]
        if group in ("latin", "foreign"):
            latin += tokens
        else:
            parts[group] += tokens
    words, foreign = (numbers[:, FEATURES.index(name)] for name in ("latin/1", "foreign/1"))
    share = np.divide(foreign, words, out=np.zeros(len(words)), where=words > 0)
    parts["english"], parts["latin"] = latin * (1 - share), latin * share
    return parts


def bounds(numbers: Floats, counts: Floats, weights: Floats, weight: Floats) -> tuple[dict[str, float], float]:
    """Shares by group and the spread, such that `ONE_SIDED` of the texts lie within."""
    parts = by_group(numbers, weights)
    guess = np.maximum(sum(parts.values()), 1)
    error = np.abs(guess - counts)
    shares: dict[str, float] = {}
    for group, tokens in parts.items():
        chosen = (tokens > 0.55 * guess) & (counts >= 100) & (weight == 1)
        if chosen.sum() < 8:
            chosen = (tokens > 0.4 * guess) & (counts >= 60)
        ratio = error[chosen] / guess[chosen]
        shares[group] = round(float(np.quantile(ratio, 0.9)), 3) if chosen.sum() >= 8 else 0.3
    slack = sum(np.maximum(0, parts[group]) * share for group, share in shares.items())
    needed = np.maximum(0, error - slack) / np.sqrt(guess)
    main = weight == 1
    return shares, round(float(np.quantile(needed[main], 0.96)), 3)


def covered(row: Mapping[str, Any], numbers: Floats, counts: Floats) -> Floats:
    """Which texts lie within the stored bounds."""
    weights = np.array([row["weights"].get(name, 0.0) for name in FEATURES])
    parts = by_group(numbers, weights)
    guess = np.maximum(sum(parts.values()), 1)
    slack = sum(np.maximum(0, parts[group]) * share for group, share in row["shares"].items())
    return np.abs(guess - counts) <= np.ceil(slack + row["spread"] * np.sqrt(guess))


def row_of(weights: Floats, shares: Mapping[str, float], spread: float, source: str) -> dict[str, Any]:
    named = {name: round(float(value), 3) for name, value in zip(FEATURES, weights, strict=True) if abs(value) > 0.0005}
    return {"source": source, "spread": spread, "shares": dict(shares), "weights": named}


def derived(rows: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The families without a public vocabulary."""
    found: dict[str, dict[str, Any]] = {}
    for family, (neighbour, factors, more, source) in DERIVED.items():
        if neighbour not in rows:
            continue
        base = rows[neighbour]
        weights = {
            name: round(value * factors.get(_factor_group(name), factors[""]), 3)
            for name, value in base["weights"].items()
        }
        shares = {group: round(share + more, 3) for group, share in base["shares"].items()}
        found[family] = {
            "source": f"{source}; weights of {neighbour}, {DATE}",
            "spread": base["spread"],
            "shares": shares,
            "weights": weights,
        }
    return found


def _factor_group(feature: str) -> str:
    group = GROUPS[FEATURES.index(feature)]
    return "english" if group in ("latin", "foreign") else group


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--engine", help="address of a llama.cpp server with a Gemma 3 model")
    options = parser.parse_args()
    chosen: list[Text] = texts(options.data, texts_of(options.data))
    numbers = np.array([measure(text.text) for text in chosen])
    part = np.array([text.part for text in chosen])
    weight = np.array([text.weight for text in chosen])
    rows: dict[str, dict[str, Any]] = {}
    for family, count in vocabularies(options.engine).items():
        counts = np.array([count(text.text) for text in chosen], dtype=float)
        train, bound, held = (part == name for name in ("train", "bound", "held"))
        weights = fit(numbers[train], counts[train], weight[train])
        shares, spread = bounds(numbers[bound], counts[bound], weights, weight[bound])
        source = f"{family}'s own vocabulary on {int(train.sum())} texts, {DATE}"
        rows[family] = row_of(weights, shares, spread, source)
        inside = covered(rows[family], numbers[held], counts[held])
        main_ones = weight[held] == 1
        rows[family]["held_out"] = {
            "texts": int(main_ones.sum()),
            "inside": round(float(inside[main_ones].mean()), 3),
            "rare_languages": int((~main_ones).sum()),
            "inside_rare": round(float(inside[~main_ones].mean()), 3),
        }
        print(family, rows[family]["held_out"], spread, shares)
    rows.update(derived(rows))
    stored = {"date": DATE, "script": "scripts/calibrate_tokens.py", "texts": len(chosen), "families": rows}
    TARGET.write_text(json.dumps(stored, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
