"""`portable-llm repair`: the value in a model's text, with every edit that was needed to get at it."""

from __future__ import annotations

import difflib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from portable_llm._errors import ConfigurationError
from portable_llm._json import JsonValue
from portable_llm._response import Invalid, Parsed
from portable_llm.cli._diff import explained, is_coloured, positions, summary, visible
from portable_llm.cli._shared import read_schema
from portable_llm.output import Choose, Policy, ReadPolicy, read
from portable_llm.output._align_kinds import COERCIONS
from portable_llm.output._policy import policy_of

MAX_INPUT = 32 * 2**20
"""Bytes that are read at most; a model's answer is a thousandth of it."""
MAX_BEST_EFFORT = 2_000
"""Characters of an invalid value that are shown."""
_KINDS = f"known: {', '.join(COERCIONS)}"


@click.command("repair", short_help="Read the JSON value out of a model's text; offline.")
@click.argument("file")
@click.option("--schema", metavar="FILE", help="JSON Schema (a file) that the value is held against and brought to.")
@click.option("--policy", type=click.Choice(["strict", "syntax", "align", "lenient"]), default="align",
              show_default=True, help="How far to go from the text to a value.")  # fmt: skip
@click.option("--choose", type=click.Choice(["agree", "first", "last", "all"]), default="agree",
              show_default=True, help="Which of several values.")  # fmt: skip
@click.option("--allow", multiple=True, metavar="KIND", help="Allow a kind of alignment; may be repeated.")
@click.option("--refuse", multiple=True, metavar="KIND", help="Refuse a kind of alignment; may be repeated.")
@click.option("--explain", is_flag=True, help="Show each edit as a diff, on standard error.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the outcome as JSON, value or not: value, grade, edits, errors."
)
def command(
    file: str,
    schema: str | None,
    policy: Policy,
    choose: Choose,
    allow: tuple[str, ...],
    refuse: tuple[str, ...],
    explain: bool,
    as_json: bool,
) -> int:
    """Read the JSON value in FILE (- for standard input).

    The value goes to standard output as JSON, so that it pipes; how far the text was from it and each kind of edit go
    to standard error. Where there is no value, standard output stays empty (but for --json), the errors name places in
    the value, and the exit code is 6; what was read all the same is shown as best effort. Exit code 0: there is a
    value. Numbers that JSON does not have (NaN) become null under the policy lenient.
    """
    wanted = None if schema is None else read_schema(schema)
    switches = _switches(policy, allow, refuse)
    text = _text(file)
    outcome = read(text, wanted, policy=switches, choose=choose)
    if as_json:
        click.echo(written(outcome_to_json(outcome, text), indent=2))
    elif isinstance(outcome, Parsed):
        click.echo(written(outcome.value, indent=2))
    if explain or not as_json:
        _tell(outcome, text, explain=explain)
    return 6 if isinstance(outcome, Invalid) else 0


def _switches(policy: Policy, allow: tuple[str, ...], refuse: tuple[str, ...]) -> ReadPolicy:
    unknown = next((kind for kind in (*allow, *refuse) if kind not in COERCIONS), None)
    if unknown is not None:
        near = difflib.get_close_matches(unknown, COERCIONS, n=1)
        raise click.UsageError(
            f"no kind of alignment {unknown!r}; " + (f"did you mean {near[0]!r}?" if near else _KINDS)
        )
    found = replace(policy_of(policy), allow=frozenset(allow), refuse=frozenset(refuse))
    # Standard output is JSON, whatever the policy.
    return replace(found, nan="null") if found.nan == "keep" else found


# ---------------------------------------------------------------- in


def _text(file: str) -> str:
    """What the file holds; raises `ConfigurationError` with the remedy where that is no text."""
    where = "standard input" if file == "-" else file
    try:
        data = _bytes(file)
    except OSError as error:
        raise ConfigurationError(f"{where}: {error.strerror or error}; check the path") from error
    if len(data) > MAX_INPUT:
        raise ConfigurationError(f"{where} is larger than {MAX_INPUT // 2**20} MB; cut out the answer that is meant")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        remedy = (
            "convert it first, e.g. with iconv -f UTF-16 -t UTF-8" if _is_utf16(data) else "is this the right file?"
        )
        said = f"{where} is not UTF-8 text (byte 0x{data[error.start]:02x} at offset {error.start})"
        raise ConfigurationError(f"{said}; {remedy}") from error


def _bytes(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(MAX_INPUT + 1)
    with Path(file).open("rb") as opened:
        return opened.read(MAX_INPUT + 1)


def _is_utf16(data: bytes) -> bool:
    return data.startswith((b"\xff\xfe", b"\xfe\xff"))


# ---------------------------------------------------------------- out


def _tell(outcome: Parsed[JsonValue] | Invalid, text: str, *, explain: bool) -> None:
    """On standard error: what is wrong or how good the value is, then the edits."""
    coloured = is_coloured(sys.stderr)
    if isinstance(outcome, Invalid):
        _tell_errors(outcome)
    grade = outcome.grade if isinstance(outcome, Parsed) else "invalid"
    count = len(outcome.repairs)
    click.echo(f"[{grade}; {count or 'no'} edit{'' if count == 1 else 's'}]", err=True)
    lines = explained(outcome.repairs, text, coloured=coloured) if explain else summary(outcome.repairs, text)
    for line in lines:
        # Whether there is colour was decided above; click would ask only for a terminal.
        click.echo(line, err=True, color=coloured)


def _tell_errors(outcome: Invalid) -> None:
    for error in outcome.errors:
        click.echo(f"invalid: {visible(error)}", err=True)
    if outcome.best_effort is None:
        return
    shown = visible(written(outcome.best_effort))
    cut = " …" if len(shown) > MAX_BEST_EFFORT else ""
    click.echo(f"best effort, not valid: {shown[:MAX_BEST_EFFORT]}{cut}", err=True)


def written(value: object, indent: int | None = None) -> str:
    """The value as JSON; escaped where it holds half a surrogate pair, which no encoding can write."""
    shown = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        shown.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent)
    return shown


def outcome_to_json(outcome: Parsed[JsonValue] | Invalid, text: str) -> dict[str, Any]:
    """The outcome for machines."""
    places = positions(text, [repair.location[0] for repair in outcome.repairs])
    repairs = [
        {**repair.to_json(), "line": line, "column": column}
        for repair, (line, column) in zip(outcome.repairs, places, strict=True)
    ]
    if isinstance(outcome, Parsed):
        return {"outcome": "parsed", "grade": outcome.grade, "value": outcome.value, "repairs": repairs}
    return {
        "outcome": "invalid",
        "errors": list(outcome.errors),
        "best_effort": outcome.best_effort,
        "repairs": repairs,
    }
