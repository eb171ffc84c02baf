"""Scripted endpoints for whole comparisons: known truth over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from portable_llm import Sampling
from portable_llm.conformance.bridge import portable_request
from portable_llm.conformance.case import Case, oracle
from portable_llm.conformance.comparison import compare, execute
from portable_llm.conformance.runner import Limits, Progress
from portable_llm.conformance.templates.suite import AXES, select
from portable_llm.providers._target import Keyring, load_settings
from portable_llm.testing import FakeServer, Fault, ScriptedAnswer, ScriptedEndpoint, answer


def scripted_answer(case: Case) -> ScriptedAnswer:
    """A case of the suite as a scripted endpoint wants to know it."""
    right = oracle(case)
    return ScriptedAnswer(
        request=portable_request(case, "any", Sampling()),
        text=right.text,
        uncut=right.uncut,
        tool_calls=answer(tool_calls=right.tool_calls).tool_calls,
        finish_reason=right.finish,  # type: ignore[arg-type]
        is_stream=case.streamed,
    )


@cache
def scripted_answers(depth: str = "standard") -> dict[str, ScriptedAnswer]:
    """All cases of a depth (`standard` holds those of the lower ones)."""
    return {case.id: scripted_answer(case) for case in select(AXES, depth)}


def scripted_server(
    *faults: Fault, passes: float | dict[str, float] = 1.0, seed: int = 0, depth: str = "standard"
) -> FakeServer:
    """A server that answers the suite, with a pass probability and faults."""
    endpoint = ScriptedEndpoint(scripted_answers(depth), pass_probability=passes, seed=seed)
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
