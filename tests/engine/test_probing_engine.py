"""Probing a real engine: what it does for itself, and what it takes without a word."""

from __future__ import annotations

import pytest

from engine import Engine
from portable_llm import Client, PortableLLMError, RetryPolicy
from portable_llm._probing import Answer, AnyPlan, Report, probing
from portable_llm.providers import provider
from portable_llm.providers._target import Target

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture(scope="module")
def report(local_engine: Engine) -> Report:
    target = Target(
        provider=provider("llamacpp"), model=local_engine.model, base_url=f"{local_engine.url}/v1", is_override=True
    )
    conversation = probing(target, "2026-11-24")
    with Client(on_loss="never", retry=RetryPolicy(max_attempts=1)) as client:
        plan = next(conversation)
        while True:
            try:
                plan = conversation.send(answer_of(client, plan))
            except StopIteration as end:
                return end.value


def answer_of(client: Client, plan: AnyPlan) -> Answer:
    try:
        return client.send(plan)
    except PortableLLMError as error:
        return error


def test_what_the_engine_does_is_seen(report: Report) -> None:
    verdicts = {one.feature: one.verdict for one in report.findings}

    for feature in ("max_output_tokens", "sampling/logprobs", "output/native", "stream/usage"):
        assert (feature, verdicts[feature]) == (feature, "applied")


def test_an_image_is_refused_by_a_model_without_eyes(report: Report) -> None:
    (found,) = [one for one in report.findings if one.feature == "parts/image"]

    assert found.verdict in ("refused", "unknown"), found.note


def test_every_question_was_answered_one_way_or_another(report: Report) -> None:
    assert report.error is None
    assert 20 <= report.calls <= 30
    assert report.output_tokens < 2000
