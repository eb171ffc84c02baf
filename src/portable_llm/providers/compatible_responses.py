"""Any server that speaks Responses: `compatible-responses:MODEL@http://host:port/v1`.

Nobody knows what stands behind the address. What the public compliance cases of the Open Responses specification ask
of a server counts as known (read 2026-11-24); what the specification only has a field for is assumed, and the ledger
says so where it is used. Files in a request are among the newest cases, and few hosts take them: that stays assumed.
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Capabilities, Fact
from portable_llm.providers._provider import Auth, Provider

_SPECIFICATION = "Open Responses compliance cases"
_DATE = "2026-11-24"

_COMMON = Fact(source=_SPECIFICATION, date=_DATE)
_ASSUMED = (
    "sampling/temperature",
    "sampling/top_p",
    "sampling/presence_penalty",
    "sampling/frequency_penalty",
    "reasoning/effort",
    "reasoning/summary",
    "tools/strict",
    "tool_choice/required",
    "tool_choice/none",
    "parallel_tool_calls",
    "output/native",
    "output/json",
    "output/with_tools",
    "messages/late_system",
    "parts/document",
    "tool_result/media",
    "cache/key",
    "metadata",
)


def _rare(note: str) -> Fact:
    return Fact(support="no", source="assumed", note=note)


_FACTS: Mapping[str, Fact] = {
    **dict.fromkeys(_ASSUMED, Fact()),
    "sampling/logprobs": Fact(minimum=0, maximum=20),
    "max_output_tokens": Fact(minimum=1),
    "tools": _COMMON,
    "messages/system": _COMMON,
    "tool_choice/named": _COMMON,
    "parts/image": _COMMON,
    "parts/image_uri": _COMMON,
    "parts/document_uri": _rare("few hosts fetch files"),
    "parts/file": _rare("few hosts store files"),
    # Hosts give out longer ids than the protocol's own service takes back, and take them.
    "tools/call_id": Fact(minimum=1),
}

PROVIDER = Provider(
    name="compatible-responses",
    title="Server that speaks Responses",
    wire="openai-responses",
    base_url=None,
    base_url_env=("COMPATIBLE_BASE_URL",),
    auth=Auth(env=("COMPATIBLE_API_KEY",), is_optional=True),
    capabilities=Capabilities(facts=_FACTS),
    documentation="https://www.openresponses.org",
)
