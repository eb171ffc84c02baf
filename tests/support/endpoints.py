"""Scripted endpoints for whole comparisons: known truth over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from portable_llm.conformance import scripted_answers
from portable_llm.conformance.comparison import compare, execute
from portable_llm.conformance.runner import Limits, Progress
from portable_llm.providers._target import Keyring, load_settings
from portable_llm.testing import FakeServer, Fault, ScriptedAnswer, ScriptedEndpoint


@cache
def answers(depth: str = "standard") -> dict[str, ScriptedAnswer]:
    """All cases of a depth (`standard` holds those of the lower ones), made once."""
    return scripted_answers(depth=depth)


def scripted_server(
    *faults: Fault, passes: float | dict[str, float] = 1.0, seed: int = 0, depth: str = "standard"
) -> FakeServer:
    """A server that answers the suite, with a pass probability and faults."""
    endpoint = ScriptedEndpoint(answers(depth), pass_probability=passes, seed=seed)
    return FakeServer(endpoint, faults=faults)


def name_of(server: FakeServer, provider: str = "openai") -> str:
    """The endpoint string of a running server."""
    return f"{provider}:tiny@{server.base_url(provider)}"


def run_comparison(
    a: str,
    b: str | None,
    directory: Path,
    *,
    axes: Sequence[str] = ("tools", "json"),
    concurrency: int = 4,
    **options: Any,
) -> tuple[dict[str, Any], Progress]:
    """Run a comparison to its end and give the decoded report."""
    limits = Limits(concurrency=concurrency, max_calls=options.pop("max_calls", None))
    comparison = compare(a, b, settings=load_settings(environ={}), axes=axes, **options)
    progress, report = execute(comparison, directory, keys=Keyring(), limits=limits)
    return json.loads(report), progress
