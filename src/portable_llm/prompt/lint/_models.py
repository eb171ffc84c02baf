"""Models by name: who the model is told to be, which one a file asks for, limits of one, tools of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from portable_llm.prompt.lint._text import Line, Text
from portable_llm.prompt.lint._values import Rule, Span

# Names under which models and assistants are sold, as of 2026-11. A name that is also a word or a person needs company.
_ASSISTANT = (
    r"(?:ChatGPT|GPT[- ]?[345][\w.-]{0,12}|GPT[- ]?J|GPT|Claude(?! [A-Z][a-z]+et\b| Shannon| Debussy| Code\b)|Gemini"
    r"|Bard"
    r"|(?:Code ?)?Llama[- ]?\d?|LLaMA|Mistral|Mixtral|Qwen[\w.-]{0,8}|Grok|DeepSeek[\w.-]{0,6}|Hermes[- ]?\d|Vicuna"
    r"|(?:Microsoft|GitHub) Copilot|Kimi|Ernie ?Bot|Pi AI)"
)
_MAKER = (
    r"(?:OpenAI|Anthropic|Google(?: DeepMind)?|Meta(?: AI)?|Mistral(?: AI)?|Alibaba(?: Cloud)?|xAI|DeepSeek"
    r"|Cohere|Moonshot)"
)
_BEING = (
    r"\b(?:[Yy]ou(?: are| were|['’]re)|YOU ARE|[Aa]ct(?:ing)? as|[Bb]ehave like|[Pp]retend to be|[Yy]our name is|I am)"
    r" (?:now )?(?:an? |the )?(?:\w{1,20} ){0,2}?"
)
# Not `re.IGNORECASE`: names are told from words by their capitals.
_IDENTITY = re.compile(
    rf"{_BEING}{_ASSISTANT}(?!\w)"
    rf"|\b(?:[Yy]ou|model|assistant)\b[^.!?\n]{{0,50}}\b(?:trained|developed|created|made|built) by {_MAKER}\b"
    r"|\b(?:Claude|ChatGPT|Gemini|Copilot|Grok) (?:should|must|will|shall|needs to|never|always|does not|doesn['’]t"
    r"|cannot|can['’]t|is (?:able|allowed|expected|asked|instructed|happy)|responds?|answers?|avoids?)\b"
)

_DESCRIPTION = re.compile(r"[ \t]*(?:description|when_to_use)[ \t]*:", re.IGNORECASE)
_MODEL_KEY = re.compile(
    r"[ \t]*(?:- )?[\"']?(?P<key>model|models?_?names?|model_?id|llm|llm_model(?:_id|_name)?|llm_type|engine"
    r"|deployment|id|path"
    r"|deployment_name|azure_deployment|chat_model|default_model)[\"']?[ \t]*[:=][ \t]*(?P<value>[^\n#]{2,120})",
    re.IGNORECASE,
)
_NAME_KEY = re.compile(r"[ \t]+(?P<key>name)[ \t]*:[ \t]*(?P<value>[^\n#]{2,120})")
_MODEL_NAME = re.compile(
    r"(?:^|[\W_])(?:(?:chat)?gpt[-_ ]?\d|o[1345](?:-(?:mini|pro|preview))?(?![\w.])|claude|sonnet|opus|haiku|gemini"
    r"|gemma|palm"
    r"|llama|mistral|mixtral|codestral|magistral|qwen|deepseek|grok|command-[ar]|text-davinci|davinci|phi-?\d|kimi"
    r"|glm-?\d"
    r"|nova-(?:micro|lite|pro|premier)|titan|jamba|dolly|falcon|vicuna|dall-e)",
    re.IGNORECASE,
)

_LIMIT = re.compile(
    r"\b(?:at most|up to|under|less than|fewer than|no more than|not exceed(?:ing)?|maximum(?: of)?|max(?:imum)?\.?"
    r"|limit(?:ed)?(?: (?:of|to|is))?|within|exceeds?|over|about|around) ?(?:\w+ )?[~<≤]?\d[\d,.]{0,9}k? tokens\b"
    r"|\([<≤] ?\d[\d,.]{0,9}k? tokens\)"
    r"|\b\d[\d,.]{0,9}k?[ -]tokens? (?:limit|maximum|max|budget|or (?:less|fewer)|context|window|long|of context)\b"
    r"|\b(?:max(?:imum)?(?: length)?|limit)[^.!?\n]{0,20}: ?\d[\d,.]{0,9}k? tokens?\b"
    r"|\bword limit for (?:short[- ]term |long[- ]term )?memory\b"
    r"|\b(?:knowledge|training(?: data)?)[ -]cut-?off\b"
    r"|\byour (?:base |training |own )?(?:knowledge|training data|training)\b[^.!?\n]{0,30}\b(?:up to|until"
    r"|ends?(?: in)?|as of|stops)"
    r" (?:\w+ )?20\d\d\b",
    re.IGNORECASE,
)

_OWN_TOOLS = re.compile(
    r"\b(?:TodoWrite|TodoRead|ExitPlanMode|EnterPlanMode|WebFetch|WebSearch|MultiEdit|NotebookEdit|NotebookRead"
    r"|BashOutput"
    r"|KillShell|AskUserQuestion|SlashCommand|TaskList|TaskCreate|TaskUpdate|TaskOutput|TeamCreate|TeamDelete"
    r"|SendMessage"
    r"|str_replace_editor|str_replace_based_edit_tool|text_editor_\d{4,8}|computer_use|computer_\d{4,8}"
    r"|code_interpreter"
    r"|file_search|web_search_preview|image_generation_call|dalle\.text2im|google_search_retrieval|googleSearch"
    r"|url_context"
    r"|codebase_search|run_terminal_cmd|run_shell_command|apply_patch|update_plan|editFiles|runInTerminal"
    r"|findTestFiles)\b"
    r"|\b(?:[Tt]he|[Uu]se|[Uu]sing|[Vv]ia|[Ww]ith) (?:the )?`?(?:Read|Write|Edit|Bash|Grep|Glob|Task|LS"
    r"|Skill)`? tools?\b"
)
_TOOL_LIST = re.compile(r"[ \t]*(?:allowed-tools|disallowed-tools|tools)[ \t]*:", re.IGNORECASE)
_PRODUCT_TOOL = re.compile(
    r"(?<![\w/.-])(?:Read|Write|Edit|MultiEdit|Bash|Glob|Grep|LS|Task|WebFetch|WebSearch|TodoWrite|NotebookEdit"
    r"|Skill)(?![\w/-])"
    r"|(?<![\w.-])(?:edit|read|execute|search|web|vscode)/[\w*]+"
    r"|(?<![\w/.-])(?:codebase|githubRepo|editFiles|findTestFiles|runCommands|runTests|usages|terminalCommand"
    r"|terminalLastCommand"
    r"|terminalSelection|runInTerminal|vscodeAPI|testFailure|searchResults)(?![\w/-])"
)

_TOOL_ITEM = re.compile(
    r"[ \t]{0,12}[-*][ \t]+(?:\*\*|`)(?:Read|Write|Edit|MultiEdit|Bash|Glob|Grep|LS|Task|WebFetch|WebSearch"
    r"|TodoWrite)(?:\*\*|`)"
)

_ASSUMED_ROLE = re.compile(
    r"\b(?:the|this|your|my) (?:system|developer) (?:message|prompt|instructions?)\b[^.!?\n]{0,20}\b(?:above|below"
    r"|earlier|says?|said|tells?|states?)\b"
    r"|\b(?:above|previous|preceding|earlier|next|following) (?:system|developer) (?:message|prompt)\b"
    r"|\b(?:as|like|per) (?:the|your|my) (?:system|developer) (?:message|prompt|instructions?)\b"
    r"|\bin (?:the|your|my) (?:system|developer) (?:message|prompt)\b[^.!?\n]{0,20}\b(?:above|you)\b",
    re.IGNORECASE,
)


def find_identity(text: Text) -> Iterator[Span]:
    """The first place of each line, and of a description in the front matter: products show it to the model."""
    described = tuple(line for line in text.lines if line.number in text.front and _DESCRIPTION.match(line.text))
    yield from _searched((*described, *text.prose), _IDENTITY)


def find_pinned(text: Text) -> Iterator[Span]:
    """Settings that name a model, in front matter or in a file of settings."""
    for line in text.lines:
        if line.number not in text.front and not text.is_settings:
            continue
        found = _MODEL_KEY.match(line.text) or _below_model(text, line)
        if found is not None and _MODEL_NAME.search(found["value"]) is not None:
            yield Span(line.start + found.start("key"), line.start + len(line.text.rstrip()))


def _below_model(text: Text, line: Line) -> re.Match[str] | None:
    """`name: …` as the first setting of a `model:`."""
    above = text.lines[line.number - 2].text.strip() if line.number > 1 else ""
    return _NAME_KEY.match(line.text) if above in ("model:", "llm:") else None


def find_limits(text: Text) -> Iterator[Span]:
    """The first place of each line."""
    yield from _searched(text.prose, _LIMIT)


def find_vendor_tools(text: Text) -> Iterator[Span]:
    """Lists of tools in the front matter, and names in the text; the first of each run of lines."""
    previous = -1
    for line in text.lines:
        found = _listed_tool(text, line)
        if found is None and line.number not in text.fenced:
            found = _OWN_TOOLS.search(line.text) or _item_tool(text, line)
        if found is None:
            continue
        if line.number != previous + 1:
            yield Span(line.start + found.start(), line.start + found.end())
        previous = line.number


def _listed_tool(text: Text, line: Line) -> re.Match[str] | None:
    if line.number not in text.front:
        return None
    head = _TOOL_LIST.match(line.text)
    if head is None and not _continues_list(text, line):
        return None
    return _PRODUCT_TOOL.search(line.text, head.end() if head else 0)


def _item_tool(text: Text, line: Line) -> re.Match[str] | None:
    """An item that explains a product's tool, in a list of such items: one alone may be a word (`**Read**: …`)."""
    found = _TOOL_ITEM.match(line.text)
    if found is None:
        return None
    beside = [
        text.lines[number - 1].text for number in (line.number - 1, line.number + 1) if 0 < number <= len(text.lines)
    ]
    return found if any(_TOOL_ITEM.match(other) for other in beside) else None


