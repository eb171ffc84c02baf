"""Why an answer ended: the one place that decides it, for every wire format."""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._response import FinishReason


def finish_reason(
    word: str | None,
    table: Mapping[str, str],
    *,
    has_calls: bool,
    has_refusal: bool = False,
    is_filtered: bool = False,
    is_error: bool = False,
) -> FinishReason:
    """The portable reason for the provider's `word`.

    Precedence: an error in the body → a typed refusal or filter → the word by `table` → `unknown`. Calls turn a plain
    stop into `tool_call`, since several providers say `stop` beside calls; a length or filter stop stays, because the
    last call may be cut. No word at the end of an answer is `unknown`, never `stop`.
    """
    if is_error:
        return "error"
    if is_filtered:
        return "content_filter"
    reason: FinishReason = table.get(word or "", "unknown")  # type: ignore[assignment]
    if has_refusal and reason in ("stop", "unknown"):
        return "refusal"
    if has_calls and reason == "stop":
        return "tool_call"
    return reason
