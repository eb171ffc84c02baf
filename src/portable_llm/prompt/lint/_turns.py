"""Turns written into the text: control tokens, turn words, and answers that are begun for the model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from portable_llm.prompt.lint._text import Line, Text, last_line
from portable_llm.prompt.lint._values import Rule, Span

# Each alternative begins with a literal, so that a line is scanned once.
_NAMES = "|".join(
    """
    im_start im_end im_sep endoftext startoftext endofprompt begin_of_text end_of_text start_header_id end_header_id
    eot_id eom_id python_tag finetune_right_pad_id user assistant system end pad prompter start message channel
    constrain return call START_OF_TURN_TOKEN END_OF_TURN_TOKEN USER_TOKEN CHATBOT_TOKEN SYSTEM_TOKEN fim_prefix
    fim_middle fim_suffix vision_start vision_end image_pad object_ref_start object_ref_end tool_call tool_response
    observation
    """.split()  # noqa: SIM905 (a list of names is easier to read and to merge in lines)
)
_TOKEN = re.compile(
    rf"<\|(?:{_NAMES})\|>|<｜[^<>｜\n]{{1,40}}｜>|\[\|(?:User|Human|Assistant|AI|System)\|\]|\[/?INST\]"
    r"|\[/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|<</?SYS>>|<(?:start|end)_of_turn>|<(?:bos|eos"
    r"|pad|unk)>"
)
_SENTENCE_END = re.compile(r"</s>")
_SENTENCE_START = re.compile(r"\s*<s>")

# A marker begins its line, or follows a template's tag.
_HEADED = re.compile(
    r"(?:^|[}>])[ \t]{0,40}#{2,3} ?(?P<who>Instruction|Response|Human|User|Assistant|System)[ \t]{0,4}:"
)
_SPOKEN = re.compile(r"(?:^|[}>])[ \t]{0,40}(?P<who>Human|HUMAN|User|USER|Assistant|ASSISTANT)[ \t]{0,4}:")
_INLINE = re.compile(r"\b(?:USER|HUMAN): .{0,400}?\bASSISTANT:")
_MODEL_WORDS = frozenset({"assistant", "response"})

_OPEN_TURN = re.compile(
    r"<\|im_start\|>[ ]*assistant|<\|start_header_id\|>[ ]*assistant[ ]*<\|end_header_id\|>|<start_of_turn>[ ]*model"
    r"|<\|(?:assistant|Assistant|ASSISTANT|CHATBOT_TOKEN)\|>|<｜Assistant｜>|\[\|(?:Assistant|AI)\|\]"
)
_OPEN_WORD = re.compile(r"(?:^|[ \t}])(?:(?:#{2,3} ?)?(?:Assistant|ASSISTANT)|#{2,3} ?Response)[ \t]{0,4}:[ \t]*$")
_BEGUN = re.compile(r"[ \t]{0,40}(?:#{2,3} ?)?(?:Assistant|ASSISTANT)[ \t]*:[ \t]*\S")

_CUE = re.compile(
    r"(?P<mark>[#>*_\s\"'`]{0,12})(?P<label>[^\W\d][\w'’/() -]{0,38}?)[*_\"`]{0,4}[ \t]*:[*_ \t]{0,6}"
    r"(?P<open>[{\[\"'`“]?)[ \t]*"
)
_NUMBERED_CUE = re.compile(r"[ \t]*1[.)][ \t]*")
_COUNTED = re.compile(r"(?:List|Names?|Table) of (?:\d+|\w+) ?[\w ]{0,20}:[ \t]*", re.IGNORECASE)
_MAX_CUE_WORDS = 5
# A label of data that is put below the prompt is no cue: the model does not go on from it.
_DATA = re.compile(
    r"\b(?:inputs?|texts?|data|contexts?|documents?|files?|content|transcripts?|articles?|messages?|requests?"
    r"|quer(?:y|ies)"
    r"|questions?|tasks?|urls?|links?|code|diff|emails?|history|conversations?|here|below|following|instructions?"
    r"|examples?"
    r"|notes?|source|passages?|chapters?|sections?|topics?|goals?|rules?|objectives?|providers|arguments|variables)\b",
    re.IGNORECASE,
)
_ANSWER = re.compile(r"\b(?:answer|output|response|result|summary|reply|completion|translation)\b", re.IGNORECASE)


def find_tokens(text: Text) -> Iterator[Span]:
    """The first token of each run of lines that hold some."""
    previous = -1
    for line in text.body:
        found = _TOKEN.search(line.text) or _sentence_token(line)
        if found is None:
            continue
        if line.number != previous + 1:
            yield Span(line.start + found.start(), line.start + found.end())
        previous = line.number


def _sentence_token(line: Line) -> re.Match[str] | None:
    """`<s>` and `</s>` mark sentences for some tokenizers; a pair of them around words is HTML."""
    opened = _SENTENCE_START.match(line.text) if line.number == 1 else None
    if opened is not None:
        return opened
    closed = _SENTENCE_END.search(line.text)
    return None if closed is None or "<s>" in line.text[: closed.start()] else closed


def find_turn_markers(text: Text) -> Iterator[Span]:
    """The first marker of each run of marked lines, in texts where the model's own turn is marked too."""
    for lines in text.prompts:
        kept = [line for line in lines if line.number not in text.fenced]
        yield from _runs(_marked(kept, _HEADED), last_line(lines))
        yield from _runs(_marked(kept, _SPOKEN), last_line(lines))
        for line in kept:
            found = _INLINE.search(line.text)
            if found is not None:
                yield Span(line.start + found.start(), line.start + found.end())


