"""How far reading may go from the text to a value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Policy = Literal["strict", "syntax", "align", "lenient"]
"""`strict`: the text is the value. `syntax`: the value is found and its syntax repaired. `align` (default): it is also
brought to the schema, as far as nothing gets lost. `lenient`: lossy changes too, marked as such."""

Choose = Literal["agree", "first", "last", "all"]
"""Which of several values that the schema accepts. `agree`: only if they are equal; `all`: the list of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPolicy:
    """Each kind of change, switched on its own; `policy_of` gives the one a word stands for."""

    repair: bool = True
    """Whether values are looked for in the text and their syntax is repaired."""
    align: bool = True
    """Whether a value that the schema does not accept is brought to it."""
    lossy: bool = False
    """Whether alignment may lose something (the fraction of a number, all but the first of a list)."""
    dates: bool = False
    """Whether alignment writes dates in the ISO form where the schema has `format: date` or `date-time`. JSON Schema
    accepts any string there, so this changes values that the schema accepts; that is why it has to be asked for."""
    allow: frozenset[str] = frozenset()
    """Kinds of alignment allowed on their own, lossy or not."""
    refuse: frozenset[str] = frozenset()
    """Kinds of alignment refused on their own; stronger than `allow`."""
    choose: Choose = "agree"
    nan: Literal["refuse", "null", "keep"] = "refuse"
    """What `NaN` and `Infinity` are, which JSON does not have: no value, `null`, or the float."""
    duplicate_keys: Literal["last", "first", "refuse"] = "last"
    """Which value of a name that stands twice in an object; JSON parsers take the last."""
    cut: Literal["keep", "refuse"] = "keep"
    """Whether a value whose end is missing is closed, a string as far as it came; a cut number never is a value."""


_STRICT = ReadPolicy(repair=False, align=False)
_SYNTAX = ReadPolicy(align=False)
_ALIGN = ReadPolicy()
_LENIENT = ReadPolicy(lossy=True, nan="keep")
_POLICIES: dict[str, ReadPolicy] = {"strict": _STRICT, "syntax": _SYNTAX, "align": _ALIGN, "lenient": _LENIENT}


def policy_of(policy: Policy | ReadPolicy, choose: Choose | None = None) -> ReadPolicy:
    """The switches behind a word; `choose` overrides theirs. Raises `ValueError` for a word that is none."""
    found = policy if isinstance(policy, ReadPolicy) else _POLICIES.get(policy)
    if found is None:
        raise ValueError(f"no policy {policy!r}; known: {', '.join(_POLICIES)}")
    return found if choose is None or choose == found.choose else replace(found, choose=choose)
