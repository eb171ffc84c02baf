"""What other libraries make of one schema: run in an environment that has them, and kept as data for the docs.

    python benchmarks/peer_schemas.py > benchmarks/results/six_keywords.json

Each library's own conversion is called as its client calls it before a request. None of them reports what it changed,
so the result is the schema alone, or the error.
"""

from __future__ import annotations

import copy
import importlib.metadata
import json
import logging
import sys
import warnings
from collections.abc import Callable
from datetime import date
from typing import Any

SIX_KEYWORDS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "pattern": "^(?!TEST)[A-Z]{2,6}$"},
        "cents": {"type": "integer", "exclusiveMinimum": 0, "multipleOf": 5},
        "payment": {
            "oneOf": [
                {"type": "object", "properties": {"card": {"type": "string"}}, "required": ["card"]},
                {"type": "object", "properties": {"iban": {"type": "string"}}, "required": ["iban"]},
            ]
        },
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "contains": {"const": "urgent"}},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "express": {"type": "boolean"},
        "deliver_by": {"type": "string"},
    },
    "required": ["code", "cents", "payment", "tags", "labels", "express"],
    "if": {"properties": {"express": {"const": True}}},
    "then": {"required": ["deliver_by"]},
}
"""Six things that real schemas say and dialects do not know."""

Convert = Callable[[dict[str, Any]], Any]


def openai_strict(schema: dict[str, Any]) -> Any:
    from openai.lib._pydantic import _ensure_strict_json_schema

    return _ensure_strict_json_schema(schema, path=(), root=schema)


def anthropic_transform(schema: dict[str, Any]) -> Any:
    from anthropic import transform_schema

    return transform_schema(schema)


def google_process(schema: dict[str, Any]) -> Any:
    from google.genai import _transformers

    _transformers.process_schema(schema, None)
    return schema


def langchain_strict(schema: dict[str, Any]) -> Any:
    from langchain_core.utils.function_calling import convert_to_openai_function

    named = {"title": "order", "description": "An order.", **schema}
    return convert_to_openai_function(named, strict=True)["parameters"]


def litellm_vertex(schema: dict[str, Any]) -> Any:
    from litellm.llms.vertex_ai.common_utils import build_vertex_schema

    return build_vertex_schema(schema)


def litellm_anthropic(schema: dict[str, Any]) -> Any:
    from litellm.llms.anthropic.chat.transformation import AnthropicConfig

    return AnthropicConfig.filter_anthropic_output_schema(schema)


def pydantic_ai(name: str) -> Convert:
    def convert(schema: dict[str, Any]) -> Any:
        from pydantic_ai.profiles.google import GoogleJsonSchemaTransformer
        from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer
        from pydantic_ai.providers.anthropic import AnthropicJsonSchemaTransformer

        transformers: dict[str, Any] = {
            "openai": OpenAIJsonSchemaTransformer,
            "anthropic": AnthropicJsonSchemaTransformer,
            "google": GoogleJsonSchemaTransformer,
        }
        return transformers[name](schema, strict=True).walk()

    return convert


PEERS: tuple[tuple[str, str, str, Convert], ...] = (
    ("openai", "openai", "openai-strict", openai_strict),
    ("langchain", "langchain-core", "openai-strict", langchain_strict),
    ("pydantic-ai", "pydantic-ai-slim", "openai-strict", pydantic_ai("openai")),
    ("anthropic", "anthropic", "anthropic", anthropic_transform),
    ("litellm", "litellm", "anthropic", litellm_anthropic),
    ("pydantic-ai", "pydantic-ai-slim", "anthropic", pydantic_ai("anthropic")),
    ("google-genai", "google-genai", "gemini-schema", google_process),
    ("litellm", "litellm", "gemini-schema", litellm_vertex),
    ("pydantic-ai", "pydantic-ai-slim", "gemini-json-schema", pydantic_ai("google")),
)
"""Name, distribution, dialect it writes, conversion."""


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    rows: list[dict[str, Any]] = []
    for peer, distribution, dialect, convert in PEERS:
        row = {"peer": peer, "version": importlib.metadata.version(distribution), "dialect": dialect}
        try:
            made = json.loads(json.dumps(convert(copy.deepcopy(SIX_KEYWORDS)), default=lambda value: value.value))
        except Exception as error:  # whatever it raises is what its user sees
            rows.append({**row, "error": f"{type(error).__name__}: {error}"[:300]})
        else:
            rows.append({**row, "schema": made})
    json.dump({"date": date.today().isoformat(), "schema": SIX_KEYWORDS, "rows": rows}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
