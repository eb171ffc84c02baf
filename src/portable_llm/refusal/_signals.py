"""Every typed refusal signal of every wire format, as data: what a vendor says, and what it means.

A signal is a place on the wire and a word there. Wire modules know where to look and ask `hard` what it means; adding
a signal is adding a row. `WORDS` does the same for the vendors' words for a category. Both compare in lower case.

Billing (read 2026-11-24): Azure charges for a prompt that its filter answers with 400, and for a filtered answer
(its content filter page); Anthropic's own API does not charge for a refusal before any output (its release notes).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from portable_llm._response import Refusal, RefusalCategory, RefusalSource, Usage

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One way in which a provider says no."""

    wire: str
    """Name of the wire format."""
    place: str
    """Where it stands, as the evidence shows it."""
    word: str = ANY
    """What stands there, in lower case; `*`: anything. For `error.message`: a part of the sentence."""
    source: RefusalSource
    category: RefusalCategory = "unspecified"
    """What the word alone says; a category named beside it says it better."""
    is_retryable: bool = False
    """Only what hangs on the words of one answer: a rule about the request will say no again."""
    is_billed: bool | None = None
    withdraws: bool = False
    """Whether the provider takes back text that came before."""
    fact: str

    @property
    def name(self) -> str:
        """Place and word, as in `finish_reason=content_filter`; the place alone where any word will do."""
        return self.place if self.word == ANY else f"{self.place}={self.word}"


_WIRE_FACTS = "wire facts 2026-11-23"
_DASHSCOPE_OUTPUT = (
    "DashScope error codes (Model Studio 2024-12-17): its input filter has the same code, another sentence"
)
_DASHSCOPE_TEXT = "assumed: like the sentence of the input filter, QwenLM/qwen-code #2905, 2026-04-05"
_DASHSCOPE_EITHER = "DashScope error codes (Model Studio 2024-12-17): it does not say on which side"
_AZURE = "Azure content filtering docs 2026-11-24"


def _chat(
    place: str, word: str, source: RefusalSource, category: RefusalCategory = "unspecified", **more: Any
) -> Signal:
    return Signal(wire="openai-chat", place=place, word=word, source=source, category=category, **more)


_OPENAI_CHAT = (
    _chat("message.refusal", ANY, "model", fact=_WIRE_FACTS),
    _chat("finish_reason", "content_filter", "output_filter", fact=_WIRE_FACTS),
    _chat("finish_reason", "sensitive", "output_filter", fact="Z.ai, " + _WIRE_FACTS),
    _chat("content_filter_results", ANY, "output_filter", fact=_AZURE),
    _chat("prompt_filter_results", ANY, "input_filter", fact=_AZURE),
    # Text had already gone out when the filter came to it.
    _chat("content_filter_offsets", ANY, "output_filter", withdraws=True, fact="asynchronous filter, " + _AZURE),
    _chat("code", "content_filter", "input_filter", fact="Azure, Moonshot, " + _WIRE_FACTS),
    _chat("code", "responsibleaipolicyviolation", "input_filter", is_billed=True, fact=_AZURE),
    _chat("code", "data_inspection_failed", "input_filter", fact="DashScope, " + _WIRE_FACTS),
    _chat("code", "datainspectionfailed", "input_filter", fact="DashScope error codes (Model Studio 2024-12-17)"),
    _chat("code", "internalerror.algo.datainspectionfailed", "input_filter", fact="DashScope, QwenLM/qwen-code #3145"),
    _chat("code", "1301", "input_filter", fact="Z.ai, " + _WIRE_FACTS),
    _chat("code", "moderation", "input_filter", fact="OpenRouter, 403 with metadata.reasons, " + _WIRE_FACTS),
    _chat("code", "moderation_blocked", "input_filter", fact="OpenAI image generation docs 2026-11-24"),
    _chat("code", "content_policy_violation", "provider_policy", fact=_WIRE_FACTS),
    _chat("code", "image_content_policy_violation", "provider_policy", fact="openai SDK 3.54.0"),
    _chat("code", "invalid_prompt", "provider_policy", fact="openai SDK 3.54.0"),
    _chat("code", "bio_policy", "provider_policy", "bio_chem", fact="openai SDK 3.54.0"),
    _chat("code", "cyber_policy", "provider_policy", "cyber", fact="microsoft/PyRIT #2714"),
    _chat("code", "misalignment_policy_violation", "provider_policy", "other", fact="openai SDK 3.54.0"),
    _chat("misalignment", ANY, "provider_policy", "other", fact="openai SDK 3.54.0"),
    # Before the next one, whose words are in it.
    _chat(
        "error.message",
        "input or output data may contain inappropriate content",
        "provider_policy",
        fact=_DASHSCOPE_EITHER,
    ),
    _chat("error.message", "output data may contain inappropriate content", "output_filter", fact=_DASHSCOPE_OUTPUT),
    _chat("error.message", "output text data may contain inappropriate", "output_filter", fact=_DASHSCOPE_TEXT),
    _chat("error.message", "datainspectionfailed", "input_filter", fact="DashScope, QwenLM/qwen-code #3145"),
    _chat("error.message", "content management policy", "input_filter", is_billed=True, fact=_AZURE),
    _chat(
        "error.message",
        "content violates usage guidelines",
        "provider_policy",
        fact="xAI 403, UKGovernmentBEIS/inspect_ai #2267",
    ),
)


