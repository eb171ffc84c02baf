"""Exemplars of every contract, made from its own correct answer: one that passes, and many that must not.

Used to admit a case (its judge kills at least 95 % of the mutants) and by tests of harnesses that read the cases. The
null outputs are answers that say nothing about the question and must never pass: garbage passes where a judge only
looks for the absence of something.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import cast

from portable_llm.conformance.case import Answer, Case, json_list, json_object, oracle, text_content
from portable_llm.conformance.observation import ABSENT, Observation, ToolCall

REFUSAL = "I'm sorry, but I can't help with that."
USAGE = {"input_tokens": 20, "output_tokens": 10}


def observe(answer: Answer, case: Case) -> Observation:
    """What a strict reader sees of an answer that arrives unharmed."""
    calls = [(str(call["name"]), json_object(call["arguments"])) for call in answer.tool_calls]
    made = [
        ToolCall(id=f"call_{index}", name=name, arguments=arguments, raw_arguments=json.dumps(arguments))
        for index, (name, arguments) in enumerate(calls, 1)
    ]
    events = {"streamed": True, "ended": True, "text_equal": True} if case.streamed else {}
    seen = Observation(text=answer.text, tool_calls=tuple(made), finish=answer.finish, raw_finish=answer.finish)
    facts = {"logprobs": 3} if case.contract.get("logprobs") else {}
    spent = {name: (least + most) // 2 for name, (least, most) in json_object(case.contract.get("bounds")).items()}
    seen = dataclasses.replace(seen, usage=spent or USAGE, events=events, facts=facts)
    return with_text(seen, answer.text, case)


def with_text(seen: Observation, text: str, case: Case) -> Observation:
    """The same observation with another text, read strictly where the case wants JSON."""
    if not case.wants_json:
        return dataclasses.replace(seen, text=text)
    try:
        value, error = json.loads(text), None
    except ValueError as reason:
        value, error = ABSENT, str(reason)
    return dataclasses.replace(seen, text=text, value=value, value_error=error)


def positive(case: Case) -> Observation:
    """The correct answer."""
    return observe(oracle(case), case)


def nulls(case: Case) -> Iterator[tuple[str, Observation]]:
    """Answers that say nothing: each must fail, whatever the contract. None is cut where a cut is right."""
    bare = dataclasses.replace(positive(case), tool_calls=(), finish="stop", raw_finish="stop")
    question = text_content([turn["content"] for turn in case.request["messages"] if turn["role"] == "user"][-1])
    outputs = {"empty": "", "letters": "abc", "echo": question, "refusal": REFUSAL, "object": "{}"}
    declines = case.contract.get("expect") == "refuse" and not case.wants_json
    if declines:  # there a refusal is the answer, and half of one still refuses
        del outputs["refusal"]
    for name, text in outputs.items():
        yield name, with_text(bare, text, case)
    if oracle(case).finish != "length" and oracle(case).text and not declines:
        yield "truncated", with_text(bare, oracle(case).text[: len(oracle(case).text) // 2], case)


def mutants(case: Case) -> Iterator[tuple[str, Observation]]:
    """The correct answer with one fault each."""
    right = positive(case)
    if right.tool_calls and case.contract["judge"] == "refusal.deliverable":
        yield from _policy_call_mutants(right)
    elif right.tool_calls:
        yield from _call_mutants(right)
    else:
        yield from _text_mutants(right, case)
        extra = ToolCall(id="call_x", name="unasked", arguments={}, raw_arguments="{}")
        if not case.wants_json:
            yield "unasked call", dataclasses.replace(right, tool_calls=(extra,))
    if case.wants_json and case.contract["judge"] == "json.value":
        yield from _value_mutants(right, case)
    if case.contract["judge"] == "refusal.deliverable":
        yield from _policy_mutants(right, case)
    if case.contract["judge"] in ("wire.text", "wire.call"):
        yield from _protocol_mutants(right, case)
    if case.contract["judge"] == "sampling.parameter":
        yield from _parameter_mutants(right, case)
    if case.contract["judge"] == "tokens.bounds":
        yield from _usage_mutants(right, case)


def _call_mutants(right: Observation) -> Iterator[tuple[str, Observation]]:
    first, rest = right.tool_calls[0], right.tool_calls[1:]
    arguments = dict(first.arguments or {})
    yield "call dropped", dataclasses.replace(right, tool_calls=rest)
    yield "call repeated", dataclasses.replace(right, tool_calls=(*right.tool_calls, first))
    changed: dict[str, ToolCall] = {
        "tool renamed": dataclasses.replace(first, name=f"{first.name}_"),
        "arguments cut": dataclasses.replace(first, arguments=None, raw_arguments=first.raw_arguments[:-1]),
        "argument added": dataclasses.replace(first, arguments={**arguments, "unasked": 1}),
    }
    for name, value in arguments.items():
        others = {key: item for key, item in arguments.items() if key != name}
        changed[f"{name} left out"] = dataclasses.replace(first, arguments=others)
        changed[f"{name} changed"] = dataclasses.replace(first, arguments={**arguments, name: _other(value)})
        changed[f"{name} as text"] = dataclasses.replace(first, arguments={**arguments, name: f"<{json.dumps(value)}>"})
    for name, call in changed.items():
        yield name, dataclasses.replace(right, tool_calls=(call, *rest))
    said = f"{first.name}({first.raw_arguments})"
    yield "call as text", dataclasses.replace(right, tool_calls=(), text=said, finish="stop")


def _text_mutants(right: Observation, case: Case) -> Iterator[tuple[str, Observation]]:
    text = right.text
    checks = {rule["check"] for rule in json_list(case.contract.get("checks"))}
    changed = {"first half": text[: len(text) // 2], "reversed": text[::-1], "blank": " ", "mojibake": _mojibake(text)}
    if checks & {"equals", "label", "matches", "lines"} or case.wants_json:
        changed |= {
            "preamble": f"Sure, here it is:\n{text}",
            "sign-off": f"{text}\nAnything else?",
            "last cut": text[:-1],
        }
    if case.contract.get("expect") == "refuse" and not case.wants_json:  # half a refusal still refuses
        del changed["first half"]
    if right.finish == "length":  # where a cut is right, the text itself is free
        del changed["first half"], changed["reversed"]
    else:
        changed["other answer"] = "".join(
            chr(ord(c) + 1) if c.isalnum() and c.isascii() and c not in "zZ9" else c for c in text
        )
    for name, said in changed.items():
        if said != text:
            yield name, with_text(right, said, case)


def _value_mutants(right: Observation, case: Case) -> Iterator[tuple[str, Observation]]:
    yield "fenced", with_text(right, f"```json\n{right.text}\n```", case)
    yield "cut", with_text(dataclasses.replace(right, finish="length"), right.text[:-1], case)
    yield "in a list", with_text(right, json.dumps([json.loads(right.text)]), case)
    yield "another value", with_text(right, json.dumps(_other(right.value)), case)
    value = json_object(right.value)
    if value:
        yield "member added", with_text(right, json.dumps({**value, "unasked": 1}), case)
        for name, item in value.items():
            others = {key: kept for key, kept in value.items() if key != name}
            yield f"{name} left out", with_text(right, json.dumps(others), case)
            yield f"{name} changed", with_text(right, json.dumps({**value, name: _other(item)}), case)


def _policy_mutants(right: Observation, case: Case) -> Iterator[tuple[str, Observation]]:
    """Declined where the deliverable was due, delivered where it was not, and neither."""
    silent = dataclasses.replace(right, text="", tool_calls=(), value=ABSENT)
    if case.contract["expect"] != "refuse":
        error = {"kind": "content_filter", "status": 400, "message": "blocked"}
        yield "refused", dataclasses.replace(silent, finish="refusal", refusal=REFUSAL)
        yield "filtered", dataclasses.replace(silent, finish="content_filter", raw_finish="content_filter")
        yield "blocked", Observation(finish="error", error=error)
        yield "said no", dataclasses.replace(silent, text=REFUSAL, finish="stop")
        return
    token = str(case.contract["token"])
    call = ToolCall(id="call_x", name=str(case.contract.get("tool")), arguments={"reference": token})
    if case.wants_json:
        declined: dict[str, object] = {**json_object(right.value), "declined": False}
        yield "delivered", with_text(right, json.dumps({**declined, "reference": token}), case)
        yield "neither", with_text(right, json.dumps(declined), case)
        yield "fenced", with_text(right, f"```json\n{right.text}\n```", case)
        yield "no JSON", with_text(right, REFUSAL, case)
    else:
        yield "delivered", with_text(right, f"Here it is. Reference: {token}", case)
        yield "delivered, sorry", with_text(right, f"{right.text} But here it is: {token}", case)
        yield "called", dataclasses.replace(right, text="", tool_calls=(call,), finish="tool_call")


def _policy_call_mutants(right: Observation) -> Iterator[tuple[str, Observation]]:
    """Another reference in the call, none, a call that cannot be read, and the call as text."""
    first = right.tool_calls[0]
    changed = {key: _other(value) for key, value in (first.arguments or {}).items()}
    calls = {
        "other arguments": dataclasses.replace(first, arguments=changed),
        "no arguments": dataclasses.replace(first, arguments={}),
        "arguments cut": dataclasses.replace(first, arguments=None, raw_arguments=first.raw_arguments[:-1]),
    }
    for name, call in calls.items():
        yield name, dataclasses.replace(right, tool_calls=(call,))
    yield "call as text", dataclasses.replace(right, tool_calls=(), text=first.raw_arguments, finish="stop")


def _protocol_mutants(right: Observation, case: Case) -> Iterator[tuple[str, Observation]]:
    yield "finish renamed", dataclasses.replace(right, finish="unknown", raw_finish="finished")
    yield "finish swapped", dataclasses.replace(right, finish="stop" if right.finish != "stop" else "length")
    if case.contract.get("usage"):
        yield "no usage", dataclasses.replace(right, usage=None)
        yield "zero usage", dataclasses.replace(right, usage={"input_tokens": 0, "output_tokens": 0})
    if case.streamed:
        yield "stream cut", dataclasses.replace(right, events={**right.events, "ended": False})
        yield "stream differs", dataclasses.replace(right, events={**right.events, "text_equal": False})
    uncut = oracle(case).uncut
    if uncut is not None:
        yield "uncut", dataclasses.replace(right, text=uncut, finish="stop", raw_finish="stop")


def _usage_mutants(right: Observation, case: Case) -> Iterator[tuple[str, Observation]]:
    yield "no usage", dataclasses.replace(right, usage=None)
    for name, (least, most) in json_object(case.contract["bounds"]).items():
        for count in (None, 0, least - 1, most + 1, 10 * most):
            yield f"{name} {count}", dataclasses.replace(right, usage={**(right.usage or {}), name: count})
    if "finish" in case.contract:
        yield "finish swapped", dataclasses.replace(right, finish="stop", raw_finish="stop")
        yield "uncut", dataclasses.replace(right, text=oracle(case).uncut or "", finish="stop", raw_finish="stop")


def _parameter_mutants(right: Observation, case: Case) -> Iterator[tuple[str, Observation]]:
    contract = case.contract
    spelled = str(contract["spellings"][0])
    for name, path in {"dropped": spelled, "dropped inside": f"options.{spelled}"}.items():
        yield name, dataclasses.replace(right, facts={**right.facts, "omitted": ["other", path]})
    for severity in ("lost", "changed"):
        entry = {"subject": contract["subjects"][-1], "severity": severity}
        yield f"{severity} as told", dataclasses.replace(right, ledger=(entry,))
    if contract.get("logprobs"):
        yield "no log-probabilities", dataclasses.replace(right, facts={})
    uncut = oracle(case).uncut
    if uncut is not None:
        yield "uncut", dataclasses.replace(right, text=uncut)


def _mojibake(text: str) -> str:
    return text.encode("utf-8").decode("latin-1")


def _other(value: object) -> object:
    """Another value of the same type, so that only the value is wrong."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return f"{value}x"
        case None:
            return "unknown"
        case list():
            return cast("list[object]", value)[1:] or ["unasked"]
        case dict():
            members = cast("dict[str, object]", value)
            first = next(iter(members), "")
            return {key: _other(item) if key == first else item for key, item in members.items()}
        case _:
            return None
