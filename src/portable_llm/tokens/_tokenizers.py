"""The tokenizers by neutral name: how each is counted here, and the chat format of its models.

Nobody but a provider's row knows which model has which (`Capabilities["tokenizer"]`, whose `values` are the name of the
tokenizer and, where it is another than usual, of the chat format).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from portable_llm._capabilities import Capabilities
from portable_llm._errors import ConfigurationError
from portable_llm.tokens._count import ZERO, Measure, TokenCount
from portable_llm.tokens._estimate import estimator
from portable_llm.tokens._formats import FORMATS, ChatFormat
from portable_llm.tokens._tables import Counter, exact_counter

UNKNOWN = "unknown"
"""The tokenizer of a model that no row knows: a wide estimate, marked as assumed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    table: str | None = None
    """The public vocabulary, for exact counts."""
    family: str
    """The estimator where that is not at hand."""
    format: str
    images: str = "unknown"
    """The rule by which an image is counted."""


_ROWS: Mapping[str, _Row] = {
    "o200k": _Row(table="o200k", family="o200k", format="gpt", images="tiles"),
    "cl100k": _Row(table="cl100k", family="cl100k", format="gpt", images="tiles"),
    "claude": _Row(family="claude", format="claude", images="area"),
    "claude-new": _Row(family="claude-new", format="claude", images="area"),
    "claude-1": _Row(family="claude-1", format="claude", images="area"),
    "gemini": _Row(family="gemini", format="gemini", images="crops"),
    "tekken": _Row(table="tekken", family="tekken", format="inst", images="patches16"),
    "llama3": _Row(family="llama3", format="llama3.1"),
    "qwen": _Row(family="qwen", format="chatml"),
    "deepseek-bpe": _Row(family="deepseek-bpe", format="deepseek-chat"),
    "glm": _Row(family="glm", format="glm"),
    "kimi": _Row(family="kimi", format="kimi"),
    "nova": _Row(family="nova", format="nova"),
    "grok": _Row(family="grok", format="grok"),
    "command": _Row(family="command", format="command"),
    UNKNOWN: _Row(family="unknown", format="unknown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokenizer:
    """How texts become tokens here, and what a chat adds to them."""

    name: str
    counter: Counter | None
    """Counts exactly; `None` where the vocabulary is not public or not on this machine."""
    table: str | None
    """The public vocabulary, whether it is here or not."""
    family: str
    format: ChatFormat
    images: str
    source: str

    def measure(self, text: str) -> Measure:
        """What a text becomes, without anything around it."""
        if not text:
            return ZERO
        if self.counter is not None:
            # A lone half of a surrogate pair is no character; a provider is sent a replacement in its place.
            return Measure(self.counter(text.encode("utf-8", "replace").decode()))
        return estimator(self.family).measure(text)

    def count(self, measured: Measure) -> TokenCount:
        return measured.count(self.name, self.source)


def tokenizer_names() -> tuple[str, ...]:
    """All names, sorted; besides these, `file:PATH` names a `tokenizer.json`."""
    return tuple(sorted(_ROWS))


@cache
def tokenizer(name: str, format: str | None = None, images: str | None = None) -> Tokenizer:
    """The tokenizer of this name, with another chat format or another rule for images if one is named.

    Raises `ConfigurationError` for a name that is none, or a file that cannot be read.
    """
    row = _Row(table=name, family=UNKNOWN, format=UNKNOWN) if name.startswith("file:") else _ROWS.get(name)
    if row is None:
        raise ConfigurationError(f"no tokenizer is called {name!r}; known: {', '.join(tokenizer_names())}, file:PATH")
    if (format or row.format) not in FORMATS:
        raise ConfigurationError(f"no chat format is called {format!r}; known: {', '.join(sorted(FORMATS))}")
    counter = exact_counter(row.table) if row.table else None
    source = f"vocabulary {row.table}" if counter else estimator(row.family).source
    return Tokenizer(
        name=name,
        counter=counter,
        table=row.table,
        family=row.family,
        format=FORMATS[format or row.format],
        images=images or row.images,
        source=source,
    )


def tokenizer_of(capabilities: Capabilities) -> Tokenizer:
    """The tokenizer of a model, by what its provider's row says."""
    fact = capabilities["tokenizer"]
    chosen = tokenizer(*(fact.values or (UNKNOWN,)))
    # What is assumed cannot be exact, however well its vocabulary is known.
    return replace(chosen, counter=None, source=f"assumed; {chosen.source}") if fact.is_assumed else chosen