def _messages(place: str, word: str, source: RefusalSource, fact: str, **more: Any) -> Signal:
    return Signal(wire="anthropic-messages", place=place, word=word, source=source, fact=fact, **more)


_ANTHROPIC_MESSAGES = (
    # A category comes from the vendor's classifiers; without one the model itself may have declined.
    _messages("stop_reason", "refusal", "model", _WIRE_FACTS, withdraws=True),
    _messages("stop_details.category", ANY, "provider_policy", _WIRE_FACTS, withdraws=True),
    _messages("error.message", "content filtering policy", "output_filter", _WIRE_FACTS),
    _messages(
        "amazon-bedrock-guardrailAction", "intervened", "output_filter", "Bedrock InvokeModel, recorded 2026-11-23"
    ),
)


_CONVERSE = "Converse API reference, " + _WIRE_FACTS
_BEDROCK_CONVERSE = (
    Signal(
        wire="bedrock-converse",
        place="stopReason",
        word="guardrail_intervened",
        source="output_filter",
        fact=_CONVERSE,
    ),
    Signal(
        wire="bedrock-converse", place="stopReason", word="content_filtered", source="output_filter", fact=_CONVERSE
    ),
    # The model's own words, where the request asks for them by `additionalModelResponseFieldPaths`.
    Signal(
        wire="bedrock-converse",
        place="additionalModelResponseFields.stop_reason",
        word="refusal",
        source="model",
        withdraws=True,
        fact="Claude's word in the field that hands on a model's own, " + _WIRE_FACTS,
    ),
    # Nova's input filter answers with an exception; its output filter with the stop reason above.
    Signal(
        wire="bedrock-converse",
        place="error.message",
        word="request has been blocked by our content filters",
        source="input_filter",
        fact="Amazon Nova user guide, error handling, 2026-11-24",
    ),
    # The model's own host says it; the protocol hands its sentence on.
    Signal(
        wire="bedrock-converse",
        place="error.message",
        word="content filtering policy",
        source="output_filter",
        fact=_WIRE_FACTS,
    ),
)


def _gemini(place: str, words: Mapping[str, RefusalCategory], source: RefusalSource, **more: Any) -> Iterable[Signal]:
    for word, category in words.items():
        # The sample recited or was in the wrong language: another one need not be.
        again = category in ("recitation", "language")
        yield Signal(
            wire="gemini",
            place=place,
            word=word,
            source=source,
            category=category,
            is_retryable=again,
            fact="Gemini API and Vertex AI, " + _WIRE_FACTS,
        )


_GEMINI = (
    *_gemini(
        "promptFeedback.blockReason",
        {
            "safety": "unspecified",
            "other": "other",
            "blocklist": "other",
            "prohibited_content": "other",
            "image_safety": "unspecified",
            "model_armor": "other",
            "jailbreak": "prompt_attack",
            ANY: "unspecified",
        },
        "input_filter",
    ),
    *_gemini(
        "finishReason",
        {
            "safety": "unspecified",
            "blocklist": "other",
            "prohibited_content": "other",
            "spii": "privacy",
            "recitation": "recitation",
            "language": "language",
            "image_safety": "unspecified",
            "image_prohibited_content": "other",
            "image_recitation": "recitation",
            "model_armor": "other",
            "escalation": "other",
            "3": "unspecified",
            "4": "recitation",
            ANY: "unspecified",
        },
        "output_filter",
    ),
    *_gemini("safetyRatings.blocked", {ANY: "unspecified"}, "output_filter"),
)

_MISTRAL_DOCS = "docs.mistral.ai, capabilities/guardrailing, 2026-04-23"


