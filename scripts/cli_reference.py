"""Writes `docs/reference/cli.md` from the commands themselves: `python scripts/cli_reference.py`.

A test holds the committed page to what this writes. Runs with the Python of `.venv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from portable_llm.cli import EXIT_CODES, commands

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "cli.md"

HEAD = """\
# The command line

<!-- Written by scripts/cli_reference.py. -->

`pip install 'portable-llm[conformance]'` brings the command `portable-llm`.

- A model is `provider:model`, `provider:model@base_url`, or an alias. `PORTABLE_LLM_ALIAS_FAST=openai:gpt-6-luna` makes
  the alias `fast`, so that a switch of vendor is one string.
- Keys come from the vendors' usual environment variables; `portable-llm providers` lists them. A base URL in the model
  string gets no key that belongs to the vendor.
- Answers and reports go to standard output, everything about them to standard error.
- An error is one line: who or what it is about, what happened, what to do.
"""

EXITS = """\
## Exit codes

| code | meaning |
| --- | --- |
"""

GATE = """
`conformance run` exits with 0 when the comparison is complete, whatever it found, with 3 when a cap stopped it and with
130 after Ctrl-C; both times the same command goes on where it stopped. With `--gate` it exits by the verdict (0 to 3),
for use in a pipeline; `conformance gate` does so for a stored run, and for what has become worse since a baseline.
`conformance verify` exits with 1 when a report does not hold, and `prompt lint` when something reaches `--fail-on`.
"""


def page() -> str:
    """The whole page."""
    sections = [
        section for name, command in commands().items() for section in _sections(f"portable-llm {name}", command)
    ]
    exits = "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES.items())
    return "\n".join([HEAD, *sections, EXITS + exits + GATE])


def _sections(name: str, command: click.Command) -> Iterator[str]:
    """A section of a command; those of its own commands where it is a group."""
    if isinstance(command, click.Group):
        for inner, below in command.commands.items():
            yield from _sections(f"{name} {inner}", below)
        return
    context = click.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    yield f"## `{name}`\n\n{_prose(command)}\n\n```text\n{usage}\n```\n" + _options(command)


def _prose(command: click.Command) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))


def _options(command: click.Command) -> str:
    # Not click's own help records: their wording changes from version to version.
    rows = [
        f"| {_names(option)} | {_about(option)} |\n" for option in command.params if isinstance(option, click.Option)
    ]
    return "\n| option | |\n| --- | --- |\n" + "".join(rows) if rows else ""


def _names(option: click.Option) -> str:
    return ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))


def _about(option: click.Option) -> str:
    about = [option.help or ""]
    if isinstance(option.type, click.Choice):
        about.append("One of " + ", ".join(f"`{choice}`" for choice in option.type.choices) + ".")
    if option.show_default:
        about.append(f"Default: `{option.default}`.")
    return " ".join(about)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
