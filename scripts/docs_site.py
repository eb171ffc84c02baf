"""Build or serve the documentation.

Three things are generated first, and never committed: the changelog, from the fragments in `changelog.d/`; the
reference of all public names, from every room's `__all__`; and the navigation, from the folders and the pages' titles.
The site is built by Zensical, the maintained successor of mkdocs-material, which reads `mkdocs.yml`.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from environment import CHECKOUT, Need, SetupError, child_environment, ensure, every_extra

DOCS = CHECKOUT / "docs"
SOURCE = CHECKOUT / "src" / "portable_llm"
API = DOCS / "reference" / "api"
CHANGELOG = DOCS / "changelog.md"
CONFIGURATION = CHECKOUT / "mkdocs.yml"
WITH_NAVIGATION = CHECKOUT / "mkdocs.generated.yml"

FOLDERS = {"tutorial": "Tutorial", "how-to": "How to", "explanation": "Explanation", "reference": "Reference"}
"""The sections of the site, in the order in which people need them."""
FIRST = (
    *("switch-with-aliases", "compare-two-endpoints", "read-the-report", "structured-output", "stream"),
    *("handle-errors", "timeouts-and-retries", "test-without-a-vendor"),
    *("the-ledger", "score", "architecture"),
    *("cli", "errors", "cases"),
)
"""Pages and folders that come before their neighbours, in this order; the others follow by title."""
LABELS = {"api": "Python API", "wire": "Wire formats"}
"""Titles of folders below the sections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Public names of the package that belong on one page."""

    title: str
    modules: tuple[str, ...]
    also: tuple[str, ...] = ()
    """Types that signatures name and nobody has to import."""
    options: tuple[str, ...] = ()
    """Options of mkdocstrings for its names."""


GROUPS = {
    "client": Group(
        title="Client",
        modules=("_client", "_plan", "_streams", "_http", "_retry"),
        also=("_client.ClientOptions",),
        # Their common base is private, and holds `plan`.
        options=("inherited_members: true", "show_bases: false"),
    ),
    "requests": Group(
        title="Requests",
        modules=("_request",),
        also=(
            "_request.Options",
            "_request.ToolChoice",
            "_request.JsonSchema",
            "_request.OutputMode",
            "_request.Effort",
        ),
    ),
    "histories": Group(title="Hand-over", modules=("_handoff",)),
    "messages": Group(title="Messages", modules=("_messages",), also=("_messages.Part", "_messages.ContentPart")),
    "responses": Group(
        title="Responses",
        modules=("_response",),
        also=("_response.Outcome", "_response.FinishReason", "_response.Grade", "_response.RefusalSource"),
    ),
    "events": Group(title="Events", modules=("_events",)),
    "errors": Group(title="Errors", modules=("_errors",), options=("show_attribute_values: false",)),
    "ledger": Group(
        title="Ledger",
        modules=("_adaptation",),
        also=("_adaptation.OnLoss", "_adaptation.Severity", "_adaptation.Action", "_adaptation.Enforcer"),
    ),
    "providers": Group(
        title="Providers and capabilities",
        modules=("providers", "_capabilities", "_listing"),
        also=("_capabilities.FEATURES",),
    ),
}
"""The pages of the package itself. A public name of a module that no group has is an error: put it somewhere."""


def fragments(folder: Path) -> list[str]:
    """The lines of all change notes, by file name. Raises SetupError for an empty note."""
    lines: list[str] = []
    for file in sorted(folder.glob("*.md")):
        if file.name == "README.md":
            continue
        text = " ".join(file.read_text(encoding="utf-8").split()).removeprefix("- ")
        text = text.replace("](../docs/", "](")  # a note is written in one folder and read in another
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
    """Public modules in the package by dotted name: those without an underscore that list names."""
    found: dict[str, Path] = {}
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


def room_page(room: str, module: Path) -> str:
    """The reference page of one room: its own words, then every public name."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    return _page(f"`{room}`", docstring, [f"{room}.{name}" for name in public_names(room)])


