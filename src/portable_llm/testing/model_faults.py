"""Faults of the model or its host, worked on the portable response: they hold for every wire format."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from portable_llm._json import JsonValue, dump_json, load_json
from portable_llm._messages import Part, TextPart, ToolCallPart
from portable_llm._response import FinishReason, Usage
from portable_llm.testing.fault import AnyRequest, AnyResponse, Fault


@dataclass(frozen=True, slots=True)
class DropParallelCalls(Fault):
    """Only the first of several tool calls comes."""

    def change(self, request: AnyRequest, response: AnyResponse) -> AnyResponse:
        surplus = {id(call) for call in response.tool_calls[1:]}
        return _with_parts(response, *(part for part in response.message.parts if id(part) not in surplus))


@dataclass(frozen=True, slots=True)
class CutJson(Fault):
    """JSON breaks off: the text if it is JSON, and the arguments of the last call.

    A wire format that carries arguments as an object cannot show cut ones; it writes what it can.
    """

    keep: float = 0.6
    """Share of the JSON text that comes."""
    finish_reason: FinishReason | None = None
    """What the answer says about it; `None` leaves it as it was: it looks complete."""

    def change(self, request: AnyRequest, response: AnyResponse) -> AnyResponse:
        last = response.tool_calls[-1] if response.tool_calls else None
        parts = [self._cut(part, last, request) for part in response.message.parts]
        if parts == list(response.message.parts):
            return response
        return replace(_with_parts(response, *parts), finish_reason=self.finish_reason or response.finish_reason)

    def _cut(self, part: Part, last: ToolCallPart | None, request: AnyRequest) -> Part:
        match part:
            case ToolCallPart() if part is last:
                raw = self._shortened(part.raw_arguments or dump_json(part.arguments).decode())
                return replace(part, arguments=None, raw_arguments=raw)
            case TextPart() if is_json(part.text):
                return replace(part, text=self._shortened(part.text))
            case _:
                return part

    def _shortened(self, text: str) -> str:
        return text[: min(int(len(text) * self.keep), len(text) - 1)]


def is_json(text: str, *, any: bool = False) -> bool:
    """Whether the text is a JSON object or array, or with `any` any JSON value."""
    if not any and text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        load_json(text)
    except ValueError:
        return False
    return True


def _with_parts(response: AnyResponse, *parts: Part) -> AnyResponse:
    return replace(response, message=replace(response.message, parts=parts))


@dataclass(frozen=True, slots=True)
class FenceJson(Fault):
    """JSON text comes in a Markdown fence."""

    language: str = "json"

    def change(self, request: AnyRequest, response: AnyResponse) -> AnyResponse:
        return _with_json(response, lambda text: f"```{self.language}\n{text}\n```")


@dataclass(frozen=True, slots=True)
class ProseAroundJson(Fault):
    """JSON text comes with words before and behind it."""

    before: str = "Here is the JSON you asked for:\n\n"
    after: str = "\n\nLet me know if you need anything else."

    def change(self, request: AnyRequest, response: AnyResponse) -> AnyResponse:
        return _with_json(response, lambda text: f"{self.before}{text}{self.after}")


@dataclass(frozen=True, slots=True)
class IgnoreSchema(Fault):
    """The host drops the output schema: the model is not told of it and answers in prose.

    Strikes only requests that carry a schema of their own; one that is asked for in the prompt is obeyed.
    """

    def ask(self, request: AnyRequest) -> AnyRequest:
        return replace(request, output=None)

    def change(self, request: AnyRequest, response: AnyResponse) -> AnyResponse:
        return response if request.output is None else _with_json(response, prose_of)


def _with_json(response: AnyResponse, change: Callable[[str], str]) -> AnyResponse:
    parts = [
        replace(part, text=change(part.text)) if isinstance(part, TextPart) and is_json(part.text) else part
        for part in response.message.parts
    ]
    return _with_parts(response, *parts)


def prose_of(text: str) -> str:
    """What a JSON text says, in words: the answer of a model that was not told to write JSON."""
    return f"Sure! {_said(load_json(text))}."


def _said(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", and ".join(f"the {name} is {_said(item)}" for name, item in value.items()) or "there is nothing"
    if isinstance(value, list):
        return " and ".join(_said(item) for item in value) or "nothing"
    return value if isinstance(value, str) else dump_json(value).decode()


@dataclass(frozen=True, slots=True)
class IgnoreStop(Fault):
    """The stop strings never reach the model, which writes on."""

    def ask(self, request: AnyRequest) -> AnyRequest:
        return replace(request, stop=())


@dataclass(frozen=True, slots=True)
class DropUsage(Fault):
    """No token counts."""

    def change(self, request: AnyRequest, response: AnyResponse) -> AnyResponse:
        return replace(response, usage=Usage())


@dataclass(frozen=True, slots=True)
class EmptyAnswer(Fault):
    """A 2xx that says nothing, and gives a normal finish reason."""

    def change(self, request: AnyRequest, response: AnyResponse) -> AnyResponse:
        return replace(_with_parts(response), finish_reason="stop")


@dataclass(frozen=True, slots=True)
class FilterWords(Fault):
    """A coarse content filter: a question or an answer with one of the words is stopped, whatever it means."""

    words: str = "kill killed kills shoot shooting bomb wound"
    """Whole words with spaces between, in any case."""

    def change(self, request: AnyRequest, response: AnyResponse) -> AnyResponse:
        asked = next((turn.text for turn in reversed(request.messages) if turn.role == "user"), "")
        said = [call.raw_arguments for call in response.tool_calls]
        found = re.findall(r"\w+", " ".join((asked, response.text, *said)).casefold())
        return (
            replace(_with_parts(response), finish_reason="content_filter")
            if {*found} & {*self.words.casefold().split()}
            else response
        )
