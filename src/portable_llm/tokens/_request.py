"""Counting messages and requests: the texts, and what the chat format adds to them. Messages are counted once."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, assert_never

from portable_llm._capabilities import Capabilities
from portable_llm._json import dump_json
from portable_llm._messages import (
    BlobPart,
    ContentPart,
    FilePart,
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    UriPart,
)
from portable_llm._request import NamedTool, Reasoning, Request
from portable_llm.tokens._count import ZERO, Measure, TokenCount
from portable_llm.tokens._media import measure_media
from portable_llm.tokens._tokenizers import Tokenizer, tokenizer, tokenizer_of
from portable_llm.tokens._tools import tool_as_json, tools_as_typescript


def count_text(text: str, name: str) -> TokenCount:
    """How many tokens a text is to the tokenizer of this name, without anything that a chat adds.

    Raises `ConfigurationError` for a name that is none.
    """
    chosen = tokenizer(name)
    return chosen.count(chosen.measure(text))


def count_message(message: Message, name: str) -> TokenCount:
    """How many tokens a message adds to a chat with the models of this tokenizer; remembered for the message.

    Raises `ConfigurationError` for a name that is none.
    """
    chosen = tokenizer(name)
    return chosen.count(measure_message(message, chosen))


def count_request(request: Request[Any], capabilities: Capabilities) -> TokenCount:
    """How many input tokens a request is to a model of these capabilities: messages, tools, schema, images, and what
    the chat format adds. For a model whose tokenizer no row knows, a wide estimate whose source is `assumed`."""
    chosen = tokenizer_of(capabilities)
    return chosen.count(measure_request(request, chosen))


def measure_request(request: Request[Any], chosen: Tokenizer) -> Measure:
    """The sum that `count_request` gives the count of."""
    measured = _frame(request, chosen)
    for message in request.messages:
        measured += measure_message(message, chosen)
    return measured + _measure_tools(request, chosen) + _measure_output(request, chosen)


def _frame(request: Request[Any], chosen: Tokenizer) -> Measure:
    """What is added once."""
    style = chosen.format
    tokens = style.request
    if not _has_system(request):
        tokens += style.without_system
    thinking, maybe = _thinking(request.reasoning, style.thinking)
    tokens += thinking
    open_ended = _OPEN_ENDED if _OPEN_FIELDS.intersection(request.extra) else 0
    return Measure(tokens, style.spread + maybe, 0, style.more + open_ended)


_OPEN_ENDED = 50_000
"""What a provider's own tools may put into the prompt: recorded web searches added up to 33,000 tokens."""
_NAMES = (
    "tools documents plugins mcp_servers web_search_options search_parameters conversation previous_response_id "
    "cachedContent prompt preset connectors search_settings"
)
_OPEN_FIELDS = frozenset(_NAMES.split(" "))
"""Fields of a provider's own (`Request.extra`) that bring in text which is not in the request."""


def _has_system(request: Request[Any]) -> bool:
    return any(message.role == "system" for message in request.messages)


def _thinking(reasoning: Reasoning | None, tokens: float) -> tuple[float, float]:
    """What thinking adds, and how far that may be off: with an effort alone, some models are told nothing more."""
    if reasoning is None or not tokens:
        return 0, 0
    if reasoning.budget_tokens:
        return tokens, 0
    return (0, 0) if reasoning.effort in (None, "none") else (tokens / 2, tokens / 2)


def _measure_tools(request: Request[Any], chosen: Tokenizer) -> Measure:
    style = chosen.format
    if not request.tools or (request.tool_choice == "none" and style.none_drops_tools):
        return ZERO
    tokens = style.tools
    if style.tools_with_system is not None and _has_system(request):
        tokens = style.tools_with_system
    if style.tools_forced is not None and request.tool_choice not in (None, "auto", "none"):
        tokens = style.tools_forced
    if isinstance(request.tool_choice, NamedTool):
        tokens += style.named
    if style.tool_style == "typescript":
        written = chosen.measure(tools_as_typescript(request.tools))
    else:
        written = chosen.measure("\n".join(tool_as_json(tool) for tool in request.tools))
    around = Measure(tokens + style.tool * len(request.tools), style.tools_spread)
    return written + around + Measure(0, written.tokens * style.tool_share)


def _measure_output(request: Request[Any], chosen: Tokenizer) -> Measure:
    """A schema for the answer; a Python type's is known only after planning, which hands the schema on."""
    schema = request.output.schema if request.output is not None else None
    if schema is None:
        return ZERO
    style = chosen.format
    written = chosen.measure(_json_text(schema))
    spread = style.output_spread + written.tokens * style.output_share
    return Measure(
        style.output + written.tokens * style.schema,
        spread + written.bias * style.schema,
        written.variance * style.schema,
    )


