"""Vocabularies to calibrate against: from packages that ship them, and from a local engine.

| family | from |
|---|---|
| o200k, cl100k, llama3, qwen | the package `quicktok-v1` |
| tekken | Mistral's, in the package `mistral-common` (2024-09-11) |
| claude-1 | the package `anthropic-tokenizer` (the vocabulary published for Claude 1 and 2) |
| gemini | Gemma 3's, which Gemini's counts agree with in recorded traffic: a local engine's `/tokenize` (`--engine`) |
"""

from __future__ import annotations

import base64
import http.client
import importlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import tiktoken

from token_counts.texts import package

Counter = Callable[[str], int]


def vocabularies(engine: str | None) -> Mapping[str, Counter]:
    """All that can be had here."""
    found: dict[str, Counter] = {}
    if package("quicktok"):
        quicktok: Any = importlib.import_module("quicktok")
        named = {"o200k": "o200k_base", "cl100k": "cl100k_base", "llama3": "llama3", "qwen": "qwen3"}
        found.update({family: _quick(quicktok.get_encoding(name)) for family, name in named.items()})
    if package("anthropic_tokenizer"):
        found["claude-1"] = importlib.import_module("anthropic_tokenizer").count_tokens
    if home := package("mistral_common"):
        found["tekken"] = _tekken(json.loads((home / "data/tekken_240911.json").read_text(encoding="utf-8")))
    if engine:
        found["gemini"] = engine_counter(engine)
    return found


def _quick(encoding: Any) -> Counter:
    return lambda text: len(encoding.encode_ordinary(text))


def _tekken(stored: Mapping[str, Any]) -> Counter:
    size = stored["config"]["default_vocab_size"] - stored["config"]["default_num_special_tokens"]
    ranks = {base64.b64decode(row["token_bytes"]): row["rank"] for row in stored["vocab"][:size]}
    encoding = tiktoken.Encoding(
        "tekken", pat_str=stored["config"]["pattern"], mergeable_ranks=ranks, special_tokens={}
    )
    return lambda text: len(encoding.encode_ordinary(text))


def engine_counter(url: str) -> Counter:
    """What a llama.cpp server's `/tokenize` says."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def count(text: str) -> int:
        body = json.dumps({"content": text, "add_special": False}).encode()
        connection.request("POST", "/tokenize", body, {"content-type": "application/json"})
        return len(json.loads(connection.getresponse().read())["tokens"])

    return count
