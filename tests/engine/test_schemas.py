"""Lowered schemas on a real engine: it takes every one, and its answers hold what the ledger does not give up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from engine import OUTPUT_TOKENS, Engine, is_installed
from portable_llm import Client, ProviderError, Request, Response, Sampling, UnsupportedSchemaError, user
from portable_llm.schema import Lowered, lower
from support.real_schemas import FOLDER, errors_of, is_foreseen, records

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(not FOLDER.exists(), reason="needs ../shared/data/schemas"),
]

SAMPLE = 300
SHORT_SAMPLE = 60
"""What the shard `engine` runs; `models` runs the whole sample."""

IN_FLIGHT = 4
AT = "/output/schema"
QUESTION = "Write one short example as JSON."
NO_LOOPS = {"repeat_penalty": 1.25, "repeat_last_n": OUTPUT_TOKENS}
"""So small a model repeats itself until the limit cuts it (a third of the answers without this); the grammar is what
is on trial here, not the model."""
TO_AN_END = {**NO_LOOPS, "logit_bias": [[",", -6], ["}", 4], ["]", 4], ['"', 4]]}
"""For a second try where the first was cut: it favours what ends a list or a string."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A real schema that can be lowered."""

    record: dict[str, Any]
    lowered: Lowered


def sample(size: int) -> tuple[list[Case], int]:
    """The first `size` that can be lowered, and how many on the way there could not."""
    cases: list[Case] = []
    refused = 0
    for record in records():
        if len(cases) == size:
            break
        try:
            cases.append(Case(record=record, lowered=lower(record["schema"], "llama-cpp", at=AT)))
        except UnsupportedSchemaError:
            refused += 1
    return cases, refused


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    if not is_installed():
        pytest.skip("the local engine is not installed: scripts/install --engine")
    with Engine(slots=IN_FLIGHT) as engine:
        yield engine


def verdict(client: Client, model: str, case: Case) -> str:
    """What became of one schema; all but `valid`, `foreseen` and `cut` are faults of ours."""
    try:
        answer = asked(client, model, case, NO_LOOPS)
        if answer.finish_reason == "length":
            answer = asked(client, model, case, TO_AN_END)
    except ProviderError as error:
        return f"refused by the engine: {error}"
    if answer.finish_reason != "stop":
        return "cut" if answer.finish_reason == "length" else f"ended by {answer.finish_reason}"
    return held(case, answer.text)


def asked(client: Client, model: str, case: Case, settings: dict[str, Any]) -> Response[None]:
    """The schema goes out as it was lowered, by `extra`, so that nothing between here and the engine touches it."""
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": case.lowered.schema}}
    request = Request(
        model=model,
        messages=[user(QUESTION)],
        sampling=Sampling(temperature=0.0, seed=1),
        max_output_tokens=OUTPUT_TOKENS,
        extra={"response_format": wanted, **settings},
    )
    return client.chat(request)


def held(case: Case, text: str) -> str:
    """Whether the answer, restored, is valid under the original, or the ledger foresaw each error."""
    try:
        reply = json.loads(text)
    except ValueError:
        return f"no JSON: {text[:200]}"
    value = case.lowered.restore(reply)
    errors = errors_of(case.record, value)
    schema, adaptations = case.record["schema"], case.lowered.adaptations
    silent = [error for error in errors if not is_foreseen(error, schema, adaptations, AT)]
    if silent:
        places = [f"{'/'.join(map(str, error.absolute_schema_path))}: {error.message[:200]}" for error in silent]
        return f"silent: {'; '.join(places)}"
    return "foreseen" if errors else "valid"


def held_by_engine(engine: Engine, size: int) -> dict[str, str]:
    """Name of schema → verdict; prints the counts, which the documentation quotes."""
    cases, refused = sample(size)
    with Client() as client, ThreadPoolExecutor(IN_FLIGHT) as pool:
        model = f"compatible:{engine.model}@{engine.url}"
        verdicts = list(pool.map(lambda case: verdict(client, model, case), cases))
    counts = Counter(each.partition(":")[0] for each in verdicts)
    print(f"\n{len(cases)} schemas ({refused} could not be lowered): {dict(counts)}")
    return {case.record["id"]: each for case, each in zip(cases, verdicts, strict=True)}


def assert_held(verdicts: dict[str, str]) -> None:
    faults = {name: each for name, each in verdicts.items() if each not in ("valid", "foreseen", "cut")}
    assert not faults, json.dumps(faults, indent=1)
    judged = sum(each != "cut" for each in verdicts.values())
    assert judged >= 0.9 * len(verdicts)


@pytest.mark.timeout(300)
def test_real_schemas_are_taken_and_held(engine):
    assert_held(held_by_engine(engine, SHORT_SAMPLE))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_three_hundred_real_schemas_are_taken_and_held(engine):
    assert_held(held_by_engine(engine, SAMPLE))
