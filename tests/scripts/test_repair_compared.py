"""The page of measurements is what the stored results say, and it says plainly what was missed."""

from __future__ import annotations

import repair_compared


def test_the_committed_page_is_up_to_date():
    assert repair_compared.PAGE.read_text(encoding="utf-8") == repair_compared.page(), "run scripts/repair_compared.py"


def test_each_goal_is_said_to_be_met_or_missed():
    goals = list(repair_compared.goals(repair_compared.stored("repair_speed")))
    page = repair_compared.page()

    assert len(goals) == 7
    for goal, measured, met in goals:
        assert f"| {goal} | {measured} | {'met' if met else '**missed**'} |" in page


def test_a_missed_goal_is_seen():
    speed = repair_compared.stored("repair_speed")
    slow = {**speed, "broken": [{**row, repair_compared.OURS: 900.0} for row in speed["broken"]]}

    assert ("broken text of 2 kB: at most 0.5 ms in the median", "0.90 ms", False) in list(repair_compared.goals(slow))
