"""Claude on Vertex AI: Messages with the model in the path and the protocol version in the body.

Sources, read 2026-11-23: the official SDK 2.12.0 (its Vertex client), the vendor's page on this platform.
"""

from __future__ import annotations

from collections.abc import Mapping

from portable_llm._capabilities import Capabilities, Fact, ModelRule
from portable_llm.providers._claude import CLAUDE_RULES, NEWEST
from portable_llm.providers._google_cloud import first_of, google_token, vertex_path, vertex_url
from portable_llm.providers._provider import Auth, Provider

_DOCS = "anthropic docs, Claude on Vertex AI"
_DATE = "2026-11-23"

PROJECT_VARIABLES = ("ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT")
LOCATION_VARIABLES = ("CLOUD_ML_REGION", "GOOGLE_CLOUD_LOCATION")
HOST_VARIABLE = "ANTHROPIC_VERTEX_BASE_URL"
"""Host and version only, as the vendor's SDK reads it."""


def locate(environ: Mapping[str, str]) -> str | None:
    """The address of the project that the environment names; its location is `global` if none is named."""
    project, location = first_of(environ, *PROJECT_VARIABLES), first_of(environ, *LOCATION_VARIABLES) or "global"
    if project is None:
        return None
    host = environ.get(HOST_VARIABLE)
    path = vertex_path(project, location, "anthropic")
    return host.rstrip("/") + path if host else vertex_url(project, location, publisher="anthropic")


def _no(note: str) -> Fact:
    return Fact(support="no", source=_DOCS, date=_DATE, note=note)


PROVIDER = Provider(
    name="vertex-anthropic",
    title="Vertex AI (Claude)",
    wire="anthropic-messages",
    lists_models=False,
    base_url=None,
    locate=locate,
    located_by=(PROJECT_VARIABLES[0], LOCATION_VARIABLES[0]),
    auth=Auth(is_optional=True, source=google_token),
    otel_name="gcp.vertex_ai",
    capabilities=Capabilities(
        facts={**NEWEST, "parts/file": _no("no Files API on this platform")},
        spelling={
            "model": "in_path",
            "stop/blank": "refused",
            "tools/strict_dialect": "anthropic",
            "output/dialect": "anthropic",
        },
    ),
    models=(
        *CLAUDE_RULES,
        ModelRule(pattern=r".*", facts={"messages/late_system": _no("on the vendor's own API only")}),
    ),
    documentation="https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai",
)