# ---- messages --------------------------------------------------------------------------------------------------------

_MOST_MESSAGES = 8192
_MOST_CHARACTERS = 32_000_000
"""The cache holds on to the messages it knows: to about so much of their text and no more."""


class _Memory:
    """Messages that were counted, by identity, the oldest forgotten first.

    Not by value: the arguments of a call are a dictionary, which has no hash. A message that is remembered is kept
    alive, so its identity is nobody else's meanwhile.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Any, tuple[Message, Measure, int]] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def get(self, message: Message, chosen: Tokenizer) -> Measure | None:
        found = self._known.get(_key(message, chosen))
        return found[1] if found is not None else None

    def keep(self, message: Message, chosen: Tokenizer, measured: Measure) -> None:
        size = 4 * round(measured.tokens)
        with self._lock:
            if _key(message, chosen) in self._known:  # another thread was as fast
                return
            self._known[_key(message, chosen)] = (message, measured, size)
            self._characters += size
            while len(self._known) > _MOST_MESSAGES or self._characters > _MOST_CHARACTERS:
                _, (_, _, gone) = self._known.popitem(last=False)
                self._characters -= gone


def _key(message: Message, chosen: Tokenizer) -> tuple[object, ...]:
    """All that the measure of a message depends on."""
    return id(message), chosen.name, id(chosen.format), chosen.images, chosen.counter is None


_MEMORY = _Memory()


def measure_message(message: Message, chosen: Tokenizer) -> Measure:
    """The sum that `count_message` gives the count of."""
    known = _MEMORY.get(message, chosen)
    if known is not None:
        return known
    measured = Measure(chosen.format.of_role(message.role))
    hides_thoughts = message.role == "assistant" and chosen.format.drops_thoughts
    for part in message.parts:
        if hides_thoughts and isinstance(part, TextPart):
            measured += chosen.measure(_THOUGHTS.sub("", part.text))
        else:
            measured += _measure_part(part, chosen)
        measured += _measure_state(part)
    if not any(isinstance(part, BlobPart) for part in message.parts):
        # Bytes are cheap to measure and dear to keep.
        _MEMORY.keep(message, chosen, measured)
    return measured


_THOUGHTS = re.compile(r"\A.*</think>", re.DOTALL)
"""As the templates of these models do it: all before the last end of a thought is left out."""
_STATE_BYTES = 3
"""Fewest bytes of a token, for opaque state that some providers count and others do not."""


def _measure_state(part: Part) -> Measure:
    """Signatures and encrypted thoughts that travel with a part: from nothing up to their length."""
    state = getattr(part, "state", None)
    return Measure(0, 0, 0, len(_json_text(state)) / _STATE_BYTES) if state else ZERO


def _measure_part(part: Part | ContentPart, chosen: Tokenizer) -> Measure:
    match part:
        case TextPart(text=text) | RefusalPart(text=text):
            return chosen.measure(text)
        case ReasoningPart():
            return _measure_reasoning(part, chosen)
        case ToolCallPart():
            return _measure_call(part, chosen)
        case ToolResultPart():
            return _measure_result(part, chosen)
        case BlobPart() | UriPart() | FilePart():
            return measure_media(part, chosen.images)
        case UnknownPart(raw=raw):
            written = chosen.measure(_json_text(raw))
            return written + Measure(0, written.tokens)
        case _:
            assert_never(part)


def _measure_call(part: ToolCallPart, chosen: Tokenizer) -> Measure:
    arguments = part.raw_arguments if part.arguments is None else _json_text(part.arguments)
    around = Measure(chosen.format.call, chosen.format.call_spread)
    return chosen.measure(part.name) + chosen.measure(arguments) + around


def _measure_result(part: ToolResultPart, chosen: Tokenizer) -> Measure:
    measured = Measure(chosen.format.result, chosen.format.call_spread)
    for content in part.parts:
        measured += _measure_part(content, chosen)
    return measured


def _measure_reasoning(part: ReasoningPart, chosen: Tokenizer) -> Measure:
    """Some providers count what was thought before, some drop it: from nothing up to its text."""
    if not part.text:
        return ZERO
    whole = chosen.measure(part.text)
    return Measure(whole.tokens / 2, whole.tokens / 2 + whole.bias, whole.variance)


def _json_text(value: Mapping[str, Any]) -> str:
    try:
        return dump_json(value).decode()
    except (TypeError, ValueError, RecursionError):
        return str(value)
