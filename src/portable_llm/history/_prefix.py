"""Reasoning that is bound to what stood before it: out of date once that is changed.

The newest models tie the reasoning they hand out to the conversation in front of it. Given back behind another one,
Claude (Opus 5.5, Sonnet 5.5, Fable 5.1 and later) refuses the request, "bound to a different conversation", and
GPT-6.2 and later leaves it out without a word (both documented, 2026-11). So histories are append-only by default;
where something is cut or mended, the reasoning behind the first change is left out, and the ledger says so.
"""

from __future__ import annotations

from typing import Literal

from portable_llm._adaptation import Adaptation, entry
from portable_llm._messages import Part, ReasoningPart

OnUnbound = Literal["drop", "keep"]
"""What becomes of reasoning behind a change: left out, or kept for a model that is known not to mind."""

_SOURCE = "anthropic and openai docs 2026-11: reasoning is bound to the conversation before it"
_DROPPED = (
    "what stands before it was changed, and the newest models refuse or silently drop reasoning that is bound to "
    "another conversation: left out"
)
_KEPT = (
    "what stands before it was changed; it is kept as asked for, and a model that binds reasoning to the conversation "
    "refuses it or silently drops it"
)


def is_bound(part: Part) -> bool:
    """Whether the part is reasoning that a provider wants back as it was."""
    return isinstance(part, ReasoningPart) and part.state is not None


def unbound(place: str, on_unbound: OnUnbound) -> Adaptation:
    """The entry for reasoning at this place, behind a change."""
    if on_unbound == "keep":
        return entry("dialogue", f"{place}/state", "weakened", _KEPT, "nobody", source=_SOURCE)
    return entry("dialogue", f"{place}/state", "dropped", _DROPPED, "nobody", source=_SOURCE)
