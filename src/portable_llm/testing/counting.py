"""The count endpoints of the fake server: the same numbers as in the usage of its answers, by `count_usage`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue
from portable_llm.testing.responders import answer, count_usage
from portable_llm.wire import wire_format

Body = Mapping[str, Any]
_NOTHING = answer()


def counted(path: str, body: JsonValue) -> dict[str, JsonValue] | None:
    """The answer of a count endpoint; `None` for a path that is none, or a body that is no request."""
    if not isinstance(body, dict):
        return None
    for pattern, write in _ENDPOINTS:
        if found := pattern.fullmatch(path):
            try:
                return write(body, found.groupdict().get("call") or "")
            except (InvalidRequestError, KeyError, TypeError):
                return None
    return None


def _tokens(wire: str, body: Body, path: str = "") -> int:
    request, _ = wire_format(wire).read_request(body, path=path)
    return count_usage(request, _NOTHING).input_tokens or 0


def _messages(body: Body, path: str) -> dict[str, JsonValue]:
    return {"input_tokens": _tokens("anthropic-messages", {"max_tokens": 1, **body})}


def _responses(body: Body, path: str) -> dict[str, JsonValue]:
    return {"object": "response.input_tokens", "input_tokens": _tokens("openai-responses", body)}


def _gemini(body: Body, path: str) -> dict[str, JsonValue]:
    asked = body.get("generateContentRequest", body)
    return {"totalTokens": _tokens("gemini", asked, f"{path}:generateContent")}


def _converse(body: Body, path: str) -> dict[str, JsonValue]:
    return {"inputTokens": _tokens("bedrock-converse", body["input"]["converse"], f"{path}/converse")}


def _tokenize(body: Body, path: str) -> dict[str, JsonValue]:
    """A text as llama.cpp takes it, or messages as vLLM does."""
    if "messages" in body:
        count = _tokens("openai-chat", body)
        return {"count": count, "tokens": list(range(count))}
    text = cast("str", body["content"])
    return {"tokens": list(range(-(-len(text.encode()) // 4)))}


def _template(body: Body, path: str) -> dict[str, JsonValue]:
    request, _ = wire_format("openai-chat").read_request({"model": "m", **body}, path="")
    return {"prompt": "".join(f"<{message.role}>{message.text}" for message in request.messages)}


_ENDPOINTS: tuple[tuple[re.Pattern[str], Callable[[Body, str], dict[str, JsonValue]]], ...] = (
    (re.compile(r"/v1/messages/count_tokens"), _messages),
    (re.compile(r"/v1/responses/input_tokens"), _responses),
    (re.compile(r"/v1(?:beta)?(?P<call>/models/[^:]+):countTokens"), _gemini),
    (re.compile(r"(?P<call>/model/[^/]+)/count-tokens"), _converse),
    (re.compile(r"/tokenize"), _tokenize),
    (re.compile(r"/apply-template"), _template),
)
