"""`portable-llm prompt lint`: what ties prompts to one vendor's models, with remedies; offline."""

from __future__ import annotations

import glob
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import click

from portable_llm import __version__
from portable_llm._errors import ConfigurationError
from portable_llm.cli._shared import print_json
from portable_llm.prompt.lint import (
    MAX_LENGTH,
    RULES,
    Finding,
    LintTarget,
    Rule,
    Severity,
    lint,
    lint_target,
    rule_ids,
)
from portable_llm.providers._target import load_settings
from portable_llm.wire import wire_format

Form = Literal["text", "json", "sarif"]
_ORDER: tuple[Severity, ...] = ("note", "warning", "error")
_MAX_BYTES = 4 * MAX_LENGTH
_MAX_FILES = 10_000
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


@click.command("lint", short_help="Say what ties prompts to one vendor's models; offline.")
@click.argument("files", nargs=-1, required=True)
@click.option("-m", "--model", help="Only what matters for this model.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Leave a rule out; may be repeated.")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text",
              show_default=True, help="How findings are printed.")  # fmt: skip
@click.option("--fail-on", type=click.Choice([*_ORDER, "never"]), default="warning",
              show_default=True, help="Exit with 1 from this severity up.")  # fmt: skip
def command(
    files: tuple[str, ...],
    model: str | None,
    ignore: tuple[str, ...],
    form: Form,
    fail_on: Literal["note", "warning", "error", "never"],
) -> int:
    """Lint the prompts in FILES: any text files, patterns such as 'prompts/**/*.md', or - for standard input.

    Exit code 0: nothing from --fail-on up. 1: something. A finding is accepted in the text, with a reason:
    <!-- lint: ignore RULE reason -->
    """
    unknown = sorted(set(ignore) - set(rule_ids()))
    if unknown:
        raise click.UsageError(f"no rule {unknown[0]!r}; known: {', '.join(rule_ids())}")
    target = None if model is None else _target(model)
    found = {path: lint(_text(path), target=target, ignore=ignore) for path in _paths(files)}
    {"text": _print_text, "json": _print_json, "sarif": _print_sarif}[form](found)
    _summarise(found)
    return int(fail_on != "never" and any(_reaches(finding, fail_on) for finding in _all(found)))


def _all(found: dict[str, tuple[Finding, ...]]) -> list[Finding]:
    return [finding for findings in found.values() for finding in findings]


def _reaches(finding: Finding, severity: Severity) -> bool:
    return _ORDER.index(finding.severity) >= _ORDER.index(severity)


def _target(model: str) -> LintTarget:
    found = load_settings().resolve(model)
    return lint_target(found.capabilities(wire_format(found.provider.wire).CAPABILITIES), model)


# ---------------------------------------------------------------- in


def _paths(files: Sequence[str]) -> list[str]:
    """The files that are named or matched, each once; raises `ConfigurationError` for a pattern without a match."""
    paths: dict[str, None] = {}
    for name in files:
        matched = _matched(name) if name != "-" and glob.has_magic(name) and not Path(name).exists() else [name]
        if not matched:
            raise ConfigurationError(f"{name} matches no file; check the pattern")
        paths.update(dict.fromkeys(matched))
    if len(paths) > _MAX_FILES:
        raise ConfigurationError(f"{len(paths)} files are too many at once; at most {_MAX_FILES}")
    return list(paths)


def _matched(pattern: str) -> list[str]:
    # Not `Path.glob`: it refuses absolute patterns.
    return sorted(path for path in glob.iglob(pattern, recursive=True) if Path(path).is_file())  # noqa: PTH207


def _text(name: str) -> str:
    """What the file holds; raises `ConfigurationError` with the remedy where that is no text."""
    where = "standard input" if name == "-" else name
    try:
        data = _bytes(name)
    except IsADirectoryError as error:
        raise ConfigurationError(f"{where} is a folder; name files, or a pattern such as '{name}/**/*.md'") from error
    except OSError as error:
        raise ConfigurationError(f"{where}: {error.strerror or error}; check the path") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{where} is not UTF-8 text (offset {error.start}); is this the right file?"
        ) from error
    if len(text) > MAX_LENGTH:
        raise ConfigurationError(f"{where} is over {MAX_LENGTH} characters; cut out the prompt that is meant")
    return text


def _bytes(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(_MAX_BYTES + 1)
    with Path(name).open("rb") as opened:
        return opened.read(_MAX_BYTES + 1)


# ---------------------------------------------------------------- out


def _print_text(found: dict[str, tuple[Finding, ...]]) -> None:
    for path, findings in found.items():
        for finding in findings:
            click.echo(f"{path}:{finding.line}:{finding.column}: {finding.severity} {finding.rule}: {finding.message}")
            click.echo(f"    {' '.join(finding.text.split())}")
            click.echo(f"    matters for {finding.matters_for}; {finding.remedy}")


def _print_json(found: dict[str, tuple[Finding, ...]]) -> None:
    print_json([{"file": path, **finding.to_json()} for path, findings in found.items() for finding in findings])


def _print_sarif(found: dict[str, tuple[Finding, ...]]) -> None:
    """Static analysis results, as code hosts show them beside the lines."""
    driver = {
        "name": "portable-llm prompt lint",
        "version": __version__,
        "rules": [_sarif_rule(rule) for rule in RULES],
    }
    results = [_sarif_result(path, finding) for path, findings in found.items() for finding in findings]
    print_json({"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]})


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.message},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": rule.severity},
    }


def _sarif_result(path: str, finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": f"{finding.message}; {finding.remedy}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": Path(path).as_posix()},
                    "region": {"startLine": finding.line, "startColumn": finding.column},
                }
            }
        ],
    }


def _summarise(found: dict[str, tuple[Finding, ...]]) -> None:
    """On standard error, so that standard output stays the findings."""
    counts = Counter(finding.severity for finding in _all(found))
    total = sum(counts.values())
    parts = [_counted(counts[severity], severity) for severity in reversed(_ORDER) if counts[severity]]
    files = f"in {len(found)} file{'' if len(found) == 1 else 's'}"
    click.echo(f"[{_counted(total, 'finding')} {files}{_joined(parts)}]", err=True)


def _joined(parts: Iterable[str]) -> str:
    shown = ", ".join(parts)
    return f": {shown}" if shown else ""


def _counted(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
