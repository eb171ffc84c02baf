"""The suite: all templates, the cases that a depth runs, and the id that names what was asked and how it is judged."""

from __future__ import annotations

import pkgutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import get_args

from portable_llm.conformance.case import Axis, Case, content_hash
from portable_llm.conformance.judges import JUDGES_VERSION
from portable_llm.conformance.templates.template import Catalogue, Template

DEPTHS: dict[str, int] = {"smoke": 1, "quick": 1, "standard": 2, "full": 2}
"""Depth → instances a template. `smoke` runs six templates of an axis, the others up to `MAX_TEMPLATES`."""
MAX_TEMPLATES = 48
PUBLIC_INSTANCES = 2
"""Instances of a template that are frozen in `conformance/cases/`."""


def _declared() -> list[Template]:
    """The templates of every module of the package that has a catalogue: a new module needs no entry anywhere."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = [import_module(f"{__name__.rpartition('.')[0]}.{name}") for name in names if name != "suite"]
    catalogues = [found for module in modules if isinstance(found := getattr(module, "template", None), Catalogue)]
    return [template for catalogue in catalogues for template in catalogue.templates]


_TEMPLATES = sorted(_declared(), key=lambda t: (t.axis, int(t.family[1:]), t.name))
AXES: tuple[Axis, ...] = tuple(axis for axis in get_args(Axis) if any(t.axis == axis for t in _TEMPLATES))
"""The axes that have templates, in the order of the reference."""


def all_templates() -> list[Template]:
    """Every template, by axis and then by family and name."""
    return list(_TEMPLATES)


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
