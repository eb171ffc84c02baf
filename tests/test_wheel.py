"""What a user installs: the wheel holds every file of the package and the conformance data of the repository."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hatchling.build import build_wheel

CHECKOUT = Path(__file__).resolve().parent.parent
SOURCE = CHECKOUT / "src"
DATA = "portable_llm/conformance/data"

ASK_FOR_THE_DATA = """
from portable_llm.conformance.freeze import frozen_cases, frozen_dir, stale_files
print(frozen_dir(), len(frozen_cases()), stale_files(frozen_dir()))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built in this environment: nothing is downloaded."""
    directory = tmp_path_factory.mktemp("wheel")
    with contextlib.chdir(CHECKOUT):
        return directory / build_wheel(str(directory))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files_below(directory: Path) -> set[str]:
    paths = (path.relative_to(directory) for path in directory.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts and path.suffix != ".pyc"}


def test_every_file_of_the_package_is_in_the_wheel(names: set[str]) -> None:
    """Modules, and what they read beside themselves: the type marker, carry tables, the report's template."""
    package = files_below(SOURCE)

    assert package - names == set()
    assert {
        "portable_llm/py.typed",
        "portable_llm/conformance/carry/openai-chat.json",
        "portable_llm/conformance/report/template.html.j2",
    } <= names


def test_the_conformance_data_are_in_the_wheel(names: set[str]) -> None:
    data = {f"{DATA}/{name}" for name in files_below(CHECKOUT / "conformance")}

    assert data - names == set()
    assert {f"{DATA}/README.md", f"{DATA}/case.schema.json", f"{DATA}/cases/tools/t1.jsonl"} <= data


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    """No tests, no caches, no second copy of anything."""
    expected = files_below(SOURCE) | {f"{DATA}/{name}" for name in files_below(CHECKOUT / "conformance")}

    assert {name for name in names - expected if ".dist-info/" not in name} == set()


def test_an_installed_package_finds_its_frozen_cases(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}

    said = subprocess.run(
        [sys.executable, "-c", ASK_FOR_THE_DATA],
        cwd=tmp_path,
        env=environment,
        text=True,
        capture_output=True,
        timeout=60,
    )

    assert said.stderr == ""
    count = sum(len(file.read_text("utf-8").splitlines()) for file in CHECKOUT.glob("conformance/cases/*/*.jsonl"))
    assert said.stdout.split() == [str(tmp_path / DATA), str(count), "[]"]
