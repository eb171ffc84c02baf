"""An endpoint whose truth is known: it answers given cases rightly, as often as it is told to.

Real models small enough for a test machine fail most cases, and nobody knows their true pass rate. This one is asked
over real HTTP like any other endpoint and finds the case by what is asked: nothing on the wire marks a test.
Draws depend on seed, case and how often the case came, so a run can be repeated, in any order of the cases.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from portable_llm._errors import ConfigurationError
from portable_llm._json import JsonValue, dump_json, load_json
from portable_llm._messages import ToolCallPart
from portable_llm._request import Request, Tool
from portable_llm._response import FinishReason, Response, TokenLogprob
from portable_llm.testing.content import Content, content_of, plain_name
from portable_llm.testing.fault import Fault, draw
from portable_llm.testing.model_faults import is_json, prose_of
from portable_llm.testing.responders import Received, Reply, answer, last_text, obey

MAX_REMEMBERED = 10_000
"""Requests other than the cases' own whose case is remembered, so that it is searched once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAnswer:
    """The right answer to one request."""

    request: Request[Any]
    """As the application states it; its model does not matter."""
    text: str = ""
    """The visible text; a stop string of the request cuts it."""
    uncut: str | None = None
    """What is written where neither a stop string nor a limit arrives, if that is more."""
    tool_calls: tuple[ToolCallPart, ...] = ()
    finish_reason: FinishReason | None = None
    """`length` comes only where a limit arrives; by default what follows from the calls."""
    wrong: Response[Any] | None = None
    """What a failed trial answers; by default something that no check of the right answer can pass."""
    is_stream: bool | None = None
    """Tells twins apart that differ in this alone."""


@dataclass(frozen=True, slots=True)
class _Case:
    id: str
    answer: ScriptedAnswer
    content: Content


