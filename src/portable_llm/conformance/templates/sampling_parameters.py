"""Templates of the axis `sampling`: one parameter is set, beside a question that any value of it leaves answerable.

A parameter that only steers chance shows in no single answer. So the contract asks three things: that the parameter
reached the endpoint, that the endpoint took it, and that the closed answer is right. Where an effect can be seen (stop
sequences, log-probabilities) it is asked for too. Difficulty is the number of facts to tell apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portable_llm.conformance.templates.draw import Draw
from portable_llm.conformance.templates.template import Catalogue, Draft, Json, ask, says

template = Catalogue("sampling")

FACTS = {"easy": 2, "medium": 6, "hard": 14}
"""Codes in the question, by difficulty."""
MAX_WORDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter: where a request has it, how wire formats spell it, harmless values to draw from."""

    group: str
    """`sampling` or `reasoning`."""
    name: str
    spellings: tuple[str, ...]
    """Names of the field in the wire formats, at any depth."""
    values: tuple[Any, ...]

    @property
    def contract(self) -> Json:
        """What the judge has to know of it."""
        return {"subjects": [f"/{self.group}", f"/{self.group}/{self.name}"], "spellings": list(self.spellings)}


def parameter(group: str, name: str, spellings: str, *values: Any) -> Parameter:
    """A parameter with its spellings in one string."""
    return Parameter(group=group, name=name, spellings=tuple(spellings.split()), values=values)


