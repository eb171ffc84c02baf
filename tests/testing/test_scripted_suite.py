"""The scripted endpoint against the whole conformance suite: known truth over real HTTP, on every wire and lane."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from portable_llm._http import HttpCall
from portable_llm._plan import Plan
from portable_llm.conformance.case import Case
from portable_llm.conformance.endpoints import Endpoint, parse_endpoint
from portable_llm.conformance.judges import Judgement, judge
from portable_llm.conformance.lanes import LaneCall, home_call, norm_call, raw_call
from portable_llm.conformance.readers import READERS
from portable_llm.conformance.templates.suite import AXES, select
from portable_llm.providers._target import load_settings
from portable_llm.testing import (
    CutJson,
    DropParallelCalls,
    DropUsage,
    FakeServer,
    Fault,
    FenceJson,
    FilterWords,
    IgnoreSchema,
    IgnoreStop,
    ProseAroundJson,
    RenameFinishReasons,
    ScriptedEndpoint,
)
from support.endpoints import answers
from support.loopback import connect

CASES = {case.id: case for case in select(AXES, "quick")}
PROVIDERS = ("anthropic", "bedrock", "cohere", "google", "mistral", "ollama", "openai", "openai-responses")
"""One for each wire format."""
NO_STOP = {"openai-responses": {"stop_ignored"}}
"""What is lost by the wire format itself: Responses has no stop sequences."""


BARE = ("bedrock",)
"""What has no field but those that a day-one port renames: nothing is dropped on the way from there."""


def lost_as_told(provider: str) -> set[str]:
    """Codes of the losses of the lane `norm`, which a ledger tells beforehand: a parameter that a format lacks."""
    return NO_STOP.get(provider, set()) | {"param_unavailable"}


EVERY_PROVIDER = pytest.mark.parametrize("provider", PROVIDERS)


ANSWERS = answers("quick")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(ScriptedEndpoint(ANSWERS)) as running:
        yield running


def endpoint(server: FakeServer, provider: str) -> Endpoint:
    return parse_endpoint(f"{provider}:tiny@{server.base_url(provider)}", load_settings())


def judged(
    server: FakeServer,
    case: Case,
    call: HttpCall,
    side: Endpoint,
    plan: Plan[Any] | None = None,
    omitted: Sequence[str] = (),
) -> Judgement:
    """What the suite says about the answer to one lane's call, tool names as the plan restores them."""
    connection = connect(server)
    connection.request(
        call.method, urlsplit(server.base_url(side.wire)).path + call.path, call.body, dict(call.headers)
    )
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    headers = {name.lower(): value for name, value in reply.getheaders()}
    ledger = tuple(dict(entry.to_json()) for entry in plan.adaptations) if plan is not None else ()
    seen = READERS[side.wire](reply.status, headers, body, case.streamed, case.wants_json)
    names = plan.tools.names if plan is not None and plan.tools is not None else {}
    calls = tuple(replace(call, name=names.get(call.name, call.name)) for call in seen.tool_calls)
    facts = {**seen.facts, **({"omitted": list(omitted)} if omitted else {})}
    return judge(replace(seen, tool_calls=calls, ledger=ledger, facts=facts), case)


def failures(found: dict[str, Judgement]) -> dict[str, tuple[str, str]]:
    return {CASES[name].template: (at.code, at.evidence) for name, at in found.items() if at.outcome != "pass"}


@EVERY_PROVIDER
@pytest.mark.parametrize("lane", ["home", "norm"])
def test_a_perfect_endpoint_passes_every_case_that_can_be_sent(server: FakeServer, provider: str, lane: str) -> None:
    side = endpoint(server, provider)
    written = {name: (home_call if lane == "home" else norm_call)(case, side) for name, case in CASES.items()}
    sent = {name: call for name, call in written.items() if isinstance(call, LaneCall)}

    assert len(sent) > 0.8 * len(CASES)
    found = {name: judged(server, CASES[name], made.call, side, made.plan) for name, made in sent.items()}
    told = lost_as_told(provider) if lane == "norm" else set[str]()
    assert {code for code, _ in failures(found).values()} == told, failures(found)


HAND_OVERS = [(a, b) for a in PROVIDERS for b in PROVIDERS if a in ("google", "openai") or b == "openai"]
"""Not all pairs: a port is put together from two halves, and each half is in here."""


