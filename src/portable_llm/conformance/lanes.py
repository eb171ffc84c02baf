"""Lanes: how a case is written for an endpoint. Home is A's own wire request; raw carries it to B with a day-one port's
renames and nothing else; norm is the library's request for B."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from portable_llm._adaptation import Adaptation
from portable_llm._errors import CallerError
from portable_llm._http import HttpCall
from portable_llm._json import dump_json
from portable_llm._plan import Plan, make_plan
from portable_llm.conformance.bridge import portable_request
from portable_llm.conformance.case import Case, JsonObject, json_object
from portable_llm.conformance.endpoints import Endpoint
from portable_llm.conformance.port import Carried, carry, carry_table

LaneName = Literal["home", "raw", "norm"]

_ASSERTED = {
    "output": "schema",
    "tools": "tools",
    "tool_choice": "tool_choice",
    "parallel_tool_calls": "parallel_tool_calls",
    "stop": "stop",
    "max_output_tokens": "max_output_tokens",
    "messages": "messages",
    "sampling": "sampling",
    "reasoning": "reasoning",
}
"""First step of a ledger entry's subject → the member of a case's request that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneCall:
    """What one lane sends for a case."""

    lane: LaneName
    call: HttpCall
    plan: Plan[Any] | None
    """The library's plan, where it wrote the request (home, norm)."""
    omitted: tuple[str, ...] = ()
    """Fields of home's request that the raw lane cannot carry."""

    @property
    def ledger(self) -> tuple[Adaptation, ...]:
        """What the library knew beforehand that the endpoint does not honour."""
        return self.plan.adaptations if self.plan is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """A case that a lane cannot send at all."""

    lane: LaneName
    kind: Literal["unsupported", "invalid_request"]
    reason: str


def plan_case(case: Case, endpoint: Endpoint) -> Plan[Any]:
    """The library's plan of a case for an endpoint; raises `CallerError` for one it cannot write."""
    request = portable_request(case, endpoint.label, endpoint.sampling)
    return make_plan(request, endpoint.target, stream=case.streamed)


def home_call(case: Case, a: Endpoint) -> LaneCall | NotSent:
    """A's own request. A case whose ledger loses something it asserts is unsupported at home and leaves the axis."""
    try:
        plan = plan_case(case, a)
    except CallerError as error:
        return NotSent(lane="home", kind="unsupported", reason=str(error))
    lost = [entry for entry in plan.adaptations if entry.severity in ("lost", "changed") and _is_asserted(entry, case)]
    if lost:
        return NotSent(lane="home", kind="unsupported", reason="; ".join(str(entry) for entry in lost))
    if plan.tools is not None and plan.tools.names:
        # Home and raw are read without the library, which alone knows the way back; nobody at A has such a tool.
        names = ", ".join(sorted(plan.tools.names.values()))
        return NotSent(lane="home", kind="unsupported", reason=f"{a.label} takes no tool name like {names}")
    return LaneCall(lane="home", call=plan.call, plan=plan)


def _is_asserted(entry: Adaptation, case: Case) -> bool:
    _, root, *rest = entry.subject.split("/")
    if root in ("sampling", "reasoning") and rest and rest[0] not in case.request.get(root, ()):
        return False  # a value of the endpoint's own, or none that the case is about
    return _ASSERTED.get(root) in case.asserted


def raw_call(case: Case, home: HttpCall, a: Endpoint, b: Endpoint) -> LaneCall | NotSent:
    """Home's wire JSON at B: only what a day-one port renames."""
    carried = carry(json_object(home.json), carry_table(a.wire, b.wire), b.target.model, streamed=case.streamed)
    path, headers, body = _as_hosted(case, b, carried)
    return LaneCall(
        lane="raw",
        call=HttpCall(path=path, headers=headers, body=dump_json(body)),
        plan=None,
        omitted=carried.omitted,
    )


_HOSTED = ("anthropic_version",)
"""Fields that a host demands in the body where the vendor itself has a header."""


def _as_hosted(case: Case, b: Endpoint, carried: Carried) -> tuple[str, dict[str, str], JsonObject]:
    """Path, headers and body with what B's host demands, as its documentation tells everybody on the first day: where
    the model is named, which version is meant. Nothing of what is asked comes from the library's own request."""
    try:
        call = plan_case(case, b).call
    except CallerError:
        return carried.path, {"content-type": "application/json"}, carried.body
    planned = json_object(call.json)
    body = {name: value for name, value in carried.body.items() if name not in _HOSTED}
    if "model" not in planned:
        body.pop("model", None)
    return call.path, dict(call.headers), {**{name: planned[name] for name in _HOSTED if name in planned}, **body}


def norm_call(case: Case, b: Endpoint) -> LaneCall | NotSent:
    """The library's request for B, without any tuning for B."""
    try:
        plan = plan_case(case, b)
    except CallerError as error:
        return NotSent(lane="norm", kind="invalid_request", reason=str(error))
    return LaneCall(lane="norm", call=plan.call, plan=plan)
