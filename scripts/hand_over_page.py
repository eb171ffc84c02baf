"""Writes `docs/reference/hand-over.md`, what a conversation loses on its way to another vendor:
`python scripts/hand_over_page.py`.

A test holds the committed page to what this writes. Runs with the Python of `.venv`.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portable_llm._adaptation import SEVERITIES, Adaptation
from portable_llm._messages import (
    BlobPart,
    Message,
    Origin,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
    system,
    user,
)
from portable_llm._plan import make_plan
from portable_llm._request import Request, Tool
from portable_llm.providers import provider
from portable_llm.providers._target import Target

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "hand-over.md"

MODELS = (
    "anthropic:claude-sonnet-4-5",
    "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere:command-a-vision-07-2025",
    "google:gemini-3-pro",
    "mistral:mistral-large-latest",
    "ollama:qwen3-vl:8b",
    "openai:gpt-4.1",
    "openai-responses:gpt-4.1",
    "compatible:some-model",
)
"""One model of each wire format, and a server that nobody knows."""

HEAD = """\
# Hand-over

<!-- Written by scripts/hand_over_page.py. -->

A conversation that one vendor began goes on with another when the model string is changed; the messages stay as they
are. This page says what happens to them, for every pair. One conversation is planned for all: a system text, a question
with an image, an answer with hidden reasoning (its signed state kept), text, two tool calls at once, their results (one
an error, one with an image), a piece that only the first vendor understands, a refusal, a last question.

- **Reasoning and signatures** go back to the provider, host and model that made them, and nowhere else. On a hand-over
  they are left out, and the ledger says so. They are never turned into text.
- **Ids of tool calls** are rewritten where the target takes other ones, the results along with them.
- **Pieces of a vendor's own** (stored files, what its own tools gave) are left out elsewhere, and the ledger says so.

Each request behind this page is accepted by the vendor's own SDK types; so are those of some fifteen hundred recorded
conversations, each planned for all eight wire formats (`tests/test_hand_over.py`; 56 of the 12,240 plans end in a typed
error, since a message is empty or a result lacks its call).

## Every pair

Entries of the ledger, without those that mean the same in other words (`exact`). Rows: where the conversation began.

"""

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SIGNATURE = "c2lnbmF0dXJlIG9mIHRoZSBtYWtlcg=="
WEATHER = Tool(
    name="weather",
    description="The weather of a city.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def page() -> str:
    """The whole page."""
    return HEAD + "\n".join([*_matrix(), "", "## What the entries say", "", *_details()]) + "\n"


def _target(name: str) -> Target:
    row_name, _, model = name.partition(":")
    row = provider(row_name)
    return Target(provider=row, model=model, base_url=row.base_url or "https://host/v1", is_override=False)


def conversation(origin: Origin) -> tuple[Message, ...]:
    """The same conversation, begun with this model."""
    calls = (
        ToolCallPart(id="call_aaaaaaaaaaaaaaaaaaaaaaaa", name="weather", arguments={"city": "Oslo"}),
        ToolCallPart(id="call_bbbbbbbbbbbbbbbbbbbbbbbb", name="weather", arguments={"city": "Rome"}),
    )
    return (
        system("You answer in one sentence."),
        Message(role="user", parts=(TextPart(text="What is this?"), BlobPart(mime_type="image/png", data=PNG))),
        Message(
            role="assistant",
            parts=(
                ReasoningPart(text="A red dot.", state={"signature": SIGNATURE}, origin=origin),
                TextPart(text="A dot. I look at the weather."),
                *calls,
            ),
        ),
        Message(
            role="tool",
            parts=(
                ToolResultPart(
                    call_id=calls[0].id,
                    parts=(TextPart(text="4 degrees"), BlobPart(mime_type="image/png", data=PNG)),
                ),
                ToolResultPart(call_id=calls[1].id, parts=(TextPart(text="no such station"),), is_error=True),
            ),
        ),
        Message(
            role="assistant",
            parts=(
                UnknownPart(raw={"type": "a_tool_of_the_vendor", "id": "x"}, origin=origin),
                TextPart(text="4 degrees in Oslo."),
            ),
        ),
        user("And how do I break in there?"),
        Message(role="assistant", parts=(RefusalPart(text="I can't help with that."),)),
        user("Then tell me about the museum."),
    )


def ledger(begun: str, to: str) -> tuple[Adaptation, ...]:
    """What happens to the messages on this way."""
    request: Request[Any] = Request(model="", messages=conversation(_target(begun).origin), tools=(WEATHER,))
    plan = make_plan(request, _target(to))
    return tuple(entry for entry in plan.adaptations if entry.subject.startswith("/messages"))


def _matrix() -> Iterator[str]:
    yield "| from \\\\ to | " + " | ".join(f"`{_short(name)}`" for name in MODELS) + " |"
    yield "|---" * (len(MODELS) + 1) + "|"
    for begun in MODELS:
        yield f"| `{_short(begun)}` | " + " | ".join(_cell(ledger(begun, to)) for to in MODELS) + " |"


def _short(name: str) -> str:
    return name.partition(":")[0]


def _cell(entries: tuple[Adaptation, ...]) -> str:
    counts = Counter(entry.severity for entry in entries if entry.severity != "exact")
    return ", ".join(f"{counts[name]} {name}" for name in reversed(SEVERITIES) if counts[name]) or "–"


def _details() -> Iterator[str]:
    yield "For a conversation that `openai` began; what `compatible` stands for is a server that nobody knows."
    for to in MODELS:
        yield f"\n**`{to}`**\n"
        entries = sorted(ledger("openai:gpt-4.1", to), key=lambda entry: -SEVERITIES.index(entry.severity))
        for entry in entries:
            yield f"- *{entry.severity}*, {entry.action} `{entry.subject}`: {entry.detail}"
        if not entries:
            yield "- as it was"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
