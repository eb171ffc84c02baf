"""What Claude models accept, wherever they are hosted.

`NEWEST` describes the newest models, since an unknown Claude is likely to be one: it refuses what they refuse. The
rules widen that for the older ones; their patterns take ids with a gateway's or a cloud's prefix and suffix.

Sources, read 2026-11-23: vendor documentation (models, thinking, effort, structured outputs, tool use, migration
guides), error texts in recorded answers, types of the official SDK 2.12.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portable_llm._capabilities import Fact, ModelRule

_DOCS = "anthropic docs"
_CATALOGUES = "public model catalogues"
"""Output limits stand on few of the vendor's own pages; these were read elsewhere."""
_DATE = "2026-11-23"


def _yes(note: str = "", **fields: Any) -> Fact:
    return Fact(source=_DOCS, date=_DATE, note=note, **fields)


def _no(note: str) -> Fact:
    return Fact(support="no", source=_DOCS, date=_DATE, note=note)


def _limit(maximum: int, default: int) -> Mapping[str, Fact]:
    """The model's output limit, and what is sent where the request leaves the required field open."""
    return {
        "max_output_tokens": Fact(
            source=_CATALOGUES, date=_DATE, minimum=1, maximum=maximum, required=True, default=default
        )
    }


def _efforts(*values: str) -> Mapping[str, Fact]:
    return {"reasoning/effort": _yes(values=values)}


# ---- sampling --------------------------------------------------------------------------------------------------------

_REFUSED = "refused by Claude 4.7 and later, and by every model under version 2026-10-21"
_NO_SAMPLING = {name: _no(_REFUSED) for name in ("sampling/temperature", "sampling/top_p", "sampling/top_k")}
_SAMPLING = {
    "sampling/temperature": _yes("under version 2023-06-01", minimum=0, maximum=1),
    "sampling/top_p": _yes("under version 2023-06-01", minimum=0, maximum=1),
    "sampling/top_k": _yes("under version 2023-06-01", minimum=0),
}

# ---- thinking --------------------------------------------------------------------------------------------------------

_ALWAYS_ON = _efforts("low", "medium", "high", "xhigh", "max")
_CAN_BE_OFF = _efforts("none", "low", "medium", "high", "xhigh", "max")
_BUDGET = {"reasoning/budget_tokens": _yes("thinking.type 'enabled'", minimum=1024)}
_EFFORT_AS_BUDGET = {"reasoning/effort": _yes("no effort words for thinking: sent as a budget of tokens")}
_NO_THINKING = {
    name: _no("this model has no thinking")
    for name in ("reasoning/effort", "reasoning/budget_tokens", "reasoning/summary")
}

# ---- calls, output, turns --------------------------------------------------------------------------------------------

_NOT_FORCED = {
    name: _no("the newest Claude models refuse a forced call (400)")
    for name in ("tool_choice/required", "tool_choice/named")
}
_FORCED = {"tool_choice/required": _yes(), "tool_choice/named": _yes()}
_NO_SCHEMAS = {
    "output/native": _no("structured outputs came with Claude 4.5"),
    "tools/strict": _no("strict tools came with Claude 4.5"),
}
_PREFILL = {"messages/prefill": _yes("up to Claude 4.5")}
_LATE_SYSTEM = {"messages/late_system": _yes("right after a user turn")}

NEWEST = {
    **_NO_SAMPLING,
    **_ALWAYS_ON,
    **_NOT_FORCED,
    **_limit(128_000, 32_000),
    "reasoning/budget_tokens": _no("refused since Claude 4.7 (400): thinking is adaptive, set an effort"),
    "messages/prefill": _no("refused since Claude 4.6 (400)"),
    "messages/late_system": _no("400: role 'system' is not supported on this model"),
    "prompt/rendering": Fact(
        values=("xml",), source="Claude docs, Use XML tags", date="2026-11-24", note="for prompts of several parts"
    ),
}

# ---- models ----------------------------------------------------------------------------------------------------------


def _ids(name: str) -> str:
    """All ids of one model, with a date or a gateway's prefix; never those of a later point release."""
    return rf"(.+[./])?claude-{name}([-@](\d{{6,8}}|latest|v\d).*)?"


_ALL_EXCLUSIVE = "thinking:sampling thinking:forced temperature:top_p"
_OLD = {**_SAMPLING, **_FORCED, **_PREFILL}
_BUDGETS = {**_OLD, **_BUDGET, **_EFFORT_AS_BUDGET}

_OLDER = (
    ModelRule(
        pattern=_ids(r"(2|2\.\d|instant|3-(haiku|opus|sonnet))"),
        facts={**_OLD, **_NO_THINKING, **_NO_SCHEMAS, **_limit(4096, 4096)},
    ),
    ModelRule(
        pattern=_ids(r"3[-.]5-(haiku|sonnet)"), facts={**_OLD, **_NO_THINKING, **_NO_SCHEMAS, **_limit(8192, 8192)}
    ),
    ModelRule(
        pattern=_ids(r"3[-.]7-sonnet"),
        facts={**_BUDGETS, **_NO_SCHEMAS, **_limit(64_000, 32_000)},
        spelling={"reasoning/effort": "budget", "exclusive": "thinking:sampling thinking:forced"},
    ),
    ModelRule(
        pattern=_ids(r"((opus|sonnet)-4|4-(opus|sonnet))([-.][01])?"),
        facts={**_BUDGETS, **_NO_SCHEMAS, **_limit(32_000, 32_000)},
        spelling={"reasoning/effort": "budget", "exclusive": _ALL_EXCLUSIVE},
    ),
    ModelRule(pattern=_ids(r"(sonnet-4|4-sonnet)([-.]0)?"), facts=_limit(64_000, 32_000)),
    ModelRule(
        pattern=_ids(r"(opus|sonnet|haiku)-4[-.]5"),
        facts={**_BUDGETS, **_limit(64_000, 32_000)},
        spelling={"reasoning/effort": "budget", "exclusive": _ALL_EXCLUSIVE},
    ),
    ModelRule(
        pattern=_ids(r"(opus|sonnet)-4[-.]6"),
        facts={**_SAMPLING, **_FORCED, **_BUDGET, **_efforts("none", "low", "medium", "high", "max")},
        spelling={"exclusive": _ALL_EXCLUSIVE},
    ),
)

_NEWER = (
    ModelRule(pattern=_ids(r"opus-(4[-.][78]|5)"), facts={**_FORCED, **_CAN_BE_OFF}),
    ModelRule(pattern=_ids(r"sonnet-5"), facts={**_FORCED, **_CAN_BE_OFF}),
    ModelRule(pattern=_ids(r"haiku-5[-.]5"), facts={**_FORCED, **_CAN_BE_OFF}),
    ModelRule(pattern=_ids(r"(fable|mythos)-5"), facts=_FORCED),
    ModelRule(pattern=_ids(r"opus-4[-.]8"), facts=_LATE_SYSTEM),
    ModelRule(pattern=_ids(r"(opus|fable)-5([-.]\d)?"), facts=_LATE_SYSTEM),
    ModelRule(pattern=_ids(r"sonnet-5[-.]5"), facts=_CAN_BE_OFF, spelling={"reasoning/none": "between_tools"}),
)

CLAUDE_RULES = (*_OLDER, *_NEWER)
"""All of them; later ones win."""
