"""What was done to tools on their way to the provider, and how it is undone in what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar, cast

from portable_llm._adaptation import Adaptation
from portable_llm._events import Delta, PartEnd, ToolCallDelta
from portable_llm._json import JsonValue, load_json
from portable_llm._messages import Part, ToolCallPart
from portable_llm._request import JsonSchema
from portable_llm._response import Response

T = TypeVar("T")


class ArgumentCodec(Protocol):
    """A schema in a target's dialect, and values in its form: what `schema.lower` gives."""

    @property
    def schema(self) -> JsonSchema: ...
    @property
    def is_identity(self) -> bool: ...
    @property
    def adaptations(self) -> tuple[Adaptation, ...]: ...
    def encode(self, value: Any, /) -> Any: ...
    def restore(self, value: Any, /) -> Any: ...


class Lower(Protocol):
    """`schema.lower`: raises `UnsupportedSchemaError` for what the dialect cannot say at all."""

    def __call__(self, schema: JsonSchema, dialect: str, /, *, at: str) -> ArgumentCodec: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPlan:
    """How the tools of one request travel. A plan has none where they travel as they are."""

    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """Name on the wire → name in the request, for those that differ."""
    codecs: Mapping[str, ArgumentCodec] = field(default_factory=dict[str, ArgumentCodec])
    """Name in the request → how its arguments travel, for those that are encoded."""
    checked: Mapping[str, JsonSchema] = field(default_factory=dict[str, JsonSchema])
    """Name in the request → the tool's own schema, for those of which something is left to the client."""

    def restore(self, response: Response[T]) -> Response[T]:
        """The response with its calls as the application declared the tools."""
        parts = tuple(self._part(part) for part in response.message.parts)
        if all(new is old for new, old in zip(parts, response.message.parts, strict=True)):
            return response
        return replace(response, message=replace(response.message, parts=parts))

    def check(self, response: Response[T]) -> Response[T]:
        """The restored response with what its calls are when held to the tools' own schemas."""
        if not any(call.name in self.checked for call in response.tool_calls):
            return response
        from portable_llm._calls._checks import check_calls, read_encoded  # here: most answers call nothing like it

        repairs = {
            call.id: read_encoded(call, self.codecs[call.name])[1]
            for call in response.tool_calls
            if call.name in self.codecs and _is_unreadable(call)
        }
        return replace(response, call_checks=check_calls(response.tool_calls, self.checked, repairs))

    def restore_delta(self, delta: Delta) -> Delta:
        """The same for one piece of a stream; arguments are restored when their part ends, not in pieces."""
        if isinstance(delta, ToolCallDelta):
            name = self.names.get(delta.name or "")
            return delta if name is None else replace(delta, name=name)
        if isinstance(delta, PartEnd):
            part = self._part(delta.part)
            return delta if part is delta.part else PartEnd(delta.index, part)
        return delta

    def _part(self, part: Part) -> Part:
        if not isinstance(part, ToolCallPart):
            return part
        name = self.names.get(part.name, part.name)
        codec = self.codecs.get(name)
        if codec is not None:
            part = _restored(part, codec)
        return part if name == part.name else replace(part, name=name)


def _restored(call: ToolCallPart, codec: ArgumentCodec) -> ToolCallPart:
    if call.arguments is None:
        from portable_llm._calls._checks import read_encoded  # here: it reads damaged text

        return read_encoded(call, codec)[0]
    restored = codec.restore(call.arguments)
    return replace(call, arguments=cast("dict[str, JsonValue]", restored)) if isinstance(restored, dict) else call


def _is_unreadable(call: ToolCallPart) -> bool:
    try:
        return not isinstance(load_json(call.raw_arguments), dict)
    except ValueError:
        return bool(call.raw_arguments.strip())
