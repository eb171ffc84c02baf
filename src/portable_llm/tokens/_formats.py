"""What a chat adds to its texts: tokens around a request, a message, a tool, a call, a result, a schema.

Providers publish little of it. The numbers were read off recorded requests (the half of the recordings that
`scripts/token_pages.py` does not judge by), or off chat templates of open models. Where models of a family differ, the
number is that of most, and `spread` and `more` say how far the others are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_RECORDED = "recorded usage figures, 2026-11-24"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatFormat:
    """The tokens that one chat format adds."""

    request: float = 0
    """Once."""
    spread: float = 0
    """How far `request` may be off, both ways."""
    more: float = 0
    """What some models of the family, or some hosts, add to it."""
    message: float = 0
    """For each message, but for system messages."""
    system: float | None = None
    """For each system message; `None`: as for the others."""
    assistant: float = 0
    """On top, for each turn of the model."""
    without_system: float = 0
    """Once, where the request has no system message."""
    thinking: float = 0
    """Once, where thinking is asked for."""
    tool_style: Literal["typescript", "json"] = "json"
    """How the definitions of tools are written into the prompt."""
    tools: float = 0
    """Once, where there are tools."""
    tools_with_system: float | None = None
    """The same, where there is a system message too."""
    tools_forced: float | None = None
    """The same, where a call is forced."""
    tools_spread: float = 0
    """How far it may be off."""
    tool: float = 0
    """For each tool, besides its text."""
    tool_share: float = 0.0
    """Share of the tools' texts by which they may be off, since nobody publishes how they are written."""
    call: float = 0
    """For each call of a tool in the history, besides its name and arguments."""
    result: float = 0
    """For each result."""
    call_spread: float = 0
    """How far the two may be off."""
    output: float = 0
    """Once, where a schema is sent for the answer."""
    output_share: float = 0.3
    """Share of the schema's text by which it may be off."""
    output_spread: float = 12
    source: str = _RECORDED

    def of_role(self, role: str) -> float:
        """What a message of this role adds."""
        if role == "system" and self.system is not None:
            return self.system
        return self.message + (self.assistant if role == "assistant" else 0)


_COOKBOOK = "OpenAI cookbook, How to count tokens with tiktoken; recorded usage figures, 2026-11-24"

FORMATS: Mapping[str, ChatFormat] = {
    "gpt": ChatFormat(
        request=3,
        message=4,
        tool_style="typescript",
        tools=9,
        tools_with_system=5,
        tools_spread=4,
        tool_share=0.1,
        call=6,
        result=2,
        call_spread=4,
        output=8,
        source=_COOKBOOK,
    ),
    "gpt-responses": ChatFormat(
        request=3,
        message=4,
        tool_style="typescript",
        tools=3,
        tools_spread=10,
        tool_share=0.1,
        call=6,
        result=2,
        call_spread=4,
        output=8,
        source=_COOKBOOK,
    ),
    "gpt-reasoning": ChatFormat(
        request=2,
        message=4,
        assistant=2,
        tool_style="typescript",
        tools=90,
        tools_spread=4,
        tool_share=0.1,
        call=6,
        result=2,
        call_spread=6,
        output=8,
    ),
    "gpt-reasoning-responses": ChatFormat(
        request=2,
        message=4,
        assistant=2,
        tool_style="typescript",
        tools=9,
        tools_spread=4,
        tool_share=0.1,
        call=6,
        result=2,
        call_spread=6,
        output=8,
    ),
    "gpt-o": ChatFormat(
        request=2,
        message=4,
        tool_style="typescript",
        tools=10,
        tools_spread=4,
        tool_share=0.1,
        call=6,
        result=2,
        call_spread=6,
        output=8,
    ),
    "gpt-o-responses": ChatFormat(
        request=2,
        message=4,
        tool_style="typescript",
        tools=8,
        tools_spread=4,
        tool_share=0.1,
        call=6,
        result=2,
        call_spread=6,
        output=8,
    ),
    "gemma": ChatFormat(request=4, spread=1, message=5, tools_spread=50, tool_share=0.3, call_spread=10),
    "harmony": ChatFormat(
        request=63,
        spread=6,
        message=4,
        system=8,
        tool_style="typescript",
        tools=20,
        tools_spread=20,
        tool_share=0.1,
        call=10,
        call_spread=8,
    ),
    "claude": ChatFormat(
        request=4,
        spread=1,
        more=3,
        message=3,
        system=0,
        thinking=28,
        tools=400,
        tools_forced=400,
        tools_spread=120,
        tool=20,
        tool_share=0.15,
        call=30,
        result=20,
        call_spread=15,
    ),
    "gemini": ChatFormat(message=1, spread=1, tools=0, tools_spread=10, tool=10, tool_share=0.3, call_spread=6),
    "gemini-vertex": ChatFormat(spread=1, tools=0, tools_spread=10, tool=10, tool_share=0.3, call_spread=6),
    "inst": ChatFormat(
        request=1, more=12, message=2, assistant=-1, tools=2, tools_spread=20, tool=10, tool_share=0.2, call_spread=8
    ),
    "chatml": ChatFormat(
        request=3, more=4, message=5, tools=110, tools_spread=60, tool=10, tool_share=0.2, call=14, call_spread=10
    ),
    "llama3": ChatFormat(
        request=5, more=25, message=5, tools=60, tools_spread=60, tool=10, tool_share=0.3, call_spread=12
    ),
    "llama3.1": ChatFormat(
        request=25,
        spread=2,
        more=5,
        message=5,
        without_system=5,
        tools=60,
        tools_spread=60,
        tool=10,
        tool_share=0.3,
        call_spread=12,
    ),
    "deepseek-chat": ChatFormat(
        request=2,
        spread=2,
        more=80,
        message=2,
        system=1,
        tools=150,
        tools_spread=150,
        tool=15,
        tool_share=0.3,
        call_spread=15,
    ),
    "nova": ChatFormat(more=8, tools=400, tools_spread=400, tool=20, tool_share=0.3, call_spread=30),
    "command": ChatFormat(
        request=200, spread=140, more=330, tools=300, tools_spread=600, tool=20, tool_share=0.3, call_spread=30
    ),
    "grok": ChatFormat(
        request=125,
        spread=35,
        more=20,
        message=4,
        without_system=60,
        tools=100,
        tools_spread=150,
        tool=15,
        tool_share=0.3,
        call_spread=20,
    ),
    "unknown": ChatFormat(
        request=5,
        spread=5,
        more=100,
        message=5,
        tools=150,
        tools_spread=150,
        tool=15,
        tool_share=0.4,
        call=10,
        call_spread=15,
        source="assumed",
    ),
    "bare": ChatFormat(source="recorded usage figures, 2026-11-24: only the texts are counted"),
}
"""By neutral name: a provider's row points at one."""
