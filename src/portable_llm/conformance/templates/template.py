"""What a template is, how one is declared, and the words that templates share for requests and contracts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from portable_llm.conformance.case import CANARY, Answer, Case, JsonObject, Tier, json_object
from portable_llm.conformance.templates.draw import Draw, seed_key

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one draw of a template yields."""

    request: Json
    contract: Json
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A generator of cases that differ only on the surface: the cluster of all statistics."""

    axis: str
    family: str
    name: str
    tier: Tier
    tags: tuple[str, ...]
    is_smoke: bool
    """One of the six of its axis that the depth `smoke` runs."""
    make: Callable[[Draw], Draft]
    twin: str | None = None
    """Templates with one name here draw the same: twins that differ in nothing but the way of asking."""

    @property
    def id(self) -> str:
        """`<axis>.<family>.<name>`."""
        return f"{self.axis}.{self.family}.{self.name}"

    def case(self, instance: int, secret: bytes | None = None) -> Case:
        """An instance: of the public split, or of the private one that a secret makes (which carries no canary)."""
        draft = self.make(Draw(seed_key(self.twin or self.id, instance, secret)))
        return Case(
            axis=self.axis,
            family=self.family,
            template=self.id,
            instance=instance,
            tier=self.tier,
            tags=self.tags,
            request=draft.request,
            contract=draft.contract,
            answer=draft.answer.to_json(),
            canary=CANARY if secret is None else None,
        )


class Catalogue:
    """The templates of one axis, in the order of declaration."""

    def __init__(self, axis: str) -> None:
        self.axis = axis
        self.templates: list[Template] = []

    def __call__(
        self,
        family: str,
        name: str,
        *,
        tier: Tier = "must",
        tags: Sequence[str] = (),
        smoke: bool = False,
        twin: str | None = None,
    ) -> Callable[[Callable[[Draw], Draft]], Callable[[Draw], Draft]]:
        """Declare the decorated generator as a template."""

        def declare(make: Callable[[Draw], Draft]) -> Callable[[Draw], Draft]:
            self.templates.append(
                Template(
                    axis=self.axis,
                    family=family,
                    name=name,
                    tier=tier,
                    tags=tuple(tags),
                    is_smoke=smoke,
                    make=make,
                    twin=twin,
                )
            )
            return make

        return declare


def user(text: str) -> Json:
    """A user turn."""
    return {"role": "user", "content": text}


def assistant(text: str, *calls: Json) -> Json:
    """An assistant turn, with calls `{"id", "name", "arguments"}`."""
    turn: Json = {"role": "assistant", "content": text}
    return {**turn, "tool_calls": list(calls)} if calls else turn


def result(call_id: str, text: str, *, is_error: bool = False) -> Json:
    """A tool result."""
    turn: Json = {"role": "tool", "tool_call_id": call_id, "content": text}
    return {**turn, "is_error": True} if is_error else turn


def ask(*turns: str | Json, budget: int = 64, stream: bool = False, **options: object) -> Json:
    """A vendor-neutral request; further options as in `conformance/case.schema.json`."""
    messages = [user(turn) if isinstance(turn, str) else turn for turn in turns]
    given = {name: value for name, value in options.items() if value is not None}
    return {**given, "messages": messages, "max_output_tokens": budget, "stream": stream}


def schema(required: Json, optional: Json | None = None, **keywords: object) -> Json:
    """A closed object schema."""
    properties = {**required, **(optional or {})}
    form: Json = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {**form, **keywords}


def of(kind: str, description: str | None = None, **keywords: object) -> Json:
    """A schema of one type."""
    return {"type": kind, **({"description": description} if description else {}), **keywords}


def tool(
    name: str, description: str, required: Json | None = None, optional: Json | None = None, **keywords: object
) -> Json:
    """A tool definition."""
    return {"name": name, "description": description, "parameters": schema(required or {}, optional, **keywords)}


def accepted(*values: object, optional: bool = False, exact: bool = False) -> Json:
    """Accepted values of one argument; text is compared by words unless `exact`."""
    return {"any_of": list(values), "optional": optional, "compare": "exact" if exact else "words"}


def calls(
    request: Json, *wanted: tuple[str, Json], also: Json | None = None, judge: str = "tools.calls", **contract: object
) -> Draft:
    """A draft whose answer is these calls. `also` gives accepted values beside the exact argument, by parameter."""
    expect = [
        {"name": name, "arguments": {key: accepted(value) for key, value in arguments.items()} | json_object(also)}
        for name, arguments in wanted
    ]
    made = tuple({"name": name, "arguments": arguments} for name, arguments in wanted)
    return Draft(
        request=request,
        contract={"judge": judge, "expect": expect, **contract},
        answer=Answer(tool_calls=made, finish="tool_call"),
    )


def says(
    request: Json,
    text: str,
    *checks: JsonObject,
    judge: str,
    ending: str = "stop",
    uncut: str | None = None,
    **contract: object,
) -> Draft:
    """A draft whose answer is a text that ends as told; `contract` adds what the judge reads beside the checks."""
    return Draft(
        request=request,
        contract={"judge": judge, **({"checks": [dict(check) for check in checks]} if checks else {}), **contract},
        answer=Answer(text=text, finish=ending, uncut=uncut),
    )


def gives(request: Json, value: object, **contract: object) -> Draft:
    """A draft whose answer is a JSON value; it has to satisfy the request's schema when there is one."""
    judged = {"schema": request["schema"]} if "schema" in request else {}
    text = json.dumps(value, ensure_ascii=False)
    return Draft(
        request=request,
        contract={"judge": "json.value", **judged, "equals": value, **contract},
        answer=Answer(text=text, finish="stop"),
    )
