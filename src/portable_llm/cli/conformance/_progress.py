"""How far a run is: one line that counts on a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable

import click

from portable_llm.conformance.runner import Progress


def ticker() -> Callable[[Progress], None]:
    """One line that counts, for terminals."""

    def show(progress: Progress) -> None:
        left = progress.seconds_left
        pace = "" if left is None else f", about {_duration(left)} left"
        failed = f", {progress.failed} without an answer" if progress.failed else ""
        end = "\n" if progress.done == progress.total else ""
        click.echo(f"\r\033[K  {progress.done}/{progress.total} exchanges{pace}{failed}{end}", nl=False, err=True)

    return show


def lines(every: float = 10.0) -> Callable[[Progress], None]:
    """A line now and then, for logs."""
    last = [time.monotonic()]

    def show(progress: Progress) -> None:
        if progress.done == progress.total or time.monotonic() - last[0] >= every:
            last[0] = time.monotonic()
            click.echo(f"  {progress.done}/{progress.total} exchanges", err=True)

    return show


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
