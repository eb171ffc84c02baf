"""Forms of the answer, and calls of tools, that are asked for in words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from portable_llm.prompt.lint._text import Line, Text
from portable_llm.prompt.lint._values import Rule, Span

_NEAR = r"[^.!?\n]{0,80}?"
_JSON = (
    r"(?<![\w./-])JSON(?:[ -]?L(?:ines)?)?\b(?![ ]?(?:\w+ )?(?:files?\b|strings? (?:of|from)|input|documents?\b"
    r"|helpers?\b))(?! (?:with|from|via|by) (?:\w+ ){0,2}(?:helper|function|method|library|API)\b)"
)
_VERB = r"\b(?:respond|reply|answer|return|output|outputting|emit|produce|generate|extract|provide)\b"
_NOUN = r"\b(?:response|responses|reply|answer|output|result|results|your)\b"
_DEMAND = re.compile(
    rf"{_VERB}{_NEAR}{_JSON}"
    rf"|{_NOUN}{_NEAR}\b(?:be|is|in|as|into|follow|format|use|using|should|must|only|valid)\b{_NEAR}{_JSON}"
    rf"|\b(?:only|exact(?:ly)?|strictly|must|follow|always|use) {_NEAR}{_JSON} {_NEAR}\b(?:format|object|array|schema"
    rf"|structure|response)\b"
    rf"|{_JSON} (?:only|response|output|format (?:below|with))\b"
    r"|\b(?:valid|well[- ]formed|parsable|parseable) (?:Python )?(?:JSON|dict(?:ionary)?|YAML|XML)\b"
    r"|\bJSON\.parse\b|\bjson\.loads\b"
    rf"|{_VERB}{_NEAR}\b(?:in|as|only|valid|with) (?:\w+ ){{0,2}}(?:YAML|XML)\b(?! ?(?:tags?|file))"
    rf"|\b(?:responses?|answers?|output) in (?:YAML|XML)\b(?! ?tags?)",
    re.IGNORECASE,
)
# The sentence speaks of what is given, or of what a program does, or of a file that is to be written.
_NOT_THE_ANSWER = re.compile(
    r"\b(?:provided|given|shown|supplied|stored|received|loaded|input|inputs?) (?:\w+ ){0,6}(?:as|in|with|is)\b"
    r"|\b(?:functions?|endpoints?|methods?|class|handlers?|hooks?|scripts?|server|api|tool|command|program"
    r"|code)\b[^.!?\n]{0,60}\b(?:returns?|outputs?|prints?)\b"
    r"|\b(?:read|reads|parse|parses|load|loads|import|imports|from|keep|delete|edit)\b[^.!?\n]{0,30}\bJSON\b"
    r"|\bJSON (?:file|configuration|config|input)",
    re.IGNORECASE,
)
_FORM_AHEAD = re.compile(r"\b(?:response|respond|reply|answer|output|return)\b[^\n]{0,80}:[ \t*_`]{0,4}", re.IGNORECASE)
_EXAMPLE_LABEL = re.compile(
    r"[ \t#*\[-]{0,8}(?:expected |example |sample )?(?:output|response|answer|result|completion)(?: \d{1,3})?[\]*]{0,3}"
    r"[ \t]*(?::|=>)?[ \t*]{0,4}",
    re.IGNORECASE,
)
_OBJECT = re.compile(r"[ \t]*(?:\{\{?[ \t]*(?:$|[\"'])|\[[ \t]*(?:$|[\"'{\[]))")
_LOOK_AHEAD = 4
"""Lines between the words that announce a form and the form itself: a blank line, a fence."""

# Not as items of a list: there they describe what the prompt is given.
_STEP_LABEL = re.compile(r"[ \t>]{0,12}\*{0,2}(Thought|Actions?|Action Input|Observation)\*{0,2}[ \t]*:")
_CALL_TAG = re.compile(r"</?(?:tool_call|tool_calls|function_call|function_calls|invoke|use_mcp_tool|execute_command)>")
_CALL_NAME = re.compile(
    r"[\"'](?:tool|tool_name|function|function_name|command|command_name|commands|name|action)[\"'][ \t]*:"
)
# Not a list: that is the command line of a program, in the configuration of a server.
_CALL_ARGUMENTS = re.compile(
    r"[\"'](?:args?|arguments|parameters|params|action_input|tool_input|arg1"
    r"|parameter1)[\"'][ \t]{0,8}:(?![ \t]{0,8}\[)"
)
_CALL_WORDS = re.compile(r"\b(?:tools?|functions?|commands?)\b", re.IGNORECASE)
_CALL_WINDOW = 12
"""Lines between the name of a call and its arguments."""


def find_json_by_prompt(text: Text) -> Iterator[Span]:
    """The first demand of each prompt; an output schema in the front matter answers it already."""
    if _has_native_output(text):
        return
    for lines in text.prompts:
        found = next(_demands(text, lines), None)
        if found is not None:
            yield found


def _has_native_output(text: Text) -> bool:
    keys = (line.text.rstrip() for line in text.lines if line.number in text.front)
    return any(key in ("output:", "outputs:", "response_format:", "output_schema:") for key in keys)


def _demands(text: Text, lines: tuple[Line, ...]) -> Iterator[Span]:
    for index, line in enumerate(lines):
        if line.number in text.fenced:
            continue
        found = _DEMAND.search(line.text)
        if found is not None and _NOT_THE_ANSWER.search(line.text) is None:
            yield Span(line.start + found.start(), line.start + found.end())
        elif _announces(line.text) and _opens_object(lines, index):
            yield Span(line.start + line.indent, line.start + len(line.text))


def _announces(line: str) -> bool:
    """Whether the line announces the form of the answer, or an example of one."""
    if _EXAMPLE_LABEL.fullmatch(line):
        return True
    ahead = _FORM_AHEAD.search(line)
    return ahead is not None and ahead.end() == len(line.rstrip()) and _NOT_THE_ANSWER.search(line) is None


def _opens_object(lines: tuple[Line, ...], index: int) -> bool:
    for line in lines[index + 1 : index + 1 + _LOOK_AHEAD]:
        stripped = line.text.strip()
        if not stripped or stripped.startswith(("```", "~~~")):
            if stripped not in ("", "```", "~~~", "```json", "```JSON"):
                return False
            continue
        return _OBJECT.match(line.text) is not None
    return False


def find_tool_by_prompt(text: Text) -> Iterator[Span]:
    """The first place of a protocol of calls."""
    for lines in text.prompts:
        found = _steps(lines) or _tagged_call(lines) or _written_call(lines)
        if found is not None:
            yield found


def _steps(lines: tuple[Line, ...]) -> Span | None:
    """Labels of a loop of thoughts, actions and observations: two kinds at least, an action among them."""
    first: Span | None = None
    kinds: set[str] = set()
    for line in lines:
        found = _STEP_LABEL.match(line.text)
        if found is None:
            continue
        first = first or Span(line.start + found.start(1), line.start + found.end())
        kinds.add(found[1])
    has_action = kinds & {"Action", "Actions", "Action Input"}
    return first if has_action and len(kinds) > 1 else None


def _tagged_call(lines: tuple[Line, ...]) -> Span | None:
    for line in lines:
        found = _CALL_TAG.search(line.text)
        if found is not None:
            return Span(line.start + found.start(), line.start + found.end())
    return None


def _written_call(lines: tuple[Line, ...]) -> Span | None:
    """An object with the name of a call and its arguments, in a prompt that speaks of tools."""
    named: tuple[Line, re.Match[str]] | None = None
    is_call = False
    speaks = False
    for line in lines:
        speaks = speaks or _CALL_WORDS.search(line.text) is not None
        name = _CALL_NAME.search(line.text)
        if name is not None and not is_call:
            named = (line, name)
        if named is not None and line.number - named[0].number <= _CALL_WINDOW:
            is_call = is_call or _CALL_ARGUMENTS.search(line.text) is not None
    if named is None or not is_call or not speaks:
        return None
    return Span(named[0].start + named[1].start(), named[0].start + named[1].end())


RULES = (
    Rule(
        id="json-by-prompt",
        severity="warning",
        message="the form of the answer is asked for in words, where structured output would hold it",
        why="How far a model keeps to a described form differs most of all between models: fences, comments, missing "
        "fields. A schema is held by the provider, or checked when the answer comes.",
        remedy="give the schema as `output=`; the client sends it natively, as a tool or by the prompt, and checks "
        "the answer",
        matters_for="models whose provider holds answers to a schema",
        find=find_json_by_prompt,
        bad='Respond only with JSON like {"name": "...", "age": 0}.',
        good="Extract the name and the age of the person.",
        fact="holds_schemas",
        only_if=True,
    ),
    Rule(
        id="tool-by-prompt",
        severity="warning",
        message="a protocol for calling tools is written into the text",
        why="Models are trained on their own form of calls. A protocol of one's own competes with it: arguments come "
        "broken, results are invented, several calls come at once.",
        remedy="declare the tools in the request (`tools=`), and answer calls with tool results",
        matters_for="models that call tools natively",
        find=find_tool_by_prompt,
        bad="Thought: what to do next\nAction: one of [search]\nAction Input: the query\nObservation: the result",
        good="Search before you answer a question about prices.",
        fact="calls_tools",
        only_if=True,
    ),
)
