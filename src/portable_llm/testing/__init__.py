"""Test without a vendor: a real HTTP server that speaks every wire format, with faults as data.

    with FakeServer(fixed("hello")) as server:
        base_url = server.base_url("openai-chat")

Names are loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portable_llm.testing.endpoint import ScriptedAnswer, ScriptedEndpoint
    from portable_llm.testing.faults import (
        CloseKeepAlive,
        Cut,
        CutJson,
        Decline,
        DropParallelCalls,
        DropUsage,
        EmptyAnswer,
        Fault,
        FenceJson,
        FilterWords,
        GzipBomb,
        HugeBody,
        IgnoreSchema,
        IgnoreStop,
        Pace,
        ProseAroundJson,
        RenameFinishReasons,
        Reset,
        Schedule,
        SlowLoris,
        Stall,
        Status,
        StreamError,
        WrongBytes,
        fault_from_json,
        fault_names,
        first,
        nth,
        sometimes,
    )
    from portable_llm.testing.refusals import refusal_names
    from portable_llm.testing.responders import Received, Reply, Responder, answer, echo, fixed, scripted
    from portable_llm.testing.server import FakeServer

_MODULES = {
    "endpoint": ("ScriptedAnswer", "ScriptedEndpoint"),
    "faults": (
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
        "fault_from_json",
        "fault_names",
        "first",
        "nth",
        "sometimes",
    ),
    "refusals": ("refusal_names",),
    "responders": ("Received", "Reply", "Responder", "answer", "echo", "fixed", "scripted"),
    "server": ("FakeServer",),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "CloseKeepAlive",
    "Cut",
    "CutJson",
    "Decline",
    "DropParallelCalls",
    "DropUsage",
    "EmptyAnswer",
    "FakeServer",
    "Fault",
    "FenceJson",
    "FilterWords",
    "GzipBomb",
    "HugeBody",
    "IgnoreSchema",
    "IgnoreStop",
    "Pace",
    "ProseAroundJson",
    "Received",
    "RenameFinishReasons",
    "Reply",
    "Reset",
    "Responder",
    "Schedule",
    "ScriptedAnswer",
    "ScriptedEndpoint",
    "SlowLoris",
    "Stall",
    "Status",
    "StreamError",
    "WrongBytes",
    "answer",
    "echo",
    "fault_from_json",
    "fault_names",
    "first",
    "fixed",
    "nth",
    "refusal_names",
    "scripted",
    "sometimes",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