def package_pages(package: str, where: dict[str, str], groups: dict[str, Group]) -> dict[str, str]:
    """The reference pages of the package itself, by group. Raises SetupError for a name that no group has."""
    homes_of = {name: where.get(name, f"{package}.providers.{name}") for name in public_names(package)}
    pages: dict[str, str] = {}
    for key, group in groups.items():
        mine = _as_written(homes_of, where, group)
        pages[key] = _page(
            group.title,
            f"Import these from `{package}`.",
            [homes_of.pop(name) for name in mine],
            also=[f"{package}.{name}" for name in group.also],
            options=group.options,
        )
    if homes_of:
        names = ", ".join(sorted(homes_of))
        raise SetupError(f"no page for {names}; add the module to a group in scripts/docs_site.py")
    return pages


def _as_written(homes_of: dict[str, str], where: dict[str, str], group: Group) -> list[str]:
    """The public names of a group: its modules in order, names within one as they stand there."""
    names = [name for name in where if name in homes_of] + [name for name in homes_of if name not in where]
    return [name for module in group.modules for name in names if homes_of[name].split(".")[1] == module]


def _page(
    title: str,
    intro: str | None,
    targets: Sequence[str],
    *,
    also: Sequence[str] = (),
    options: Sequence[str] = (),
) -> str:
    lines = [f"# {title}", "", *([intro, ""] if intro else [])]
    below = ["    options:", *(f"      {option}" for option in options)] if options else []
    for target in targets:
        lines += [f"::: {target}", *below, ""]
    if also:
        lines += ["---", "", "Types that the signatures name; nothing needs to import them.", ""]
    for target in also:
        lines += [f"::: {target}", ""]
    return "\n".join(lines)


def generated_pages() -> list[Path]:
    """The pages of the reference that are there now."""
    return sorted(API.glob("*.md"))


def generate() -> None:
    """Write the generated pages, and take away those whose room is gone; then the navigation."""
    write(CHANGELOG, changelog(CHECKOUT / "changelog.d"))
    pages = {API / f"{key}.md": text for key, text in package_pages(SOURCE.name, homes(SOURCE), GROUPS).items()}
    pages |= {
        API / f"{room}.md": room_page(room, module)
        for room, module in rooms(SOURCE).items()
        if room != f"{SOURCE.name}.providers"  # beside the capabilities, on the package's own page
    }
    for stale in set(generated_pages()) - set(pages):
        stale.unlink()
    for path, text in pages.items():
        write(path, text)
    write(WITH_NAVIGATION, CONFIGURATION.read_text(encoding="utf-8") + navigation(DOCS))


# ---- navigation ------------------------------------------------------------------------------------------------------


def navigation(docs: Path) -> str:
    """The `nav` of the configuration: the start page, the sections in order, the changelog."""
    lines = ["", "nav:", "  - index.md"]
    for folder, title in FOLDERS.items():
        if (docs / folder).is_dir():
            lines += [f"  - {title}:", *_entries(docs, docs / folder, "      ")]
    return "\n".join([*lines, "  - changelog.md", ""])


def _entries(docs: Path, folder: Path, indent: str) -> list[str]:
    lines: list[str] = []
    for path in sorted(folder.iterdir(), key=_order):
        if path.is_dir():
            label = LABELS.get(path.name, path.name.replace("-", " ").capitalize())
            lines += [f"{indent}- {label}:", *_entries(docs, path, indent + "    ")]
        elif path.suffix == ".md":
            lines.append(f"{indent}- {path.relative_to(docs).as_posix()}")
    return lines


def _order(path: Path) -> tuple[int, int, str]:
    """First what is said to be first, then pages by title, then folders."""
    keys = FIRST if path.parent.name != API.name else tuple(GROUPS)
    first = keys.index(path.stem) if path.stem in keys else len(keys)
    return first, path.is_dir(), page_title(path) if path.is_file() else path.name


def page_title(page: Path) -> str:
    """The first heading of a page."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), page.stem)


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
        arguments += ["--config-file", str(WITH_NAVIGATION)]
        command = ["zensical", *arguments]
        return subprocess.run(command, cwd=CHECKOUT, env=child_environment(python), check=False).returncode
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
