"""Reports of filters are untrusted: whatever stands in them, an answer is read or refused in the usual words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portable_llm._errors import ProviderError, UnreadableAnswerError
from portable_llm._http import HttpReply
from portable_llm._json import dump_json
from portable_llm._response import Response
from portable_llm.refusal import SIGNALS, category_of, guardrail
from portable_llm.testing.refusals import REFUSALS, written
from portable_llm.wire import wire_format, wire_names
from strategies import ORIGIN, json_values

KEYS = (
    *("filtered", "severity", "detected", "action", "type", "filters", "topics", "piiEntities", "flagged", "blocked"),
    *("contentPolicy", "topicPolicy", "input", "outputs", "results", "categories", "category", "probability", "code"),
)
reports = st.recursive(
    json_values | st.just(True) | st.sampled_from(["BLOCKED", "HIGH", "content_filter"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*at, key))


def put(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    if not at:
        return new
    key, *rest = at
    if isinstance(value, dict):
        return {**value, key: put(value[key], tuple(rest), new)}
    return [put(item, tuple(rest), new) if index == key else item for index, item in enumerate(value)]


@pytest.mark.parametrize("wire", [wire for wire in wire_names() if wire in REFUSALS])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_report_of_any_form_is_read_or_refused_in_the_usual_words(wire: str, data: st.DataObject) -> None:
    codec = wire_format(wire)
    name = data.draw(st.sampled_from(sorted(REFUSALS[wire])))
    row = dict(REFUSALS[wire][name])
    body: Any = row.get("error") or written(wire, row, "text")
    at = data.draw(st.sampled_from(list(places(body))))
    reply = HttpReply(status=row.get("status", 200), headers={}, body=dump_json(put(body, at, data.draw(reports))))

    with contextlib.suppress(ProviderError, UnreadableAnswerError):
        answer = codec.parse_error(reply, ORIGIN) if reply.status >= 400 else codec.parse_response(reply, ORIGIN)
        assert isinstance(answer, (Response, ProviderError))


@given(trace=st.dictionaries(st.sampled_from(["input", "outputs", "inputAssessment", "x"]), reports))
def test_a_trace_of_any_form_is_read(trace: dict[str, Any]) -> None:
    found = guardrail(trace)

    assert bool(found.categories) == bool(found.evidence)


def test_a_guardrail_says_on_which_side_and_by_which_policy_and_never_what_it_matched() -> None:
    blocked = {"topicPolicy": {"topics": [{"name": "secret topic", "type": "DENY", "action": "BLOCKED"}]}}
    masked = {"sensitiveInformationPolicy": {"piiEntities": [{"type": "NAME", "match": "Ada", "action": "ANONYMIZED"}]}}
    idle = {"contentPolicy": {"filters": [{"type": "HATE", "action": "NONE"}]}}

    asked = guardrail({"input": {"id": blocked}, "outputs": [{"id": masked}]})
    answered = guardrail(
        {"inputAssessment": {"id": idle}, "outputAssessments": {"id": [masked]}, "modelOutput": ["Ada"]}
    )

    assert (asked.is_input, asked.categories) == (True, ("topic_policy",))
    assert (answered.is_input, answered.categories) == (False, ("sensitive_information_policy",))
    assert answered.evidence == ("guardrail.output.sensitiveInformationPolicy=ANONYMIZED",)
    assert not guardrail({"outputs": [{"id": idle}]}).categories


@pytest.mark.parametrize(
    ("wire", "word", "category"),
    [
        ("openai-chat", "self-harm/intent", "self_harm"),
        ("openai-chat", "illicit/violent", "illegal"),
        ("openai-chat", "harassment/threatening", "hate"),
        ("openai-chat", "galaxy", "other"),
        ("anthropic-messages", "bio", "bio_chem"),
        ("anthropic-messages", "frontier_llm", "other"),
        ("gemini", "HARM_CATEGORY_DANGEROUS_CONTENT", "illegal"),
    ],
)
def test_a_vendor_s_word_has_one_of_ours(wire: str, word: str, category: str) -> None:
    assert category_of(wire, word) == category


def test_only_what_hangs_on_the_words_of_one_answer_may_be_sent_again() -> None:
    assert {signal.category for signal in SIGNALS if signal.is_retryable} == {"recitation", "language"}
    assert not any(signal.is_retryable for signal in SIGNALS if signal.source == "input_filter")
