"""The lint as a whole: order, places, targets, accepted findings, limits, any text at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm._capabilities import Capabilities, Fact
from portable_llm.prompt.lint import MAX_LENGTH, RULES, LintTarget, lint, lint_target, rule_ids

TEXT = "You are ChatGPT.\r\n\r\nThink step by step.\r\nRespond only with JSON.\r\n"

PIECES = st.sampled_from(
    [
        *(rule.bad for rule in RULES),
        *(rule.good for rule in RULES),
        "---",
        "```",
        "- Do not x",
        "\n",
        "\r\n",
        "{{",
        "<a>",
        "é",
        "\u2028",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=30)), max_size=12).map("\n".join)


def rules_in(text: str, **options: object) -> list[str]:
    return [finding.rule for finding in lint(text, **options)]  # type: ignore[arg-type]


def test_findings_come_in_the_order_of_the_text_with_their_places() -> None:
    found = [(finding.rule, finding.line, finding.column, finding.text) for finding in lint(TEXT)]

    assert found == [
        ("model-identity", 1, 1, "You are ChatGPT"),
        ("step-by-step", 3, 1, "Think step by step"),
        ("json-by-prompt", 4, 1, "Respond only with JSON"),
    ]


def test_a_finding_goes_to_json() -> None:
    (finding,) = lint("You are ChatGPT.")

    assert finding.to_json() == {
        "rule": "model-identity",
        "severity": "warning",
        "line": 1,
        "column": 1,
        "text": "You are ChatGPT",
        "message": "the prompt tells the model that it is a certain model, or addresses one by name",
        "remedy": "name the role (an assistant of your company), not the model",
        "matters_for": "every model but the one named",
    }


def test_front_matter_is_no_prose() -> None:
    assert rules_in("---\ndescription: think step by step\n---\nBe brief.") == []


def test_a_rule_can_be_left_out() -> None:
    assert rules_in(TEXT, ignore=["model-identity", "json-by-prompt"]) == ["step-by-step"]


def test_an_unknown_rule_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="no lint rule 'jargon'; known: special-token, "):
        lint(TEXT, ignore=["jargon"])


def test_a_text_that_is_too_long_is_an_error() -> None:
    with pytest.raises(ValueError, match="too many for a prompt"):
        lint("x" * (MAX_LENGTH + 1))


# ---------------------------------------------------------------- targets


def test_steps_matter_only_for_models_that_reason() -> None:
    assert "step-by-step" in rules_in(TEXT, target=LintTarget(reasons=True))
    assert "step-by-step" not in rules_in(TEXT, target=LintTarget(reasons=False))


def test_what_is_not_known_of_a_model_silences_nothing() -> None:
    assert rules_in(TEXT, target=LintTarget()) == rules_in(TEXT)


def test_a_begun_turn_is_fine_where_it_is_continued() -> None:
    text = "Human: {x}\nAssistant:"

    assert "prefill" not in rules_in(text, target=LintTarget(continues_turns=True))
    assert "prefill" in rules_in(text, target=LintTarget(continues_turns=False))


def test_a_target_is_read_from_capabilities() -> None:
    known = {"source": "docs", "date": "2026-11-24"}
    capabilities = Capabilities(
        facts={
            "reasoning/effort": Fact(support="no", **known),
            "reasoning/budget_tokens": Fact(support="no", **known),
            "messages/prefill": Fact(support="no", **known),
            "output/native": Fact(support="yes", **known),
        }
    )

    assert lint_target(capabilities, "m") == LintTarget(
        name="m", reasons=False, continues_turns=False, holds_schemas=True, calls_tools=None
    )


# ---------------------------------------------------------------- accepted findings


@pytest.mark.parametrize(
    "mark",
    [
        "<!-- lint: ignore step-by-step needed for the small model -->",
        "{# lint: ignore step-by-step needed for the small model #}",
        "{{!-- lint: ignore step-by-step needed for the small model --}}",
        "# lint: ignore step-by-step, model-limit needed for the small model",
    ],
)
def test_a_mark_with_a_reason_accepts_the_next_line(mark: str) -> None:
    assert rules_in(f"{mark}\n\nThink step by step.\nAgain: think step by step.") == ["step-by-step"]


def test_a_mark_accepts_its_own_line() -> None:
    assert rules_in("Think step by step. <!-- lint: ignore step-by-step it helps -->") == []


def test_a_mark_for_the_file_accepts_all_of_it() -> None:
    text = "<!-- lint: ignore-file step-by-step it helps -->\nHello.\n\nHello.\nThink step by step."

    assert rules_in(text) == []


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("<!-- lint: ignore step-by-step -->", "the mark gives no reason, and ignores nothing"),
        ("<!-- lint: ignore -->", "the mark names no rule, and ignores nothing"),
        ("<!-- lint: ignore step-by-stop it helps -->", "there is no rule 'step-by-stop'; the mark ignores nothing"),
    ],
)
def test_a_mark_that_says_too_little_is_a_finding_and_ignores_nothing(mark: str, said: str) -> None:
    found = lint(f"{mark}\nThink step by step.")

    assert (found[0].rule, found[0].message) == ("lint-mark", said)
    assert found[1].rule == "step-by-step"


# ---------------------------------------------------------------- any text


@given(TEXTS)
def test_any_text_can_be_linted_and_every_place_is_in_it(text: str) -> None:
    lines = text.removeprefix("\ufeff").split("\n")

    for finding in lint(text):
        line = lines[finding.line - 1]
        assert finding.rule in (*rule_ids(), "lint-mark")
        assert 1 <= finding.column <= len(line) + 1
        assert line[finding.column - 1 :].startswith(finding.text.rstrip("…").split("\n")[0])


@given(TEXTS)
def test_linting_twice_finds_the_same(text: str) -> None:
    assert lint(text) == lint(text)


@given(TEXTS, st.sampled_from(rule_ids()))
def test_leaving_a_rule_out_changes_nothing_else(text: str, rule: str) -> None:
    assert lint(text, ignore=[rule]) == tuple(finding for finding in lint(text) if finding.rule != rule)


@pytest.mark.parametrize(
    "piece", ["think ", "[", "<a", "{{", "- do not\n", "```\n", "only ", '"name": ', " ", "a: |\n b\n", "1. "]
)
def test_long_monotonous_texts_are_read_to_the_end(piece: str) -> None:
    """Patterns that go back would not end within the time limit of a test."""
    text = piece * (100_000 // len(piece)) + "\nYou are ChatGPT."

    assert "model-identity" in rules_in(text) or piece == "```\n"
