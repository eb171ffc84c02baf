"""Which tokenizer, chat format and rule for images a model has, by its name, wherever it is hosted.

A model keeps its tokenizer from host to host, so this is one table and not a column of each row; a row's own rules win
over it. The names are those of `portable_llm.tokens`. Sources, read 2026-11-24: vendor documentation, tiktoken 0.14.0's
table of models, model cards, and recorded usage figures (docs/reference/tokens.md has the table of agreement).
"""

from __future__ import annotations

import re
from functools import lru_cache

from portable_llm._capabilities import Fact

_DATE = "2026-11-24"
_TIKTOKEN = "tiktoken 0.14.0 model table, openai docs"
_USAGE = "recorded usage figures"
_CARD = "model card"

_RESPONSES = "openai-responses"

# pattern of the name, tokenizer, chat format, rule for images, source; the first that is found in the name wins.
_ROWS: tuple[tuple[str, str, str | None, str | None, str], ...] = (
    (r"gpt-oss", "o200k", "harmony", None, "tiktoken 0.14.0 (o200k_harmony)"),
    (r"gpt-?(3\.5|35)|gpt-4(-|$)(?!o|1)", "cl100k", "gpt", "tiles", _TIKTOKEN),
    (r"gpt-4o-mini", "o200k", "gpt", "tiles-mini", _TIKTOKEN),
    (r"gpt-4\.1-mini", "o200k", "gpt", "patches-1.62", _TIKTOKEN),
    (r"gpt-4\.1-nano", "o200k", "gpt", "patches-2.46", _TIKTOKEN),
    (r"gpt-4o|gpt-4\.[15]|chatgpt-4o|gpt-audio|gpt-realtime", "o200k", "gpt", "tiles", _TIKTOKEN),
    (r"gpt-5(\.\d)?-chat", "o200k", "gpt", "tiles-5", _TIKTOKEN),
    (r"gpt-5-mini|gpt-5\.\d-mini", "o200k", "gpt-reasoning", "patches-1.62", _TIKTOKEN),
    (r"gpt-5-nano|gpt-5\.\d-nano", "o200k", "gpt-reasoning", "patches-2.46", _TIKTOKEN),
    (r"gpt-5(-|$)|gpt-5\.[123]", "o200k", "gpt-reasoning", "tiles-5", _TIKTOKEN),
    (r"gpt-[56]", "o200k", "gpt-reasoning", "patches", f"{_USAGE}; openai docs"),
    (r"(^|[/.])o4-mini", "o200k", "gpt-o", "patches-1.72", _TIKTOKEN),
    (r"(^|[/.])o[134](-|$)", "o200k", "gpt-o", "tiles-reasoning", _TIKTOKEN),
    (r"claude-?(v2|2|instant|v1)", "claude-1", None, None, "vocabulary published for Claude 1 and 2"),
    (r"claude-(opus|sonnet|haiku)-(4[-.][78]|[5-9])", "claude-new", "claude-4.7", "area-large", "anthropic docs"),
    (r"claude-(fable|mythos)", "claude-new", "claude-4.7", "area-large", "anthropic docs"),
    (r"claude-(opus|sonnet|haiku)-4[-.][56]", "claude", "claude-4.5", None, f"anthropic docs; {_USAGE}"),
    (r"claude-3-(opus|sonnet|haiku)", "claude", "claude-3", None, "anthropic docs"),
    (r"claude", "claude", None, None, f"anthropic docs; {_USAGE}"),
    (r"gemini-[34]", "gemini", None, "fixed-1120", f"gemini docs; {_USAGE}"),
    (r"gemini-(1|2\.0)", "gemini", "gemini-plain", None, f"gemini docs; {_USAGE}"),
    (r"gemini", "gemini", None, None, f"gemini docs; {_USAGE}"),
    (r"gemma", "gemini", "gemma", None, _CARD),
    (r"mistral-small-latest", "tekken", "inst-default", None, f"mistral-common; {_USAGE}"),
    (
        r"mi[sx]tral|ministral|magistral|codestral|devstral|pixtral|voxtral",
        "tekken",
        None,
        None,
        "mistral-common; model cards",
    ),
    (r"llama-?3-\d+b-8192|llama-?3(:|$)|llama-3-", "llama3", "llama3", None, _CARD),
    (r"llama-?4", "llama3", "llama4", None, f"assumed to be as Llama 3; {_USAGE}"),
    (r"llama-?3", "llama3", None, None, _CARD),
    (r"deepseek-r1-distill-llama", "llama3", "deepseek-chat", None, _CARD),
    (r"deepseek", "deepseek-bpe", None, None, _USAGE),
    (r"qwen-?3[.-][5-9]", "qwen", "chatml-3.5", None, _USAGE),
    (r"qwen|qwq", "qwen", None, None, _CARD),
    (r"glm", "glm", None, None, _USAGE),
    (r"kimi", "kimi", None, None, _USAGE),
    (r"nova-2", "nova", "nova-2", None, _USAGE),
    (r"nova-", "nova", None, None, _USAGE),
    (r"command", "command", None, None, _USAGE),
    (r"grok", "grok", None, None, _USAGE),
    (r"sonar", "cl100k", "bare", None, _USAGE),
)
_FOUND = tuple((re.compile(row[0]), row) for row in _ROWS)


@lru_cache(maxsize=1024)
def tokenizer_fact(model: str, wire: str) -> Fact | None:
    """What is known of this model's tokenizer; `None`: nothing."""
    name = model.lower()
    for pattern, (_, tokenizer, style, images, source) in _FOUND:
        if pattern.search(name):
            return Fact(values=_values(tokenizer, style, images, wire), source=source, date=_DATE)
    return None


def _values(tokenizer: str, style: str | None, images: str | None, wire: str) -> tuple[str, ...]:
    if style is not None and style.startswith("gpt") and wire == _RESPONSES:
        style = f"{style}-responses"
    if images is not None:
        return (tokenizer, style or "", images)
    return (tokenizer, style) if style is not None else (tokenizer,)
