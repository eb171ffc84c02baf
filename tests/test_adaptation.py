"""The ledger: one place decides how much an entry matters, and the policy decides what is refused."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm import Adaptation, LossError, LossPolicy, severity_of
from portable_llm._adaptation import SEVERITIES, Action, Axis, Effect, Enforcer, loss_policy


@pytest.mark.parametrize(
    ("what", "action", "subject", "enforced_by", "severity"),
    [
        ("another name for the same field", "renamed", "/max_output_tokens", "provider", "exact"),
        ("a map sent as pairs and restored", "encoded", "/output/schema/additionalProperties", "client", "exact"),
        ("an encoding nobody restores", "encoded", "/output/schema/additionalProperties", "nobody", "lost"),
        ("a cache hint that is not taken", "dropped", "/cache/breakpoints", "nobody", "advisory"),
        ("metadata that is not kept", "dropped", "/metadata", "nobody", "advisory"),
        ("a schema the client checks", "emulated", "/output", "client", "checked"),
        ("a schema left to the prompt", "weakened", "/output", "prompt", "lost"),
        ("a schema left to nobody", "dropped", "/output", "nobody", "lost"),
        ("a tool choice that is not held", "dropped", "/tool_choice", "nobody", "lost"),
        ("sampling left out", "dropped", "/sampling/temperature", "nobody", "lost"),
        ("sampling out of range", "clamped", "/sampling/temperature", "nobody", "lost"),
        ("a response field that is not available", "dropped", "/response/logprobs", "nobody", "lost"),
        ("foreign reasoning left out", "dropped", "/messages/1/parts/0/state", "nobody", "lost"),
        ("an image the model does not see", "dropped", "/messages/0/parts/1", "nobody", "changed"),
        ("system text as a user turn", "substituted", "/messages/2", "nobody", "changed"),
        ("a limit raised", "substituted", "/max_output_tokens", "nobody", "changed"),
        ("a limit lowered", "clamped", "/max_output_tokens", "nobody", "lost"),
        ("a patch that the prompt has for this model", "substituted", "/prompt/overlay", "client", "advisory"),
        ("a prompt in the form of the model", "encoded", "/prompt/rendering", "client", "exact"),
        ("instructions among the user's turns, as sections", "moved", "/messages/0", "prompt", "lost"),
        ("a required limit filled in", "defaulted", "/max_output_tokens", "provider", "advisory"),
    ],
)
def test_severity(what: str, action: Action, subject: str, enforced_by: Enforcer, severity: str) -> None:
    assert severity_of(action, subject, enforced_by) == severity, what


def test_a_narrowed_schema_changes_what_can_be_said() -> None:
    assert severity_of("narrowed", "/output/schema/enum", "provider", "narrowed") == "changed"
    assert severity_of("narrowed", "/output/schema/additionalProperties", "provider") == "advisory"
    assert severity_of("narrowed", "/output/schema/additionalProperties", "provider", "narrowed") == "advisory"
    assert severity_of("narrowed", "/output/schema/additionalProperties", "nobody", "narrowed") == "changed"
    assert severity_of("encoded", "/output/schema/properties/a/type", "client", "changed") == "exact"


entries = st.builds(
    Adaptation,
    axis=st.sampled_from(get_args(Axis)),
    subject=st.sampled_from(["/sampling/top_k", "/output", "/messages/0", "/cache", "/tools/0", "/stop"]),
    action=st.sampled_from(get_args(Action)),
    detail=st.text(max_size=20),
    enforced_by=st.sampled_from(get_args(Enforcer)),
    source=st.text(max_size=8),
    effect=st.none() | st.sampled_from(get_args(Effect)),
)


@given(entries)
def test_an_entry_survives_json(entry: Adaptation) -> None:
    assert Adaptation.from_json(entry.to_json()) == entry


@given(st.lists(entries), st.sampled_from([*SEVERITIES[1:], "never"]))
def test_a_stricter_policy_accepts_no_more(ledger: list[Adaptation], word: str) -> None:
    strict = set(LossPolicy(raise_from="advisory").broken_by(ledger))
    broken = LossPolicy(raise_from=word).broken_by(ledger)  # type: ignore[arg-type]

    assert set(broken) <= strict
    assert word != "never" or not broken


def test_the_error_names_every_broken_entry_and_the_remedy() -> None:
    lost = Adaptation(
        axis="sampling", subject="/sampling/seed", action="dropped", detail="no seed here", enforced_by="nobody"
    )

    with pytest.raises(LossError, match=r"/sampling/seed dropped \(lost\): no seed here.*on_loss='never'") as caught:
        LossPolicy(raise_from="lost").check([lost], "anthropic:claude")

    assert caught.value.adaptations == (lost,)
    LossPolicy(raise_from="lost", allow=frozenset({"/sampling"})).check([lost], "anthropic:claude")
    loss_policy(None).check([lost], "the default refuses only what is changed")
