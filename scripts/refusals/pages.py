from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "refusals.json"


def unchanged(results):
    r = results["robustness"].values()
    return sum(k for _, k in r) / sum(n for n, _ in r)


def write():
    pass
