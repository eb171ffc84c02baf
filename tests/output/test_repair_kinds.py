"""The table of kinds is what the engine does: no kind without its example, and none that the table lacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portable_llm import output
from portable_llm.output import read
from portable_llm.output._align_kinds import COERCIONS
from portable_llm.output._repair_kinds import EXAMPLE_SCHEMAS, REPAIRS

SOURCE = Path(output.__file__).parent
NAMED = re.compile(r"\b(?:_note\(|kind=|kind = )\s*\"(\w+)\"")
"""Where the code names the kind of an edit."""


@pytest.mark.parametrize("kind", REPAIRS)
def test_the_example_takes_the_edit_that_it_stands_for(kind: str) -> None:
    outcome = read(REPAIRS[kind].example, EXAMPLE_SCHEMAS.get(kind))

    assert (REPAIRS[kind].stage, kind) in {(repair.stage, repair.kind) for repair in outcome.repairs}


def test_the_code_names_no_other_kind() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCE.glob("*.py") if path.stem != "_repair_kinds")
    named = {*NAMED.findall(source)}

    assert len(named) > 20
    assert (
        named - REPAIRS.keys() - COERCIONS.keys() - {"string", "number", "literal", "key", "value", "closer"} == set()
    )
