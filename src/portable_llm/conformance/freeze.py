"""Public instances as files: what other harnesses read, and what CI generates again and compares.

`python -m portable_llm.conformance.freeze conformance` writes `cases/<axis>/<family>.jsonl`; `--check` only compares,
and exits with 1 when a file is missing, superfluous or different.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from portable_llm.conformance.case import Case
from portable_llm.conformance.templates.suite import PUBLIC_INSTANCES, all_templates


class FrozenDataError(Exception):
    """The frozen cases are neither in the installed package nor beside it in a checkout."""


def frozen_dir() -> Path:
    """The directory with `README.md`, `case.schema.json` and `cases/`: of the installed wheel, else of the checkout.

    Raises `FrozenDataError` where there is neither.
    """
    room = Path(__file__).resolve().parent
    for directory in (room / "data", room.parents[2] / "conformance"):
        if (directory / "case.schema.json").is_file():
            return directory
    raise FrozenDataError(
        f"no frozen conformance cases beside {room}; install the wheel again, or use a whole checkout"
    )


def frozen_cases() -> list[Case]:
    """The frozen public cases, as the files have them. Raises `FrozenDataError`, or `ValueError` for a changed case."""
    return [case for path in sorted(frozen_dir().glob("cases/*/*.jsonl")) for case in read_cases(path)]


def public_cases() -> Iterator[Case]:
    """Every public instance of every template."""
    return (template.case(instance) for template in all_templates() for instance in range(PUBLIC_INSTANCES))


def frozen_files() -> dict[str, bytes]:
    """Relative path → content: one case a line, JSON with readable characters."""
    lines: dict[str, list[str]] = defaultdict(list)
    for case in public_cases():
        text = json.dumps(case.to_json(), ensure_ascii=False, separators=(",", ":"))
        lines[f"cases/{case.axis}/{case.family}.jsonl"].append(text)
    return {path: ("\n".join(found) + "\n").encode() for path, found in lines.items()}


def freeze(directory: Path) -> list[Path]:
    """Write the files of `frozen_files` below a directory and return their paths."""
    written: list[Path] = []
    for name, content in frozen_files().items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written


def stale_files(directory: Path) -> list[str]:
    """Relative paths that are missing, superfluous or different below a directory."""
    wanted = frozen_files()
    present = {path.relative_to(directory).as_posix(): path for path in directory.glob("cases/*/*.jsonl")}
    changed = [name for name, content in wanted.items() if name not in present or present[name].read_bytes() != content]
    return sorted({*changed, *(present.keys() - wanted.keys())})


def read_cases(path: Path) -> list[Case]:
    """The cases of one file. Raises `ValueError` for a case that was changed after it was frozen."""
    return [Case.from_json(json.loads(line)) for line in path.read_text("utf-8").split("\n") if line]


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the public conformance cases, or check that they are current.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--check", action="store_true", help="compare only; exit with 1 on a difference")
    options = parser.parse_args(arguments)
    if not options.check:
        sys.stdout.write(f"{len(freeze(options.directory))} files written below {options.directory}/cases\n")
        return 0
    stale = stale_files(options.directory)
    sys.stdout.writelines(f"differs from what the templates yield: {name}\n" for name in stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
