"""Fields of a stored conversation that no reader knows: found where they do not come out again, and said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

from portable_llm._adaptation import Adaptation, entry
from portable_llm._json import dump_json

Field: TypeAlias = tuple[str, str, bytes]
"""Where it stands, its name, its value as JSON."""

_COMMON = "role content type text id name arguments"
_READ: Mapping[str, frozenset[str]] = {
    name: frozenset(f"{_COMMON} {words}".split())
    for name, words in {
        "openai-chat": "tool_calls tool_call_id function_call function custom refusal reasoning reasoning_content "
        "reasoning_details thinking audio images image_url url input_audio data format file file_id file_data input "
        "extra_content detail cache_control prompt_cache_breakpoint",
        "openai-responses": "call_id output status phase refusal annotations logprobs namespace input image_url "
        "file_id file_url file_data input_audio data format detail filename summary encrypted_content "
        "prompt_cache_breakpoint tool_call_id execution",
        "anthropic-messages": "input tool_use_id is_error source data media_type url file_id thinking signature "
        "citations caller toolset_name cache_control title context",
        "gemini": "parts functionCall function_call functionResponse function_response args response inlineData "
        "inline_data fileData file_data mimeType mime_type data fileUri file_uri thought thoughtSignature "
        "thought_signature",
        "bedrock-converse": "toolUse toolResult toolUseId input status reasoningContent reasoningText signature "
        "redactedContent image document video audio source bytes format json s3Location uri cachePoint",
        "cohere-v2": "tool_calls tool_call_id function tool_plan citations image_url url detail document data thinking",
        "mistral-chat": "tool_calls tool_call_id function prefix thinking image_url url document_url input_audio file "
        "file_id detail document_name",
        "ollama-chat": "tool_calls tool_name tool_call_id function images thinking index",
    }.items()
}
"""Names that a format's own reader reads, keeps or speaks of."""

_VALUES = frozenset(
    ["arguments", "input", "args", "response", "json", "output", "summary", "citations", "annotations", "cache_control"]
)
"""Fields whose content is the application's or the model's, or is read whole."""


def unread(turns: Sequence[Any], name: str) -> list[Field]:
    """The fields of the turns and their pieces that the reader of this format does not know."""
    return list(_fields(turns, "", _READ[name]))


def _fields(value: Any, pointer: str, known: frozenset[str]) -> Iterator[Field]:
    """Fields outside of `known`, the outermost ones; all of them where nothing is known."""
    waiting: list[tuple[Any, str]] = [(value, pointer)]
    while waiting:
        node, at = waiting.pop()
        if isinstance(node, list):
            waiting += [(item, f"{at}/{number}") for number, item in enumerate(cast("list[Any]", node))]
        elif isinstance(node, dict):
            for field, inner in cast("dict[str, Any]", node).items():
                if field not in known and inner is not None and inner != []:
                    yield at, field, dump_json(inner)
                if not known or (field in known and field not in _VALUES):
                    waiting.append((inner, f"{at}/{field}"))


def lost(fields: Sequence[Field], written: object, source: str) -> Iterator[Adaptation]:
    """An entry for each of the fields that is not in what is written again."""
    kept = {(field, value) for _, field, value in _fields(written, "", _NOTHING)}
    for pointer, field, value in fields:
        if (field, value) in kept:
            continue
        # An answer that was stored whole says more about itself than a turn has to say.
        effect = "annotation" if field in _ABOUT_ANSWERS else None
        detail = f"the field {field!r} of {pointer} has no portable place: left out"
        yield entry("dialogue", "/messages", "dropped", detail, "nobody", source=source, effect=effect)


def told_once(fields: Sequence[Field], ledger: Sequence[Adaptation]) -> tuple[list[Field], tuple[Adaptation, ...]]:
    """The fields that the reader has said nothing of, and its entries without those that are graver than they need be.

    A reader of requests calls every unknown field a change. What an answer that was stored whole says about itself is
    none: there the entry that knows it stands in the place of the reader's.
    """
    said = {one.subject for one in ledger}
    places = {f"/messages{pointer}/{field}": field for pointer, field, _ in fields}
    answers = {place for place, field in places.items() if field in _ABOUT_ANSWERS}
    left = [one for one in fields if (place := f"/messages{one[0]}/{one[1]}") not in said or place in answers]
    return left, tuple(one for one in ledger if one.subject not in answers)


_NOTHING: frozenset[str] = frozenset()
_ABOUT_ANSWERS = frozenset(
    [
        "id",
        "model",
        "object",
        "created",
        "created_at",
        "timestamp",
        "usage",
        "index",
        "status",
        "container",
        "metadata",
        "stop_reason",
        "stop_sequence",
        "stop_details",
        "finish_reason",
        "finishReason",
        "logprobs",
        "avgLogprobs",
    ]
)