def _mistral(place: str, word: str, source: RefusalSource, fact: str) -> Signal:
    return Signal(wire="mistral-chat", place=place, word=word, source=source, fact=fact)


_MISTRAL_CHAT = (
    # A guardrail that the request itself asked for; it looks at the input only.
    _mistral("code", "guardrail_violation", "input_filter", "the type of a block in production, public log 2026-10-03"),
    _mistral("code", "guardrail_triggered", "input_filter", "assumed: another spelling of it, in no document found"),
    _mistral("guardrails", ANY, "input_filter", "a 403 that brings its report, " + _MISTRAL_DOCS),
    _mistral("finish_reason", "content_filter", "output_filter", "hosts that filter its models, " + _WIRE_FACTS),
)

_COHERE_V2 = (
    Signal(
        wire="cohere-v2",
        place="finish_reason",
        word="error_toxic",
        source="output_filter",
        fact="a word of version 1, which the open list of version 2 may send; " + _WIRE_FACTS,
    ),
)


def _responses(
    place: str, word: str, source: RefusalSource, category: RefusalCategory = "unspecified", **more: Any
) -> Signal:
    return Signal(wire="openai-responses", place=place, word=word, source=source, category=category, **more)


_OPENAI_RESPONSES = (
    _responses("content.refusal", ANY, "model", fact=_WIRE_FACTS),
    _responses("incomplete_details.reason", "content_filter", "output_filter", fact=_WIRE_FACTS),
    _responses("content_filters.completion", ANY, "output_filter", fact="a block in Azure's report, " + _AZURE),
    _responses(
        "content_filters.content_filter_offsets",
        ANY,
        "output_filter",
        withdraws=True,
        fact="a block of a passage that had gone out, " + _AZURE,
    ),
    _responses("content_filters.prompt", ANY, "input_filter", fact="a block in Azure's report, " + _AZURE),
    _responses("code", "content_filter", "input_filter", fact="Azure, " + _WIRE_FACTS),
    _responses("code", "responsibleaipolicyviolation", "input_filter", is_billed=True, fact=_AZURE),
    _responses("code", "content_policy_violation", "provider_policy", fact=_WIRE_FACTS),
    _responses("code", "image_content_policy_violation", "provider_policy", fact="openai SDK 3.54.0"),
    _responses("code", "invalid_prompt", "provider_policy", fact="openai SDK 3.54.0"),
    _responses("code", "bio_policy", "provider_policy", "bio_chem", fact="openai SDK 3.54.0"),
    _responses("code", "cyber_policy", "provider_policy", "cyber", fact="microsoft/PyRIT #2714"),
    _responses("code", "misalignment_policy_violation", "provider_policy", "other", fact="openai SDK 3.54.0"),
    _responses("code", "moderation", "input_filter", fact="OpenRouter, 403 with metadata.reasons, " + _WIRE_FACTS),
    _responses("misalignment", ANY, "provider_policy", "other", fact="openai SDK 3.54.0"),
    _responses("error.message", "content management policy", "input_filter", is_billed=True, fact=_AZURE),
    _responses(
        "error.message",
        "content violates usage guidelines",
        "provider_policy",
        fact="xAI 403, UKGovernmentBEIS/inspect_ai #2267",
    ),
)

SIGNALS: tuple[Signal, ...] = (
    *_ANTHROPIC_MESSAGES,
    *_BEDROCK_CONVERSE,
    *_COHERE_V2,
    *_GEMINI,
    *_MISTRAL_CHAT,
    *_OPENAI_CHAT,
    *_OPENAI_RESPONSES,
)
"""Sorted by wire format; within one, the order of a table in the docs."""

_MODERATION: Mapping[str, RefusalCategory] = {
    "harassment": "hate",
    "hate": "hate",
    "illicit": "illegal",
    "self_harm": "self_harm",
    "sexual": "sexual",
    "violence": "violence",
}

_GUARDRAIL: Mapping[str, RefusalCategory] = {
    "insults": "hate",
    "hate": "hate",
    "sexual": "sexual",
    "violence": "violence",
    "misconduct": "illegal",
    "prompt_attack": "prompt_attack",
    "topic_policy": "out_of_scope",
    "sensitive_information_policy": "privacy",
}

_OPENAI_WORDS: Mapping[str, RefusalCategory] = {
    **_MODERATION,
    "jailbreak": "prompt_attack",
    "indirect_attack": "prompt_attack",
    "protected_material_text": "copyright",
    "protected_material_code": "copyright",
    "personally_identifiable_information": "privacy",
    "safety_check_type_bio": "bio_chem",
    "safety_check_type_csam": "sexual",
}