class ScriptedEndpoint:
    """A responder that plays a model: known cases are answered by script, everything else is echoed.

    `pass_probability` holds for all cases, or per case id (1.0 for those it does not name). `faults` strike single
    answers; their schedules count the trials of this endpoint, and a probability is drawn per case and trial. With
    `needs_schema` a case that wants JSON is answered in prose when neither the schema nor any added instruction
    arrived, as real models would. Raises `ConfigurationError` for a probability that is none.
    """

    def __init__(
        self,
        cases: Mapping[str, ScriptedAnswer],
        *,
        pass_probability: float | Mapping[str, float] = 1.0,
        faults: Iterable[Fault] = (),
        seed: int = 0,
        needs_schema: bool = False,
    ) -> None:
        self._cases = [_Case(name, case, content_of(case.request)) for name, case in cases.items()]
        self._pass_probability = pass_probability
        self._faults = tuple(faults)
        self._seed = seed
        self._needs_schema = needs_schema
        self._by_key: dict[str, list[_Case]] = {}
        for case in self._cases:
            self._by_key.setdefault(case.content.key, []).append(case)
        self._found: dict[str, list[_Case]] = {}
        self._trials: dict[str, int] = {}
        self._count = 0
        self._unknown = 0
        self._lock = threading.Lock()
        self._check(cases)

    def _check(self, cases: Mapping[str, ScriptedAnswer]) -> None:
        given = self._pass_probability
        named = {"": given} if isinstance(given, (int, float)) else given
        for name, probability in named.items():
            if not 0 <= probability <= 1:
                raise ConfigurationError(f"pass_probability {name!r}: {probability} does not lie between 0 and 1")
            if name and name not in cases:
                raise ConfigurationError(f"pass_probability names the unknown case {name!r}")

    @property
    def trials(self) -> dict[str, int]:
        """How often each case was asked so far, by id."""
        with self._lock:
            return dict(self._trials)

    @property
    def unknown(self) -> int:
        """How many requests were none of the cases."""
        with self._lock:
            return self._unknown

    def probability(self, case_id: str) -> float:
        """The truth about one case."""
        given = self._pass_probability
        return given if isinstance(given, (int, float)) else given.get(case_id, 1.0)

    def passes(self, case_id: str, trial: int) -> bool:
        """Whether that trial (from 1) of the case is answered rightly, faults apart."""
        return draw(self._seed, "pass", case_id, trial) < self.probability(case_id)

    def __call__(self, request: Request[Any], received: Received) -> Reply:
        content = content_of(request)
        case = self._find(request, content, received)
        trial, number = self._count_trial(case)
        if case is None:
            return Reply(response=obey(request, answer(last_text(request))))
        faults = self._due(number, case.id, trial)
        for fault in faults:
            request = fault.ask(request)
        if self.passes(case.id, trial):
            chosen = _right(case.answer, request)
        else:
            chosen = case.answer.wrong or _wrong(case.answer, draw(self._seed, "wrong", case.id, trial))
        return Reply(response=obey(request, self._as_asked(case, request, content, chosen)), faults=faults)

    def _count_trial(self, case: _Case | None) -> tuple[int, int]:
        with self._lock:
            if case is None:
                self._unknown += 1
                return 0, 0
            self._count += 1
            self._trials[case.id] = trial = self._trials.get(case.id, 0) + 1
            return trial, self._count

    def _due(self, number: int, case_id: str, trial: int) -> tuple[Fault, ...]:
        key = (self._seed, case_id, trial)
        return tuple(fault for place, fault in enumerate(self._faults) if fault.on.is_due(number, key=(place, *key)))

    # ---- which case ----

    def _find(self, request: Request[Any], content: Content, received: Received) -> _Case | None:
        same = self._by_key.get(content.key)
        if same is None:
            same = self._found.get(content.key)
        if same is None:
            same = self._search(content)
            if len(self._found) < MAX_REMEMBERED:
                self._found[content.key] = same
        if not same:
            return None
        return max(same, key=lambda case: _agreement(case.answer, request, received))

    def _search(self, content: Content) -> list[_Case]:
        """The cases whose every piece occurs; of several those that explain most of the text."""
        whole = content.whole
        fitting = [case for case in self._cases if _occurs(case.content, content, whole)]
        size = max((_weight(case, content) for case in fitting), default=(0, 0))
        return [case for case in fitting if _weight(case, content) == size]

    # ---- the same answer under other circumstances ----

    def _as_asked(self, case: _Case, request: Request[Any], content: Content, chosen: Response[Any]) -> Response[Any]:
        """The answer as it has to be given here: by a tool that stands for the schema, under the tools' names here."""
        wants_json = case.answer.request.output is not None and request.output is None
        if wants_json and (carrier := _carrier(case.content, request)) is not None and is_json(chosen.text, any=True):
            return answer(tool_calls=[(carrier.name, _wrapped(load_json(chosen.text), carrier))])
        if wants_json and self._needs_schema and content == case.content and is_json(chosen.text):
            return answer(prose_of(chosen.text))
        return _with_names_of(request.tools, case.answer.request.tools, chosen)


def _occurs(known: Content, content: Content, whole: str) -> bool:
    return (
        bool(known.last)
        and (known.last in content.last or content.last in known.last)
        and all(piece in whole for piece in known.pieces)
    )


def _weight(case: _Case, content: Content) -> tuple[int, int]:
    return sum(map(len, case.content.pieces)), len({*case.content.tools} & {*content.tools})


def _agreement(case: ScriptedAnswer, request: Request[Any], received: Received) -> int:
    """In how many options the request is the case's own: tells cases apart that ask the same in other ways."""
    known = case.request
    return sum(
        (
            known.stop == request.stop,
            known.max_output_tokens == request.max_output_tokens,
            (known.output is None) == (request.output is None),
            known.tool_choice == request.tool_choice,
            known.parallel_tool_calls == request.parallel_tool_calls,
            known.sampling == request.sampling,
            case.is_stream in (None, received.is_stream),
        )
    )


