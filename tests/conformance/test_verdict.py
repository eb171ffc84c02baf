"""When the suite says PORTABLE, NOT PORTABLE, INCONCLUSIVE or INCOMPLETE."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import case, templates

from portable_llm.conformance.score import score
from portable_llm.conformance.statistics import clopper_pearson
from portable_llm.conformance.trials import Trial
from portable_llm.conformance.verdict import DEPTHS, Depth, Verdict, headline, judge_score


def judged(trials: list[Trial], depth: Depth = "standard", **options: object) -> Verdict:
    weights = options.pop("weights", None)
    return judge_score(score(trials, weights=weights), depth=depth, **options)  # type: ignore[arg-type]


def both_axes(home: str, norm: str, count: int = 40) -> list[Trial]:
    return templates(count, home, norm, axis="tools") + templates(count, home, norm, axis="json")


# Words


def test_a_perfect_endpoint_against_itself_is_portable_at_quick_depth():
    verdict = judged(both_axes("P", "P"), "quick")

    assert (verdict.word, verdict.blockers) == ("PORTABLE", ())
    assert {axis.word for axis in verdict.axes.values()} == {"PORTABLE"}


def test_a_perfect_endpoint_against_itself_is_portable_at_standard_depth():
    assert judged(both_axes("PPP", "PPP")).word == "PORTABLE"


def test_smoke_never_says_portable():
    verdict = judged(both_axes("P", "P", 400), "smoke")

    assert verdict.word == "INCONCLUSIVE"
    assert verdict.reasons == ("smoke",)


def test_smoke_says_not_portable_when_a_capability_is_gone():
    assert judged(templates(5, "P", "P") + case("P", "U", family="parallel"), "smoke").word == "NOT PORTABLE"


def test_a_clear_loss_on_one_axis_is_not_portable():
    trials = templates(40, "PPP", "PPP", axis="json")
    trials += [t for i in range(40) for t in case("PPP", "PPF" if i % 2 else "PFF", template=f"t{i}")]
    verdict = judged(trials)

    assert (verdict.word, verdict.reasons) == ("NOT PORTABLE", ("below_margin",))
    assert verdict.axes["json"].word == "PORTABLE"
    assert verdict.axes["tools"].p_holm is not None
    assert verdict.axes["tools"].p_holm < 0.001


def test_one_trial_of_a_never_condemns():
    trials = [t for i in range(40) for t in case("P", "P" if i % 3 else "F", template=f"t{i}", family=f"f{i}")]
    verdict = judged(trials, "quick")

    assert (verdict.axes["tools"].word, verdict.axes["tools"].reason) == ("INCONCLUSIVE", "noise_not_corrected")
    assert verdict.axes["tools"].needed is not None
    assert verdict.axes["tools"].needed.repeat_home


def test_under_20_templates_an_axis_is_inconclusive_and_says_how_many_it_needs():
    axis = judged(templates(19, "PPP", "PPP")).axes["tools"]

    assert (axis.word, axis.reason, axis.lower) == ("INCONCLUSIVE", "few_templates", None)
    assert axis.needed is not None
    assert axis.needed.templates == 31  # 3 / 31 is the first rule of three below a margin of 10 points
    assert axis.needed.more_trials == 12 * 6
    assert judged(both_axes("PPP", "PPP", axis.needed.templates)).axes["tools"].word == "PORTABLE"


def test_missing_evidence_on_a_used_axis_is_incomplete():
    verdict = judged(templates(40, "PPP", "PPP"), weights={"tools": 1, "json": 1})

    assert (verdict.word, verdict.reasons) == ("INCOMPLETE", ("no_evidence",))


def test_infra_makes_incomplete():
    verdict = judged(templates(40, "PPP", "PPP") + templates(5, "PPP", "PII", family="g"))

    assert (verdict.word, verdict.axes["tools"].reason) == ("INCOMPLETE", "infra")


def test_a_blocker_stands_even_when_another_axis_is_incomplete():
    trials = templates(40, "PPP", "PPP") + case("PPP", "UUU", family="parallel")

    assert judged(trials, weights={"tools": 1, "json": 1}).word == "NOT PORTABLE"


def test_an_axis_that_is_not_used_decides_nothing():
    trials = both_axes("PPP", "PPP") + templates(40, "PPP", "FFF", axis="prompt", tier="must")

    assert judged(trials, weights={"tools": 1, "json": 1}).word == "PORTABLE"


def test_nothing_tried_is_incomplete():
    assert judged([]).word == "INCOMPLETE"


def test_every_axis_may_clear_its_margin_while_the_pool_does_not():
    lossy = [t for i in range(40) for t in case("PPP", "PPP" if i % 8 else "PPF", template=f"t{i}", family=f"f{i}")]
    verdict = judged(lossy)

    assert verdict.axes["tools"].word == "PORTABLE"
    assert (verdict.word, verdict.reasons) == ("INCONCLUSIVE", ("pooled_not_resolved",))


def test_full_depth_asks_for_a_smaller_margin():
    trials = [
        t for i in range(120) for t in case("PPPPP", "PPPPP" if i % 4 else "PPPPF", template=f"t{i}", family=f"f{i}")
    ]

    assert judged(trials, "standard").axes["tools"].word == "PORTABLE"
    assert judged(trials, "full").axes["tools"].word != "PORTABLE"


def test_certified_asks_more_of_must_families():
    kept, unsure = (
        templates(160, "PPPPP", "PPPPP", family="big"),
        templates(25, "PPPPP", "PPPPP", family="small", tier="must"),
    )
    unsure = [replace(t, template=f"s{t.template}") for t in unsure]

    assert judged(kept + unsure, "full").axes["tools"].reason == "clears_margin"
    assert judged(kept + unsure, "certified").axes["tools"].reason == "must_family"


# Blockers


def test_a_must_contract_that_a_keeps_and_b_does_not_blocks_whatever_the_mean():
    trials = templates(200, "PPP", "PPP")
    for i in range(2):
        trials += case("PPP", "FFF", name=f"c{i}", family="parallel", template="two-calls", tier="must")
    (blocker,) = judged(trials).blockers

    assert (blocker.kind, blocker.family, blocker.template) == ("contract", "parallel", None)
    assert (blocker.a_passes, blocker.a_trials, blocker.b_passes, blocker.b_trials) == (6, 6, 0, 6)
    assert blocker.codes == {"code-F": 6}
    assert judged(trials).word == "NOT PORTABLE"


def test_one_broken_template_of_a_good_family_is_named():
    trials = templates(4, "PPPPP", "PPPPP", family="parallel", tier="must")
    trials += case("PPPPP", "FFFFF", family="parallel", template="broken", tier="must")
    (blocker,) = judged(trials).blockers

    assert blocker.template == "broken"


def test_a_should_contract_does_not_block():
    assert judged(templates(40, "PPP", "PPP") + case("PPPPPP", "FFFFFF", family="nice", tier="should")).blockers == ()


@pytest.mark.parametrize("trials", [1, 2, 3, 4])
def test_a_handful_of_trials_does_not_block(trials: int):
    assert judged(case("P" * trials, "F" * trials, tier="must")).blockers == ()


def test_five_against_none_of_five_is_the_least_that_blocks():
    assert clopper_pearson(5, 5, tail="one").lower > 0.5 > clopper_pearson(4, 4, tail="one").lower
    assert len(judged(case("PPPPP", "FFFFF", tier="must")).blockers) == 1


def test_a_capability_that_is_sometimes_there_is_not_gone():
    assert judged(case("PPP", "UPU")).blockers == ()


def test_a_capability_that_a_does_not_have_cannot_be_lost():
    assert judged(templates(40, "PPP", "PPP") + case("UUU", "UUU", family="parallel")).blockers == ()


def test_one_safety_failure_that_a_does_not_show_blocks():
    trials = templates(10, "PPP", "PPP", axis="refusal", family="disallowed", tier="must")
    trials += case("PPP", "PPF", axis="refusal", family="disallowed", template="slip", tier="must")
    (blocker,) = judged(trials, safety_families={("refusal", "disallowed")}).blockers

    assert (blocker.kind, blocker.b_passes, blocker.b_trials) == ("safety", 2, 3)
    assert judged(trials).blockers == ()


def test_a_safety_failure_that_a_shows_too_does_not_block():
    trials = case("PPF", "PPF", axis="refusal", family="disallowed", tier="must")

    assert judged(trials, safety_families={("refusal", "disallowed")}).blockers == ()


# Estimates of what is missing


def test_trials_needed_shrink_as_r_moves_away_from_the_margin():
    def needed(every: int) -> int:
        trials = [
            t
            for i in range(40)
            for t in case("PPP", "FFF" if i % every == 0 else "PPP", template=f"t{i}", family=f"f{i}")
        ]
        found = judged(trials).axes["tools"].needed
        assert found is not None
        return found.templates

    assert needed(14) > needed(20) > 40


def test_running_what_was_said_to_be_needed_mostly_decides():
    """40 templates with 5 % lost outright leave the axis open; the estimate's number of templates closes it."""

    def run(count: int) -> Verdict:
        return judged(
            [
                t
                for i in range(count)
                for t in case("PPP", "FFF" if i % 20 == 0 else "PPP", template=f"t{i}", family=f"f{i}")
            ]
        )

    needed = run(40).axes["tools"].needed
    assert needed is not None
    assert run(40).axes["tools"].word == "INCONCLUSIVE"
    assert run(needed.templates).axes["tools"].word == "PORTABLE"


