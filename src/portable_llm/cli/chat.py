"""`portable-llm chat`: one answer in the terminal, with everything the provider did not honour."""

from __future__ import annotations

from typing import Any

import click

from portable_llm._adaptation import SEVERITIES, Adaptation
from portable_llm._client import Client
from portable_llm._request import Request
from portable_llm._response import Invalid, Parsed, Refusal, Refused, Response
from portable_llm.cli._shared import build_request, print_json, read_prompt, request_options
from portable_llm.refusal import RefusalOptions


@click.command("chat", short_help="Ask a model once.")
@click.argument("model")
@click.argument("prompt", required=False)
@request_options
@click.option("--stream/--no-stream", default=True, help="Show the text as it comes.")
@click.option("--on-loss", type=click.Choice(["advisory", "checked", "lost", "changed", "never"]), default="changed",
              show_default=True, help="Refuse the request from this severity up.")  # fmt: skip
@click.option(
    "--on-refusal",
    type=click.Choice(["return", "raise", "fallback"]),
    help="A refusal is printed (return, the default), an error, or the reason to ask --fallback.",
)
@click.option("--fallback", multiple=True, metavar="MODEL", help="Ask it where one declines; may be repeated.")
@click.option(
    "--soft-refusals",
    type=click.Choice(["never", "output", "always"]),
    help="Which texts are read for a refusal in plain words: by default those in the place of a value.",
)
@click.option(
    "--clarification",
    metavar="TEXT",
    help="Harmless context, said once to a model that declined in words; waits for the whole answer.",
)
@click.option("--max-cost", metavar="DOLLARS", help="Refuse a request that could cost more.")
@click.option("--max-input-tokens", type=click.IntRange(min=0), help="Refuse a request that could be longer.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole response as JSON.")
def command(
    model: str,
    prompt: str | None,
    stream: bool,
    on_loss: Any,
    on_refusal: Any,
    fallback: tuple[str, ...],
    soft_refusals: Any,
    clarification: str | None,
    max_cost: str | None,
    max_input_tokens: int | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Ask MODEL (provider:model, provider:model@base_url or an alias) and print its answer.

    Without PROMPT, or with -, the prompt is read from standard input. An answer that is refused or not the value asked
    for exits with 6, also where it is an error by --on-refusal raise; so does a refusal by every --fallback.
    """
    asked = build_request(model, read_prompt(prompt), **options)
    refusals = _refusal_options(on_refusal, fallback, soft_refusals, clarification)
    # Words that have gone out cannot be asked for again: with a clarification the answer is awaited.
    shown = stream and not as_json and clarification is None
    with Client(on_loss=on_loss, max_cost=max_cost, max_input_tokens=max_input_tokens, **refusals) as client:
        response = _streamed(client, asked) if shown else client.chat(asked)
    if as_json:
        print_json(response_to_json(response))
    else:
        _print_rest(response, is_text_shown=shown)
    return 0 if isinstance(response.outcome, Parsed) or not isinstance(response.outcome, (Invalid, Refused)) else 6


def _refusal_options(
    on_refusal: Any, fallback: tuple[str, ...], soft_refusals: Any, clarification: str | None
) -> RefusalOptions:
    """What was said about refusals; the client's own defaults hold for the rest."""
    options = RefusalOptions()
    if on_refusal is not None:
        options["on_refusal"] = on_refusal
    if fallback:
        options["fallback"] = fallback
    if soft_refusals is not None:
        options["soft_refusals"] = soft_refusals
    if clarification is not None:
        options["clarification"] = clarification
    return options


def _streamed(client: Client, asked: Request[Any]) -> Response[Any]:
    with client.stream(asked) as stream:
        for piece in stream.texts():
            click.echo(piece, nl=False)
        return stream.finish()


def _print_rest(response: Response[Any], *, is_text_shown: bool) -> None:
    """Below the text: calls, and on standard error what a reader has to know about the answer."""
    click.echo("" if is_text_shown else response.text)
    for call in response.tool_calls:
        click.echo(f"→ {call.name}({call.raw_arguments})")
    if isinstance(response.outcome, Invalid):
        click.echo("invalid: " + "; ".join(response.outcome.errors), err=True)
    for declined in response.declined:
        click.echo(f"declined: {declined.provider}: {declined.model} ({_reason(declined.refusal)})", err=True)
    if response.refusal is not None:
        click.echo(f"refused ({response.refusal.kind}): {', '.join(response.refusal.evidence)}", err=True)
    usage = response.usage
    tokens = f"{_count(usage.input_tokens)} tokens in, {_count(usage.output_tokens)} out"
    click.echo(f"[{response.provider}: {response.model}; {response.finish_reason}; {tokens}]", err=True)
    for entry in told(response.adaptations):
        click.echo(f"  {entry}", err=True)


def _reason(refusal: Refusal | None) -> str:
    return "no reason" if refusal is None else f"{refusal.kind}, {refusal.category}"


def told(adaptations: tuple[Adaptation, ...]) -> list[Adaptation]:
    """The entries worth a line in the terminal: all that are not `exact`, gravest first."""
    grave = [entry for entry in adaptations if entry.severity != "exact"]
    return sorted(grave, key=lambda entry: -SEVERITIES.index(entry.severity))


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else str(tokens)


def response_to_json(response: Response[Any]) -> dict[str, Any]:
    """The response for machines: text, calls, outcome, usage, ledger; never credentials."""
    outcome = response.outcome
    usage = response.usage
    return {
        "provider": response.provider,
        "model": response.model,
        "id": response.id,
        "text": response.text,
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments, "raw_arguments": call.raw_arguments}
            for call in response.tool_calls
        ],
        "outcome": type(outcome).__name__.lower(),
        "value": outcome.value if isinstance(outcome, Parsed) else None,
        "errors": list(outcome.errors) if isinstance(outcome, Invalid) else [],
        "repairs": [repair.to_json() for repair in response.repairs],
        "finish_reason": response.finish_reason,
        "raw_finish_reason": response.raw_finish_reason,
        "refusal": None if response.refusal is None else refusal_to_json(response.refusal),
        "declined": [
            {
                "provider": one.provider,
                "model": one.model,
                "refusal": None if one.refusal is None else refusal_to_json(one.refusal),
            }
            for one in response.declined
        ],
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_read_input_tokens": usage.cache_read_input_tokens,
            "cache_creation_input_tokens": usage.cache_creation_input_tokens,
            "reasoning_output_tokens": usage.reasoning_output_tokens,
        },
        "logprobs": None if response.logprobs is None else [token.to_json() for token in response.logprobs],
        "adaptations": [entry.to_json() for entry in response.adaptations],
        "attempts": len(response.attempts),
        "prompt_hash": response.prompt_hash,
    }  # fmt: skip


def refusal_to_json(refusal: Refusal) -> dict[str, Any]:
    """A refusal for machines."""
    return {
        "kind": refusal.kind,
        "source": refusal.source,
        "category": refusal.category,
        "raw_category": refusal.raw_category,
        "text": refusal.text,
        "evidence": list(refusal.evidence),
        "probability": refusal.probability,
        "is_partial": refusal.is_partial,
        "is_retryable": refusal.is_retryable,
        "is_billed": refusal.is_billed,
        "is_withdrawn": refusal.is_withdrawn,
    }
