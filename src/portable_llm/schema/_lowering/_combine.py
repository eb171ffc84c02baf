"""Several schemas about the members of one object, or the items of one list, as one."""

from __future__ import annotations

from dataclasses import dataclass, field

from portable_llm._errors import UnsupportedSchemaError
from portable_llm.schema._lowering._document import Conj
from portable_llm.schema._lowering._shape import Group, Row, Shape
from portable_llm.schema._matches import search
from portable_llm.schema._patterns import TimeOut

_EVALUATING = ("if", "dependentSchemas", "dependencies")
OPEN: Conj = ()
"""What holds for a member nobody speaks of."""


@dataclass(slots=True)
class Members:
    """What an object's members have to be."""

    props: dict[str, Conj] = field(default_factory=dict[str, Conj])
    patterns: dict[str, Conj] = field(default_factory=dict[str, Conj])
    additional: Conj | None = None
    """`None`: nobody says anything."""
    said_at: str = ""
    """The schema that speaks about further members."""
    keyword: str = "additionalProperties"
    is_exact: bool = True
    """`False`: something could not be merged; it is left to the client."""
    unevaluated_lost: list[str] = field(default_factory=list[str])
    """Schemas whose `unevaluatedProperties` depends on conditions that only the client checks."""


def members_of(shape: Shape) -> Members:
    """All groups of the shape as one, `unevaluatedProperties` resolved; exact unless it says otherwise."""
    groups = shape.groups
    keyword = "additionalProperties"
    made: list[Group | None] = []
    can_evaluate_more = any(name in _EVALUATING for name, _value, _at in shape.checks)
    lost: list[str] = []
    for one in shape.unevaluated:
        inner = [group for group in made[one.inner] if group is not None]
        group = _unevaluated([*shape.groups[one.groups], *inner], one.schema, one.at)
        if group is not None and one.schema is not True:
            if can_evaluate_more:
                lost.append(group.at)
                group = None
            else:
                keyword = "unevaluatedProperties"
        made.append(group)
    groups = [*groups, *(group for group in made if group is not None)]
    if len(groups) == 1:
        only = groups[0]
        found = Members(only.props, only.patterns, only.additional, only.at, keyword)
    else:
        found = _merged(groups, keyword)
    found.unevaluated_lost = lost
    if found.patterns:
        found.props = {name: _unique(conj + _patterns_for(found.patterns, name)) for name, conj in found.props.items()}
    return found


def _unevaluated(groups: list[Group], schema: object, at: str) -> Group | None:
    """`unevaluatedProperties` as a group: it speaks about what no group in its scope has spoken about."""
    if any(group.additional is not None for group in groups):
        return None
    found = Group(at.removesuffix("/unevaluatedProperties"))
    for group in groups:
        found.props |= dict.fromkeys(group.props, OPEN)
        found.patterns |= dict.fromkeys(group.patterns, OPEN)
    found.additional = ((schema, at),)
    return found


def is_named_by(pattern: str, name: str) -> bool:
    """Whether a member is one of those a pattern names; raises `UnsupportedSchemaError` if that takes too long."""
    try:
        return search(pattern, name) is True
    except TimeOut:
        detail = f"the pattern {pattern[:80]!r} takes too long on the member {name[:80]!r}"
        raise UnsupportedSchemaError(detail) from None


def _patterns_for(patterns: dict[str, Conj], name: str) -> Conj:
    return tuple(sub for pattern, conj in patterns.items() if is_named_by(pattern, name) for sub in conj)


def _for_name(group: Group, name: str) -> Conj:
    conj = group.props.get(name, ()) + _patterns_for(group.patterns, name)
    if name in group.props or any(is_named_by(pattern, name) for pattern in group.patterns):
        return conj
    return group.additional or ()


def _merged(groups: list[Group], keyword: str) -> Members:
    """A member has to be what each group says about it; patterns meet other patterns only approximately."""
    found = Members(keyword=keyword)
    names = dict.fromkeys(name for group in groups for name in group.props)
    # Only groups with a pattern or an additional schema speak about names they do not list: the others are met once.
    speaking = [group for group in groups if group.patterns or group.additional is not None]
    listing: dict[str, list[Group]] = {}
    for group in groups:
        for name in group.props:
            listing.setdefault(name, []).append(group)
    for name in names:
        about = [*listing[name], *(group for group in speaking if name not in group.props)]
        found.props[name] = _unique(tuple(sub for group in about for sub in _for_name(group, name)))
    for group in groups:
        for pattern, conj in group.patterns.items():
            others = [one for one in groups if one is not group]
            found.is_exact &= all(pattern in one.patterns or one.additional is None for one in others)
            found.patterns[pattern] = found.patterns.get(pattern, ()) + conj
    spoken = [group for group in groups if group.additional is not None]
    if spoken:
        found.additional = _unique(tuple(sub for group in spoken for sub in group.additional or ()))
        found.said_at = spoken[-1].at
    elif groups:
        found.said_at = groups[0].at
    return found


def is_never(conj: Conj | None) -> bool:
    """Whether no value at all is valid, by word."""
    return conj is not None and any(schema is False for schema, _at in conj)


def _unique(conj: Conj) -> Conj:
    return conj if len(conj) < 2 else tuple({at: (schema, at) for schema, at in conj}.values())


@dataclass(slots=True)
class Items:
    """What a list's items have to be."""

    prefix: list[Conj] = field(default_factory=list[Conj])
    rest: Conj | None = None
    """`None`: nobody says anything."""
    at: str = ""
    keyword: str = "items"


def items_of(shape: Shape) -> Items:
    """All rows of the shape as one; exact."""
    if len(shape.rows) == 1:
        row = shape.rows[0]
        return Items(row.prefix, row.rest, row.at, row.said_by)
    found = Items()
    for i in range(max((len(row.prefix) for row in shape.rows), default=0)):
        found.prefix.append(_unique(tuple(sub for row in shape.rows for sub in _at(row, i))))
    for row in shape.rows:
        if row.rest is not None:
            found.rest = (found.rest or ()) + row.rest
            found.keyword = row.said_by
        found.at = row.at
    return found


def _at(row: Row, index: int) -> Conj:
    return row.prefix[index] if index < len(row.prefix) else row.rest or ()
