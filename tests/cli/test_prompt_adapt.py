"""`portable-llm prompt adapt`: what is said before money is spent, what is found, and that nothing is overwritten."""

from __future__ import annotations

import json

import pytest

from portable_llm.testing import FakeServer, answer


@pytest.fixture
def files(tmp_path):
    prompt = tmp_path / "route.md"
    prompt.write_text("# Task\n\nAnswer with the number.\n\n# Data\n\n{n}\n")
    cases = tmp_path / "cases.jsonl"
    cases.write_text("".join(json.dumps({"variables": {"n": f"N{n}"}, "answer": f"N{n}"}) + "\n" for n in range(40)))
    return prompt, cases


@pytest.fixture
def server():
    """A model that understands tags and nothing else."""

    def respond(request, _received):
        text = request.messages[-1].text
        number = text.partition("N")[2].split()[0].rstrip('"}\n<')
        return answer(f"N{number}" if "<data>" in text else "no idea")

    with FakeServer(respond) as running:
        yield running


def test_the_gain_is_shown_and_the_overlay_can_be_saved(run, files, server, tmp_path):
    prompt, cases = files
    model = f"openai:tiny@{server.base_url('openai')}"

    ended = run("prompt", "adapt", str(prompt), "--to", model, "--cases", str(cases), "--yes",
                "--out", str(tmp_path / "run"),
                "--save", str(tmp_path / "new.toml"))  # fmt: skip

    assert ended.code == 0
    assert "at most 140 calls, cost not known" in ended.err
    assert "xml 100.0 %, as it is 0.0 %: +100.0 points" in ended.out
    assert "a gain is shown" in ended.out
    assert (tmp_path / "new.toml").read_text() == (
        '[[overlay]]\nname = "adapted-xml"\nmodels = ["openai:tiny"]\nrendering = "xml"\n'
    )
    assert json.loads((tmp_path / "run" / "adapt.json").read_text())["chosen"] == "xml"


def test_nothing_is_sent_unasked(run, files, server, tmp_path):
    prompt, cases = files
    model = f"openai:tiny@{server.base_url('openai')}"

    ended = run("prompt", "adapt", str(prompt), "--to", model, "--cases", str(cases), "--out", str(tmp_path / "run"))

    assert ended.code == 4
    assert "say what it may cost with --max-usd, or agree with --yes" in ended.err
    assert server.requests == ()


@pytest.mark.parametrize(
    ("model", "amount", "said"),
    [
        ("openai:no-such-model", "1", "no price is known for this model, so --max-usd cannot be kept"),
        ("openai:gpt-4o-mini", "0.0001", "more than --max-usd 0.0001"),
        ("openai:gpt-4o-mini", "much", "is no amount of dollars"),
    ],
)
def test_money_that_is_not_allowed_is_not_spent(run, files, model, amount, said):
    prompt, cases = files

    ended = run("prompt", "adapt", str(prompt), "--to", model, "--cases", str(cases), "--max-usd", amount)

    assert ended.code == 4
    assert said in ended.err


def test_an_existing_file_is_never_overwritten(run, files, tmp_path):
    prompt, cases = files
    kept = tmp_path / "kept.toml"
    kept.write_text("mine")

    ended = run("prompt", "adapt", str(prompt), "--to", "openai:m", "--cases", str(cases), "--yes", "--save", str(kept))

    assert ended.code == 4
    assert "exists, and is not overwritten" in ended.err
    assert kept.read_text() == "mine"
