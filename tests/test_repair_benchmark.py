"""The texts that the benchmark of reading measures are what they are called, so that its figures mean something."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import repair
from portable_llm import Parsed
from portable_llm.output import read

SIZE = 2_000


@pytest.mark.parametrize("name", repair.BROKEN)
def test_a_broken_text_yields_the_value_of_the_clean_one(name):
    outcome = read(repair.BROKEN[name](SIZE))

    assert isinstance(outcome, Parsed)
    assert outcome.grade == "syntax"
    if "cut off" not in name:
        # The quotes and line breaks that two of them put into a text are part of it.
        found = json.dumps(outcome.value).replace('\\"', "").replace("\\n", " ")
        assert json.loads(found) == repair.rows(SIZE)


@pytest.mark.parametrize("size", [64, 1_000, 4_000])
def test_a_clean_text_is_json_of_about_its_size(size):
    text = repair.clean(size)

    assert read(text).value == json.loads(text)
    assert 0.7 * size <= len(text) <= 1.3 * size


def test_growth_is_measured_in_a_process_of_its_own():
    script = Path(repair.__file__)
    environment = {**os.environ, "PYTHONPATH": str(script.parents[1] / "src")}
    command = [sys.executable, str(script), "--part", "grow", "--size", "1000"]

    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100, check=True)

    assert {"size", "seconds", "peak_kb", "edits"} == json.loads(done.stdout).keys()
