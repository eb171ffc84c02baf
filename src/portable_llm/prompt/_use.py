"""A prompt in a request: what planning needs to write it anew for the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from portable_llm._messages import Message
from portable_llm._request import PromptRef
from portable_llm.prompt._values import Rendering

if TYPE_CHECKING:
    from portable_llm.prompt._prompt import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptUse(PromptRef):
    """One use of a prompt. Its values are users' data: no `repr` shows them."""

    prompt: Prompt = field(repr=False)
    variables: Mapping[str, object] = field(repr=False)
    rendering: Rendering | None
    """The form that the caller insists on."""
    messages: tuple[Message, ...] = field(repr=False)
    """What it made of itself without knowing the target: the first messages of the request."""

    def written_for(self, model: str, preferred: Rendering | None) -> Written:
        """The prompt as `provider:model` gets it: with its overlays, in the form that the model prefers."""
        prompt = self.prompt.for_model(model)
        chosen = self.rendering or prompt.rendering
        rendering = chosen or preferred or prompt.neutral
        return Written(
            prompt=prompt,
            rendering=rendering,
            is_preference=chosen is None and preferred is not None,
            messages=prompt.messages_with(self.variables, rendering),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A prompt written for one target."""

    prompt: Prompt
    rendering: Rendering
    is_preference: bool
    """The form is the model's preference and nobody's choice."""
    messages: tuple[Message, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPrompt(PromptRef):
    """A prompt as one target gets it: what a plan knows of it."""

    rendering: Rendering
    messages: tuple[Message, ...] = field(repr=False)
    """Before any other pass: the library's own instructions, for a wanted value say, are not among them."""
