"""What models do to JSON, each as a function of a value: the text that a careless writer would send for it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

Damage = Callable[[Any], str]
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _outside_strings(text: str, change: Callable[[str], str]) -> str:
    """Change what stands between the strings, and leave the strings alone."""
    pieces, at = list[str](), 0
    for match in _STRING.finditer(text):
        pieces += (change(text[at : match.start()]), match[0])
        at = match.end()
    return "".join(pieces) + change(text[at:])


def single_quotes(value: Any) -> str:
    """As Python prints it."""
    return repr(value)


def smart_quotes(value: Any) -> str:
    return re.sub(r'"([^"\\]*)"', "“\\1”", _compact(value))


def trailing_commas(value: Any) -> str:
    return _outside_strings(
        _pretty(value), lambda gap: re.sub(r"(?<=[^\[{,\s])(\s*)$|(\n\s*[}\]])", r"\1\2", gap)
    ).replace("\n}", ",\n}")


def missing_commas(value: Any) -> str:
    return _outside_strings(_pretty(value), lambda gap: re.sub(r",(?=\n)", "", gap))


def comments(value: Any) -> str:
    return _outside_strings(_pretty(value), lambda gap: re.sub(r",\n", ', // a remark, with "quotes" {\n', gap))


def block_comments(value: Any) -> str:
    return _outside_strings(_compact(value), lambda gap: gap.replace(",", ", /* so */"))


def fenced(value: Any) -> str:
    return f"Here it is:\n\n```json\n{_pretty(value)}\n```\nAnything else?"


def in_prose(value: Any) -> str:
    return f"The answer: {_compact(value)} I hope that helps."


def after_reasoning(value: Any) -> str:
    return f'<think>Perhaps {{"x": ...}} or [1, 2].</think>\n{_compact(value)}'


def in_tool_call(value: Any) -> str:
    return f"<tool_call>\n{_compact(value)}\n</tool_call>"


def unclosed(value: Any) -> str:
    return _compact(value).rstrip("}]")


def byte_order_mark(value: Any) -> str:
    return "\ufeff" + _pretty(value)


def ellipsis(value: Any) -> str:
    return re.sub(r"\]$|\}$", lambda end: ", ..." + end[0], _compact(value))


def as_call(value: Any) -> str:
    return f"callback({_compact(value)});"


def extra_closers(value: Any) -> str:
    return _compact(value) + "}]"


def plain_names(value: Any) -> str:
    """As JavaScript writes objects."""
    return re.sub(r'"(\w+)":', r"\1:", _compact(value))


def semicolons(value: Any) -> str:
    return _outside_strings(_compact(value), lambda gap: gap.replace(",", ";"))


def raw_line_breaks(value: Any) -> str:
    return _compact(value).replace("\\n", "\n")


def escaped_whole(value: Any) -> str:
    """The inside of a JSON string."""
    return json.dumps(_pretty(value))[1:-1]


def html_entities(value: Any) -> str:
    return html.escape(_pretty(value))


def doubled_braces(value: Any) -> str:
    """As a template would want them."""
    return "{" + _compact(value) + "}" if isinstance(value, dict) else _compact(value)


def doubled_commas(value: Any) -> str:
    return _outside_strings(_pretty(value), lambda gap: gap.replace(",", ",,"))


def python_literals(value: Any) -> str:
    return _outside_strings(
        _compact(value),
        lambda gap: gap.replace("true", "True").replace("false", "False").replace("null", "None"),
    )


def wrong_last_closer(value: Any) -> str:
    text = _compact(value)
    return text[:-1] + ("]" if text[-1] == "}" else "}")


def fence_not_closed(value: Any) -> str:
    return f"```json\n{_pretty(value)}\n"


DAMAGES: dict[str, Damage] = {
    function.__name__: function
    for function in (
        single_quotes,
        smart_quotes,
        trailing_commas,
        missing_commas,
        comments,
        block_comments,
        fenced,
        in_prose,
        after_reasoning,
        in_tool_call,
        unclosed,
        byte_order_mark,
        ellipsis,
        as_call,
        extra_closers,
        plain_names,
        semicolons,
        raw_line_breaks,
        escaped_whole,
        html_entities,
        doubled_braces,
        doubled_commas,
        python_literals,
        wrong_last_closer,
        fence_not_closed,
    )
}
"""By name. Each keeps its promise for values whose strings hold no JSON of their own."""
