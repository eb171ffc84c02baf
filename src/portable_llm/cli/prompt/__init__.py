"""`portable-llm prompt`: what can be done with a prompt file; one module per command, discovered like the commands."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import click


def _commands() -> dict[str, click.Command]:
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            found[module.name] = importlib.import_module(f"{__name__}.{module.name}").command
    return found


command = click.Group("prompt", commands=_commands(), short_help="Show and check portable prompts.",
                      help="Portable prompts: Markdown files with named sections.")  # fmt: skip
