"""Figures are rounded once, and nothing that is not a figure slips into a report."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.conformance.figures import figure, object_form, report_form
from portable_llm.conformance.statistics import Interval


@given(st.floats(-1e6, 1e6))
def test_a_stored_figure_reads_back_and_is_stored_the_same_again(value: float):
    stored = figure(value)

    assert stored == pytest.approx(value, abs=5e-7)
    assert figure(json.loads(json.dumps(stored))) == stored
    assert math.copysign(1, stored) == 1 or stored < 0, "no -0.0"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_a_number_is_not_reported(value: float):
    with pytest.raises(ValueError, match="must be finite"):
        figure(value)


def test_values_become_objects_with_sorted_keys():
    assert report_form({"b": Interval(lower=1 / 3, upper=1.0), "a": (None, True, 1)}) == {
        "a": [None, True, 1],
        "b": {"lower": 0.333333, "upper": 1.0},
    }
    assert list(object_form({"b": 1, "a": 2})) == ["a", "b"]


def test_other_values_are_refused():
    with pytest.raises(TypeError, match="set has no report form"):
        report_form({1})
    with pytest.raises(TypeError, match="tuple is not stored as an object"):
        object_form((1,))
