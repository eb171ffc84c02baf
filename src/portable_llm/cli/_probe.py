"""`portable-llm providers NAME --probe MODEL`: the plan, the calls, the findings, and the file with the facts."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from portable_llm._client import Client
from portable_llm._errors import ConfigurationError, PortableLLMError
from portable_llm._probing import (
    Answer,
    AnyPlan,
    Report,
    Step,
    opened,
    plain_plan,
    probing,
    steps,
)
from portable_llm.cli._shared import print_json, print_table
from portable_llm.providers._target import Target, load_settings
from portable_llm.providers._written import rules_toml


def run_probe(
    name: str,
    model: str,
    *,
    yes: bool,
    output: str | None,
    force: bool,
    max_calls: int,
    max_tokens: int,
    as_json: bool,
) -> None:
    """Probe the model and write what was found; raises the error if it did not even answer the plain request."""
    bare, _, url = name.partition("@")
    target = load_settings().resolve(f"{bare}:{model}@{url}" if url else f"{bare}:{model}")
    path = Path(output or f"{re.sub(r'[^A-Za-z0-9._-]+', '-', f'{bare}-{model}')}.toml")
    _check_free(path, force)
    asked = steps(opened(target))
    _show_plan(target, asked, max_calls, max_tokens)
    _confirm(yes)
    report = _send(target, max_calls, max_tokens)
    if report.error is not None:
        raise report.error
    if as_json:
        print_json(_as_json(report))
    else:
        _show(report)
    _write(path, _file(report), force)
    click.echo(f"written: {path}; use it with PORTABLE_LLM_CONFIG={path}, or copy it into your own file", err=True)


# ---- before ----------------------------------------------------------------------------------------------------------


def _show_plan(target: Target, asked: tuple[Step, ...], max_calls: int, max_tokens: int) -> None:
    """What will be asked and what it may cost; on standard error, since it is no result."""
    plans = [plain_plan(opened(target)), *(step.plan for step in asked if step.plan is not None)]
    limit = sum(plan.request.max_output_tokens or 0 for plan in plans)
    sent = sum(len(plan.call.body) for plan in plans)
    click.echo(f"probe of {target.provider.name}:{target.model} at {target.base_url}", err=True)
    click.echo(
        f"  {min(len(plans), max_calls)} calls (up to 3 more if a name is refused), {sent:,} bytes of requests, "
        f"at most {min(limit, max_tokens):,} tokens of answers",
        err=True,
    )
    click.echo(f"  asked: {', '.join(step.ask.feature for step in asked if step.plan is not None)}", err=True)
    if left := [step.ask.feature for step in asked if step.plan is None]:
        click.echo(f"  not asked, since the wire format has no way to: {', '.join(left)}", err=True)


def _confirm(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nothing was sent: these calls cost money; add --yes to make them")
    click.confirm("make these calls?", abort=True, err=True)


# ---- the calls -------------------------------------------------------------------------------------------------------


def _send(target: Target, max_calls: int, max_tokens: int) -> Report:
    talk = probing(target, datetime.now(UTC).date().isoformat(), max_calls=max_calls, max_tokens=max_tokens)
    with Client(on_loss="never") as client:
        plan = next(talk)
        while True:
            try:
                plan = talk.send(_answer(client, plan))
            except StopIteration as end:
                return end.value


def _answer(client: Client, plan: AnyPlan) -> Answer:
    try:
        return client.send(plan)
    except ConfigurationError:
        raise  # no key: that is no answer
    except PortableLLMError as error:
        return error


# ---- after -----------------------------------------------------------------------------------------------------------


def _show(report: Report) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("feature", "", "what was seen", box=None, pad_edge=False)
    for one in report.findings:
        table.add_row(one.feature, one.verdict, Text(one.note))  # a stranger's words are no markup
    print_table(table)
    for name, word in report.spelling.items():
        click.echo(f"  {name} has to be called {word}")
    click.echo(f"  {report.calls} calls, {report.output_tokens} tokens of answers")


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "provider": report.target.provider.name,
        "model": report.target.model,
        "calls": report.calls,
        "output_tokens": report.output_tokens,
        "spelling": dict(report.spelling),
        "findings": [{"feature": one.feature, "verdict": one.verdict, "note": one.note} for one in report.findings],
    }


def _file(report: Report) -> str:
    target = report.target
    open_ones = [f"{one.feature} ({one.verdict})" for one in report.findings if one.fact is None]
    head = [
        "# What a model accepts, found out by `portable-llm providers NAME --probe MODEL`.",
        f"# {target.provider.name}, {_line(target.model)}, {_line(target.base_url)}",
        "# support: yes = accepted, ignored = accepted and seen to have no effect, no = refused by name.",
        f"# No fact was made of: {', '.join(open_ones) or 'nothing'}.",
    ]
    return "\n".join([*head, "", rules_toml(target.provider.name, report.rules)])


def _line(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _check_free(path: Path, force: bool) -> None:
    """Before a call is paid for: the file can be written, and none is lost by it."""
    if not path.parent.is_dir():
        raise ConfigurationError(f"file {path}: there is no folder {path.parent}")
    if path.exists() and not force:
        raise ConfigurationError(f"file {path} is there already; choose another with --output, or use --force")


def _write(path: Path, text: str, force: bool) -> None:
    """The whole file or none; raises `ConfigurationError`."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            _place(part, path, force)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        _check_free(path, force)
    except OSError as error:
        raise ConfigurationError(f"file {path}: {error.strerror or error}") from error


def _place(part: Path, path: Path, force: bool) -> None:
    """Give the finished file its name; raises `FileExistsError` if somebody was faster."""
    if force:
        part.replace(path)
        return
    try:
        path.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        with path.open("x", encoding="utf-8") as file:
            file.write(part.read_text(encoding="utf-8"))
