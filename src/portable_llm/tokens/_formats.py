"""What a chat adds to its texts: tokens around a request, a message, a tool, a call, a result, a schema.

Providers publish little of it. The numbers were read off recorded requests (but for plain text and OpenAI's tools, off
the half that `scripts/token_pages.py` does not judge by), or off chat templates of open models. Where models
of a family differ, the number is that of most, and `spread` and `more` say how far the others are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    named: float = 0
    """On top, where a certain call is forced."""
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
    none_drops_tools: bool = False
    """Where calls are forbidden, the tools are left out of the prompt."""
    drops_thoughts: bool = False
    """What earlier turns thought (`<think>…</think>`) is left out of the prompt."""
    output: float = 0
    """Once, where a schema is sent for the answer."""
    schema: float = 1.0
    """Tokens in the prompt for each token of the schema; 0 where it only holds the answer and is not shown."""
    output_share: float = 0.3
    """Share of the schema's text by which it may be off."""
    output_spread: float = 12
    source: str = _RECORDED

    def of_role(self, role: str) -> float:
        """What a message of this role adds."""
        if role == "system" and self.system is not None:
            return self.system
        return self.message + (self.assistant if role == "assistant" else 0)


_GPT = ChatFormat(
    request=3,
    message=4,
    tool_style="typescript",
    tools=9,
    tools_with_system=5,
    named=16,
    tools_spread=10,
    tool_share=0.25,
    call=6,
    result=2,
    call_spread=7,
    output=8,
    source="OpenAI cookbook, How to count tokens with tiktoken; recorded usage figures, 2026-11-24",
)
_GPT_RESPONSES = replace(_GPT, tools=3, tools_with_system=None, tools_spread=12)
_GPT_REASONING = replace(
    _GPT, request=2, assistant=2, tools=90, tools_with_system=None, call_spread=6, source=_RECORDED
)
_CLAUDE = ChatFormat(
    request=4,
    spread=1,
    more=3,
    message=3,
    system=0,
    thinking=28,
    tools=310,
    tools_forced=300,
    tools_spread=45,
    tool=6,
    tool_share=0.2,
    call=30,
    result=20,
    call_spread=15,
    output=88,
    output_spread=25,
    output_share=0.4,
    schema=1.35,
    source=f"anthropic docs, Tool use (tokens of its system prompt); {_RECORDED}",
)
_CHATML = ChatFormat(
    request=3,
    more=4,
    message=5,
    tools=98,
    tools_spread=30,
    tool=2,
    tool_share=0.25,
    call=14,
    call_spread=10,
    drops_thoughts=True,
    schema=0,
    output_spread=4,
    output_share=1.0,
)
_LLAMA = ChatFormat(
    request=5,
    more=25,
    message=5,
    tools=110,
    tools_spread=75,
    tool=8,
    tool_share=0.3,
    call=8,
    call_spread=12,
    none_drops_tools=True,
    output=50,
    output_spread=80,
)
_INST = ChatFormat(
    request=1,
    more=14,
    message=2,
    assistant=-1,
    tools=8,
    tools_spread=12,
    tool=18,
    tool_share=0.2,
    call=6,
    result=4,
    call_spread=6,
    none_drops_tools=True,
    schema=0,
    output_spread=4,
    output_share=1.0,
)
_GEMINI = ChatFormat(
    message=1,
    spread=1,
    tools_spread=15,
    tool_share=0.45,
    call=8,
    result=6,
    call_spread=10,
    schema=0,
    output_spread=4,
    output_share=0.2,
)

FORMATS: Mapping[str, ChatFormat] = {
    "gpt": _GPT,
    "gpt-responses": _GPT_RESPONSES,
    "gpt-reasoning": _GPT_REASONING,
    "gpt-reasoning-responses": replace(_GPT_REASONING, tools=9),
    "gpt-o": replace(_GPT_REASONING, tools=10),
    "gpt-o-responses": replace(_GPT_REASONING, tools=8),
    "harmony": ChatFormat(
        request=63,
        spread=6,
        more=20,
        message=4,
        system=8,
        tool_style="typescript",
        tools=20,
        tools_spread=25,
        tool_share=0.3,
        call=10,
        call_spread=8,
        output_spread=60,
    ),
    "claude": _CLAUDE,
    "claude-3": replace(_CLAUDE, tools=230, tools_forced=285, tools_spread=90, more=310),
    "claude-4.5": replace(_CLAUDE, tools=502, tools_forced=595, tools_spread=30),
    # Which of the newest models was given which of the prompts for tools is not known: 280 to 800 tokens.
    "claude-4.7": replace(_CLAUDE, thinking=0, more=30, tools=540, tools_forced=600, tools_spread=270),
    "gemini": _GEMINI,
    "gemini-plain": replace(_GEMINI, message=0, tool_share=0.6),
    "gemma": ChatFormat(request=4, spread=1, message=5, tools_spread=50, tool_share=0.3, call_spread=10),
    "inst": _INST,
    "inst-default": replace(_INST, request=13, spread=1, more=0),
    "chatml": _CHATML,
    "chatml-3.5": replace(_CHATML, request=5, tools=228, tools_spread=60),
    "glm": replace(_CHATML, request=3, more=8, message=1, tools=108, tools_spread=30),
    "kimi": replace(_CHATML, request=5, more=6, message=4, tools=12, tools_spread=35, tool=8, drops_thoughts=False),
    "llama3": _LLAMA,
    "llama3.1": replace(_LLAMA, request=25, spread=2, more=5, without_system=5),
    "llama4": replace(_LLAMA, request=6, more=10, tools=360, tools_spread=340),
    "deepseek-chat": ChatFormat(
        request=2,
        spread=2,
        more=85,
        message=2,
        system=1,
        tools=235,
        tools_spread=60,
        tool_share=0.25,
        call=12,
        call_spread=20,
        drops_thoughts=True,
    ),
    "nova": ChatFormat(more=8, tools=340, tools_spread=40, tool=4, tool_share=0.25, call=15, result=5, call_spread=20),
    "nova-2": ChatFormat(more=8, tools=840, tools_spread=120, tool=4, tool_share=0.25, call=15, call_spread=20),
    "command": ChatFormat(
        request=200,
        spread=140,
        more=330,
        tools=700,
        tools_spread=250,
        tool=20,
        tool_share=0.3,
        call=20,
        call_spread=30,
    ),
    "grok": ChatFormat(
        request=128,
        spread=10,
        more=75,
        message=2,
        without_system=60,
        tools=95,
        tools_spread=90,
        tool=15,
        tool_share=0.3,
        call=15,
        call_spread=25,
        none_drops_tools=True,
    ),
    "unknown": ChatFormat(
        request=5,
        spread=5,
        more=100,
        message=5,
        tools=100,
        tools_spread=100,
        tool=15,
        tool_share=0.5,
        call=10,
        call_spread=15,
        output_share=1.0,
        source="assumed",
    ),
    "bare": ChatFormat(source=f"{_RECORDED}: only the texts are counted"),
}
"""By neutral name: a provider's row points at one."""
