"""What can go wrong, as data.

A fault is a frozen value with a JSON form and a schedule that says which requests it strikes. It works at up to four
places: what the model is asked, what it answers (portable, so it holds for every wire format), what the HTTP answer
says, and how that goes over the line. The server applies all faults that are due, in the order given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from portable_llm._errors import ConfigurationError
from portable_llm.testing.fault import ALWAYS, Fault, Schedule, draw, fault_name, first, nth, sometimes
from portable_llm.testing.line_faults import (
    CloseKeepAlive,
    Cut,
    GzipBomb,
    HugeBody,
    Pace,
    RenameFinishReasons,
    Reset,
    SlowLoris,
    Stall,
    Status,
    StreamError,
    WrongBytes,
)
from portable_llm.testing.model_faults import (
    CutJson,
    DropParallelCalls,
    DropUsage,
    EmptyAnswer,
    FenceJson,
    FilterWords,
    IgnoreSchema,
    IgnoreStop,
    ProseAroundJson,
)
from portable_llm.testing.refusals import Decline

_FAULTS: dict[str, type[Fault]] = {fault_name(cls): cls for cls in Fault.__subclasses__()}


def fault_names() -> tuple[str, ...]:
    """The names of all faults in their JSON form, sorted."""
    return tuple(sorted(_FAULTS))


def fault_from_json(stored: Mapping[str, Any]) -> Fault:
    """Read one fault; raises `ConfigurationError` that names what is wrong with it."""
    name = stored.get("fault")
    cls = _FAULTS.get(name) if isinstance(name, str) else None
    if cls is None:
        raise ConfigurationError(f"unknown fault {name!r}; known: {', '.join(fault_names())}")
    values = {key: value for key, value in stored.items() if key != "fault"}
    try:
        if "on" in values:
            values["on"] = _schedule(values["on"])
        return cls(**values)
    except TypeError as error:
        known = ", ".join(item.name for item in fields(cls))
        raise ConfigurationError(f"fault {name!r} cannot be read: {error}; its fields: {known}") from error


def _schedule(stored: Mapping[str, Any]) -> Schedule:
    values = dict(stored)
    if "nth" in values:
        numbers: Any = values["nth"]
        values["nth"] = (numbers,) if isinstance(numbers, int) else tuple(numbers)
    return Schedule(**values)


__all__ = [
    "ALWAYS",
    "CloseKeepAlive",
    "Cut",
    "CutJson",
    "Decline",
    "DropParallelCalls",
    "DropUsage",
    "EmptyAnswer",
    "Fault",
    "FenceJson",
    "FilterWords",
    "GzipBomb",
    "HugeBody",
    "IgnoreSchema",
    "IgnoreStop",
    "Pace",
    "ProseAroundJson",
    "RenameFinishReasons",
    "Reset",
    "Schedule",
    "SlowLoris",
    "Stall",
    "Status",
    "StreamError",
    "WrongBytes",
    "draw",
    "fault_from_json",
    "fault_names",
    "first",
    "nth",
    "sometimes",
]
