"""What the commands about prompts share: values given as `name=value`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from portable_llm._errors import PromptError, PromptVariableError
from portable_llm.prompt import Prompt

MAX_VALUE = 1 << 24
"""Bytes of a file that is the value of a variable."""


def read_values(prompt: Prompt, given: Sequence[str]) -> dict[str, object]:
    """The values of the options `--var name=value` and `--var name=@file`; raises for one that the prompt lacks."""
    values: dict[str, object] = {}
    for option in given:
        name, is_given, text = option.partition("=")
        if not is_given:
            raise click.UsageError(f"--var {option!r}: write name=value, or name=@file")
        variable = prompt.variables.get(name)
        if variable is None:
            known = ", ".join(sorted(prompt.variables)) or "it has none"
            raise PromptVariableError(
                f"the prompt uses no variable {name!r}; its variables: {known}", name=name, problem="unused"
            )
        values[name] = variable.read(name, _text_of(text) if text.startswith("@") else text)
    return values


def _text_of(reference: str) -> str:
    path = Path(reference[1:])
    try:
        if path.stat().st_size > MAX_VALUE:
            raise PromptError(f"{path}: over {MAX_VALUE} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise PromptError(f"{path}: {error.strerror or error}; check the path") from error
    except UnicodeDecodeError as error:
        raise PromptError(f"{path}: no UTF-8 text ({error.reason} at byte {error.start})") from error
