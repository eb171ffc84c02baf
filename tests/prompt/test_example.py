"""The example in `examples/` does what its pages say."""

from __future__ import annotations

import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "portable_prompt.py"


def test_it_shows_one_prompt_for_three_models(capsys, monkeypatch) -> None:
    monkeypatch.setattr("socket.socket", None)
    runpy.run_path(str(EXAMPLE), run_name="__main__")

    out = capsys.readouterr().out
    assert [line.rsplit(" ", 2)[-1] for line in out.splitlines() if line.startswith("==")] == [
        "overlay",
        "claude",
        "small",
    ]
    assert "<|im_end|>" not in out
    assert "Assistant:" not in out
