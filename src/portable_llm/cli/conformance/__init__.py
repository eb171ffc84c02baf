"""`portable-llm conformance`: measure what a switch would cost, before switching.

One module per command, discovered.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

import click

_FIRST = ("plan", "run", "baseline", "report", "gate", "verify")
"""The order in which they are needed; commands without a place here follow by name."""


@click.group("conformance", short_help="Measure what a switch of endpoints would cost.")
def command() -> None:
    """Compare two endpoints on contract cases, and say what of A's behaviour B keeps.

    An endpoint is provider:model, provider:model@base_url, or an alias.
    """


def _order(name: str) -> tuple[int, str]:
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST), name)


for _name in sorted((module.name for module in pkgutil.iter_modules(__path__)), key=_order):
    if not _name.startswith("_"):
        command.add_command(import_module(f"{__name__}.{_name}").command)
