"""`portable-llm history`: a stored conversation, looked at, mended, written for another vendor; offline."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from portable_llm._adaptation import Adaptation
from portable_llm._errors import ConfigurationError
from portable_llm.cli._shared import print_json
from portable_llm.history import MAX_BYTES, History, dump, explain_handoff, load, repair
from portable_llm.wire import wire_names


@click.command("history", short_help="Read a stored conversation, mend it, write it for another vendor; offline.")
@click.argument("file")
@click.option("--from", "source", type=click.Choice(wire_names()), metavar="FORMAT",
              help="The format it is stored in, where that cannot be told from it.")  # fmt: skip
@click.option("--to", type=click.Choice(wire_names()), metavar="FORMAT", help="Write it in this format.")
@click.option("--handoff", metavar="MODEL", help="Show what this model (provider:model) would make of it.")
@click.option("--repair", "is_mended", is_flag=True, help="Mend it first: calls without results and the like.")
@click.option("--json", "as_json", is_flag=True, help="Print what is found out as JSON.")
def command(file: str, source: str | None, to: str | None, handoff: str | None, is_mended: bool, as_json: bool) -> None:
    """Read the conversation in FILE (- for standard input): a list of messages, a request body or JSON lines.

    The formats of OpenAI (chat and Responses), Anthropic and Gemini are told apart by themselves. With --to, the
    conversation goes to standard output as JSON, and what does not come along to standard error. A hand-over is always
    mended first.
    """
    if to and handoff:
        raise click.UsageError("--to writes the conversation, --handoff only looks at it: give one of them")
    stored = load(_bytes(file), source)
    if handoff:
        told = explain_handoff(stored, handoff)
        print_json(told.to_json()) if as_json else click.echo(told.explain())
        return
    repaired = repair(stored.messages) if is_mended else None
    messages = stored.messages if repaired is None else repaired.messages
    entries = [*stored.adaptations, *(repaired.adaptations if repaired else ())]
    if to:
        written = dump(messages, to, tools=stored.tools)
        print_json(written.data)
        _tell([*entries, *written.adaptations], error=True)
    elif as_json:
        print_json(
            {
                "format": stored.format,
                "messages": [message.to_json() for message in messages],
                "adaptations": [dict(one.to_json()) for one in entries],
            }
        )
    else:
        click.echo(_summary(stored))
        _tell(entries, error=False)


def _bytes(file: str) -> bytes:
    where = "standard input" if file == "-" else file
    try:
        if file == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{where}: {error.strerror or error}; check the path") from error


def _summary(stored: History) -> str:
    roles = Counter(message.role for message in stored.messages)
    counts = ", ".join(f"{count} {role}" for role, count in roles.items())
    return f"{stored.format}: {len(stored.messages)} messages ({counts}), {len(stored.tools)} tools"


def _tell(entries: Iterable[Adaptation], *, error: bool) -> None:
    for one in entries:
        if one.subject.startswith(("/messages", "/tools", "/cache")):
            click.echo(f"  {one}", err=error)
