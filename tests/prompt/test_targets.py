"""A prompt on its way: roles, forms, overlays, the ledger that says so, and the version on every answer."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from portable_llm import (
    CacheHint,
    Client,
    InvalidRequestError,
    Output,
    PromptError,
    PromptVariableError,
    assistant,
    user,
)
from portable_llm._plan import make_plan
from portable_llm.prompt import Prompt, Section, parse
from portable_llm.providers import provider
from portable_llm.providers._target import Target
from portable_llm.testing import FakeServer, answer, fixed, scripted
from portable_llm.tools import tool

REFUND = """\
# Role

You decide on refunds.

# Rules

Be brief.

# Examples

## Input

Late.

## Output

yes

# Data

{ticket}
"""

OVERLAYS = """\
[[overlay]]
name = "claude"
models = ["anthropic:claude-*", "vertex-*:claude-*"]
append.rules = "Answer with one word."

[[overlay]]
name = "small"
models = ["*:*-mini*"]
rendering = "plain"
examples_as = "turns"
replace.role = "You say yes or no."
remove = ["rules"]
add.output_format = "One word."

[[overlay.examples]]
input = "Broken."
output = "yes"

[[overlay.examples]]
input = "Nice."
output = "no"
"""


@pytest.fixture
def prompt(tmp_path: Path) -> Prompt:
    (tmp_path / "refund.md").write_text(REFUND)
    (tmp_path / "refund.overlays.toml").write_text(OVERLAYS)
    return Prompt.load(tmp_path / "refund.md")


def said(plan, axis="prompt"):
    return [(entry.subject, entry.action, entry.severity) for entry in plan.adaptations if entry.axis == axis]


# ---- roles -----------------------------------------------------------------------------------------------------------


def roles(text: str, **values: object) -> list[tuple[str, list[str]]]:
    messages = Prompt.parse(text).messages(rendering="markdown", **values)
    return [(message.role, [section.name for section in parse(message.text, "markdown")]) for message in messages]


def test_instructions_are_system_text_and_what_is_to_be_read_is_the_user_s() -> None:
    text = "# Role\n\na\n\n# Task\n\nb\n\n# Documents\n\nc\n\n# Own\n\nd\n\n# Data\n\ne"

    assert roles(text) == [("system", ["role", "task", "own"]), ("user", ["documents", "data"])]


def test_data_is_never_system_text_unless_the_prompt_says_so() -> None:
    text = "# Role\n\na\n\n# Rules\n\nFor {name}.\n\n# Data\n\ne"

    assert roles(text, name="x") == [("system", ["role"]), ("user", ["rules", "data"])]
    assert roles("---\nplacement:\n  rules: system\n---\n" + text, name="") == [
        ("system", ["role", "rules"]),
        ("user", ["data"]),
    ]


def test_the_user_always_says_something() -> None:
    assert roles("# Role\n\na\n\n# Task\n\nb") == [("system", ["role"]), ("user", ["task"])]
    assert roles("Say hello.") == [("user", ["task"])]
    assert roles("# Role\n\na\n\n# Rules\n\nb") == [("user", ["role", "rules"])]


def test_examples_can_be_turns() -> None:
    messages = Prompt.parse("---\nexamples_as: turns\n---\n" + REFUND).messages(ticket="x")

    assert [message.role for message in messages] == ["system", "user", "assistant", "user"]
    assert [message.text for message in messages[1:3]] == ["Late.", "yes"]
    assert "Example" not in messages[0].text


def test_examples_alone_ask_nothing() -> None:
    with pytest.raises(PromptError, match="write a task"):
        Prompt.parse("---\nexamples_as: turns\n---\n# Examples\n\n## Input\n\na\n\n## Output\n\nb").messages()


# ---- targets ---------------------------------------------------------------------------------------------------------


def test_each_model_gets_the_form_that_its_vendor_recommends(prompt: Prompt) -> None:
    with Client() as client:
        plain, xml = client.plan(
            prompt.request("mistral:mistral-large-latest", ticket="x"),
            models=["mistral:mistral-large-latest", "anthropic:claude-sonnet-5"],
        )

    assert plain.call.json["messages"][0]["content"].startswith("# Role\n")
    assert xml.call.json["system"].startswith("<role>\n")
    assert ("/prompt/rendering", "encoded", "exact") in said(xml)
    assert said(plain) == []
    assert [entry.source for entry in xml.adaptations if entry.subject == "/prompt/rendering"] == [
        "Claude docs, Use XML tags 2026-11-24"
    ]


def test_a_form_can_be_insisted_on(prompt: Prompt) -> None:
    with Client() as client:
        plan = client.plan(prompt.request("anthropic:claude-sonnet-5", rendering="json", ticket="x"))

    assert plan.call.json["system"].startswith('{\n  "role": ')
    assert "/prompt/rendering" not in [subject for subject, _, _ in said(plan)]


def test_an_overlay_is_for_the_models_it_names_and_the_ledger_says_so(prompt: Prompt) -> None:
    claude = prompt.for_model("anthropic:claude-sonnet-5@https://gateway.example/v1")

    assert claude.section("rules") == Section(name="rules", text="Be brief.\n\nAnswer with one word.")
    assert (claude.applied, claude.overlays) == (("claude",), ())
    assert [(entry.subject, entry.severity) for entry in claude.adaptations] == [("/prompt/overlay", "advisory")]
    assert claude.hash != prompt.hash
    assert prompt.for_model("openai:gpt-6-luna") is prompt


def test_an_overlay_can_change_everything_about_a_prompt(prompt: Prompt) -> None:
    with Client() as client:
        plan = client.plan(prompt.request("openai:gpt-6-mini", ticket="x"))

    assert [message["role"] for message in plan.call.json["messages"]] == ["system", *["user", "assistant"] * 2, "user"]
    assert plan.call.json["messages"][0]["content"] == (
        "=== Role ===\n\nYou say yes or no.\n\n=== Output format ===\n\nOne word."
    )
    assert plan.prompt is not None
    assert plan.prompt.overlays == ("small",)
    assert plan.prompt.hash == prompt.for_model("openai:gpt-6-mini").hash
    assert plan.to_json()["prompt"] == {"name": "refund", "hash": plan.prompt.hash, "overlays": ["small"]}


def test_overlays_of_one_target_are_applied_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "p.md").write_text("a")
    (tmp_path / "p.overlays.toml").write_text(
        '[[overlay]]\nmodels = ["*"]\nreplace.task = "b"\n[[overlay]]\nmodels = ["openai:*"]\nappend.task = "c"\n'
    )

    assert Prompt.load(tmp_path / "p.md").for_model("openai:x").sections[0].text == "b\n\nc"


@pytest.mark.parametrize(
    ("overlays", "said"),
    [
        ("[[overlay]\n", "p.overlays.toml:1: no TOML"),
        ("[overlays]\n", "expected tables [[overlay]]"),
        ('[[overlay]]\nname = "x"\n', "overlay 1: models is missing"),
        ('[[overlay]]\nmodels = ["*"]\nprepend.task = "x"\n', "unknown key 'prepend'"),
        ('[[overlay]]\nmodels = ["*"]\nreplace.rules = "x"\n', "replace names the section 'rules'; there is none"),
        ('[[overlay]]\nmodels = ["*"]\nadd.task = "x"\n', "add names the section 'task', which is there"),
        ('[[overlay]]\nmodels = ["*"]\nrendering = "html"\n', "rendering 'html' is unknown"),
        ('[[overlay]]\nmodels = ["*"]\nreplace.task = "{a.b}"\n', "'{a.b}': a field is a name"),
        ('[[overlay]]\nmodels = ["*"]\n[[overlay]]\nmodels = ["*"]\n', "the overlay '*' stands twice"),
        ('[[overlay]]\nmodels = ["*"]\nexamples = [{input = "x"}]\n', "an example has an input and an output"),
    ],
)
def test_a_wrong_overlay_says_what_is_wrong_before_anything_is_sent(tmp_path: Path, overlays: str, said: str) -> None:
    (tmp_path / "p.md").write_text("Hello")
    (tmp_path / "p.overlays.toml").write_text(overlays)

    with pytest.raises(PromptError) as caught:
        Prompt.load(tmp_path / "p.md")

    assert said in str(caught.value)


def test_without_system_text_the_instructions_begin_the_user_s_side(prompt: Prompt) -> None:
    with Client() as client:
        plan = client.plan(replace(prompt, overlays=()).request("openai:o1-mini", ticket="x"))

    assert {message["role"] for message in plan.call.json["messages"]} == {"user"}
    assert said(plan) == [("/messages/0", "moved", "lost")]


def test_a_conversation_goes_on_behind_the_prompt(prompt: Prompt) -> None:
    more = (assistant("yes"), user("Sure?"))
    asked = prompt.request(
        "anthropic:claude-sonnet-5", ticket="x", messages=more, cache=CacheHint(breakpoints=("/messages/1",))
    )
    with Client() as client:
        plan = client.plan(asked)

    assert [message["role"] for message in plan.call.json["messages"]] == ["user", "assistant", "user"]
    assert plan.call.json["system"].startswith("<role>")


def test_marks_of_the_cache_stay_where_an_overlay_makes_turns(prompt: Prompt) -> None:
    asked = prompt.request("anthropic:claude-x-mini", ticket="x", messages=(assistant("yes"), user("Sure?")),
                           cache=CacheHint(breakpoints=("/messages/1", "/messages/3", "/tools")))  # fmt: skip
    with Client() as client:
        plan = client.plan(asked)

    marked = [n for n, m in enumerate(plan.call.json["messages"]) if "cache_control" in str(m)]
    assert [plan.call.json["messages"][n]["content"][0]["text"] for n in marked] == ["=== Data ===\n\nx", "Sure?"]


def test_messages_that_were_changed_are_sent_as_they_are_and_have_no_version(prompt: Prompt) -> None:
    asked = prompt.request("anthropic:claude-sonnet-5", ticket="x")
    with Client() as client:
        plan = client.plan(replace(asked, messages=(user("Else"),)))

    assert "Else" in str(plan.call.json["messages"])
    assert plan.prompt is None
    assert ("/prompt", "weakened", "advisory") in said(plan)


def test_a_preference_is_data_that_can_be_overridden(prompt: Prompt) -> None:
    row = provider("anthropic")
    fact = replace(row.capabilities["prompt/rendering"], values=("plain",), source="measured here")
    mine = replace(row, capabilities=row.capabilities.with_({"prompt/rendering": fact}))
    target = Target(provider=mine, model="claude-sonnet-5", base_url=mine.base_url or "", is_override=False)

    plan = make_plan(replace(prompt, overlays=()).request("x", ticket="x"), target)

    assert plan.call.json["system"].startswith("=== Role ===")


def test_variables_may_be_called_like_options(prompt: Prompt) -> None:
    named = Prompt.parse("{seed}{output}{rendering}")
    values = {"seed": "a", "output": "b", "rendering": "c"}

    assert named.request("openai:x", variables=values, seed=7).messages[0].text == "# Task\n\nabc"
    with pytest.raises(PromptVariableError, match="no variable 'temprature'"):
        prompt.request("openai:x", ticket="x", temprature=1)
    with pytest.raises(InvalidRequestError):
        prompt.request("openai:x", ticket="x", output="jsn")  # type: ignore[call-overload]


# ---- the version -----------------------------------------------------------------------------------------------------


def test_every_answer_says_which_version_it_answers(prompt: Prompt) -> None:
    with FakeServer(fixed("yes")) as server, Client() as client:
        model = f"anthropic:claude-sonnet-5@{server.base_url('anthropic')}"
        asked = prompt.request(model, ticket="x", max_output_tokens=9)
        response = client.chat(asked)
        with client.stream(asked) as stream:
            streamed = stream.finish()
        without = client.chat(model, "Hi", max_output_tokens=9)

    assert response.prompt_hash == prompt.for_model("anthropic:claude-sonnet-5").hash
    assert streamed.prompt_hash == response.prompt_hash
    assert without.prompt_hash is None


def test_a_run_and_a_second_question_keep_form_and_version(prompt: Prompt) -> None:
    @tool
    def stock(item: str) -> int:
        """How many there are."""
        return len(item)

    answers = [answer(tool_calls=[("stock", {"item": "cup"})]), "no JSON", '{"left": 3}']
    schema = {"type": "object", "properties": {"left": {"type": "integer"}}, "required": ["left"]}
    with FakeServer(scripted(answers)) as server, Client(on_loss="never") as client:
        model = f"anthropic:claude-3-haiku@{server.base_url('anthropic')}"
        run = client.run(prompt.request(model, ticket="x", tools=[stock], output=Output(schema=schema, reask=1)))
        systems = [str(received.json["system"]) for received in server.requests]

    assert run.response.parsed == {"left": 3}
    assert run.response.prompt_hash == prompt.for_model("anthropic:claude-3-haiku").hash
    assert len(systems) == 3
    assert all("<role>" in text and "Answer with one word." in text for text in systems)


def test_a_model_that_is_asked_instead_gets_its_own_form(prompt: Prompt) -> None:
    with Client() as client:
        asked = prompt.request("openai:gpt-6-luna", ticket="x")
        plans = client.plan(asked, models=["openai:gpt-6-luna", "anthropic:claude-sonnet-5", "openai:gpt-6-luna"])

    assert plans[0].prompt == plans[2].prompt != plans[1].prompt
    assert plans[0].call.json == plans[2].call.json


def test_a_plan_says_its_prompt_and_can_be_pickled(prompt: Prompt) -> None:
    with Client() as client:
        plan = client.plan(prompt.request("anthropic:claude-sonnet-5", ticket="x"))

    assert plan.explain().splitlines()[1] == f"  prompt refund, version {plan.prompt.hash[:12]}, with overlay claude"
    assert pickle.loads(pickle.dumps(plan)).prompt == plan.prompt
