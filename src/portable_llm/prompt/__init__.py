"""Prompts that move: named sections, filled safely, rendered as each target reads them best.

from portable_llm.prompt import Prompt

prompt = Prompt.load("refund.md")
client.chat(prompt.request("anthropic:claude-sonnet-5", ticket=text))
"""

from __future__ import annotations

from portable_llm.prompt._escape import unescape
from portable_llm.prompt._overlay import Overlay
from portable_llm.prompt._prompt import Prompt
from portable_llm.prompt._render import parse
from portable_llm.prompt._values import (
    RENDERINGS,
    SECTIONS,
    Document,
    Example,
    ExamplesAs,
    Place,
    Rendering,
    Section,
    TemplateKind,
    Variable,
    VariableType,
)

__all__ = [
    "RENDERINGS",
    "SECTIONS",
    "Document",
    "Example",
    "ExamplesAs",
    "Overlay",
    "Place",
    "Prompt",
    "Rendering",
    "Section",
    "TemplateKind",
    "Variable",
    "VariableType",
    "parse",
    "unescape",
]
