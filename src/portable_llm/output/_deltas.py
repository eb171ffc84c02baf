"""The wanted value in the deltas of one answer, whichever way it travels."""

from __future__ import annotations

from portable_llm._events import Delta, PartialOutput, TextDelta, ToolCallDelta
from portable_llm._json import JsonValue
from portable_llm.output._check import WRAPPED_KEY, OutputPlan
from portable_llm.output._partial import PartialReader


class DeltaReader:
    """Reads visible text, or the arguments of the call that carries the value; never reasoning or a refusal's words."""

    def __init__(self, how: OutputPlan) -> None:
        self._reader = PartialReader(
            how.schema if how.lowered is None else how.lowered.read_by,
            restore=None if how.lowered is None or how.lowered.is_identity else how.lowered.growing(),
            under=WRAPPED_KEY if how.is_wrapped else None,
        )
        self._name = how.name if how.mode == "tool" else None
        self._call: int | None = None
        """Place of the call among the parts: of several with its name the first counts, as in the end."""
        self._last: PartialOutput | None = None

    def read(self, delta: Delta) -> PartialOutput | None:
        """What the delta adds to the value; `None` if nothing."""
        text = self._text(delta)
        found = self._reader.feed(text) if text else None
        self._last = found or self._last
        return found

    def _text(self, delta: Delta) -> str | None:
        if self._name is None:
            return delta.text if isinstance(delta, TextDelta) else None
        if not isinstance(delta, ToolCallDelta):
            return None
        if self._call is None and delta.name == self._name:
            self._call = delta.index
        return delta.arguments if delta.index == self._call else None

    @property
    def value(self) -> JsonValue:
        """The value so far; `None` before anything of it can be shown."""
        return None if self._last is None else self._last.value
