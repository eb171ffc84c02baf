"""The benchmark of validation runs; what it measures is for people and not for tests."""

from __future__ import annotations

import validation


def test_every_way_is_measured_on_every_answer() -> None:
    figures = validation.measure([], rounds=1)

    assert {len(times) for times in figures.values()} == {len(validation.BUILT_IN)}
    assert len(figures) == 5
