"""`portable-llm chat`: the answer on standard output, what a reader has to know beside it on standard error."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from portable_llm.testing import Decline, EmptyAnswer, FakeServer, IgnoreSchema, Pace, Status, answer, fixed
from support.endpoints import name_of

SCHEMA = (
    '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false}'
)


@pytest.mark.parametrize("how", ["--stream", "--no-stream"])
@pytest.mark.parametrize("provider", ["anthropic", "compatible", "google"])
def test_the_answer_is_all_that_standard_output_holds(run, server, provider, how):
    ended = run("chat", name_of(server, provider), "Hi", how, "-m", "16", "-t", "0")

    assert (ended.code, ended.out) == (0, "Hello there.\n")
    assert f"[{provider}: " in ended.err


def test_the_whole_response_as_json(run, server):
    ended = run("chat", name_of(server, "compatible"), "Hi", "--json")
    response = json.loads(ended.out)

    assert ended.code == 0
    assert (response["text"], response["finish_reason"], response["outcome"]) == ("Hello there.", "stop", "nooutput")
    assert ended.err == ""


def test_the_prompt_may_come_from_standard_input(command, server):
    words, environment = command
    done = subprocess.run(
        [*words, "chat", name_of(server, "compatible")],
        input="From a pipe",
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        timeout=60,
    )

    assert (done.returncode, done.stdout) == (0, "Hello there.\n")
    assert "From a pipe" in json.dumps(server.requests[-1].json)


def test_a_value_of_another_shape_is_no_success(run, tmp_path: Path):
    (tmp_path / "schema.json").write_text(SCHEMA)
    with FakeServer(fixed('{"n": 1}')) as good, FakeServer(fixed('{"n": 1}'), faults=[IgnoreSchema()]) as bad:
        asked = ("--schema", str(tmp_path / "schema.json"), "--json")
        kept = run("chat", name_of(good, "compatible"), "Hi", *asked)
        broken = run("chat", name_of(bad, "compatible"), "Hi", *asked)

    assert (kept.code, json.loads(kept.out)["value"]) == (0, {"n": 1})
    assert (broken.code, json.loads(broken.out)["outcome"]) == (6, "invalid")


def test_what_the_target_does_not_honour_is_told_or_refused(run, server):
    told = run("chat", name_of(server, "anthropic"), "Hi", "--seed", "7", "-m", "9")
    refused = run("chat", name_of(server, "anthropic"), "Hi", "--seed", "7", "-m", "9", "--on-loss", "lost")

    assert told.code == 0
    assert "/sampling/seed" in told.err
    assert refused.code == 4
    assert "/sampling/seed" in refused.err


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (401, 4, "check the key"),
        (404, 4, "check the model's name and the base URL's path"),
        (429, 5, "wait a little and try again"),
    ],
)
def test_an_error_answer_names_who_gave_it_and_the_remedy(run, status, code, hint):
    with FakeServer(fixed("never"), faults=[Status(status=status, retry_after=0)]) as server:
        ended = run("chat", name_of(server, "compatible"), "Hi")

    assert ended.code == code
    assert ended.err.startswith(f"error: compatible:tiny: HTTP {status}: ")
    assert ended.err.endswith(f"; {hint}\n")
    assert ended.err.count("\n") == 1


def test_an_empty_answer_is_shown_as_one(run):
    with FakeServer(fixed("never"), faults=[EmptyAnswer()]) as server:
        ended = run("chat", name_of(server, "compatible"), "Hi")

    assert ended.out.strip() == ""
    assert "[compatible: " in ended.err


NO = "I'm sorry, but I can't help with that."


@pytest.mark.parametrize("how", ["--stream", "--no-stream"])
def test_a_refusal_is_printed_and_is_no_success(run, how):
    with FakeServer(faults=[Decline(signal="code=bio_policy")]) as stern:
        ended = run("chat", name_of(stern, "compatible"), "Hi", how, "--on-refusal", "return")

    assert ended.code == 6
    assert "refused (hard): HTTP 400, code=bio_policy" in ended.err


@pytest.mark.parametrize("how", ["--stream", "--no-stream", "--json"])
def test_a_refusal_may_be_an_error(run, how):
    with FakeServer(faults=[Decline(signal="code=bio_policy")]) as stern:
        ended = run("chat", name_of(stern, "compatible"), "Hi", how, "--on-refusal", "raise")

    assert (ended.code, ended.out) == (6, "")
    assert ended.err == "error: compatible:tiny declined (hard, bio_chem): HTTP 400, code=bio_policy\n"


@pytest.mark.parametrize("how", ["--stream", "--no-stream"])
def test_the_next_model_is_asked_where_one_declines(run, server, how):
    with FakeServer(faults=[Decline(signal="code=bio_policy")]) as first, FakeServer(fixed(NO)) as second:
        # Words that have gone out are not taken back: only a whole answer is read for a refusal in words.
        servers = [server] if how == "--stream" else [second, server]
        chain = [word for one in servers for word in ("--fallback", name_of(one, "compatible"))]
        ended = run("chat", name_of(first, "compatible"), "Hi", how, "--soft-refusals", "always", *chain)

    assert (ended.code, ended.out) == (0, "Hello there.\n")
    assert ended.err.count("declined: compatible") == len(servers)
    assert "declined: compatible: tiny (hard, bio_chem)" in ended.err


def test_a_chain_that_declines_to_the_end_is_no_success(run):
    with FakeServer(faults=[Decline(signal="code=bio_policy")]) as one, FakeServer(fixed(NO)) as two:
        asked = ("--soft-refusals", "always", "--json", "--fallback", name_of(two, "compatible"))
        ended = run("chat", name_of(one, "compatible"), "Hi", *asked)
    response = json.loads(ended.out)

    assert ended.code == 6
    assert response["refusal"]["kind"] == "soft"
    assert [one["refusal"]["category"] for one in response["declined"]] == ["bio_chem"]


def test_a_clarification_is_said_once_to_a_model_that_declined_in_words(run):
    replies = iter([NO, "Gladly."])
    with FakeServer(lambda request, received: answer(next(replies))) as wary:
        ended = run(
            "chat", name_of(wary, "compatible"), "How do I kill 42?",
            "--soft-refusals", "always", "--clarification", "42 is a process on my own machine.",
        )  # fmt: skip

    assert (ended.code, ended.out) == (0, "Gladly.\n")
    assert "42 is a process on my own machine." in json.dumps(wary.requests[-1].json)
    assert "was asked once more with the application's clarification" in ended.err


def test_options_about_refusals_that_cannot_be_meant_are_told_before_anything_is_sent(run, server):
    model = name_of(server, "compatible")
    alone = run("chat", model, "Hi", "--on-refusal", "fallback")
    both = run("chat", model, "Hi", "--on-refusal", "raise", "--fallback", model)
    empty = run("chat", model, "Hi", "--clarification", " ")

    assert [ended.code for ended in (alone, both, empty)] == [4, 4, 4]
    assert "fallback" in alone.err
    assert "fallback" in both.err
    assert "clarification is empty" in empty.err
    assert not server.requests


def test_an_interrupt_ends_a_stream_with_130(command):
    words, environment = command
    with (
        FakeServer(fixed("word " * 200), faults=[Pace(seconds=0.2)], pieces=100) as server,
        subprocess.Popen(
            [*words, "chat", name_of(server, "compatible"), "Hi"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdout.read(4) == "word"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)

    assert (process.returncode, said.strip()) == (130, "interrupted")


@pytest.mark.parametrize("how", ["--stream", "--no-stream"])
def test_a_request_that_could_be_too_long_is_not_sent(run, server, how):
    before = len(server.requests)
    ended = run("chat", name_of(server, "compatible"), "Hi there", how, "--max-input-tokens", "1")

    assert ended.code != 0
    assert "max_input_tokens is 1" in ended.err
    assert len(server.requests) == before


def test_money_without_a_price_is_refused(run, server):
    ended = run("chat", name_of(server, "compatible"), "Hi there", "-m", "5", "--max-cost", "0.5")

    assert ended.code != 0
    assert "cannot be held to max_cost" in ended.err
