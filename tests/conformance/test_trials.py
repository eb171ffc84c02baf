"""The row everything is computed from: what it accepts and how it is stored."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import case

from portable_llm.conformance.trials import Trial, unique

WORDS = st.text(max_size=8)


@st.composite
def any_trial(draw: st.DrawFn) -> Trial:
    lane = draw(st.sampled_from(["home", "raw", "norm", "tuned"]))
    return Trial(
        axis=draw(WORDS),
        family=draw(WORDS),
        template=draw(WORDS),
        case=draw(WORDS),
        tier=draw(st.sampled_from(["must", "should"])),
        arm="a" if lane == "home" else "b",
        lane=lane,
        index=draw(st.integers(min_value=0, max_value=99)),
        outcome=draw(st.sampled_from(["pass", "fail", "unsupported", "infra", "invalid_case"])),
        code=draw(st.none() | WORDS),
        rejected=draw(st.booleans()),
    )


@given(any_trial())
def test_json_form_reads_back_as_the_same_trial(trial: Trial):
    assert Trial.from_json(json.loads(json.dumps(trial.to_json()))) == trial


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"outcome": "passed"}, "outcome"),
        ({"lane": "home"}, "arm 'a'"),
        ({"index": -1}, "index"),
        ({"index": True}, "index"),
        ({"rejected": "no"}, "rejected"),
        ({"axis": None}, "axis"),
        ({"score": 1}, "unknown members: score"),
    ],
)
def test_a_row_that_is_no_trial_is_refused_by_name(change: dict[str, object], named: str):
    row = case("", "P")[0].to_json() | change

    with pytest.raises(ValueError, match=named):
        Trial.from_json(row)


def test_a_missing_member_is_named():
    row = {name: value for name, value in case("P")[0].to_json().items() if name != "template"}

    with pytest.raises(ValueError, match="lacks members: template"):
        Trial.from_json(row)


def test_a_trial_counted_twice_is_an_error():
    with pytest.raises(ValueError, match="may be counted once"):
        unique([*case("P"), *case("P")])
