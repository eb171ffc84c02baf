"""Adapting a prompt: a planted improvement is found, luck is not, and nothing is spent or written unasked."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm._errors import ConfigurationError
from portable_llm._request import Request
from portable_llm.cli.prompt.adapt import overlay_text, text_of
from portable_llm.conformance.adapt import Adaptation, Adapted, Candidate, candidates, gain_interval, split
from portable_llm.conformance.adapt_cases import UserCase, load_cases
from portable_llm.conformance.endpoints import parse_endpoint
from portable_llm.conformance.runner import Limits
from portable_llm.prompt import Overlay, Prompt
from portable_llm.prompt._overlay import read_overlays
from portable_llm.providers._target import Keyring, load_settings
from portable_llm.testing import FakeServer, Reply, Status, answer
from portable_llm.testing.fault import draw

PROMPT = Prompt.parse(
    "# Task\n\nSay which department the ticket belongs to, in one word.\n\n# Data\n\n{ticket}\n", name="route"
)
HINT = Overlay(name="hint", models=("openai:*",), append={"task": "Think of the sender first."})


def cases(count: int) -> list[UserCase]:
    """Tickets whose department stands in them, so that the responder knows the answer."""
    contract = {"judge": "instruct.text", "checks": [{"check": "answer", "any_of": ["billing"]}]}
    return [
        UserCase(id=f"t{number}", variables={"ticket": f"ticket {number}"}, contract=contract)
        for number in range(count)
    ]


@contextmanager
def model(chances: Any) -> Iterator[FakeServer]:
    """An endpoint that is right with a chance that depends on how the prompt is written; draws are fixed."""

    def respond(request: Request[Any], _received: Any) -> Any:
        text = "\n".join(message.text for message in request.messages)
        is_right = draw(5, "adapt", text, 0) < chances(text)
        return answer("billing" if is_right else "shipping")

    with FakeServer(respond) as server:
        yield server


def adapt(
    server: FakeServer, directory: Path, *, count: int = 120, overlays: tuple[Overlay, ...] = (), **options: Any
) -> Adapted:
    endpoint = parse_endpoint(f"openai:tiny@{server.base_url('openai')}", load_settings(environ={}))
    tried = candidates(PROMPT, endpoint.label, overlays=overlays)
    limits = Limits(concurrency=4, max_calls=options.pop("max_calls", None))
    return Adaptation(endpoint, tried, cases(count), **options).run(directory, Keyring(), limits=limits)


def test_a_planted_improvement_is_found_and_measured_on_cases_that_did_not_choose_it(tmp_path: Path) -> None:
    with model(lambda text: 0.9 if "<task>" in text else 0.5) as server:
        found = adapt(server, tmp_path)

    assert found.chosen == "xml"
    assert found.gain is not None
    assert found.gain.is_shown
    assert found.gain.interval.lower <= 0.4 <= found.gain.interval.upper
    assert found.gain.cases == 60


def test_an_overlay_can_be_what_helps(tmp_path: Path) -> None:
    with model(lambda text: 0.9 if "sender first" in text else 0.4) as server:
        found = adapt(server, tmp_path, overlays=(HINT,))

    assert found.chosen.endswith("× hint")
    assert found.gain is not None
    assert found.gain.is_shown


@pytest.mark.parametrize("chance", [0.3, 0.6, 0.9])
def test_where_all_forms_are_alike_no_gain_is_shown(chance: float, tmp_path: Path) -> None:
    """One of the forms has luck on the half that chooses; on the other half the interval holds 0."""
    with model(lambda text: chance) as server:
        found = adapt(server, tmp_path)

    assert found.gain is None or found.gain.interval.lower <= 0 <= found.gain.interval.upper


def test_where_nothing_does_better_the_prompt_stays_and_the_other_half_is_not_asked(tmp_path: Path) -> None:
    with model(lambda text: 1.0) as server:
        found = adapt(server, tmp_path, count=8)
        asked = len(server.requests)

    assert (found.chosen, found.gain) == ("as it is", None)
    assert asked == 5 * 4
    assert "nothing does better" in text_of(found)


def test_an_interrupted_run_is_taken_up_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    with model(lambda text: 0.9 if "<task>" in text else 0.5) as server:
        first = adapt(server, tmp_path / "a", count=24, max_calls=20)
        again = adapt(server, tmp_path / "a", count=24)
        made = len(server.requests)
        whole = adapt(server, tmp_path / "b", count=24)

    assert (first.stopped, first.gain, first.chosen) == ("max_calls", None, "as it is")
    assert again.to_json() == whole.to_json()
    assert made == len(server.requests) // 2


def test_where_answers_are_missing_nothing_is_chosen_and_the_same_run_asks_again(tmp_path: Path) -> None:
    """An endpoint that fails on some forms: what was not heard is no evidence, for or against."""
    is_down = [True]

    def respond(request: Request[Any], _received: Any) -> Any:
        text = "\n".join(message.text for message in request.messages)
        if is_down[0] and "<task>" in text and draw(5, "down", text, 0) < 0.3:
            return Reply(response=answer("billing"), faults=(Status(401),))
        return answer("billing" if "<task>" in text else "shipping")

    with FakeServer(respond) as server:
        first = adapt(server, tmp_path, count=40)
        is_down[0] = False
        again = adapt(server, tmp_path, count=40)

    assert (first.stopped, first.chosen, first.gain) == ("unanswered", "as it is", None)
    assert "nothing is chosen" in text_of(first)
    assert (again.stopped, again.chosen) == (None, "xml")


def test_another_adaptation_does_not_get_into_the_same_directory(tmp_path: Path) -> None:
    with model(lambda text: 1.0) as server:
        adapt(server, tmp_path, count=8)
        with pytest.raises(ConfigurationError, match="holds another run"):
            adapt(server, tmp_path, count=10)


def test_what_it_takes_is_known_before() -> None:
    endpoint = parse_endpoint("openai:gpt-4o-mini", load_settings(environ={}))
    adaptation = Adaptation(endpoint, candidates(PROMPT, endpoint.label), cases(20), trials=2, max_output_tokens=8)

    highest = adaptation.highest_cost()

    assert adaptation.calls == 2 * (5 * 10 + 2 * 10)
    assert highest is not None
    assert 0 < highest < 0.05
    dearer = Adaptation(endpoint, candidates(PROMPT, endpoint.label), cases(20), trials=2, max_output_tokens=800)
    assert (dearer.highest_cost() or 0) > highest


def test_an_unknown_price_is_no_price() -> None:
    endpoint = parse_endpoint("openai:no-such-model", load_settings(environ={}))

    assert Adaptation(endpoint, candidates(PROMPT, endpoint.label), cases(8)).highest_cost() is None


@given(numbers=st.sets(st.integers(0, 10_000), min_size=8, max_size=60))
def test_the_halves_part_the_cases_whatever_their_order(numbers: set[int]) -> None:
    some = [replace(cases(1)[0], id=f"c{number}") for number in sorted(numbers)]

    halves, turned = split(some), split(some[::-1])

    assert halves == turned
    ids = [case.id for case in (*halves.choose, *halves.measure)]
    assert sorted(ids) == sorted(case.id for case in some)
    assert 0 <= len(halves.choose) - len(halves.measure) <= 1


def test_too_few_cases_say_nothing() -> None:
    with pytest.raises(ConfigurationError, match="7 cases are too few"):
        split(cases(7))


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])), min_size=2, max_size=80))
def test_the_interval_holds_the_difference_that_was_seen(pairs: list[tuple[float, float]]) -> None:
    interval = gain_interval(pairs)
    seen = sum(b - a for a, b in pairs) / len(pairs)

    assert -1 <= interval.lower <= seen + 1e-9
    assert seen - 1e-9 <= interval.upper <= 1


class TestCases:
    def test_a_file_may_be_lines_a_list_or_yaml(self, tmp_path: Path) -> None:
        item = {"id": "a", "variables": {"ticket": "x"}, "answer": "billing"}
        (tmp_path / "c.jsonl").write_text(json.dumps(item) + "\n\n")
        (tmp_path / "c.json").write_text(json.dumps([item]))
        (tmp_path / "c.yaml").write_text("- id: a\n  variables: {ticket: x}\n  answer: billing\n")

        one, two, three = (load_cases(tmp_path / name) for name in ("c.jsonl", "c.json", "c.yaml"))

        assert one == two == three
        assert one[0].contract["checks"] == [{"check": "answer", "any_of": ["billing"]}]

    @pytest.mark.parametrize(
        ("item", "said"),
        [
            ({"variables": {}}, "says what is right by nothing"),
            ({"answer": "a", "holds": ["b"]}, "give one of"),
            ({"answer": "a", "anwser": "b"}, "unknown member 'anwser'"),
            ({"checks": [{"check": "magic"}]}, "no check"),
            (3, "is no object"),
        ],
    )
    def test_what_cannot_be_meant_is_named(self, item: object, said: str, tmp_path: Path) -> None:
        (tmp_path / "c.jsonl").write_text(json.dumps(item))

        with pytest.raises(ConfigurationError, match=said):
            load_cases(tmp_path / "c.jsonl")

    def test_two_cases_of_one_id_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "c.jsonl").write_text('{"id": "a", "answer": "x"}\n{"id": "a", "answer": "y"}')

        with pytest.raises(ConfigurationError, match="two cases have the id 'a'"):
            load_cases(tmp_path / "c.jsonl")


def test_the_overlay_that_is_handed_over_is_read_back_as_it_was() -> None:
    hint = replace(HINT, replace={"data": 'A "quote"\n\\ and \x7f'}, remove=("role",))
    chosen = Candidate(label="xml × hint", prompt=PROMPT, rendering="xml", overlay="hint")

    text = overlay_text(chosen, hint, "openai:m@http://localhost:1/v1")

    (read,) = read_overlays(text, "x")
    assert read == replace(hint, name="adapted-xml×hint", models=("openai:m",), rendering="xml")
    assert tomllib.loads(text)["overlay"][0]["models"] == ["openai:m"]
