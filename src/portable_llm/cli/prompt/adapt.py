"""`portable-llm prompt adapt`: which form and which overlay do best for a model, on your own cases."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from portable_llm._errors import ConfigurationError
from portable_llm.cli._shared import print_json
from portable_llm.cli.conformance._progress import lines, ticker
from portable_llm.conformance.adapt import Adaptation, Adapted, Candidate, candidates
from portable_llm.conformance.adapt_cases import load_cases
from portable_llm.conformance.endpoints import parse_endpoint
from portable_llm.conformance.runner import Limits
from portable_llm.prompt import RENDERINGS, Overlay, Prompt
from portable_llm.prompt._overlay import read_overlays
from portable_llm.providers._target import Keyring, load_settings
from portable_llm.tokens._prices import dollars


@click.command("adapt", short_help="Try forms and overlays on your cases, and measure the best.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--to", "model", required=True, metavar="MODEL", help="The model to adapt the prompt to.")
@click.option(
    "--cases",
    "cases_file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Your cases: JSON Lines, JSON or YAML.",
)
@click.option(
    "--overlays",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file of overlays to try; those beside FILE belong to the prompt as it is.",
)
@click.option("--renderings", default=",".join(RENDERINGS), show_default=True, help="Forms to try, with commas.")
@click.option("--trials", type=click.IntRange(min=1), default=1, show_default=True, help="Trials per case.")
@click.option(
    "--max-output-tokens", type=click.IntRange(min=1), default=512, show_default=True, help="Limit of each answer."
)
@click.option("--max-usd", type=str, metavar="AMOUNT", help="Send nothing if it could cost more than that.")
@click.option("--max-calls", type=click.IntRange(min=0), help="Stop cleanly after that many calls.")
@click.option("--deadline", type=click.FloatRange(min=0), help="Stop cleanly after that many seconds.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=1, show_default=True, help="Calls in flight.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Run directory; resumed if it exists.")
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the chosen overlay to a new file; an existing one is never overwritten.",
)
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")  # fmt: skip
def command(file: Path, model: str, cases_file: Path, as_json: bool, **options: Any) -> int:
    """Try the forms and overlays of the prompt in FILE on half of your cases; measure the best on the other half.

    Nothing is changed: the result says what is gained, with its interval, and how to have it.
    """
    if options["save"] is not None and options["save"].exists():
        raise ConfigurationError(f"{options['save']} exists, and is not overwritten; give --save another name")
    prompt, endpoint = Prompt.load(file), parse_endpoint(model, load_settings())
    given = _overlays(options["overlays"])
    tried = candidates(prompt, endpoint.label, renderings=_renderings(options["renderings"]), overlays=given)
    adaptation = Adaptation(
        endpoint,
        tried,
        load_cases(cases_file),
        trials=options["trials"],
        max_output_tokens=options["max_output_tokens"],
    )
    _agree(adaptation, options["max_usd"], is_agreed=options["yes"])
    directory = options["out"] or Path("prompt-runs") / f"{file.stem}--{_safe(endpoint.label)}"
    click.echo(f"run directory: {directory}", err=True)
    found = adaptation.run(
        directory,
        Keyring(),
        limits=Limits(max_calls=options["max_calls"], deadline=options["deadline"], concurrency=options["concurrency"]),
        on_progress=ticker() if sys.stderr.isatty() else lines(),
    )
    (directory / "adapt.json").write_text(json.dumps(found.to_json(), indent=1) + "\n", encoding="utf-8")
    if as_json:
        print_json(found.to_json())
    else:
        click.echo(text_of(found))
    _hand_over(found, tried, given, endpoint.label, options["save"])
    return 3 if found.stopped else 0


def _renderings(text: str) -> list[Any]:
    chosen = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in RENDERINGS]
    if unknown or not chosen:
        raise click.UsageError(
            f"--renderings: no form {unknown[0] if unknown else ''!r}; known: {', '.join(RENDERINGS)}"
        )
    return chosen


def _overlays(path: Path | None) -> tuple[Overlay, ...]:
    if path is None:
        return ()
    try:
        return read_overlays(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error


def _agree(adaptation: Adaptation, allowed: str | None, *, is_agreed: bool) -> None:
    """Say what it takes, and go on only if that is allowed."""
    highest = adaptation.highest_cost()
    shown = "cost not known (no price for this model)" if highest is None else f"at most {dollars(highest)}"
    halves = adaptation.halves
    click.echo(
        f"{len(adaptation.candidates)} candidates on {len(halves.choose)} cases, the best and the prompt as it is on "
        f"{len(halves.measure)} more: at most {adaptation.calls} calls, {shown}",
        err=True,
    )
    if allowed is not None:
        _check_money(highest, allowed)
    elif not is_agreed:
        if not sys.stdin.isatty():
            raise ConfigurationError("nothing was sent: say what it may cost with --max-usd, or agree with --yes")
        click.confirm("Send them?", abort=True, err=True)


def _check_money(highest: Decimal | None, allowed: str) -> None:
    try:
        limit = Decimal(allowed)
    except ArithmeticError:
        limit = Decimal("NaN")
    if not limit.is_finite() or limit < 0:
        raise click.UsageError(f"--max-usd {allowed!r} is no amount of dollars")
    if highest is None:
        raise ConfigurationError(
            "nothing was sent: no price is known for this model, so --max-usd cannot be kept; "
            "limit the calls with --max-calls and agree with --yes"
        )
    if highest > limit:
        raise ConfigurationError(
            f"nothing was sent: it could cost {dollars(highest)}, more than --max-usd {allowed}; "
            "give fewer cases, renderings or trials, or lower --max-output-tokens"
        )


def _safe(label: str) -> str:
    return "".join(char if char.isalnum() or char in "._-" else "_" for char in label)


def text_of(found: Adapted) -> str:
    """The result for people."""
    width = max(len(rate.label) for rate in found.rates)
    rows = [
        f"  {rate.label:{width}}  {100 * rate.passed:5.1f} %  of {rate.cases} cases"
        + ("".join(f"  {code} {count}" for code, count in sorted(rate.codes.items())) if rate.codes else "")
        for rate in found.rates
    ]
    head = f"{found.model}, prompt {found.prompt_hash[:12]}: on the half that chooses"
    return "\n".join([head, *rows, _verdict(found)])


def _verdict(found: Adapted) -> str:
    if found.stopped == "unanswered":
        return "too many trials brought no answer: nothing is chosen; the same command asks for them again"
    if found.stopped:
        return f"stopped ({found.stopped}): nothing is chosen; the same command goes on"
    if found.gain is None:
        return "nothing does better than the prompt as it is"
    gain = found.gain
    low, high = 100 * gain.interval.lower, 100 * gain.interval.upper
    measured = (
        f"on the other half ({gain.cases} cases): {gain.label} {100 * gain.chosen:.1f} %, as it is "
        f"{100 * gain.baseline:.1f} %: {100 * gain.difference:+.1f} points, 95 % interval [{low:+.1f}, {high:+.1f}]"
    )
    verdict = "a gain is shown" if gain.is_shown else "no gain is shown: the interval holds 0"
    return f"{measured}\n{verdict}"


def _hand_over(
    found: Adapted, tried: list[Candidate], given: tuple[Overlay, ...], label: str, save: Path | None
) -> None:
    """The overlay that makes the chosen candidate the rule for this model, where it has shown its worth."""
    if found.gain is None or not found.gain.is_shown:
        if save is not None:
            click.echo(f"{save} is not written: no gain is shown", err=True)
        return
    chosen = next(one for one in tried if one.label == found.chosen)
    overlay = next((one for one in given if one.name == chosen.overlay), None)
    text = overlay_text(chosen, overlay, label)
    if save is None:
        click.echo("to have it, put this into the prompt's .overlays.toml:\n\n" + text, err=True)
        return
    with save.open("x", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"written: {save}", err=True)


def overlay_text(chosen: Candidate, overlay: Overlay | None, label: str) -> str:
    """The candidate as an overlay file, for this model alone."""
    name = f"adapted-{chosen.label.replace(' ', '')}"
    rows = ["[[overlay]]", f"name = {_quoted(name)}", f"models = [{_quoted(label.partition('@')[0])}]"]
    if chosen.rendering is not None:
        rows.append(f"rendering = {_quoted(chosen.rendering)}")
    if overlay is not None:
        rows += _overlay_rows(overlay)
    return "\n".join(rows) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's, but for one control character that JSON leaves as it is."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _overlay_rows(overlay: Overlay) -> list[str]:
    rows = [f"remove = [{', '.join(map(_quoted, overlay.remove))}]"] if overlay.remove else []
    if overlay.examples_as is not None:
        rows.append(f"examples_as = {_quoted(overlay.examples_as)}")
    for key in ("replace", "append", "add"):
        texts: dict[str, str] = dict(getattr(overlay, key))
        if texts:
            rows.append(
                f"{key} = {{ {', '.join(f'{_quoted(name)} = {_quoted(text)}' for name, text in texts.items())} }}"
            )
    if overlay.examples is not None:
        shown = [f"{{ input = {_quoted(one.input)}, output = {_quoted(one.output)} }}" for one in overlay.examples]
        rows.append(f"examples = [{', '.join(shown)}]")
    return rows
