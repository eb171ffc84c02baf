"""What the documentation says is run and looked up: code blocks, files, commands, links."""

from __future__ import annotations

import dataclasses
import re
import sys
import textwrap
from pathlib import Path
from typing import get_args

import pytest

import docs_site
import portable_llm
from portable_llm import Adaptation, _errors
from portable_llm._adaptation import SEVERITIES, Action
from support.snippets import run, snippets

CHECKOUT = Path(__file__).resolve().parent.parent
GENERATED = {docs_site.CHANGELOG, *docs_site.generated_pages()}
PAGES = sorted({*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")} - GENERATED)
FOLDERS = (".ci", "benchmarks", "changelog.d", "conformance", "docs", "examples", "scripts", "src", "tests")

INLINE_CODE = re.compile(r"`([^`\n]+)`")
A_FILE = re.compile(rf"(?:\./)?((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*)")
A_COMMAND = re.compile(r"\bportable-llm\s+([a-z][a-z-]*)")
A_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def name(page: Path) -> str:
    return str(page.relative_to(CHECKOUT))


@pytest.mark.parametrize("page", [page for page in PAGES if snippets(page)], ids=name)
def test_the_python_of_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for snippet in snippets(page):
        if snippet.no_run is None:
            run(snippet, names)
        else:
            compile(snippet.code, f"{page}:{snippet.line}", "exec")
            assert snippet.no_run, f"{page}:{snippet.line}: `no-run` says no reason"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_names_only_files_that_exist(page):
    named = [
        found[1]
        for code in INLINE_CODE.findall(page.read_text("utf-8"))
        if (words := code.split()) and (found := A_FILE.fullmatch(words[0]))
    ]

    assert [path for path in named if not (CHECKOUT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_names_only_commands_that_exist(page):
    modules = {path.stem.strip("_") for path in (CHECKOUT / "src" / "portable_llm" / "cli").glob("[!_]*")}

    assert set(A_COMMAND.findall(page.read_text("utf-8"))) - {module.replace("_", "-") for module in modules} == set()


@pytest.mark.parametrize("page", sorted(CHECKOUT.glob("*.md")), ids=name)
def test_links_of_pages_outside_the_site_lead_somewhere(page):
    """Links inside `docs/` are checked by the strict build."""
    assert [link for link in A_LINK.findall(page.read_text("utf-8")) if not (CHECKOUT / link).exists()] == []


class TestSnippets:
    @pytest.fixture
    def page(self, tmp_path) -> Path:
        return tmp_path / "page.md"

    def test_an_error_names_the_line_of_the_page(self, page):
        page.write_text("# Title\n\n```python\nx = 1\nraise ValueError(x)\n```\n")

        with pytest.raises(ValueError, match="1") as caught:
            run(snippets(page)[0], {})
        assert (caught.traceback[-1].path, caught.traceback[-1].lineno + 1) == (page, 5)

    def test_blocks_of_a_page_share_their_names(self, page):
        page.write_text("```python\nx = 1\n```\ntext\n\n```py\nx += 1\n```\n")
        names: dict[str, object] = {}
        for snippet in snippets(page):
            run(snippet, names)

        assert names["x"] == 2

    def test_what_a_block_prints_must_be_what_stands_below_it(self, page):
        page.write_text(
            "```python\nprint('a b c')\n```\n\n```text\na ... c\n```\n\n```python\nprint(1)\n```\n\n```text\n2\n```\n"
        )
        right, wrong = snippets(page)
        run(right, {})

        with pytest.raises(AssertionError, match="the page says\n2"):
            run(wrong, {})

    def test_a_block_is_left_out_only_by_the_mark_directly_above_it(self, page):
        page.write_text("<!-- no-run: needs a key -->\n```python\n1/0\n```\n\nwords\n\n```python\nx = 1\n```\n")

        assert [snippet.no_run for snippet in snippets(page)] == ["needs a key", None]

    def test_other_languages_are_left_alone(self, page):
        page.write_text("```console\n$ rm -rf /\n```\n~~~\n```\n")

        assert snippets(page) == []


class TestGeneratedPages:
    def test_the_changelog_lists_every_fragment(self, tmp_path):
        (tmp_path / "README.md").write_text("how to")
        (tmp_path / "b.md").write_text("- Second,\n  folded.\n")
        (tmp_path / "a.md").write_text("First.\n")

        assert docs_site.changelog(tmp_path).splitlines()[-2:] == ["- First.", "- Second, folded."]

    def test_an_empty_fragment_is_an_error_that_names_the_file(self, tmp_path):
        (tmp_path / "later.md").write_text("\n")

        with pytest.raises(docs_site.SetupError, match=r"later\.md is empty"):
            docs_site.changelog(tmp_path)

    def test_every_committed_fragment_is_one_paragraph(self):
        paragraphs = [path for path in docs_site.CHECKOUT.glob("changelog.d/*.md") if path.name != "README.md"]

        assert [path.name for path in paragraphs if "\n\n" in path.read_text("utf-8").strip()] == []

    def test_a_note_s_link_leads_from_the_page_it_is_read_on(self, tmp_path):
        (tmp_path / "a.md").write_text("See [how](../docs/explanation/score.md).\n")

        assert docs_site.fragments(tmp_path) == ["- See [how](explanation/score.md)."]

    def test_the_reference_finds_names_where_they_are_written(self, sample):
        groups = {"things": docs_site.Group(title="Things", modules=("_hidden",), also=("_hidden.Alias",))}

        page = docs_site.package_pages("sample_room", docs_site.homes(sample), groups)["things"]
        assert [line for line in page.splitlines() if line.startswith((":::", "#"))] == [
            "# Things",
            "::: sample_room._hidden.Thing",
            "::: sample_room._hidden.make",
            "::: sample_room._hidden.Alias",
        ]

    def test_a_public_name_without_a_page_is_an_error(self, sample):
        with pytest.raises(docs_site.SetupError, match="no page for Thing, make"):
            docs_site.package_pages("sample_room", docs_site.homes(sample), {})

    def test_a_room_s_page_has_its_own_words_and_its_names(self, sample):
        [(room, module)] = docs_site.rooms(sample).items()

        assert docs_site.room_page(room, module).splitlines() == [
            "# `sample_room.inner`",
            "",
            "Inside.",
            "",
            "::: sample_room.inner.open_it",
        ]

    @pytest.fixture
    def sample(self, tmp_path, monkeypatch) -> Path:
        package = tmp_path / "sample_room"
        package.mkdir()
        (package / "__init__.py").write_text('"""A room."""\n__all__ = ["Thing", "make"]\nfrom ._hidden import *\n')
        (package / "_hidden.py").write_text("class Thing: ...\nAlias = int | Thing\nmake: object = Thing\n")
        (package / "inner.py").write_text('"""Inside."""\n__all__ = ["open_it"]\ndef open_it(): ...\n')
        monkeypatch.syspath_prepend(tmp_path)
        for name in [name for name in sys.modules if name.startswith("sample_room")]:
            monkeypatch.delitem(sys.modules, name)
        return package

    def test_every_public_name_has_a_page(self):
        pages = docs_site.package_pages("portable_llm", docs_site.homes(docs_site.SOURCE), docs_site.GROUPS)

        written = {line.rpartition(".")[2] for page in pages.values() for line in page.splitlines() if ":::" in line}
        assert set(portable_llm.__all__) <= written

    def test_the_navigation_has_every_page_in_the_order_people_need(self):
        lines = docs_site.navigation(docs_site.DOCS).splitlines()

        assert [line for line in lines if line.startswith("  - ")] == [
            "  - index.md",
            *(f"  - {title}:" for title in docs_site.FOLDERS.values()),
            "  - changelog.md",
        ]
        listed = {line.rpartition("- ")[2] for line in lines}
        assert {page.relative_to(docs_site.DOCS).as_posix() for page in PAGES if "docs" in page.parts} <= listed


class TestTables:
    """Tables written by hand say what the code says."""

    def rows(self, page: str) -> list[str]:
        """What stands in code style at the beginning of a row."""
        return re.findall(r"^\| `\"?([\w-]+)\"?`", (CHECKOUT / "docs" / page).read_text("utf-8"), re.M)

    @pytest.mark.parametrize("values", [get_args(Action), SEVERITIES], ids=["actions", "severities"])
    def test_the_ledger_page_has_every_word_in_order(self, values):
        rows = dict.fromkeys(row for row in self.rows("explanation/the-ledger.md") if row in values)

        assert list(rows) == list(values)

    def test_the_ledger_page_has_every_field(self):
        names = {field.name for field in dataclasses.fields(Adaptation)}

        assert names <= {*self.rows("explanation/the-ledger.md")} | {"detail"}

    def test_the_error_page_draws_the_tree_of_the_code(self):
        assert _errors.__doc__ is not None
        tree = textwrap.dedent(_errors.__doc__.split("\n\n")[1])

        assert tree in (CHECKOUT / "docs/reference/errors.md").read_text("utf-8")

    def test_every_error_that_can_come_has_its_row(self):
        page = (CHECKOUT / "docs/reference/errors.md").read_text("utf-8").partition("## What to do")[2]
        raised = [
            name
            for name in portable_llm.__all__
            if isinstance(found := getattr(portable_llm, name), type)
            and issubclass(found, portable_llm.PortableLLMError)
            and not found.__subclasses__()
        ]

        assert [name for name in raised if f"`{name}`" not in page] == []

    def test_the_retry_page_has_the_defaults_of_the_code(self):
        page = (CHECKOUT / "docs/how-to/timeouts-and-retries.md").read_text("utf-8")

        for field in dataclasses.fields(portable_llm.Timeouts):
            assert f"| `{field.name}` | {field.default:g} |" in page

    def test_the_architecture_page_has_every_room(self):
        page = (CHECKOUT / "docs/explanation/architecture.md").read_text("utf-8")
        source = CHECKOUT / "src" / "portable_llm"
        rooms = {path.stem for path in source.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

        assert [room for room in sorted(rooms - {"__init__", "__main__"}) if f"`{room}`" not in page] == []