def _right(case: ScriptedAnswer, request: Request[Any]) -> Response[Any]:
    text, reason = case.text, case.finish_reason
    if reason == "length" and request.max_output_tokens is None:
        text, reason = case.uncut or text, None
    elif reason != "length" and case.uncut is not None:
        text = case.uncut
    told = None if request.sampling.logprobs is None else _certain(text)
    return answer(text, tool_calls=case.tool_calls, finish_reason=reason, logprobs=told)


def _certain(text: str) -> list[TokenLogprob]:
    """Log-probabilities of a script, which is sure of every word."""
    return [TokenLogprob(token=token, logprob=0.0) for token in re.findall(r"\s*\S+\s*$|\s*\S+", text)]


def _carrier(known: Content, request: Request[Any]) -> Tool | None:
    """The one tool that the application does not have: a library added it to get JSON."""
    added = [tool for tool in request.tools if plain_name(tool.name) not in known.tools]
    return added[0] if len(added) == 1 and request.tool_choice != "none" else None


def _wrapped(value: JsonValue, carrier: Tool) -> dict[str, JsonValue]:
    """The value as arguments: what is no object goes into the only field the tool has."""
    if isinstance(value, dict):
        return value
    names = list(carrier.parameters.get("properties", {}))
    return {names[0] if names else "value": value}


def _with_names_of(tools: tuple[Tool, ...], known: tuple[Tool, ...], response: Response[Any]) -> Response[Any]:
    """Calls under the names that the request gives; calls of tools that did not arrive cannot be made."""
    if not response.tool_calls:
        return response
    here = {plain_name(tool.name): tool.name for tool in tools}
    if len(tools) == len(known):
        here |= {plain_name(old.name): new.name for old, new in zip(known, tools, strict=True)}
    there = {tool.name for tool in tools}
    parts = [
        replace(part, name=part.name if part.name in there else here.get(plain_name(part.name), ""))
        if isinstance(part, ToolCallPart)
        else part
        for part in response.message.parts
    ]
    made = tuple(part for part in parts if not isinstance(part, ToolCallPart) or part.name)
    if not any(isinstance(part, ToolCallPart) for part in made):
        return answer(response.text or "I have no tool for that.")
    return replace(response, message=replace(response.message, parts=made))


# ---- wrong answers ---------------------------------------------------------------------------------------------------


def _wrong(case: ScriptedAnswer, drawn: float) -> Response[Any]:
    """An answer of the right kind that is surely wrong, or none at all."""
    if case.tool_calls:
        return _wrong_calls(case, drawn)
    if is_json(case.text, any=case.request.output is not None):
        return answer(dump_json(_other(load_json(case.text))).decode() if drawn < 0.5 else "")
    if case.request.tools and case.request.tool_choice != "none" and drawn < 0.5:
        return answer(tool_calls=[(case.request.tools[0].name, {})])
    return answer("" if drawn < 0.75 else "zzz")


def _wrong_calls(case: ScriptedAnswer, drawn: float) -> Response[Any]:
    if drawn < 0.4:
        return answer(tool_calls=[(call.name, _other_members(call.arguments or {})) for call in case.tool_calls])
    called = {call.name for call in case.tool_calls}
    others = [tool.name for tool in case.request.tools if tool.name not in called]
    if drawn < 0.7 and others:
        return answer(tool_calls=[(others[0], {})])
    return answer("zzz")


def _other(value: JsonValue) -> JsonValue:
    """A value of the same shape in which no leaf is right."""
    match value:
        case dict():
            return _other_members(value)
        case list():
            return [_other(item) for item in value] or ["zzz"]
        case bool():
            return not value
        case int() | float():
            return value * 2 + 7919
        case _:
            return "zzz"


def _other_members(value: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {name: _other(item) for name, item in value.items()} or {"zzz": 1}
