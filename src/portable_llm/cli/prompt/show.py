"""`portable-llm prompt show`: a prompt as a model would get it; nothing is sent."""

from __future__ import annotations

from typing import Any

import click

from portable_llm._client import Client
from portable_llm._messages import Message
from portable_llm._request import PromptRef
from portable_llm.cli._shared import print_json
from portable_llm.cli.prompt._shared import read_values
from portable_llm.prompt import RENDERINGS, Prompt, Rendering
from portable_llm.prompt._use import TargetPrompt


@click.command("show", short_help="Render a prompt, as a model would get it.")
@click.argument("file", type=click.Path())
@click.option("-m", "--model", metavar="MODEL", help="As this model gets it: its overlays, its form, its roles.")
@click.option("-r", "--rendering", type=click.Choice(RENDERINGS), help="In this form, whatever the model prefers.")
@click.option("-v", "--var", "values", multiple=True, metavar="NAME=VALUE",
              help="Value of a variable; NAME=@FILE reads a file. May be repeated.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print messages, version and ledger as JSON.")
def command(file: str, model: str | None, rendering: Rendering | None, values: tuple[str, ...], as_json: bool) -> int:
    """Show the prompt in FILE with these values, without sending anything.

    Without --model it is written in the neutral form, as the library has it before it knows a target.
    """
    prompt = Prompt.load(file)
    given = read_values(prompt, values)
    if model is None:
        _show(prompt.messages_with(given, rendering), prompt.ref, [], as_json)
        return 0
    with Client() as client:
        plan = client.plan(prompt.request(model, rendering=rendering, variables=given))
    ledger = [entry for entry in plan.adaptations if entry.axis == "prompt"]
    assert isinstance(plan.prompt, TargetPrompt), "what was just made was not changed"
    _show(plan.prompt.messages, plan.prompt, ledger, as_json)
    return 0


def _show(messages: tuple[Message, ...], ref: PromptRef, ledger: list[Any], as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "prompt": ref.to_json(),
                "messages": [{"role": message.role, "text": message.text} for message in messages],
                "adaptations": [entry.to_json() for entry in ledger],
            }
        )
        return
    click.echo("\n\n".join(f"[{message.role}]\n{message.text}" for message in messages))
    click.echo(f"[{ref}]", err=True)
    for entry in ledger:
        click.echo(f"  {entry}", err=True)
