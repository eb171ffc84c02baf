"""How hosts of this protocol are asked to think: a word, a switch, a budget, or objects of their own.

Spelling keys (`Capabilities.spelling`; a place is a path of members joined by dots):

- `reasoning/effort`: the place of the word; `reasoning_effort` if not given, empty where a host has no such field.
- `reasoning/on`, `reasoning/off`: `place=value`, sent for any effort but `none`, and for `none`. Without a switch to
  turn it off, `none` is a word like the others.
- `reasoning/budget_tokens`: the place of the number; without one it is dropped. A budget alone turns thinking on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._request import Reasoning
from portable_llm.wire.openai_chat._ledger import Add, entry

_VALUES: Mapping[str, Any] = {"true": True, "false": False}


def write_reasoning(body: dict[str, Any], reasoning: Reasoning, spelling: Mapping[str, str], add: Add) -> None:
    """Effort, budget and summary in this host's words."""
    if reasoning.effort is not None:
        _effort(body, reasoning.effort, spelling, add)
    if reasoning.budget_tokens is not None:
        place = spelling.get("reasoning/budget_tokens")
        if place:
            _put(body, place, reasoning.budget_tokens)
            switch = spelling.get("reasoning/on") if reasoning.effort is None else None
            if switch:
                _turn(body, switch)
            sent = f"{place}, beside {switch.replace('=', ': ')}" if switch else place
            add(entry("sampling", "/reasoning/budget_tokens", "renamed", f"sent as {sent}"))
        else:
            detail = "the protocol has no budget; use effort"
            add(entry("sampling", "/reasoning/budget_tokens", "dropped", detail, "nobody"))
    if reasoning.summary is not None:
        detail = "the protocol cannot ask for readable reasoning"
        add(entry("sampling", "/reasoning/summary", "dropped", detail, "nobody"))


def _effort(body: dict[str, Any], effort: str, spelling: Mapping[str, str], add: Add) -> None:
    switch = spelling.get("reasoning/off" if effort == "none" else "reasoning/on")
    place = "" if effort == "none" and switch else spelling.get("reasoning/effort", "reasoning_effort")
    sent: list[str] = []
    if switch:
        _turn(body, switch)
        sent.append(switch.replace("=", ": "))
    if place:
        _put(body, place, effort)
        sent.append(place)
    add(entry("sampling", "/reasoning/effort", "renamed", f"sent as {' and '.join(sent)}"))


def _turn(body: dict[str, Any], switch: str) -> None:
    place, _, value = switch.partition("=")
    _put(body, place, _VALUES.get(value, value))


def _put(body: dict[str, Any], place: str, value: object) -> None:
    """Set a member at a path, making the objects on the way."""
    *outer, last = place.split(".")
    for name in outer:
        body = body.setdefault(name, {})
    body[last] = value
