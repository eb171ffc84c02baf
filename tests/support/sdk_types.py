"""What each vendor's own SDK takes for a request, by wire format: raises for a body that it would not send."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pydantic

Body = dict[str, Any]


@cache
def _typed(module: str, name: str) -> pydantic.TypeAdapter[Any]:
    import importlib

    return pydantic.TypeAdapter(getattr(importlib.import_module(module), name))


def _chat(body: Body, model: str) -> None:
    _typed("openai.types.chat.completion_create_params", "CompletionCreateParamsNonStreaming").validate_python(body)


def _responses(body: Body, model: str) -> None:
    # The type wants an id for an answer with words of refusal; recorded requests without one were answered.
    items = [
        {"id": "msg_1", **item} if item.get("role") == "assistant" and isinstance(item.get("content"), list) else item
        for item in body["input"]
    ]
    kind = _typed("openai.types.responses.response_create_params", "ResponseCreateParamsNonStreaming")
    kind.validate_python({**body, "input": items})


def _messages(body: Body, model: str) -> None:
    _typed("anthropic.types.message_create_params", "MessageCreateParamsNonStreaming").validate_python(body)


def _gemini(body: Body, model: str) -> None:
    from google.genai import types

    for content in [*body["contents"], *([body["systemInstruction"]] if "systemInstruction" in body else [])]:
        types.Content.model_validate(content)
    for tool in body.get("tools", ()):
        types.Tool.model_validate(tool)
    if "toolConfig" in body:
        types.ToolConfig.model_validate(body["toolConfig"])


def _mistral(body: Body, model: str) -> None:
    from mistralai.client.models import ChatCompletionRequest

    ChatCompletionRequest.model_validate(body)


def _cohere(body: Body, model: str) -> None:
    import cohere

    pydantic.TypeAdapter(list[cohere.ChatMessageV2]).validate_python(body["messages"])
    pydantic.TypeAdapter(list[cohere.ToolV2]).validate_python(body.get("tools", []))


def _ollama(body: Body, model: str) -> None:
    from ollama._types import ChatRequest

    ChatRequest.model_validate(body)


def _converse(body: Body, model: str) -> None:
    from botocore.validate import ParamValidator

    report = ParamValidator().validate({"modelId": model, **_with_bytes(body)}, _shape())
    if report.has_errors():
        raise ValueError(report.generate_report())


@cache
def _shape() -> Any:
    from botocore.session import get_session

    return get_session().get_service_model("bedrock-runtime").operation_model("Converse").input_shape


def _with_bytes(value: Any) -> Any:
    """The body as boto3 takes it: what is base64 on the wire as bytes."""
    if isinstance(value, dict):
        return {
            name: base64.b64decode(item)
            if name in ("bytes", "redactedContent") and isinstance(item, str)
            else _with_bytes(item)
            for name, item in value.items()
        }
    return [_with_bytes(item) for item in value] if isinstance(value, list) else value


ACCEPTS: Mapping[str, Callable[[Body, str], None]] = {
    "anthropic-messages": _messages,
    "bedrock-converse": _converse,
    "cohere-v2": _cohere,
    "gemini": _gemini,
    "mistral-chat": _mistral,
    "ollama-chat": _ollama,
    "openai-chat": _chat,
    "openai-responses": _responses,
}
