"""Gemini on Vertex AI: the same protocol as the Gemini API, in a project and a location, with an OAuth token.

What differs is from the vendor's table of the two services and google-genai 3.4.0, read 2026-11-23.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from portable_llm._capabilities import Capabilities, Fact
from portable_llm.providers._google_cloud import first_of, google_token, vertex_url
from portable_llm.providers._provider import Auth, Provider
from portable_llm.providers.google import PROVIDER as GEMINI_API

_DOCS = "Vertex AI documentation"
_DATE = "2026-11-23"

PROJECT_VARIABLES = ("GOOGLE_CLOUD_PROJECT",)
LOCATION_VARIABLES = ("GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION")


def locate(environ: Mapping[str, str]) -> str | None:
    """The address of the project that the environment names; its location is `global` if none is named."""
    project = first_of(environ, *PROJECT_VARIABLES)
    return vertex_url(project, first_of(environ, *LOCATION_VARIABLES) or "global") if project else None


PROVIDER = Provider(
    name="vertex",
    title="Vertex AI (Gemini)",
    wire="gemini",
    lists_models=False,
    base_url=None,
    locate=locate,
    located_by=(*PROJECT_VARIABLES, LOCATION_VARIABLES[0]),
    auth=Auth(is_optional=True, source=google_token),
    otel_name="gcp.vertex_ai",
    capabilities=Capabilities(
        facts={
            "metadata": Fact(source=_DOCS, date=_DATE, note="as labels"),
            "parts/file": Fact(
                support="no", source=_DOCS, date=_DATE, note="no Files API here: give a gs:// address as UriPart"
            ),
        },
        spelling=GEMINI_API.capabilities.spelling,
    ),
    # Ids may come with the publisher's path before them.
    models=tuple(replace(rule, pattern=f"(?:publishers/google/)?{rule.pattern}") for rule in GEMINI_API.models),
    documentation="https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
)
