"""The suite: all templates, the cases that a depth runs, and the id that names what was asked and how it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from portable_llm.conformance.case import Axis, Case, content_hash
from portable_llm.conformance.judges import JUDGES_VERSION
from portable_llm.conformance.templates import (
    instruct_formats,
    instruct_texts,
    json_reading,
    json_shapes,
    tools_calls,
    tools_text,
    wire_endings,
    wire_texts,
)
from portable_llm.conformance.templates.template import Template

AXES: tuple[Axis, ...] = get_args(Axis)
DEPTHS: dict[str, int] = {"smoke": 1, "quick": 1, "standard": 2, "full": 2}
"""Depth → instances a template. `smoke` runs six templates of an axis, the others up to `MAX_TEMPLATES`."""
MAX_TEMPLATES = 40
PUBLIC_INSTANCES = 2
"""Instances of a template that are frozen in `conformance/cases/`."""

_MODULES = (
    tools_calls,
    tools_text,
    json_shapes,
    json_reading,
    wire_texts,
    wire_endings,
    instruct_texts,
    instruct_formats,
)


def all_templates() -> list[Template]:
    """Every template, by axis and then by family and name."""
    declared = [template for module in _MODULES for template in module.template.templates]
    return sorted(declared, key=lambda t: (t.axis, int(t.family[1:]), t.name))


def select(axes: Sequence[str], depth: str, *, secret: bytes | None = None) -> list[Case]:
    """The cases of some axes at a depth; with a secret those of the private split.

    Raises `ValueError` for an unknown axis or depth.
    """
    unknown = [axis for axis in axes if axis not in AXES]
    if unknown:
        raise ValueError(f"no axis {unknown[0]!r}; known axes: {', '.join(AXES)}")
    if depth not in DEPTHS:
        raise ValueError(f"no depth {depth!r}; known depths: {', '.join(DEPTHS)}")
    chosen = [t for axis in axes for t in _at_depth([t for t in all_templates() if t.axis == axis], depth)]
    return [template.case(instance, secret) for template in chosen for instance in range(DEPTHS[depth])]


def suite_id(cases: Sequence[Case]) -> str:
    """A name for these cases under these judges; runs with different ids are never compared. Order plays no part."""
    return content_hash({"judges": JUDGES_VERSION, "cases": sorted(case.id for case in cases)})


def _at_depth(templates: list[Template], depth: str) -> list[Template]:
    return [t for t in templates if t.is_smoke] if depth == "smoke" else templates[:MAX_TEMPLATES]