WORDS: Mapping[str, Mapping[str, RefusalCategory]] = {
    "openai-chat": _OPENAI_WORDS,
    "openai-responses": _OPENAI_WORDS,
    "anthropic-messages": {
        "cyber": "cyber",
        "bio": "bio_chem",
        "reasoning_extraction": "reasoning_extraction",
        **_GUARDRAIL,
    },
    "bedrock-converse": {
        **_GUARDRAIL,
        "cyber": "cyber",
        "bio": "bio_chem",
        "reasoning_extraction": "reasoning_extraction",
    },
    "gemini": {
        "harm_category_harassment": "hate",
        "harm_category_hate_speech": "hate",
        "harm_category_sexually_explicit": "sexual",
        "harm_category_dangerous_content": "illegal",
        "harm_category_jailbreak": "prompt_attack",
        "harm_category_image_hate": "hate",
        "harm_category_image_harassment": "hate",
        "harm_category_image_sexually_explicit": "sexual",
        "harm_category_image_dangerous_content": "illegal",
    },
    "mistral-chat": {
        "hate_and_discrimination": "hate",
        "hate_speech": "hate",
        "harassment": "hate",
        "violence_and_threats": "violence",
        "violence": "violence",
        "selfharm": "self_harm",
        "self_harm": "self_harm",
        "sexual": "sexual",
        "dangerous_and_criminal_content": "illegal",
        "dangerous": "illegal",
        "criminal": "illegal",
        "jailbreaking": "prompt_attack",
        "pii": "privacy",
    },
}
"""Wire format → the vendor's word for a category, in lower case with `_` → ours. A word that is not here is `other`."""


# ---- look-up ---------------------------------------------------------------------------------------------------------


@cache
def _table(wire: str) -> Mapping[tuple[str, str], Signal]:
    return {(signal.place, signal.word): signal for signal in SIGNALS if signal.wire == wire}


def signal_of(wire: str, place: str, word: str) -> Signal | None:
    """The row for that word at that place; the one for any word where there is none of its own."""
    table = _table(wire)
    return table.get((place, word.lower())) or table.get((place, ANY))


def signal_in(wire: str, message: str) -> Signal | None:
    """The row whose words stand in an error's sentence: for providers that have no code for it."""
    said = message.lower()
    rows = (row for (place, _), row in _table(wire).items() if place == "error.message")
    return next((row for row in rows if row.word in said), None)


def category_of(wire: str, word: str) -> RefusalCategory:
    """Our category for a vendor's word: `illicit/violent` is an `illicit`, an unknown one is `other`."""
    plain = word.strip().lower().replace("-", "_")
    words = WORDS.get(wire, {})
    return words.get(plain) or words.get(plain.partition("/")[0]) or "other"


def vendor_word(wire: str, category: RefusalCategory) -> str | None:
    """The first of a vendor's words for our category: the way back of `category_of`."""
    return next((word for word, ours in WORDS.get(wire, {}).items() if ours == category), None)


def _named(categories: Sequence[RefusalCategory]) -> RefusalCategory:
    for category in categories:
        if category != "other":
            return category
    return "other"


def hard(
    signal: Signal,
    word: str | None = None,
    *,
    evidence: Sequence[str] | None = None,
    categories: Sequence[str] = (),
    text: str | None = None,
    usage: Usage | None = None,
    is_billed: bool | None = None,
    has_text: bool = False,
) -> Refusal:
    """The typed refusal that a signal stands for.

    `word` is what stood at its place, `evidence` all that was seen (by default this word alone), `categories` the
    vendor's words for why: the first that has one of our words counts. `has_text`: text came before. What a provider
    says about billing wins over the count of output tokens.
    """
    ours: list[RefusalCategory] = [category_of(signal.wire, name) for name in categories]
    own_word = word if word and not word.isdigit() and signal.category != "unspecified" else None
    billed = signal.is_billed if is_billed is None else is_billed
    return Refusal(
        kind="hard",
        source=signal.source,
        category=_named(ours) if ours else signal.category,
        raw_category=",".join(categories) or own_word,
        text=text,
        evidence=(f"{signal.place}={word}" if word else signal.place,) if evidence is None else tuple(evidence),
        is_retryable=signal.is_retryable or (bool(ours) and all(one == "copyright" for one in ours)),
        is_billed=True if billed is None and usage is not None and usage.output_tokens else billed,
        is_withdrawn=signal.withdraws and has_text,
    )
