"""Judges, contract by contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.conformance.case import Case
from portable_llm.conformance.judges import REASONS, judge
from portable_llm.conformance.judges.match import match_calls, same_json
from portable_llm.conformance.judges.outcome import MAX_EVIDENCE, found
from portable_llm.conformance.judges.text_checks import first_fault
from portable_llm.conformance.observation import ABSENT, Observation, ToolCall
from portable_llm.conformance.templates.suite import AXES, select

REPOSITORY = Path(__file__).parents[3]
ORDER = {
    "name": "get_order",
    "description": "",
    "parameters": {"type": "object", "properties": {"id": {"type": "string"}}},
}
BOOK = {"type": "object", "properties": {"pages": {"type": "integer"}, "title": {"type": "string"}}}
BOOK |= {"required": ["pages", "title"], "additionalProperties": False}


def case(contract: dict[str, Any], **request: Any) -> Case:
    return Case(
        axis="tools",
        family="t1",
        template="tools.t1.test",
        instance=0,
        tier="must",
        request={"messages": [{"role": "user", "content": "?"}], "max_output_tokens": 9, "stream": False, **request},
        contract=contract,
        answer={"text": "", "tool_calls": [], "finish": "stop"},
    )


def call(name: str = "get_order", arguments: dict[str, Any] | None = None) -> ToolCall:
    return ToolCall(id="1", name=name, arguments={"id": "A-1"} if arguments is None else arguments)


def expect(*ids: str) -> dict[str, Any]:
    calls = [{"name": "get_order", "arguments": {"id": {"any_of": [one], "compare": "exact"}}} for one in ids]
    return {"judge": "tools.calls", "expect": calls}


SMOKE = select(AXES, "smoke")
TEXT = case({"judge": "instruct.text", "checks": [{"check": "equals", "value": "yes"}]})


# Failed exchanges


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"kind": "invalid_request", "status": 400, "message": "bad schema"}, "rejected_request"),
        ({"kind": "context_overflow", "status": 400, "message": "too long"}, "rejected_request"),
        ({"kind": "unknown", "status": 422, "message": ""}, "rejected_request"),
        (
            {"kind": "invalid_request", "status": 400, "message": "tools are not supported by this model"},
            "not_available",
        ),
        (
            {"kind": "invalid_request", "status": 400, "message": "This model does not support JSON Schema"},
            "not_available",
        ),
        (
            {
                "kind": "invalid_request",
                "status": 400,
                "message": "response_format is not supported; use 'output' instead",
            },
            "rejected_request",
        ),
        ({"kind": "invalid_request", "status": 400, "message": "image input is not supported"}, "not_available"),
        ({"kind": "unsupported", "status": None, "message": "capability table"}, "not_available"),
        ({"kind": "server_error", "status": 501, "message": ""}, "not_available"),
        ({"kind": "rate_limit", "status": 429, "message": ""}, "rate_limited"),
        ({"kind": "unknown", "status": 503, "message": ""}, "server_failed"),
        ({"kind": "overloaded", "status": 529, "message": ""}, "server_failed"),
        ({"kind": "unknown", "status": 200, "message": "an error of a type nobody documents"}, "server_failed"),
        ({"kind": "unreadable", "status": 200, "message": "<html>Please log in</html>"}, "server_failed"),
        ({"kind": "unreadable", "status": 400, "message": "<html>Bad request</html>"}, "rejected_request"),
        ({"kind": "timeout", "status": None, "message": ""}, "timed_out"),
        ({"kind": "auth", "status": 401, "message": ""}, "not_authorised"),
        ({"kind": "not_found", "status": 404, "message": ""}, "not_found"),
        ({"kind": "content_filter", "status": 400, "message": "policy"}, "refused"),
        ({"kind": "unknown", "status": None, "message": ""}, "no_observation"),
    ],
)
def test_a_failed_exchange_is_a_rejection_a_missing_capability_or_no_evidence(error: dict[str, Any], code: str) -> None:
    verdict = judge(Observation(finish="error", error=error), TEXT)

    assert (verdict.code, verdict.outcome) == (code, REASONS[code][0])


def test_a_refusal_and_an_empty_answer_have_their_own_codes() -> None:
    assert judge(Observation(text="", refusal="I will not", finish="refusal"), TEXT).code == "refused"
    assert judge(Observation(text="cut", finish="content_filter"), TEXT).code == "refused"
    assert judge(Observation(text=" \n", finish="stop"), TEXT).code == "empty"


def test_a_contract_that_nobody_can_judge_is_an_invalid_case() -> None:
    answer = Observation(text="yes", finish="stop")

    assert judge(answer, case({"judge": "tools.magic"})).outcome == "invalid_case"
    assert judge(answer, case({"judge": "instruct.text"})).outcome == "invalid_case"
    assert judge(answer, case({"judge": "instruct.text", "checks": [{"check": "aura"}]})).outcome == "invalid_case"
    broken = case({"judge": "json.value", "schema": {"type": 7}, "equals": 1})
    assert judge(Observation(text="1", value=1, finish="stop"), broken).outcome == "invalid_case"
    remote = case({"judge": "json.value", "schema": {"$ref": "http://127.0.0.1:9/schema"}, "equals": 1})
    assert judge(Observation(text="1", value=1, finish="stop"), remote).outcome == "invalid_case"


# Tool calls


@pytest.mark.parametrize(
    ("calls", "code"),
    [
        ([], "no_call"),
        ([call()], "missing_parallel_call"),
        ([call(), call(arguments={"id": "B-2"})], "ok"),
        ([call(arguments={"id": "B-2"}), call()], "ok"),
        ([call(), call(arguments={"id": "B-2"}), call()], "extra_call"),
        ([call(), call("get_ticket", {"id": "B-2"})], "wrong_tool"),
        ([call(), call(arguments={"id": "B-3"})], "wrong_arguments"),
        ([call(), call(arguments={})], "wrong_arguments"),
        ([call(), call(arguments={"id": 2})], "arguments_invalid"),
        ([call(), ToolCall(id="2", name="get_order", arguments=None, raw_arguments='{"id": "B')], "arguments_not_json"),
    ],
)
def test_calls_are_matched_as_a_set(calls: list[ToolCall], code: str) -> None:
    seen = Observation(text="Looking it up.", tool_calls=tuple(calls), finish="tool_call")

    assert judge(seen, case(expect("A-1", "B-2"), tools=[ORDER])).code == code


def test_where_the_order_is_part_of_the_contract_it_is_judged() -> None:
    swapped = (call(arguments={"id": "B-2"}), call())
    contract = {**expect("A-1", "B-2"), "order": "given"}

    assert judge(Observation(tool_calls=swapped), case(contract, tools=[ORDER])).code == "wrong_order"
    assert judge(Observation(tool_calls=swapped[::-1]), case(contract, tools=[ORDER])).code == "ok"


def test_words_are_compared_without_case_and_marks_and_exact_values_are_not() -> None:
    def verdict(value: object, **rule: Any) -> str:
        wanted = {"name": "f", "arguments": {"a": rule}}
        return match_calls([ToolCall(id="", name="f", arguments={"a": value})], [wanted], [{"name": "f"}]).code

    assert verdict("new york", any_of=["New York."], compare="words") == "ok"
    assert verdict("new york", any_of=["New York."], compare="exact") == "wrong_arguments"
    assert verdict(["A b"], any_of=[["a-B"]], compare="words") == "ok"
    assert verdict(1.0, any_of=[1]) == "ok"
    assert verdict(True, any_of=[1]) == "wrong_arguments"
    assert verdict({"x": 1}, any_of=[{"x": [1, 2], "y": [""]}], members=True) == "ok"
    assert verdict({"x": 3}, any_of=[{"x": [1, 2], "y": [""]}], members=True) == "wrong_arguments"


def test_an_answer_in_text_must_be_there_and_must_not_call() -> None:
    no_call = case({"judge": "tools.text", "checks": [{"check": "holds", "all_of": ["42"]}]}, tools=[ORDER])

    assert judge(Observation(text="It is 42.", finish="stop"), no_call).code == "ok"
    assert judge(Observation(text="It is 421.", finish="stop"), no_call).code == "wrong_answer"
    assert judge(Observation(text="It is 42.", tool_calls=(call(),)), no_call).code == "called_without_need"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON)
def test_json_equality_is_reflexive_through_text(value: object) -> None:
    assert same_json(value, json.loads(json.dumps(value)))


@given(left=JSON, right=JSON)
def test_json_equality_is_symmetric(left: object, right: object) -> None:
    assert same_json(left, right) == same_json(right, left)


# JSON


def read(text: str, finish: str = "stop") -> Observation:
    try:
        value: object = json.loads(text)
    except ValueError:
        value = ABSENT
    return Observation(text=text, value=value, finish=finish)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"pages": 7, "title": "x"}', "ok"),
        ('{"title": "x", "pages": 7.0}', "ok"),
        ('{"pages": 8, "title": "x"}', "wrong_value"),
        ('{"pages": "7", "title": "x"}', "schema_invalid"),
        ('{"pages": 7, "title": "x", "more": 1}', "schema_invalid"),
        ('{"pages": 7}', "schema_invalid"),
        ('```json\n{"pages": 7, "title": "x"}\n```', "fenced_json"),
        ('Here:\n```\n{"pages": 7, "title": "x"}\n```', "fenced_json"),
        ('Here it is: {"pages": 7, "title": "x"}', "json_in_prose"),
        ('{"pages": 7, "title": "x"', "truncated_json"),
        ('{"pages": 7, "title": "x}', "truncated_json"),
        ('```json\n{"pages": 7, "ti', "truncated_json"),
        ("{'pages': 7, 'title': 'x'}", "not_json"),
        ("```python\nimport json\nbook = json.dumps({'pages': read(x)})\n```", "not_json"),
        ("```python\nbook = {}\nbook['pages'] = 7\n```", "not_json"),
        ("```python\ndef pages():\n    return 7\n```", "not_json"),
        ('```json\n"7 pages"\n```', "fenced_json"),
        ("seven pages", "not_json"),
    ],
)
def test_a_value_is_right_or_the_code_says_what_is_wrong(text: str, code: str) -> None:
    contract = {"judge": "json.value", "schema": BOOK, "equals": {"pages": 7, "title": "x"}}

    assert judge(read(text), case(contract)).code == code


def test_a_value_that_a_library_repaired_counts_by_itself() -> None:
    contract = {"judge": "json.value", "schema": BOOK, "equals": {"pages": 7, "title": "x"}}
    fenced = '```json\n{"pages": 7, "title": "x"}\n```'

    assert judge(Observation(text=fenced, value={"pages": 7, "title": "x"}), case(contract)).code == "ok"
    assert judge(Observation(text=fenced, value={"pages": 9, "title": "x"}), case(contract)).code == "wrong_value"


def test_key_order_and_absent_members_only_count_where_the_contract_says_so() -> None:
    ordered = {"judge": "json.value", "equals": {"a": 1, "b": 2}, "key_order": ["b", "a"]}
    optional = {"judge": "json.value", "equals": {"a": 1}, "absent_is_null": True}

    assert judge(read('{"a": 1, "b": 2}'), case(ordered)).code == "wrong_key_order"
    assert judge(read('{"b": 2, "a": 1}'), case(ordered)).code == "ok"
    assert judge(read('{"a": 1, "b": null}'), case(optional)).code == "ok"


def test_a_cut_number_is_known_by_its_finish_reason_only() -> None:
    contract = {"judge": "json.value", "equals": 1234}

    assert judge(read("12", "length"), case(contract)).code == "truncated_json"
    assert judge(read("12"), case(contract)).code == "wrong_value"


def test_deep_nesting_is_a_finding_and_no_crash() -> None:
    value: object = 1
    for _ in range(5_000):
        value = [value]
    loop = {"$defs": {"n": {"items": {"$ref": "#/$defs/n"}}}, "$ref": "#/$defs/n"}

    assert judge(
        Observation(text="[", value=value), case({"judge": "json.value", "schema": loop, "equals": 1})
    ).code == ("schema_invalid")


# Text, endings, streams


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ({"check": "equals", "value": "yes"}, " yes\n", "yes!"),
        ({"check": "answer", "any_of": ["B"]}, "**b**.", "A"),
        ({"check": "holds", "all_of": ["KX-1"]}, "It is kx-1.", "It is KX-12."),
        ({"check": "holds", "any_of": ["no", "not"]}, "not here", "nothing"),
        ({"check": "holds", "all_of": ["12"]}, "12.", "12.5"),
        ({"check": "lacks", "words": ["fish"]}, "fishing", "A fish."),
        ({"check": "starts", "value": "A:"}, "A: x", "x A:"),
        ({"check": "ends", "value": "end"}, "the end\n", "end."),
        ({"check": "matches", "pattern": r"\d+"}, "12", "12 "[:1] + "a"),
        ({"check": "lines", "count": 2, "pattern": "- .*"}, "- a\n\n- b", "- a\nb"),
        ({"check": "lines", "count": 2}, "a\nb", "a"),
        ({"check": "words", "least": 2, "most": 3}, "a b c", "a b c d"),
        ({"check": "case", "letters": "upper"}, "AB 1", "Ab 1"),
        ({"check": "case", "letters": "lower"}, "ab", "12"),
        ({"check": "label", "value": "YES"}, "YES", "Yes"),
    ],
)
def test_checks(check: dict[str, Any], good: str, bad: str) -> None:
    assert first_fault(good, [check]) is None
    assert first_fault(bad, [check]) is not None


def test_endings_are_judged_on_the_axis_wire() -> None:
    contract = {"judge": "wire.text", "checks": [{"check": "equals", "value": "yes"}], "finish": "stop", "usage": True}
    usage = {"input_tokens": 3, "output_tokens": 1}
    wire = case(contract)

    assert judge(Observation(text="yes", finish="stop", usage=usage), wire).code == "ok"
    assert judge(Observation(text="yes", finish="unknown", usage=usage), wire).code == "wrong_finish_reason"
    assert judge(Observation(text="yes", finish="stop"), wire).code == "usage_missing"
    unequal = Observation(text="yes", finish="stop", usage=usage, events={"streamed": True, "text_equal": False})
    assert judge(unequal, wire).code == "stream_differs"
    cut = Observation(text="yes", usage=usage, events={"streamed": True, "ended": False})
    assert judge(cut, wire).code == "stream_unfinished"


CALL = st.builds(
    ToolCall,
    id=st.text(max_size=3),
    name=st.sampled_from(["get_weather", "book_room", "x"]),
    arguments=st.none() | st.dictionaries(st.sampled_from(["city", "room", "minutes", "quiet"]), JSON, max_size=3),
    raw_arguments=st.text(max_size=5),
)


@given(
    text=st.text(max_size=40) | st.sampled_from(["```json\n{", "[", '{"a": "', "{}"]),
    calls=st.lists(CALL, max_size=3),
    value=st.just(ABSENT) | JSON,
    finish=st.sampled_from(["stop", "length", "tool_call", "error", "unknown"]),
)
def test_a_judge_has_an_answer_to_every_observation(
    text: str, calls: list[ToolCall], value: object, finish: str
) -> None:
    seen = Observation(text=text, tool_calls=tuple(calls), value=value, finish=finish)

    for one in SMOKE:
        verdict = judge(seen, one)
        assert REASONS[verdict.code][0] == verdict.outcome
        assert verdict.outcome in ("pass", "fail")


# The vocabulary


def test_evidence_is_bounded() -> None:
    assert len(found("not_json", "x" * 10_000).evidence) == MAX_EVIDENCE


def test_the_documentation_lists_every_reason_code_with_its_meaning() -> None:
    page = (REPOSITORY / "docs/reference/cases.md").read_text("utf-8")
    rows = [f"| `{code}` | {outcome} | {meaning} |" for code, (outcome, meaning) in REASONS.items()]

    assert [row for row in rows if row not in page] == []


def test_the_example_in_the_documentation_is_a_frozen_case() -> None:
    page = (REPOSITORY / "docs/reference/cases.md").read_text("utf-8")
    example = page.split('"id": "')[1][:16]

    assert f'"id":"{example}"' in (REPOSITORY / "conformance/cases/tools/t1.jsonl").read_text("utf-8")


def test_every_code_is_used_by_a_judge() -> None:
    """A code that nothing gives would be an empty promise. Some are given by a check's own `code`."""
    room = REPOSITORY / "src/portable_llm/conformance"
    sources = [*room.glob("judges/*.py"), *room.glob("templates/*.py")]
    code = "\n".join(path.read_text("utf-8") for path in sources if path.name != "outcome.py")
    unused = [name for name in REASONS if name != "ok" and f'"{name}"' not in code]

    assert unused == []


def test_an_observation_survives_its_json_form() -> None:
    seen = Observation(
        text="\ud83d", value=None, tool_calls=(call(),), usage={"input_tokens": 1, "output_tokens": None}
    )

    again = Observation.from_json(json.loads(json.dumps(seen.to_json())))

    assert again == seen
    assert again.has_value
    assert not Observation.from_json(Observation().to_json()).has_value
