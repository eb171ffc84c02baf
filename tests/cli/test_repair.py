"""`portable-llm repair`: the value on standard output, how it was got at on standard error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portable_llm.cli import _diff
from portable_llm.cli import repair as module
from portable_llm.output import read

TEXT = "Sure!\n```json\n{'name': 'Ada', \"age\": 36, // years\n}\n```\n"
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "string"}},
    "required": ["name", "age"],
}

SAYS_WHEN_IT_READS = (
    "from portable_llm.cli import repair; inner = repair._bytes; "
    "repair._bytes = lambda file: (print('on', flush=True), inner(file))[1]"
)


@pytest.fixture
def answer(tmp_path: Path) -> str:
    path = tmp_path / "answer.txt"
    path.write_text(TEXT, encoding="utf-8")
    return str(path)


@pytest.fixture
def schema(tmp_path: Path) -> str:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return str(path)


def piped(command, *arguments: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    words, environment = command
    return subprocess.run(
        [*words, "repair", *arguments], input=data, capture_output=True, env=environment, timeout=60, check=False
    )


def test_standard_output_is_the_value_and_nothing_else(run, answer):
    ended = run("repair", answer)

    assert (ended.code, json.loads(ended.out)) == (0, {"name": "Ada", "age": 36})
    assert ended.err.startswith("[syntax; ")
    assert "fence_removed" in ended.err


def test_a_text_that_is_json_has_the_grade_exact_and_no_edit(run, tmp_path):
    (tmp_path / "a").write_text("[1]")

    assert run("repair", str(tmp_path / "a")).err == "[exact; no edits]\n"


def test_with_a_schema_the_value_is_brought_to_it(run, answer, schema):
    aligned = run("repair", answer, "--schema", schema)
    refused = run("repair", answer, "--schema", schema, "--refuse", "text_from_number")

    assert (aligned.code, json.loads(aligned.out)["age"]) == (0, "36")
    assert aligned.err.startswith("[aligned; ")
    assert (refused.code, refused.out) == (6, "")


def test_no_value_leaves_standard_output_empty_and_names_the_place(run, tmp_path, schema):
    (tmp_path / "a").write_text('{"name": "Ada"}')
    ended = run("repair", str(tmp_path / "a"), "--schema", schema)

    assert (ended.code, ended.out) == (6, "")
    assert ended.err.startswith("invalid: /: 'age' is a required property\n")
    assert '\nbest effort, not valid: {"name": "Ada"}\n' in ended.err


@pytest.mark.parametrize("policy", ["strict", "syntax", "align", "lenient"])
def test_each_policy_goes_so_far(run, answer, schema, policy):
    codes = {"strict": 6, "syntax": 6, "align": 0, "lenient": 0}

    assert run("repair", answer, "--schema", schema, "--policy", policy).code == codes[policy]


def test_several_values_are_chosen_from_only_when_asked(run, tmp_path):
    (tmp_path / "a").write_text('{"a": 1}\n{"a": 2}\n')
    chosen = {choose: run("repair", str(tmp_path / "a"), "--choose", choose) for choose in ("agree", "first", "all")}

    assert chosen["agree"].code == 6
    assert json.loads(chosen["first"].out) == {"a": 1}
    assert json.loads(chosen["all"].out) == [{"a": 1}, {"a": 2}]


def test_a_kind_that_loses_something_is_allowed_on_its_own(run, tmp_path):
    (tmp_path / "a").write_text("[1, 2]")
    (tmp_path / "s").write_text('{"type": "integer"}')
    asked = ("repair", str(tmp_path / "a"), "--schema", str(tmp_path / "s"))

    assert run(*asked).code == 6
    assert run(*asked, "--allow", "first_of_many").out == "1\n"


def test_the_whole_outcome_as_json(run, answer):
    ended = run("repair", answer, "--json")
    outcome = json.loads(ended.out)

    assert (outcome["outcome"], outcome["grade"], outcome["value"]["name"]) == ("parsed", "syntax", "Ada")
    assert ended.err == ""
    for edit in outcome["repairs"]:
        start, _ = edit["location"]
        assert TEXT.split("\n")[edit["line"] - 1][edit["column"] - 1] == TEXT[start]


def test_the_outcome_of_no_value_as_json(run, tmp_path):
    (tmp_path / "a").write_text('{"n": 12')
    ended = run("repair", str(tmp_path / "a"), "--json")
    outcome = json.loads(ended.out)

    assert (ended.code, outcome["outcome"], outcome["best_effort"]) == (6, "invalid", {})
    assert outcome["errors"] == ["/n: the text ends within a number, which is no value then"]


def test_explain_shows_each_edit_with_its_place_before_and_after(run, answer, schema):
    lines = run("repair", answer, "--schema", schema, "--explain").err.splitlines()

    at = lines.index(next(line for line in lines if "comment_removed" in line))
    assert lines[at].split() == ["repair", "comment_removed", "3:28"]
    assert [line.strip() for line in lines[at + 1 : at + 3]] == [
        "- {'name': 'Ada', \"age\": 36, // years",
        "+ {'name': 'Ada', \"age\": 36,",
    ]
    assert lines[-3].split() == ["align", "text_from_number", "3:24"]


def test_nothing_that_a_terminal_would_obey_comes_out(run, tmp_path):
    (tmp_path / "a").write_text("\x1b[31mred \x07\u202e\n{'a': '\x1b[2J', }")
    ended = run("repair", str(tmp_path / "a"), "--explain")

    assert json.loads(ended.out) == {"a": "\x1b[2J"}
    assert all(char.isprintable() or char == "\n" for char in ended.err + ended.out)
    assert "\\x1b[31m" in ended.err


def test_numbers_that_json_does_not_have_are_null_under_the_lenient_policy(run, tmp_path):
    (tmp_path / "a").write_text("[NaN, 1]")

    assert run("repair", str(tmp_path / "a")).code == 6
    assert json.loads(run("repair", str(tmp_path / "a"), "--policy", "lenient").out) == [None, 1]


def test_half_an_emoji_is_written_as_it_came(run, tmp_path):
    (tmp_path / "a").write_text('["\\ud83d"]')

    assert json.loads(run("repair", str(tmp_path / "a")).out) == ["\ud83d"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument 'FILE'"),
        (("nowhere.txt",), "nowhere.txt: No such file or directory; check the path"),
        ((".",), "Is a directory"),
        (("-", "--policy", "wild"), "'wild' is not one of"),
        (("-", "--allow", "first_of_may"), "no kind of alignment 'first_of_may'; did you mean 'first_of_many'?"),
        (("-", "--refuse", "xyz"), "known: key_spelling, "),
        (("-", "--schema", "nowhere.json"), "schema file nowhere.json: No such file"),
    ],
)
def test_wrong_arguments_are_one_line_with_the_remedy(run, arguments, words):
    ended = run("repair", *arguments)

    assert (ended.code, ended.out) == (4, "")
    assert words in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a": "\xff"}', "not UTF-8 text (byte 0xff at offset 7); is this the right file?"),
        ('{"a": 1}'.encode("utf-16"), "iconv -f UTF-16 -t UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "byte 0x89 at offset 0"),
    ],
    ids=["latin", "utf-16", "picture"],
)
def test_what_is_no_text_is_said(run, tmp_path, data, words):
    (tmp_path / "a").write_bytes(data)
    ended = run("repair", str(tmp_path / "a"))

    assert ended.code == 4
    assert words in ended.err
    assert ended.err.count("\n") == 1


def test_an_input_above_the_limit_is_not_read(run, tmp_path):
    with (tmp_path / "a").open("wb") as file:
        file.truncate(module.MAX_INPUT + 1)
    ended = run("repair", str(tmp_path / "a"))

    assert ended.code == 4
    assert "is larger than 32 MB" in ended.err


def test_it_stands_in_a_pipe(command):
    good = piped(command, "-", data=TEXT.encode())
    bad = piped(command, "-", data=b"Sorry, I cannot do that.")
    usage = piped(command, data=b"")
    empty = piped(command, "-", data=b"")

    assert (good.returncode, json.loads(good.stdout)) == (0, {"name": "Ada", "age": 36})
    assert (bad.returncode, bad.stdout) == (6, b"")
    assert (usage.returncode, usage.stdout) == (4, b"")
    assert (empty.returncode, empty.stderr.splitlines()[0]) == (6, b"invalid: /: the answer is empty")
    assert b"\x1b[" not in good.stderr + bad.stderr + usage.stderr


def test_values_of_other_scripts_come_out_as_utf_8(command):
    words, environment = command
    environment = {**environment, "PYTHONIOENCODING": "utf-8"}
    done = piped((words, environment), "-", data="{'Ωmega': '日本', }".encode())

    assert json.loads(done.stdout.decode("utf-8")) == {"Ωmega": "日本"}


def test_ctrl_c_while_it_waits_for_input(command):
    words, environment = command
    words = [*words[:-1], f"{SAYS_WHEN_IT_READS}; {words[-1]}"]
    with subprocess.Popen(
        [*words, "repair", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "on\n"
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()

    assert (process.returncode, said.splitlines()[-1:]) == (130, ["interrupted"])


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("no_color", "has_colour"), [("", True), ("1", False)], ids=["terminal", "NO_COLOR"])
def test_colours_are_for_terminals_whose_user_wants_them(command, answer, no_color, has_colour):
    import pty

    words, environment = command
    environment = {**environment, "NO_COLOR": no_color, "TERM": "xterm"}
    ours, theirs = pty.openpty()
    subprocess.run(
        [*words, "repair", answer, "--explain"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment,
        timeout=60,
        check=True,
    )
    os.close(theirs)
    said = os.read(ours, 65_536)
    os.close(ours)

    assert b"comment_removed" in said
    assert (b"\x1b[31m" in said, b"\x1b[32m" in said) == (has_colour, has_colour)


@given(
    st.lists(st.sampled_from([*"{}[]:,\"'\n\t\x1b\u202e\x00/#", "a", "1", "True", "```", "é", "\ud83d"]), max_size=30)
)
def test_any_edit_can_be_shown_and_nothing_of_it_is_obeyed(pieces):
    text = "".join(pieces)
    outcome = read(text)

    shown = [*_diff.explained(outcome.repairs, text, coloured=False), *_diff.summary(outcome.repairs, text)]

    assert all(line.isprintable() for line in shown)
    assert len(shown) >= len(outcome.repairs)


def test_positions_count_from_one():
    assert _diff.positions("a\nbc\n", [0, 1, 2, 3, 5]) == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]
