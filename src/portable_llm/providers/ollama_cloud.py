"""Ollama's cloud: the same protocol and the same models, with a key."""

from __future__ import annotations

from portable_llm.providers import ollama
from portable_llm.providers._provider import Auth

PROVIDER = ollama.PROVIDER.with_(
    name="ollama-cloud",
    title="Ollama cloud",
    base_url="https://ollama.com",
    base_url_env=(),
    auth=Auth(env=("OLLAMA_API_KEY",)),
)
