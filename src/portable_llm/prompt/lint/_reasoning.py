"""Instructions on how to think, and words that switch one product's effort."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from portable_llm.prompt.lint._text import Line, Text
from portable_llm.prompt.lint._values import Rule, Span

_STEPS = r"step[ -](?:by|after)[ -]step"
# What is delivered in steps (a guide, a plan) is no way of thinking.
_DELIVERED = (
    r"(?![ -]+(?:guides?|plans?|instructions?|procedures?|process(?:es)?|tutorials?|walk-?throughs?|manuals?|recipes?"
    r"|approach|strateg(?:y|ies)|actions?|explanations?|solutions?|breakdowns?|format|implementation|directions)\b)"
)
_THINKING = re.compile(
    rf"\b(?:think|thinks|thinking|thought out|thought through|reason|reasons|reasoning|let['’]?s work|work this out"
    rf"|work it out|work through)\b[^.!?\n]{{0,60}}?\b{_STEPS}\b{_DELIVERED}"
    rf"|\b(?:solve|answer|calculate|compute|derive)\b[^.!?\n]{{0,60}}?(?<!the )\b{_STEPS}\b{_DELIVERED}"
    rf"|\b{_STEPS} (?:thoughts?|thinking|reasoning|thought process)\b"
    r"|\blet(?:['’]?s| us) think\b"
    r"|\btake a deep breath\b"
    r"|\btake a step back and think\b"
    r"|\bthink (?:it |this |things |everything )?(?:out loud|aloud)\b"
    r"|\bthink through (?:every|each) (?:single )?step\b"
    r"|\b(?:use|using|apply|employ) (?:a |the |your )?(?:chain[ -]of[ -]thought|cot reasoning)\b"
    r"|\bshow (?:all )?your (?:reasoning|thinking|thought process|thoughts)\b"
    r"|\b(?:expose|reveal|verbali[sz]e) (?:your |the )?(?:reasoning|thinking|thought)(?: process| steps)?\b"
    r"|\b(?:write|explain|state|describe|give|provide|output) (?:out )?your (?:reasoning|thinking|thought process"
    r"|thoughts)"
    r" (?:first|before|prior)\b",
    re.IGNORECASE,
)
# The same wish in other languages: a verb of thinking, and "step by step".
_ELSEWHERE = re.compile(
    r"\b(?:pens|piens|razon|raciocin|ragion|réfléch|raisonn|denk|überleg|tänk|myśl|zastan|gondolkod|düşün|berpikir"
    r"|pikir|suy nghĩ)\w*"
    r"[^.!?\n]{0,60}?\b(?:paso a paso|passo a passo|passo dopo passo|étape par étape|schritt für schritt|stap voor stap"
    r"|steg för steg|krok po kroku|lépésről lépésre|adım adım|langkah demi langkah|từng bước)\b"
    r"|\b(?:дума|рассужда|размышля)\w*[^.!?\n]{0,60}?\b(?:шаг за шагом|пошагово)"
    r"|(?:一步一步|一步步|逐步)(?:地)?(?:思考|推理|想|分析)"
    r"|ステップ ?(?:バイ|・バイ・) ?ステップで?考え|段階的に考え|단계별로 생각"
    r"|فكر خطوة بخطوة",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|don['’]?t|never|without|no need to|instead of|avoid)\W+(?:\w+\W+){0,2}$", re.IGNORECASE)
_EFFORT = re.compile(
    r"\b(?:ultrathink|megathink)\b"
    r"|(?<![\w/.<])/(?:no_?think|think)(?![\w/.-])"
    r"|(?<!them )(?<!user )(?<!users )\bthink (?:really |very |much |even |super )?(?:harder|hard)\b(?! than)"
    r"|\b(?:reasoning[ _]effort|reasoning)[ \t]{0,3}[:=][ \t]{0,3}[\"'`]?(?:minimal|low|medium|high|xhigh)\b"
    r"|\bdetailed thinking (?:on|off)\b",
    re.IGNORECASE,
)


def find_step_by_step(text: Text) -> Iterator[Span]:
    """The first place of each line."""
    prose = text.prose
    for line, below in zip_longest(prose, prose[1:]):
        found = _instruction(line.text, below)
        if found is not None:
            yield Span(line.start + found.start(), line.start + min(found.end(), len(line.text)))


def _instruction(line: str, below: Line | None) -> re.Match[str] | None:
    """The first instruction that begins in the line; it may end in the next one, where lines are wrapped."""
    joined = f"{line} {below.text.lstrip()}" if below is not None and not below.is_blank else line
    for pattern in (_THINKING, _ELSEWHERE):
        for found in pattern.finditer(joined):
            if found.start() >= len(line):
                break
            if _NOT.search(joined, max(0, found.start() - 40), found.start()) is None:
                return found
    return None


def find_effort_words(text: Text) -> Iterator[Span]:
    """The first place of each line."""
    for line in text.prose:
        found = _EFFORT.search(line.text)
        if found is not None:
            yield Span(line.start + found.start(), line.start + found.end())


RULES = (
    Rule(
        id="step-by-step",
        severity="warning",
        message="the model is told to think in its visible text, or how to think",
        why="Models that reason by themselves gain nothing, grow slower and dearer, and some vendors advise against "
        "it or "
        "take it as asking for hidden reasoning. Other models do need it for hard tasks.",
        remedy="leave it out where the model reasons by itself (set reasoning effort in the request); keep it in an "
        "overlay "
        "for models that do not",
        matters_for="models that reason by themselves",
        find=find_step_by_step,
        bad="How many days lie between the two dates? Let's think step by step.",
        good="How many days lie between the two dates? Write the number only.",
        fact="reasons",
        only_if=True,
    ),
    Rule(
        id="effort-word",
        severity="warning",
        message="a word that sets the effort of one product or family, and is plain text to every other model",
        why="It is a switch of a program around the model, or of a chat template. Elsewhere it does nothing, or is "
        "taken "
        "literally.",
        remedy="set reasoning effort in the request",
        matters_for="every model but the one family",
        find=find_effort_words,
        bad="Find the cause of this failure. ultrathink",
        good="Find the cause of this failure.",
    ),
)
