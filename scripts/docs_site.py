"""Build or serve the documentation.

Two kinds of page are generated first, and never committed: the changelog, from the fragments in `changelog.d/`, and the
reference of every public room, from its `__all__`. The site is built by Zensical, the maintained successor of
mkdocs-material, which reads `mkdocs.yml`.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

from environment import CHECKOUT, Need, SetupError, child_environment, ensure, every_extra

DOCS = CHECKOUT / "docs"
SOURCE = CHECKOUT / "src" / "portable_llm"
REFERENCE = DOCS / "reference"
CHANGELOG = DOCS / "changelog.md"


def fragments(folder: Path) -> list[str]:
    """The lines of all change notes, by file name. Raises SetupError for an empty note."""
    lines: list[str] = []
    for file in sorted(folder.glob("*.md")):
        if file.name == "README.md":
            continue
        text = " ".join(file.read_text(encoding="utf-8").split()).removeprefix("- ")
        if not text:
            raise SetupError(f"changelog.d/{file.name} is empty; write one line or remove it")
        lines.append(f"- {text}")
    return lines


def changelog(folder: Path) -> str:
    """The changelog page."""
    notes = fragments(folder) or ["- Nothing yet."]
    return "\n".join(["# Changelog", "", "## Unreleased", "", *notes, ""])


def public_names(room: str) -> list[str]:
    """What a room exports, sorted; empty for a module that lists no names."""
    return sorted(getattr(importlib.import_module(room), "__all__", ()))


def rooms(package: Path) -> dict[str, Path]:
    """Public modules by dotted name: the package and everything in it without an underscore that lists names."""
    found = {package.name: package / "__init__.py"}
    for path in sorted(package.iterdir()):
        module = path / "__init__.py" if path.is_dir() else path
        if path.name.startswith(("_", ".")) or module.suffix != ".py" or not module.exists():
            continue
        found[f"{package.name}.{path.name.removesuffix('.py')}"] = module
    return {name: module for name, module in found.items() if public_names(name)}


def homes(package: Path) -> dict[str, str]:
    """Where each top-level name of a private module is written: the package loads its names on first use, so the
    reference cannot follow an import to find them."""
    found: dict[str, str] = {}
    for path in sorted(package.glob("_*.py")):
        if path.name == "__init__.py":
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            found |= {name: f"{package.name}.{path.stem}.{name}" for name in _defined_names(node)}
    return found


def _defined_names(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def api_page(room: str, module: Path, where: dict[str, str]) -> str:
    """The reference page of one room: its own words, then every public name."""
    root = room.partition(".")[0] == room
    lines = [f"# `{room}`", ""]
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    lines += [docstring, ""] if docstring else []
    for name in public_names(room):
        target = where.get(name, f"{room}.{name}") if root else f"{room}.{name}"
        lines += [f"::: {target}", ""]
    return "\n".join(lines)


def generated_pages() -> list[Path]:
    """The pages of the reference that are there now; written ones stand beside them under other names."""
    return sorted(REFERENCE.glob("portable_llm*.md"))


def generate() -> None:
    """Write the generated pages, and take away those whose room is gone."""
    write(CHANGELOG, changelog(CHECKOUT / "changelog.d"))
    where = homes(SOURCE)
    pages = {REFERENCE / f"{room}.md": api_page(room, module, where) for room, module in rooms(SOURCE).items()}
    for stale in set(generated_pages()) - set(pages):
        stale.unlink()
    for path, text in pages.items():
        write(path, text)


def write(path: Path, text: str) -> None:
    """Write a file only if it changes, so that a serving site is not rebuilt for nothing."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/docs", description="Build the documentation strictly, or serve it.")
    parser.add_argument("command", nargs="?", choices=("build", "serve"), default="build")
    options = parser.parse_args()
    try:
        python = ensure(".venv", Need(groups=frozenset({"docs"}), extras=every_extra()))
        if Path(sys.prefix) != python.parent.parent:  # rooms are imported for their names: go on where they can be
            os.execv(python, [str(python), *sys.argv])
        generate()
        arguments = ["build", "--clean", "--strict"] if options.command == "build" else ["serve"]
        command = ["zensical", *arguments]
        return subprocess.run(command, cwd=CHECKOUT, env=child_environment(python), check=False).returncode
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
