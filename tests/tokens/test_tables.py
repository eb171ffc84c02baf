"""Vocabularies come from this machine or not at all."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest

from portable_llm import ConfigurationError
from portable_llm.tokens import _tables as tables


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    tables.exact_counter.cache_clear()
    yield
    tables.exact_counter.cache_clear()


@pytest.fixture
def no_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing brings tables along; tiktoken's cache is an empty folder; a network access fails the test."""

    def refuse(*args: Any, **options: Any) -> None:
        raise AssertionError("counting opened a connection")

    monkeypatch.setattr(tables, "_package", lambda name: None)
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["o200k", "cl100k", "tekken"])
def test_without_tables_there_is_no_exact_count_and_no_connection(name: str, no_packages: Path) -> None:
    assert tables.exact_counter(name) is None


def test_tiktoken_s_own_cache_is_read(no_packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of the bytes alone, filed as tiktoken files what it downloads."""
    import base64

    raw = b"".join(base64.b64encode(bytes([byte])) + b" %d\n" % byte for byte in range(256))
    table = tables.Table(
        name="bytes", pattern=r"\S+|\s+", sha256=hashlib.sha256(raw).hexdigest(), url="https://e.test/bytes"
    )
    monkeypatch.setattr(tables, "TABLES", {"bytes": table})
    (no_packages / hashlib.sha1(table.url.encode()).hexdigest()).write_bytes(raw)
    count = tables.exact_counter("bytes")

    assert count is not None
    assert count("four äö") == 4 + 1 + 4


def test_a_table_with_another_hash_is_not_used(no_packages: Path) -> None:
    url = tables.TABLES["cl100k"].url
    (no_packages / hashlib.sha1(url.encode()).hexdigest()).write_bytes(b"IQ== 0\n")

    assert tables.exact_counter("cl100k") is None


def test_an_empty_cache_folder_means_no_cache(no_packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As tiktoken reads the variable."""
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")

    assert tables.exact_counter("cl100k") is None


def test_the_patterns_are_tiktoken_s() -> None:
    """The package is the reference: its constructors, with the loading of the table taken out."""
    public = pytest.importorskip("tiktoken_ext.openai_public")
    original = public.load_tiktoken_bpe
    seen: dict[str, tuple[str, str]] = {}

    def record(url: str, expected_hash: str) -> dict[bytes, int]:
        seen[url] = (url, expected_hash)
        return {}

    public.load_tiktoken_bpe = record
    try:
        for table in tables.TABLES.values():
            stated = public.ENCODING_CONSTRUCTORS[table.name]()
            assert stated["pat_str"] == table.pattern
            assert seen[table.url] == (table.url, table.sha256)
    finally:
        public.load_tiktoken_bpe = original


def test_a_tokenizer_file_counts(tmp_path: Path) -> None:
    library = pytest.importorskip("tokenizers")
    words = library.Tokenizer(library.models.WordLevel({"hello": 0, "world": 1, "?": 2}, unk_token="?"))
    words.pre_tokenizer = library.pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "tokenizer.json"))
    count = tables.exact_counter(f"file:{tmp_path / 'tokenizer.json'}")

    assert count is not None
    assert count("hello big world") == 3


def test_a_file_that_is_none_is_a_clear_error(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    with pytest.raises(ConfigurationError, match=r"the tokenizer file '.*nothing.json' cannot be read"):
        tables.exact_counter(f"file:{tmp_path / 'nothing.json'}")
