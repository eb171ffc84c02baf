"""Lists of models: where a protocol has one, and what its fields are called.

Fields are those of the official SDKs' types (openai 3.54, anthropic 2.12, google-genai 3.4, mistralai 3.7, cohere 7.3,
ollama 0.6, read 2026-11-24) and of hosts that add their own to OpenAI's list: `context_length`, `context_window`,
`max_model_len`, `top_provider` (survey of compatible hosts, 2026-11-23).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote

from portable_llm._errors import UnreadableAnswerError
from portable_llm._http import HttpReply
from portable_llm._json import load_json
from portable_llm._listing import ModelInfo
from portable_llm.wire._reading import as_dict, as_int, as_str

_IDS = ("id", "model", "name")
_NAMES = ("display_name", "displayName", "name")
_CREATED = ("created", "created_at", "modified_at")
_WINDOWS = (
    "context_window",
    "context_length",
    "max_context_length",
    "max_model_len",
    "max_input_tokens",
    "inputTokenLimit",
)
_OUTPUTS = ("max_completion_tokens", "max_output_tokens", "max_tokens", "outputTokenLimit")
_ENDS = ("shutdown_date", "retires_at", "expiration_date", "deprecation", "deprecated_at")


def _no_more(path: str, body: Mapping[str, Any]) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Where the models of a provider are listed, page by page."""

    path: str
    """Of the first page, behind the base URL."""
    members: str = "data"
    """Where the models stand in a page; a page may also be the bare list."""
    following: Callable[[str, Mapping[str, Any]], str | None] = _no_more
    """The path of the page behind this one."""

    def read(self, reply: HttpReply) -> tuple[tuple[ModelInfo, ...], str | None]:
        """The models of a page and the path of the next; raises `UnreadableAnswerError` for what is no such page."""
        try:
            decoded = load_json(reply.body)
        except ValueError as error:
            raise UnreadableAnswerError(f"the list of models is no JSON: {error}", body=reply.body) from error
        body = as_dict(decoded)
        listed: object = decoded if isinstance(decoded, list) else body.get(self.members)
        if not isinstance(listed, list):
            raise UnreadableAnswerError(f"the list of models has no {self.members!r}", body=reply.body)
        found = (_model(as_dict(item)) for item in cast("list[object]", listed))
        return tuple(model for model in found if model is not None), self.following(self.path, body)


def _model(item: Mapping[str, Any]) -> ModelInfo | None:
    name = next((value for one in _IDS if (value := as_str(item.get(one)))), None)
    if name is None:
        return None
    top = as_dict(item.get("top_provider"))
    return ModelInfo(
        id=name.removeprefix("models/").removeprefix("publishers/google/models/"),
        name=next((value for one in _NAMES if (value := as_str(item.get(one))) and value != name), None),
        created=_first_day(item, _CREATED),
        context_window=_first_count(item, _WINDOWS),
        max_output_tokens=_first_count(item, _OUTPUTS) or as_int(top.get("max_completion_tokens")),
        shutdown=_first_day(item, _ENDS),
        raw=dict(item),
    )


def _first_count(item: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    for name in names:
        value = item.get(name)
        # One service counts in floating point.
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 1:
            return int(value)
    return None


def _first_day(item: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((day for name in names if (day := _day(item.get(name)))), None)


def _day(value: object) -> str | None:
    """A day out of seconds since 1970, or out of the beginning of an ISO time."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e11:
        return datetime.fromtimestamp(value, UTC).date().isoformat()
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value[:10]).date().isoformat()
    except ValueError:
        return None


def _after_last(path: str, body: Mapping[str, Any]) -> str | None:
    last = as_str(body.get("last_id"))
    return f"{path}&after_id={quote(last, safe='')}" if body.get("has_more") is True and last else None


def _by_token(field: str, parameter: str) -> Callable[[str, Mapping[str, Any]], str | None]:
    def following(path: str, body: Mapping[str, Any]) -> str | None:
        token = as_str(body.get(field))
        return f"{path}&{parameter}={quote(token, safe='')}" if token else None

    return following


LIKE_OPENAI = Listing(path="/models")
ANTHROPIC = Listing(path="/v1/models?limit=1000", following=_after_last)
GEMINI = Listing(path="/models?pageSize=1000", members="models", following=_by_token("nextPageToken", "pageToken"))
COHERE = Listing(
    path="/v1/models?page_size=1000", members="models", following=_by_token("next_page_token", "page_token")
)
OLLAMA = Listing(path="/api/tags", members="models")
