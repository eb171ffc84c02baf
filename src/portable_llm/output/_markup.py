"""The markup that models put around an answer: reasoning tags, channels, tool calls of the open-model families.

Sources: the chat templates of the models as published on their cards (Hermes and Qwen `<tool_call>`, Llama 3
`<|python_tag|>` and `<function=…>`, Mistral `[TOOL_CALLS]`, DeepSeek V3, Kimi K2, GLM 4.5, Qwen3-Coder, the harmony
format of gpt-oss).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from portable_llm._json import JsonValue, load_json
from portable_llm.output._scanned import Span

_THINK = r"think|thinking|thought|thoughts|reasoning|reflection|scratchpad|seed:think"
REASONING = (
    rf"<(?P<open_tag>{_THINK})>"
    rf"|\[(?P<open_bracket>THINK)\]|◁(?P<open_kimi>think)▷|<\|channel\|>(?P<channel>analysis)<\|message\|>"
)
"""Where reasoning begins."""
REASONING_END = rf"</(?:{_THINK})>|\[/THINK\]|◁/think▷"
"""Where reasoning ends whose begin the chat template wrote."""
MARKER = (
    r"<tool_calls?>|<\|python_tag\|>|\[TOOL_CALLS\]|\[ARGS\]|\[CALL_ID\]|<｜tool▁\w+｜>|<\|tool_calls?_\w+\|>"
    r"|<\|tool_call\|>|<\|plugin\|>|<\|START_(?:ACTION|RESPONSE)\|>|\bfunctools(?=\[)"
    r"|<function=(?P<function>[\w.-]+)>|<function_calls?>|<invoke name=\"(?P<invoke>[^\"]+)\">"
    r"|<\|channel\|>(?:final|commentary)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>"
)
"""What stands before a call or a final answer."""
MARKER_END = (
    r"</tool_calls?>|</function>|</function_calls?>|</invoke>|</s>"
    r"|<\|action_end\|>|<\|END_(?:ACTION|RESPONSE)\|>"
    r"|<\|eom_id\|>|<\|eot_id\|>|<\|return\|>|<\|call\|>|<\|end\|>|<\|im_end\|>"
)
"""What stands behind one; nothing to read."""

_PARAMETER = re.compile(
    r"<parameter=(?P<name>[^>\n]+)>(?P<value>.*?)</parameter>"
    r"|<parameter name=\"(?P<named>[^\"\n]+)\"[^>]*>(?P<given>.*?)</parameter>"
    r"|<arg_key>(?P<key>[^<\n]+)</arg_key>\s*<arg_value>(?P<arg>.*?)</arg_value>",
    re.DOTALL,
)
_BLOCK_END = re.compile(r"</function>|</invoke>|</tool_call>")


class Call(NamedTuple):
    """A call whose arguments are written as tags."""

    name: str
    texts: dict[str, JsonValue]
    """The arguments as they stand."""
    values: dict[str, JsonValue]
    """The arguments, those that are JSON read as JSON."""
    span: Span


def reasoning_end(text: str, match: re.Match[str]) -> int:
    """Where the reasoning that begins at `match` ends; -1 where the text ends within it."""
    if match["channel"]:
        end = re.compile(r"<\|end\|>|<\|start\|>").search(text, match.end())
        return end.end() if end else -1
    closing = f"</{match['open_tag']}>" if match["open_tag"] else "[/THINK]" if match["open_bracket"] else "◁/think▷"
    end = text.find(closing, match.end())
    return end + len(closing) if end >= 0 else -1


def tagged_call(text: str, start: int, marker: str, name: str | None) -> Call | None:
    """The call behind a marker that ends at `start`, if its arguments are tags."""
    head = re.compile(r"\s*(?P<name>[\w.-]*)\s*(?=<arg_key>|<parameter[= ])").match(text, start)
    if (
        head is None
        or (name is None and not head["name"])
        or not marker.startswith(("<tool_call", "<function=", "<inv"))
    ):
        return None
    end = _BLOCK_END.search(text, start)
    if end is None:
        return None
    texts = dict(_parameters(text, head.end(), end.start()))
    values = {key: _json_or_text(value) for key, value in texts.items()}
    return Call(name or head["name"], dict(texts), values, (start, end.start())) if texts else None


def _parameters(text: str, start: int, end: int) -> Iterator[tuple[str, str]]:
    for match in _PARAMETER.finditer(text, start, end):
        name = match["name"] or match["named"] or match["key"]
        value = match["value"] if match["name"] else match["given"] if match["named"] else match["arg"]
        yield name.strip(), value.removeprefix("\n").removesuffix("\n")


def _json_or_text(text: str) -> JsonValue:
    try:
        return load_json(text)
    except ValueError:
        return text