TEMPERATURE = parameter("sampling", "temperature", "temperature", 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
COLD = parameter("sampling", "temperature", "temperature", 0.0)
TOP_P = parameter("sampling", "top_p", "top_p topP p", 0.5, 0.7, 0.8, 0.9, 0.95)
TOP_K = parameter("sampling", "top_k", "top_k topK k", 10, 20, 40, 50)
SEED = parameter("sampling", "seed", "seed random_seed", *range(11, 91, 8))
PRESENCE = parameter("sampling", "presence_penalty", "presence_penalty presencePenalty", 0.1, 0.2, 0.3)
FREQUENCY = parameter("sampling", "frequency_penalty", "frequency_penalty frequencyPenalty", 0.1, 0.2, 0.3)
BIAS = parameter("sampling", "logit_bias", "logit_bias", *({str(token): -1.0} for token in range(300, 900, 60)))
LOGPROBS = parameter("sampling", "logprobs", "logprobs top_logprobs responseLogprobs include", 0)
TOP_LOGPROBS = parameter("sampling", "logprobs", "logprobs top_logprobs responseLogprobs include", 1, 2, 3)
_THINKING = "reasoning_effort reasoning thinking thinkingConfig think output_config additionalModelRequestFields"
EFFORT = parameter("reasoning", "effort", _THINKING, "low", "medium", "high")
HIGH_EFFORT = parameter("reasoning", "effort", _THINKING, "high")
BUDGET = parameter("reasoning", "budget_tokens", _THINKING, 1024, 1280, 1536)
ROOM_TO_THINK = 2048
"""Output limit beside a wish for reasoning, which counts against it and takes 1,024 tokens at the least."""


def codes(draw: Draw, count: int) -> tuple[str, str, list[str]]:
    """A question about one of several codes, the right one, and the others."""
    towns, found = draw.towns(count), [draw.code() for _ in range(count)]
    which = draw.below(count)
    facts = " ".join(f"The code of {town} is {code}." for town, code in zip(towns, found, strict=True))
    question = f"{facts} What is the code of {towns[which]}? Answer with the code only."
    return question, found[which], [code for code in found if code != found[which]]


def closed(request: Json, said: str, wrong: list[str], **contract: Any) -> Draft:
    """The answer is this code, said shortly and without any of the wrong ones."""
    checks: list[Json] = [
        {"check": "holds", "all_of": [said]},
        {"check": "words", "least": 1, "most": MAX_WORDS, "code": "wrong_answer"},
        {"check": "lacks", "words": wrong, "code": "wrong_answer"},
    ]
    return says(request, said, *checks, judge="sampling.parameter", **contract)


def asks(grade: str, *parameters: Parameter, stream: bool = False, **contract: object) -> Callable[[Draw], Draft]:
    """A generator: the parameters with drawn values, beside a question of that difficulty."""

    def make(draw: Draw) -> Draft:
        question, right, wrong = codes(draw, FACTS[grade])
        groups: dict[str, Json] = {}
        judged: Json = {"subjects": [], "spellings": []}
        for one in parameters:
            groups.setdefault(one.group, {})[one.name] = draw.pick(one.values)
            judged = {name: [*judged[name], *one.contract[name]] for name in judged}
        budget = ROOM_TO_THINK if "reasoning" in groups else 64
        request = ask(question, budget=budget, stream=stream, **groups)
        return closed(request, right, wrong, **judged, **contract)

    return make


def declare(family: str, name: str, grade: str, *parameters: Parameter, smoke: bool = False, **how: Any) -> None:
    """One template; `how` as in `asks`. Its tags say what it is about."""
    tags = (grade, *dict.fromkeys(one.name for one in parameters), *(["stream"] if how.get("stream") else []))
    tier = "should" if family in ("s7", "s9") else "must"
    template(family, name, tier=tier, tags=tags, smoke=smoke)(asks(grade, *parameters, **how))


def graded(family: str, name: str, one: Parameter, *, smoke: bool = False, **how: Any) -> None:
    """The parameter at each difficulty; a first look takes the easy one."""
    for grade in FACTS:
        declare(family, f"{name}_{grade}", grade, one, smoke=smoke and grade == "easy", **how)


graded("s1", "temperature", TEMPERATURE, smoke=True)
declare("s1", "streamed_temperature", "easy", TEMPERATURE, stream=True)
declare("s1", "streamed_temperature_of_many", "hard", TEMPERATURE, stream=True)
declare("s1", "temperature_and_top_p", "medium", TEMPERATURE, TOP_P)
declare("s1", "streamed_temperature_and_top_p", "medium", TEMPERATURE, TOP_P, stream=True)

graded("s2", "seed", SEED, smoke=True, repeats=True)
declare("s2", "seed_and_temperature", "medium", SEED, TEMPERATURE, repeats=True)

graded("s5", "logprobs", LOGPROBS, smoke=True, logprobs=True)
declare("s5", "top_logprobs", "medium", TOP_LOGPROBS, logprobs=True)
declare("s5", "streamed_logprobs", "hard", LOGPROBS, stream=True, logprobs=True)

declare("s6", "presence_penalty", "easy", PRESENCE)
declare("s6", "frequency_penalty", "easy", FREQUENCY, smoke=True)
declare("s6", "both_penalties", "medium", PRESENCE, FREQUENCY)
declare("s6", "both_penalties_of_many", "hard", PRESENCE, FREQUENCY)

graded("s7", "logit_bias", BIAS)

graded("s8", "top_p", TOP_P, smoke=True)
declare("s8", "streamed_top_p", "medium", TOP_P, stream=True)
graded("s8", "top_k", TOP_K)

graded("s9", "effort", EFFORT)
declare("s9", "high_effort", "easy", HIGH_EFFORT)
declare("s9", "budget", "easy", BUDGET)
declare("s9", "budget_of_many", "hard", BUDGET)

graded("s10", "cold", COLD, repeats=True)
declare("s10", "cold_and_streamed", "medium", COLD, stream=True, repeats=True)


# s3: one of several stop sequences ends the text

MARKS = ("[[{}]]", "(({}))", "<<{}>>", "##{}##")


def stopped(draw: Draw, stops: int, words: int, *, stream: bool = False, mark: str | None = None) -> Draft:
    """A text to repeat holds one of the stop sequences: what stands before it comes, what stands behind does not."""
    said, named, after = " ".join(draw.words(words)), draw.words(stops), draw.code()
    sequences = [mark or shape.format(word) for shape, word in zip(MARKS, named, strict=False)]
    met = draw.pick(sequences)
    whole = f"{said} {met} {draw.town()} {after}"
    request = ask(f"Repeat exactly, and nothing else: {whole}", stop=sequences, stream=stream, budget=96)
    judged: Json = {"subjects": ["/stop"], "spellings": ["stop", "stop_sequences", "stopSequences"]}
    check: Json = {"check": "starts", "value": said}
    judged["stop"] = {"sequence": met, "after": after}
    return says(request, said, check, judge="sampling.parameter", uncut=whole, **judged)


def stop_template(name: str, grade: str, stops: int, words: int, *, smoke: bool = False, **how: Any) -> None:
    """One template of the family."""

    def make(draw: Draw) -> Draft:
        return stopped(draw, stops, words, **how)

    tags = (grade, "stop", *(["stream"] if how.get("stream") else []))
    template("s3", name, tags=tags, smoke=smoke)(make)


stop_template("one", "easy", 1, 4, smoke=True)
stop_template("one_of_two", "easy", 2, 4)
stop_template("one_of_four", "medium", 4, 6)
stop_template("streamed_one", "easy", 1, 4, stream=True)
stop_template("streamed_one_of_four", "medium", 4, 6, stream=True)
stop_template("late", "hard", 2, 20)
stop_template("streamed_late", "hard", 2, 20, stream=True)
stop_template("phrase", "medium", 1, 6, mark="and so it ends here")
