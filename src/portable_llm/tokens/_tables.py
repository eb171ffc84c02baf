"""Exact tokenizers from what is on this machine already: never from the network.

tiktoken downloads its tables by itself on first use. That would be a network access nobody asked for, and fails where
there is none. So the tables are only taken from where they lie: tiktoken's own cache, or a package that brings them
along (`pip install "portable-llm[tokens]"` installs one). Where none is found there is no exact count.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib.util
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from portable_llm._errors import ConfigurationError

Counter = Callable[[str], int]

_O200K = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
_CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
    r"|\s+(?!\S)|\s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A published vocabulary: how it divides a text, and what its file is known by."""

    name: str
    pattern: str
    sha256: str
    url: str
    """Where its owner publishes it: tiktoken's cache files it under the hash of this. Nothing is ever fetched."""


_PUBLISHED = "https://openaipublic.blob.core.windows.net/encodings"
TABLES: Mapping[str, Table] = {
    "o200k": Table(
        name="o200k_base",
        pattern=_O200K,
        sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
        url=f"{_PUBLISHED}/o200k_base.tiktoken",
    ),
    "cl100k": Table(
        name="cl100k_base",
        pattern=_CL100K,
        sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
        url=f"{_PUBLISHED}/cl100k_base.tiktoken",
    ),
}
"""Patterns and hashes as tiktoken 0.14.0 has them (MIT)."""


def _package(name: str) -> Path | None:
    """Where a package lies, without importing it."""
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) if places else None


def _cached(table: Table) -> Iterator[bytes]:
    named = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    folder = Path(named) if named else Path(tempfile.gettempdir()) / "data-gym-cache"
    path = folder / hashlib.sha1(table.url.encode()).hexdigest()
    if named != "" and path.is_file():
        yield path.read_bytes()


def _packaged(table: Table) -> Iterator[bytes]:
    if home := _package("bpe_openai"):
        path = home / "data" / f"{table.name}.tiktoken.gz"
        if path.is_file():
            with gzip.open(path) as file:
                yield file.read()
    if home := _package("tiktoken_ext"):
        path = home / "data" / f"{table.name}.tiktoken"
        if path.is_file():
            yield path.read_bytes()


def _ranks(table: Table) -> dict[bytes, int] | None:
    """Token → rank from the first copy whose hash is right."""
    for source in (_cached, _packaged):
        for raw in source(table):
            if hashlib.sha256(raw).hexdigest() == table.sha256:
                pairs = (line.split() for line in raw.splitlines() if line)
                return {base64.b64decode(token): int(rank) for token, rank in pairs}
    return None


def _tekken() -> tuple[str, dict[bytes, int]] | None:
    """Mistral's vocabulary out of its own package, `mistral-common`."""
    home = _package("mistral_common")
    path = home / "data" / "tekken_240911.json" if home else None
    if path is None or not path.is_file():
        return None
    stored = json.loads(path.read_text(encoding="utf-8"))
    size = stored["config"]["default_vocab_size"] - stored["config"]["default_num_special_tokens"]
    ranks = {base64.b64decode(row["token_bytes"]): row["rank"] for row in stored["vocab"][:size]}
    return stored["config"]["pattern"], ranks


def _encoder(name: str, pattern: str, ranks: dict[bytes, int]) -> Counter:
    import tiktoken  # here: an application that counts nothing does not load it

    # Special tokens stay out: a provider takes what looks like one in somebody's text as text.
    encoding = tiktoken.Encoding(name, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode_ordinary(text))


@cache
def exact_counter(name: str) -> Counter | None:
    """How to count exactly with this vocabulary: `o200k`, `cl100k`, `tekken`, `file:PATH`; `None`: not on this machine.

    Raises `ConfigurationError` for a tokenizer file that cannot be read.
    """
    if name.startswith("file:"):
        return _from_file(name.removeprefix("file:"))
    if name == "tekken":
        found = _tekken()
        return _encoder(name, *found) if found else None
    table = TABLES.get(name)
    ranks = _ranks(table) if table else None
    return _encoder(table.name, table.pattern, ranks) if table and ranks else None


def _from_file(path: str) -> Counter:
    """A `tokenizer.json` as most open models come with it."""
    try:
        import tokenizers  # pyright: ignore[reportMissingTypeStubs] # here: only who names a file needs the package
    except ImportError as error:
        raise ConfigurationError(
            f"the tokenizer file {path!r} needs the package tokenizers: pip install tokenizers"
        ) from error
    try:
        encoding: Any = tokenizers.Tokenizer.from_file(path)  # pyright: ignore[reportUnknownMemberType]
    except Exception as error:  # the package raises plain Exception for whatever is wrong with a file
        raise ConfigurationError(f"the tokenizer file {path!r} cannot be read: {error}") from error
    return lambda text: len(encoding.encode(text, add_special_tokens=False).ids)
