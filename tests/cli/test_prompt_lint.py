"""`portable-llm prompt lint`: findings on standard output, the count on standard error, the exit code by severity."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "plain.md").write_text("Summarise the letter.\n")
    (tmp_path / "tied.md").write_text("You are ChatGPT.\n\nLet's think step by step.\n")
    (tmp_path / "sub" / "note.md").write_text("Answer in at most 200 tokens.\n")
    return tmp_path


def test_a_prompt_that_moves_says_nothing(run, prompts: Path) -> None:
    ended = run("prompt", "lint", str(prompts / "plain.md"))

    assert (ended.code, ended.out, ended.err) == (0, "", "[no findings in 1 file]\n")


def test_findings_are_lines_that_editors_can_follow(run, prompts: Path) -> None:
    path = prompts / "tied.md"

    ended = run("prompt", "lint", str(path))

    assert ended.code == 1
    assert ended.err == "[2 findings in 1 file: 2 warnings]\n"
    assert ended.out.splitlines()[3:5] == [
        f"{path}:3:1: warning step-by-step: the model is told to think in its visible text, or how to think",
        "    Let's think",
    ]
    assert "set reasoning effort in the request" in ended.out


def test_a_pattern_names_many_files(run, prompts: Path) -> None:
    ended = run("prompt", "lint", str(prompts / "**" / "*.md"), "--format", "json")

    found = [(Path(item["file"]).name, item["rule"]) for item in json.loads(ended.out)]
    assert found == [("note.md", "model-limit"), ("tied.md", "model-identity"), ("tied.md", "step-by-step")]
    assert ended.err == "[3 findings in 3 files: 2 warnings, 1 note]\n"


@pytest.mark.parametrize(("fail_on", "code"), [("note", 1), ("warning", 0), ("error", 0), ("never", 0)])
def test_the_exit_code_follows_the_severity(run, prompts: Path, fail_on: str, code: int) -> None:
    assert run("prompt", "lint", str(prompts / "sub" / "note.md"), "--fail-on", fail_on).code == code


def test_only_what_matters_for_the_model(run, prompts: Path) -> None:
    path = str(prompts / "tied.md")

    reasons = run("prompt", "lint", path, "--model", "openai:gpt-6-luna", "--format", "json")
    does_not = run("prompt", "lint", path, "--model", "openai:gpt-4o", "--format", "json")

    assert [item["rule"] for item in json.loads(reasons.out)] == ["model-identity", "step-by-step"]
    assert [item["rule"] for item in json.loads(does_not.out)] == ["model-identity"]


def test_a_rule_can_be_left_out(run, prompts: Path) -> None:
    path = str(prompts / "tied.md")

    assert run("prompt", "lint", path, "--ignore", "step-by-step", "--ignore", "model-identity").code == 0
    unknown = run("prompt", "lint", path, "--ignore", "jargon")
    assert unknown.code == 4
    assert unknown.err.startswith("error: no rule 'jargon'; known: special-token, ")


def test_sarif_for_code_hosts(run, prompts: Path) -> None:
    ended = run("prompt", "lint", str(prompts / "tied.md"), "--format", "sarif")

    (log,) = json.loads(ended.out)["runs"]
    assert log["tool"]["driver"]["rules"][0]["id"] == "special-token"
    assert [(result["ruleId"], result["level"]) for result in log["results"]] == [
        ("model-identity", "warning"),
        ("step-by-step", "warning"),
    ]
    region = log["results"][1]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 3, "startColumn": 1}


def test_standard_input(command) -> None:
    words, environment = command
    data = b"Hello.\nAssistant:"
    ended = subprocess.run(
        [*words, "prompt", "lint", "-"], input=data, capture_output=True, env=environment, timeout=60, check=False
    )

    assert ended.returncode == 1
    assert ended.stdout.decode().startswith("-:2:1: error prefill: ")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent.md", "No such file or directory; check the path"),
        ("sub", "is a folder; name files, or a pattern such as"),
        ("*.txt", "matches no file; check the pattern"),
        ("bytes.bin", "is not UTF-8 text (offset 0); is this the right file?"),
        ("long.md", "characters; cut out the prompt that is meant"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_a_remedy(run, prompts: Path, name: str, said: str) -> None:
    (prompts / "bytes.bin").write_bytes(b"\xff\xfe")
    (prompts / "long.md").write_text("x" * (2**20 + 1))

    ended = run("prompt", "lint", str(prompts / name))

    assert ended.code == 4
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1
