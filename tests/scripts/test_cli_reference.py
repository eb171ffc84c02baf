"""The page about the command line is what the commands say of themselves."""

from __future__ import annotations

import cli_reference
from portable_llm.cli import EXIT_CODES, commands


def test_the_committed_page_is_up_to_date():
    assert cli_reference.PAGE.read_text(encoding="utf-8") == cli_reference.page(), "run scripts/cli_reference.py"


def test_every_command_and_exit_code_is_on_the_page():
    page = cli_reference.page()

    assert [name for name in commands() if f"## `portable-llm {name}" not in page] == []
    assert [code for code in EXIT_CODES if f"\n| {code} | " not in page] == []
