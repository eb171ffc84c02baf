"""Tool calls on their way to a provider and back: legal names and ids, and arguments held to the tool's schema.

`_names`, `_ids`, `_arguments` and `_checks` are loaded where there are tools: most calls have none.
"""

from __future__ import annotations

from portable_llm._calls._plan import ArgumentCodec, Lower, ToolPlan

__all__ = ["ArgumentCodec", "Lower", "ToolPlan"]
