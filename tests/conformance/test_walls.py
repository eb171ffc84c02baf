"""The half of the suite that stands beside the library imports nothing of it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOM = Path(__file__).parents[2] / "src/portable_llm/conformance"
BESIDE = ("case.py", "observation.py", "port.py", "freeze.py", "judges", "readers", "templates", "turns")
OURS = tuple(f"portable_llm.conformance.{name.removesuffix('.py')}" for name in BESIDE)
ALLOWED = (*OURS, "jsonschema", "referencing")

FILES = sorted(
    path for name in BESIDE for path in ([ROOM / name] if name.endswith(".py") else (ROOM / name).glob("*.py"))
)


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOM).as_posix())
def test_only_the_standard_library_jsonschema_and_its_own_files_are_imported(path: Path) -> None:
    foreign = [
        name
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED)
    ]

    assert foreign == []


def test_carry_readers_and_judges_do_not_know_the_cases() -> None:
    """Cases may be judged in their admission; what judges them must not depend on how they were made."""
    rooms = [path for path in FILES if "templates" not in path.parts and path.name != "freeze.py"]

    assert [path.name for path in rooms if any(".templates" in name for name in imported(path))] == []