@pytest.mark.parametrize(("home", "provider"), HAND_OVERS)
def test_it_answers_the_raw_lane_as_far_as_a_model_could(server: FakeServer, home: str, provider: str) -> None:
    a, b = endpoint(server, home), endpoint(server, provider)
    found: dict[str, Judgement] = {}
    for name, case in CASES.items():
        made = home_call(case, a)
        carried = raw_call(case, made.call, a, b) if isinstance(made, LaneCall) else made
        if isinstance(carried, LaneCall):
            found[name] = judged(server, case, carried.call, b, omitted=carried.omitted)

    lost = NO_STOP.get(provider, set()) if home not in NO_STOP else set[str]()
    # A day-one port renames temperature, top_p and stop; every other parameter is dropped on the way.
    lost = lost | ({"dropped_param"} if home not in (provider, *BARE) else set[str]())
    failed = failures(found)
    images = {template: code for template, (code, _) in failed.items() if template.startswith("wire.w12.")}
    assert {code for name, (code, _) in failed.items() if name not in images} == lost, failed
    # A day-one port carries text and calls; an image is omitted, and listed, where the formats differ.
    assert set(images.values()) == (set() if home == provider else {"wrong_answer"})


@EVERY_PROVIDER
def test_a_hopeless_endpoint_fails_every_case(provider: str) -> None:
    with FakeServer(ScriptedEndpoint(ANSWERS, pass_probability=0.0)) as server:
        side = endpoint(server, provider)
        written: dict[str, Any] = {name: norm_call(case, side) for name, case in CASES.items()}
        sent = {name: call for name, call in written.items() if isinstance(call, LaneCall)}
        found = {name: judged(server, CASES[name], made.call, side) for name, made in sent.items()}

    assert [CASES[name].template for name, at in found.items() if at.outcome != "fail"] == []


def what_fails(provider: str, fault: Fault) -> set[tuple[str, str]]:
    """Axis and reason code of everything that fails at home under that fault."""
    with FakeServer(ScriptedEndpoint(ANSWERS), faults=[fault]) as server:
        side = endpoint(server, provider)
        written: dict[str, Any] = {name: home_call(case, side) for name, case in CASES.items()}
        sent = {name: made for name, made in written.items() if isinstance(made, LaneCall)}
        found = {name: judged(server, CASES[name], made.call, side) for name, made in sent.items()}
    return {(CASES[name].axis, at.code) for name, at in found.items() if at.outcome != "pass"}


@EVERY_PROVIDER
@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (DropParallelCalls(), {("tools", "missing_parallel_call")}),
        (FenceJson(), {("json", "fenced_json"), ("refusal", "fenced_json")}),
        (ProseAroundJson(), {("json", "json_in_prose"), ("refusal", "json_in_prose")}),
        (IgnoreSchema(), {("json", "not_json"), ("refusal", "not_json")}),
        (IgnoreStop(), {("wire", "stop_ignored"), ("sampling", "stop_ignored")}),
        (DropUsage(), {("wire", "usage_missing"), ("tokens", "usage_missing")}),
        (RenameFinishReasons({"stop": "galaxy_brain"}), {("wire", "wrong_finish_reason")}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Fault) else "",
)
def test_the_suite_finds_a_fault_on_its_axis_with_its_reason(provider: str, fault: Fault, seen: set[Any]) -> None:
    assert what_fails(provider, fault) == {(axis, code) for axis, code in seen if code not in NO_STOP.get(provider, ())}


@EVERY_PROVIDER
def test_the_suite_finds_json_that_breaks_off_in_text_and_arguments(provider: str) -> None:
    # A wire format that carries arguments as an object cannot show cut ones: some of them are missing instead.
    code = "arguments_invalid" if provider in ("google", "ollama") else "arguments_not_json"
    # Where no call can be forced, the calls of the axis `wire` are no question at home.
    axes = ("tools",) if provider == "ollama" else ("tools", "wire")

    found = {("json", "truncated_json"), ("refusal", "truncated_json"), ("refusal", code)}
    assert what_fails(provider, CutJson()) == found | {(axis, code) for axis in axes}


@EVERY_PROVIDER
def test_a_filter_of_words_is_over_refusal_and_shows_on_no_other_axis(provider: str) -> None:
    # Ollama's format has no word for a filter: what it stops is an empty answer.
    code = "empty" if provider == "ollama" else "over_refused"

    assert what_fails(provider, FilterWords()) == {("refusal", code)}
