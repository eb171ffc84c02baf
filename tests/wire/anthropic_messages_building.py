"""What the tests of building share: a short request, and the ledger by subject."""

from __future__ import annotations

from typing import Any

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._messages import Origin, user
from portable_llm._request import Request, Tool
from portable_llm.wire.anthropic_messages import CAPABILITIES, build_request

HERE = Origin(provider="somebody", host="example.test", model="m")
WEATHER = Tool(name="weather", description="Current weather", parameters={"type": "object", "properties": {}})
HELLO: Request[Any] = Request(model="m", messages=(user("hello"),), max_output_tokens=4096)


def spelled(**spelling: str) -> Capabilities:
    """The format's capabilities with a spelling; `_` stands for `/`."""
    return CAPABILITIES.with_(spelling={name.replace("_", "/"): value for name, value in spelling.items()})


def built(request: Request[Any], capabilities: Capabilities = CAPABILITIES) -> tuple[Any, dict[str, Adaptation]]:
    """The wire body, and the ledger by subject."""
    call, ledger = build_request(request, capabilities)
    return call.json, {entry.subject: entry for entry in ledger}
