"""Any server that speaks Chat Completions: `compatible:MODEL@http://host:port/v1`.

Nobody knows what stands behind the address. What nearly all of some forty hosts take counts as known (survey of
2026-11-23); the rest is assumed, and the ledger says so where it is used; what few of them have is left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Capabilities, Fact
from portable_llm.providers._provider import Auth, Provider

_SURVEY = "survey of compatible hosts"
_DATE = "2026-11-23"

_COMMON = Fact(source=_SURVEY, date=_DATE)
_ASSUMED = (
    "sampling/top_k",
    "sampling/seed",
    "sampling/presence_penalty",
    "sampling/frequency_penalty",
    "sampling/logit_bias",
    "reasoning/effort",
    "tools",
    "tools/strict",
    "tool_choice/required",
    "tool_choice/named",
    "tool_choice/none",
    "parallel_tool_calls",
    "output/native",
    "output/json",
    "output/with_tools",
    "messages/late_system",
    "parts/image",
    "parts/image_uri",
)


def _rare(note: str) -> Fact:
    return Fact(support="no", source="assumed", note=note)


_FACTS: Mapping[str, Fact] = {
    **dict.fromkeys(_ASSUMED, Fact()),
    "sampling/temperature": Fact(minimum=0, maximum=2, source=_SURVEY, date=_DATE),
    "sampling/top_p": Fact(minimum=0, maximum=1, source=_SURVEY, date=_DATE),
    "sampling/logprobs": Fact(minimum=0, maximum=20),
    "stop": Fact(maximum=4, source=_SURVEY, date=_DATE),
    "max_output_tokens": Fact(minimum=1, source=_SURVEY, date=_DATE),
    "messages/system": _COMMON,
    "parts/document": _rare("few hosts take file parts"),
    "parts/audio": _rare("few hosts take sound"),
    "parts/file": _rare("few hosts store files"),
    # Hosts give out longer ids than the protocol's own service takes back (46 characters are common) and take them.
    "tools/call_id": Fact(minimum=1),
    "cache/key": _rare("few hosts route by a key"),
    "metadata": _rare("few hosts keep metadata"),
}

PROVIDER = Provider(
    name="compatible",
    title="OpenAI-compatible server",
    wire="openai-chat",
    base_url=None,
    base_url_env=("COMPATIBLE_BASE_URL",),
    auth=Auth(env=("COMPATIBLE_API_KEY",), is_optional=True),
    capabilities=Capabilities(
        facts=_FACTS,
        spelling={"max_output_tokens": "max_tokens", "refusal_part": "text"},
    ),
    documentation="https://platform.openai.com/docs/api-reference/chat",
)