def _marked(lines: Iterable[Line], marker: re.Pattern[str]) -> list[tuple[Line, re.Match[str]]]:
    return [(line, found) for line in lines if (found := marker.search(line.text))]


def _runs(marks: list[tuple[Line, re.Match[str]]], last: Line | None) -> Iterator[Span]:
    words = {found["who"].lower() for _, found in marks}
    if not words & _MODEL_WORDS or (len(words) == 1 and (last is None or marks[-1][0].number != last.number)):
        return
    previous = -1
    for line, found in marks:
        if line.number != previous + 1:
            yield Span(line.start + found.start("who"), line.start + found.end())
        previous = line.number


def find_prefill(text: Text) -> Iterator[Span]:
    """The open or begun turn of the model at the end of a prompt."""
    for lines in text.prompts:
        last = last_line(lines)
        if last is None:
            continue
        found = _open_turn(last.text, lines)
        if found is not None:
            yield Span(last.start + found.start(), last.start + found.end())
    yield from _last_role(text)


def _open_turn(last: str, lines: tuple[Line, ...]) -> re.Match[str] | None:
    """The marker of an open turn in the last line, or of a turn that is begun there after a user's."""
    tokens = [found for found in _OPEN_TURN.finditer(last) if found.end() >= len(last.rstrip(" \t'\"{}%")) - 20]
    if tokens:
        return tokens[-1]
    word = _OPEN_WORD.search(last)
    if word is not None:
        return word
    begun = _BEGUN.match(last)
    users = ("User:", "USER:", "Human:", "HUMAN:")
    return begun if begun and any(line.text.lstrip("# \t").startswith(users) for line in lines) else None


def _last_role(text: Text) -> Iterator[Span]:
    """A role line of the file's own format that gives the last words to the model."""
    if not text.roles or text.roles[-1][1] not in ("assistant", "model"):
        return
    line = text.roles[-1][0]
    below = [other for other in text.body if other.number > line.number and not other.is_blank]
    closed = any(other.text.lstrip().startswith(("{% end", "{{/")) for other in below)
    if below and not closed:
        yield Span(line.start, line.start + len(line.text))


def find_cues(text: Text) -> Iterator[Span]:
    """The bare cue at the end of a prompt."""
    for lines in text.prompts:
        last = last_line(lines)
        if last is None or last.number in text.fenced or _open_turn(last.text, lines) is not None:
            continue
        if _is_cue(last.text):
            indent = last.indent
            yield Span(last.start + indent, last.start + len(last.text))
    if text.is_settings:
        yield from _quoted_cues(text)


def _quoted_cues(text: Text) -> Iterator[Span]:
    """Prompts in one line of a file of settings: `"Q: {question}\\nA:"`."""
    for line in text.lines:
        value = line.text.rstrip()
        head, mark, tail = value[:-1].rpartition("\\n")
        if mark and value.endswith(('"', "'")) and tail and _is_cue(tail):
            yield Span(line.start + len(head), line.start + len(value))


def _is_cue(line: str) -> bool:
    if _NUMBERED_CUE.fullmatch(line) or _COUNTED.fullmatch(line):
        return True
    cue = _CUE.fullmatch(line)
    if cue is None or len(cue["label"].split()) > _MAX_CUE_WORDS:
        return False
    return _ANSWER.search(cue["label"]) is not None or _DATA.search(cue["label"]) is None


RULES = (
    Rule(
        id="special-token",
        severity="error",
        message="a control token of one model family's chat template stands in the text",
        why="Its own family reads the token as structure, so that data can become instructions; every other family "
        "reads "
        "it as letters. Hosted models refuse it, strip it or escape it without a word.",
        remedy="send turns as messages, and let the provider apply the template",
        matters_for="every model: each family has other tokens",
        find=find_tokens,
        bad="<|im_start|>system\nYou are a translator.<|im_end|>",
        good="You are a translator.",
    ),
    Rule(
        id="turn-marker",
        severity="warning",
        message="turns are written into the text, in the words one family was trained on",
        why="Models without that training answer with a whole dialogue, repeat the marker or stop early.",
        remedy="send each turn as a message with its role",
        matters_for="models that were trained on messages: all hosted ones of today",
        find=find_turn_markers,
        bad="Human: What is 2 + 2?\nAssistant: 4\nHuman: And 3 + 3?\nAssistant:",
        good="What is 3 + 3? Answer with the number only, as in: 2 + 2 is 4.",
    ),
    Rule(
        id="prefill",
        severity="error",
        message="the prompt ends in an assistant turn that the model shall continue",
        why="Some models continue it, some begin anew, and newer ones refuse a last assistant message.",
        remedy="say in the instruction how the answer begins, or ask for structured output",
        matters_for="models that do not continue a last assistant message",
        find=find_prefill,
        bad="User: List three colours as JSON.\nAssistant: [",
        good="List three colours as JSON.",
        fact="continues_turns",
        only_if=False,
    ),
    Rule(
        id="completion-cue",
        severity="note",
        message="the prompt ends in a bare cue, as for a model that completes text",
        why="A chat model answers a message. It may repeat the cue, talk about it, or answer below it in its own form.",
        remedy="end with a sentence that says what to write",
        matters_for="chat models; base models need such a cue",
        find=find_cues,
        bad="Translate into French.\n\nEnglish: cheese\nFrench:",
        good="Translate into French, and write the translation only.\n\nEnglish: cheese",
    ),
)
