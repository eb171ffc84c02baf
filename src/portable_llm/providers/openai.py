"""OpenAI's own API, spoken as Chat Completions.

Model facts: vendor documentation and error texts as of 2026-11-23; a model without a rule gets the provider's
defaults. Rules follow the names' families, and later ones narrow earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers._provider import Auth, Provider

_DATE = "2026-11-23"
_DOCS = "openai docs"


def _no(note: str, source: str = _DOCS) -> Fact:
    return Fact(support="no", source=source, date=_DATE, note=note)


def _efforts(*values: str) -> Fact:
    return Fact(values=values, source=_DOCS, date=_DATE)


_REFUSED = "refused by reasoning models (400 unsupported_parameter or unsupported_value)"
_REASONING: Mapping[str, Fact] = {
    "sampling/presence_penalty": _no(_REFUSED),
    "sampling/frequency_penalty": _no(_REFUSED),
    "sampling/logit_bias": _no(_REFUSED),
}
_NO_DRAWING: Mapping[str, Fact] = {
    "sampling/temperature": _no("only the default is accepted while the model reasons"),
    "sampling/top_p": _no("only the default is accepted while the model reasons"),
    "sampling/logprobs": _no(_REFUSED),
}
_NO_STOP: Mapping[str, Fact] = {"stop": _no("Unsupported parameter: 'stop' (400)")}
_NO_EFFORT: Mapping[str, Fact] = {"reasoning/effort": _no("models that do not reason refuse the field")}
# The guide itself could not be opened; others quote its sentence, and the refusal (400) is theirs to see.
_QUOTED = "OpenAI guide Structured Outputs as LangChain quotes it (assumed); 400 in web-infra-dev/midscene issue 259"
_NO_SCHEMAS: Mapping[str, Fact] = {
    "output/native": _no("json_schema came with gpt-4o-2024-08-06; JSON mode only", _QUOTED)
}
_NO_TOOLS: Mapping[str, Fact] = {
    "tools": _no("any tool call of this model needs the Responses API"),
}

MODELS = (
    ModelRule(pattern=r"(chatgpt-4o|gpt-4|gpt-3\.5|gpt-audio|gpt-5(\.\d)?-chat).*", facts=_NO_EFFORT),
    ModelRule(pattern=r"gpt-4(-.*)?|gpt-3\.5.*|gpt-4o-2024-05-13|chatgpt-4o.*", facts=_NO_SCHEMAS),
    ModelRule(
        pattern=r"o\d(-.*)?",
        facts={
            **_REASONING,
            **_NO_DRAWING,
            "parallel_tool_calls": _no("not accepted by o-series models"),
            "reasoning/effort": _efforts("low", "medium", "high"),
        },
    ),
    ModelRule(
        pattern=r"o1-(mini|preview).*",
        facts={
            "messages/system": _no("'messages[0].role' does not support 'system' with this model (400)"),
            **_NO_EFFORT,
        },
    ),
    ModelRule(pattern=r"(o3|o4)(-.*)?", facts=_NO_STOP),
    # From 5.1 on the drawing of tokens is open while effort is none, which a single fact cannot say: sent as asked,
    # and the provider's 400 names it.
    ModelRule(pattern=r"gpt-5(\.\d)?(-(?!chat).*)?", facts={**_REASONING, **_NO_STOP}),
    ModelRule(
        pattern=r"gpt-5(-(?!chat).*)?",
        facts={**_NO_DRAWING, "reasoning/effort": _efforts("minimal", "low", "medium", "high")},
    ),
    ModelRule(
        pattern=r"gpt-(5\.6|6(\.\d)?)(-(?!chat).*)?",
        facts={**_REASONING, **_NO_DRAWING, **_NO_STOP},
    ),
    ModelRule(pattern=r"gpt-(6-astra|6\.1-sol)(-.*)?", facts=_NO_TOOLS),
    ModelRule(pattern=r"gpt-6\.1-sol(-.*)?", facts={"reasoning/effort": _efforts("low", "medium", "high", "xhigh")}),
    ModelRule(
        pattern=r"gpt-6\.2(-.*)?",
        facts={**_NO_TOOLS, "reasoning/effort": _efforts("low", "medium", "high", "xhigh")},
    ),
    ModelRule(
        pattern=r".*-search-(preview|api).*",
        facts={
            "sampling/temperature": _no("refused by search models"),
            "sampling/top_p": _no("refused by search models"),
        },
    ),
)

"""What is different on Chat Completions, by name of the model."""

FACTS: Mapping[str, Fact] = {
    "prompt/rendering": Fact(
        values=("markdown", "xml"),
        source="OpenAI GPT-4.1 prompting guide",
        date="2026-11-24",
        note="to begin with; JSON did badly for documents",
    ),
    "tools/count": Fact(maximum=128, source=_DOCS, date=_DATE),
    "tools/description": Fact(maximum=1024, source=_DOCS, date=_DATE, note="string_above_max_length (400)"),
}
"""What holds for the service whatever the protocol."""

PROVIDER = Provider(
    name="openai",
    title="OpenAI",
    wire="openai-chat",
    base_url="https://api.openai.com/v1",
    base_url_env=("OPENAI_BASE_URL",),
    auth=Auth(env=("OPENAI_API_KEY",)),
    capabilities=Capabilities(
        facts=FACTS,
        spelling={
            "max_output_tokens": "max_completion_tokens",
            "output/strict": "opt_in",
            "tools/strict_dialect": "openai-strict",
            "output/json": "by_name",
        },
    ),
    models=MODELS,
    documentation="https://platform.openai.com/docs/api-reference/chat",
)
