"""The vendors' own types read the log-probabilities that we write, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import cohere
import ollama
import pytest
from cohere.v2.types import ContentDeltaV2ChatStreamResponse
from google.genai.types import GenerateContentResponse
from mistralai.client.models import ChatCompletionResponse, CompletionChunk
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response as SdkResponse
from openai.types.responses import ResponseTextDeltaEvent

from portable_llm import TokenLogprob, Usage
from portable_llm.testing import answer
from portable_llm.wire import wire_format

HOT = tuple(
    TokenLogprob(token=text, logprob=number, bytes=text.encode(), ids=(place,))
    for place, (text, number) in enumerate([("H", -0.25), ("ot", -1.5), ("!", -0.5)])
)
COUNTS = Usage(
    input_tokens=1, output_tokens=3, cache_read_input_tokens=0, cache_creation_input_tokens=0, reasoning_output_tokens=0
)
SAID = answer("Hot!", logprobs=HOT, usage=COUNTS)
TOLD = [(token.token, token.logprob) for token in HOT]


def _plain(tokens: Iterable[Any]) -> list[tuple[str, float]]:
    return [(token.token, token.logprob) for token in tokens]


def _candidates(read: Any) -> list[tuple[str, float]]:
    result = read.candidates[0].logprobs_result
    return [] if result is None else [(one.token, one.log_probability) for one in result.chosen_candidates]


def _choices(read: Any) -> list[tuple[str, float]]:
    logprobs = read.choices[0].logprobs if read.choices else None
    return _plain(logprobs.content or ()) if logprobs else []


def _pieces(items: Iterable[Any]) -> list[tuple[str, float]]:
    return [(item.text, sum(item.logprobs)) for item in items]


WHOLE: Mapping[str, Callable[[bytes], list[tuple[str, float]]]] = {
    "openai-chat": lambda body: _choices(ChatCompletion.model_validate_json(body)),
    "openai-responses": lambda body: _plain(SdkResponse.model_validate_json(body).output[0].content[0].logprobs),  # type: ignore[union-attr]
    "gemini": lambda body: _candidates(GenerateContentResponse.model_validate_json(body)),
    "mistral-chat": lambda body: _choices(ChatCompletionResponse.model_validate_json(body)),
    "ollama-chat": lambda body: _plain(ollama.ChatResponse.model_validate_json(body).logprobs or ()),
    "cohere-v2": lambda body: _pieces(cohere.V2ChatResponse.model_validate_json(body).logprobs or ()),
}
STREAMED: Mapping[str, Callable[[bytes], list[tuple[str, float]]]] = {
    "openai-chat": lambda data: _choices(ChatCompletionChunk.model_validate_json(data)),
    "openai-responses": lambda data: (
        _plain(ResponseTextDeltaEvent.model_validate_json(data).logprobs)
        if json.loads(data)["type"] == "response.output_text.delta"
        else []
    ),
    "gemini": lambda data: _candidates(GenerateContentResponse.model_validate_json(data)),
    "mistral-chat": lambda data: _choices(CompletionChunk.model_validate_json(data)),
    "ollama-chat": lambda data: _plain(ollama.ChatResponse.model_validate_json(data).logprobs or ()),
    "cohere-v2": lambda data: (
        _pieces([item for item in [ContentDeltaV2ChatStreamResponse.model_validate_json(data).logprobs] if item])
        if json.loads(data)["type"] == "content-delta"
        else []
    ),
}


@pytest.mark.parametrize("wire", WHOLE)
def test_the_vendor_s_type_reads_the_tokens_of_a_whole_answer(wire: str) -> None:
    assert WHOLE[wire](wire_format(wire).write_response(SAID).body) == TOLD


@pytest.mark.parametrize("wire", STREAMED)
def test_the_vendor_s_types_read_the_tokens_of_a_stream(wire: str) -> None:
    frames = wire_format(wire).FRAMING.decoder().feed(b"".join(wire_format(wire).write_stream(SAID)))

    assert [told for frame in frames if frame.data != b"[DONE]" for told in STREAMED[wire](frame.data)] == TOLD