def _continues_list(text: Text, line: Line) -> bool:
    """Whether the line is an item, or the bracket, below a bare `tools:`."""
    above = text.lines[line.number - 2] if line.number > 1 else None
    return above is not None and above.text.strip().lower() in ("tools:", "allowed-tools:") and line.indent > 0


def find_roles(text: Text) -> Iterator[Span]:
    """The first place of each line."""
    yield from _searched(text.prose, _ASSUMED_ROLE)


def _searched(lines: Iterable[Line], pattern: re.Pattern[str]) -> Iterator[Span]:
    for line in lines:
        found = pattern.search(line.text)
        if found is not None:
            yield Span(line.start + found.start(), line.start + found.end())


RULES = (
    Rule(
        id="model-identity",
        severity="warning",
        message="the prompt tells the model that it is a certain model, or addresses one by name",
        why="Another model contradicts it, plays the part (with the other's supposed habits), or tells users the "
        "wrong thing.",
        remedy="name the role (an assistant of your company), not the model",
        matters_for="every model but the one named",
        find=find_identity,
        bad="You are ChatGPT, a large language model trained by OpenAI.",
        good="You are the assistant of a bookshop.",
    ),
    Rule(
        id="model-pinned",
        severity="note",
        message="the file names the model that is to be used",
        why="The prompt cannot move without an edit, and a retired model breaks it.",
        remedy="choose the model where the request is made, by an alias",
        matters_for="every model but the one named",
        find=find_pinned,
        bad="---\nmodel: gpt-4o\n---\nSummarise the letter.",
        good="---\nname: summary\n---\nSummarise the letter.",
    ),
    Rule(
        id="model-limit",
        severity="note",
        message="a limit in tokens, or a fact about one model's memory or knowledge",
        why="Tokens are another length in every family, and models cannot count them; another model knows other "
        "years and "
        "holds other lengths.",
        remedy="give lengths in words or sentences, the limit as `max_output_tokens`, today's date as a field",
        matters_for="every model: tokens, windows and dates of knowledge differ",
        find=find_limits,
        bad="Answer in at most 200 tokens.",
        good="Answer in at most 150 words.",
    ),
    Rule(
        id="vendor-tool",
        severity="warning",
        message="a tool is named that only one vendor's product hosts",
        why="Elsewhere there is no such tool: the model invents calls of it, or says that it has none.",
        remedy="declare the tool yourself under a name of your own, or describe the ability instead of the tool",
        matters_for="every product but the one that hosts it",
        find=find_vendor_tools,
        bad="Keep a list of open steps with TodoWrite, and run the code with code_interpreter.",
        good="Keep a list of open steps, and run the code before you answer.",
    ),
    Rule(
        id="role-assumption",
        severity="note",
        message="the text speaks of the place where it stands in the conversation",
        why="Providers have no system message, or another one, or fold it into the first user message; then the "
        "words point "
        "at nothing.",
        remedy="name the part itself (the rules, the context) in place of the message",
        matters_for="providers that place instructions otherwise",
        find=find_roles,
        bad="Follow the rules in the system message above.",
        good="Follow the rules above.",
    ),
)
