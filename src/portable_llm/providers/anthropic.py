"""Anthropic's own API, spoken as Messages.

The row's own facts describe the newest models (`_claude`). Ids without `claude` in them are other people's models
behind the same protocol (local servers, gateways): nothing is known about them, so nothing is taken from a request, and
the ledger says that it is assumed.
"""

from __future__ import annotations

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers._claude import CLAUDE_RULES, NEWEST
from portable_llm.providers._provider import Auth, Provider

_SOMEBODY_ELSE_S = ModelRule(
    pattern=r"(?!.*claude).*",
    facts={
        name: Fact(note="not a Claude model: nobody checked what its server takes")
        for name in (*NEWEST, "output/native", "output/with_tools", "tools/strict", "reasoning/summary", "parts/image")
        if name != "max_output_tokens"
    }
    | {"max_output_tokens": Fact(required=True, default=4096)},
    spelling={"stop/blank": "accepted"},
)

PROVIDER = Provider(
    name="anthropic",
    title="Anthropic",
    wire="anthropic-messages",
    base_url="https://api.anthropic.com",
    base_url_env=("ANTHROPIC_BASE_URL",),
    # As a bearer both kinds of credentials work, keys and tokens; the vendor's SDK does the same since 2.0.
    auth=Auth(scheme="bearer", env=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")),
    capabilities=Capabilities(
        facts=NEWEST,
        spelling={"stop/blank": "refused", "tools/strict_dialect": "anthropic", "output/dialect": "anthropic"},
    ),
    models=(*CLAUDE_RULES, _SOMEBODY_ELSE_S),
    documentation="https://platform.claude.com/docs",
)