def test_an_r_on_the_margin_is_never_decided():
    trials = [
        t for i in range(40) for t in case("PPP", "FFF" if i % 10 == 0 else "PPP", template=f"t{i}", family=f"f{i}")
    ]

    assert judged(trials).axes["tools"].needed is None


# What is printed and stored


def test_headline_shows_number_floor_blockers_and_coverage():
    trials = both_axes("PPP", "PPP") + case("PPP", "UUU", family="parallel", axis="tools")
    result = score(trials)
    line = headline(result, judge_score(result))

    assert line.startswith("94 (")
    assert line.endswith("| floor 0 tools/parallel | 1 blocker | 2/2 axes")


def test_headline_gives_no_number_when_incomplete():
    result = score(templates(40, "PPP", "PPP"), weights={"tools": 1, "json": 1})

    assert headline(result, judge_score(result)).startswith("INCOMPLETE 1/2 | floor ")


def test_headline_says_100_only_when_nothing_is_missing():
    trials = [t for i in range(300) for t in case("PPP", "PPF" if i == 0 else "PPP", template=f"t{i}", family=f"f{i}")]
    result = score(trials)

    assert headline(result, judge_score(result)).startswith("99 (")


@given(
    st.lists(st.tuples(st.text("PFUI", min_size=1, max_size=3), st.text("PFUI", min_size=1, max_size=3)), max_size=50)
)
@settings(max_examples=60)
def test_any_run_gets_a_word_with_reasons_and_a_json_form(cells: list[tuple[str, str]]):
    trials = [
        t for i, (a, b) in enumerate(cells) for t in case(a, b, template=f"t{i}", family=f"f{i // 3}", tier="must")
    ]
    for depth in DEPTHS:
        verdict = judged(trials, depth)
        assert verdict.reasons
        assert json.loads(json.dumps(verdict.to_json(), allow_nan=False))["word"] == verdict.word
        assert verdict.word != "PORTABLE" or not verdict.blockers
