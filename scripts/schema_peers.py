"""What people who read the peers' output (`benchmarks/results/six_keywords.json`) found, keyword by keyword."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KEYWORDS = ("look-ahead", "bounds", "oneOf", "items", "map", "if/then")
"""The six, as the tables call them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One library's result in one dialect."""

    is_accepted: bool
    because: str
    sentences: Mapping[str, str]
    """A sentence for each of the keywords."""


def _verdict(*sentences: str, is_accepted: bool, because: str) -> Verdict:
    return Verdict(is_accepted=is_accepted, because=because, sentences=dict(zip(KEYWORDS, sentences, strict=True)))


_ANTHROPIC = _verdict(
    "Moved into the description; nothing enforces it.",
    "Both moved into the description; nothing enforces them.",
    "Becomes `anyOf` of closed objects: “exactly one” is gone, and nothing says so.",
    "Both moved into the description; nothing enforces them.",
    "Becomes a closed object without members: it is required and can only be `{}`, so no label ever arrives.",
    "Moved into the description; nothing enforces it.",
    is_accepted=True,
    because="it obeys every rule.",
)

VERDICTS: Mapping[tuple[str, str], Verdict] = {
    ("openai", "openai-strict"): _verdict(
        "Left as it is; the dialect has no look-ahead and refuses it.",
        "Kept, and enforced.",
        "Left as it is, its branches open; the dialect refuses both.",
        "Left as they are; the dialect refuses both.",
        "Left open; the dialect wants every object closed and refuses it.",
        "Left, and refused; and `deliver_by` becomes required without null, which no accepted answer can leave out.",
        is_accepted=False,
        because="an error of the vendor instead of an answer. (The function is made for what pydantic writes.)",
    ),
    ("langchain", "openai-strict"): _verdict(
        "Left as it is; the dialect has no look-ahead and refuses it.",
        "Kept, and enforced.",
        "Left as it is, its branches open; the dialect refuses both.",
        "Left as they are; the dialect refuses both.",
        "The value's type is thrown away and the object closed: it could only be `{}`.",
        "Left, and refused; and `deliver_by` becomes required without null, which no accepted answer can leave out.",
        is_accepted=False,
        because="`oneOf`, `contains`, `uniqueItems`, `if`, the look-ahead, an object without `properties`: refused.",
    ),
    ("pydantic-ai", "openai-strict"): _verdict(
        "Moved into the description; nothing in the schema enforces it.",
        "Kept, and enforced.",
        "Becomes `anyOf` of closed objects: “exactly one” is gone, and nothing says so.",
        "Both moved into the description; nothing in the schema enforces them.",
        "Becomes a closed object without members: it is required and can only be `{}`, so no label could arrive.",
        "Left, and refused; and `deliver_by` becomes required without null, which no accepted answer can leave out.",
        is_accepted=False,
        because="`if` and `then` are refused; all else obeys the rules. (Called with `strict=True`.)",
    ),
    ("anthropic", "anthropic"): _ANTHROPIC,
    ("pydantic-ai", "anthropic"): _ANTHROPIC,
    ("litellm", "anthropic"): _verdict(
        "Left as it is; the dialect has patterns but no look-ahead, and refuses it.",
        "Both moved into the description; nothing enforces them.",
        "Becomes `anyOf` of closed objects: “exactly one” is gone, and nothing says so.",
        "Both moved into the description; nothing enforces them.",
        "The value's type is thrown away and the object closed: it is required and can only be `{}`.",
        "Moved into the description; nothing enforces it.",
        is_accepted=False,
        because="the look-ahead is refused; all else obeys the rules.",
    ),
    ("google-genai", "gemini-schema"): _verdict(
        "Left as it is; the dialect knows `pattern`, and does not say whether look-ahead holds.",
        "Both left as they are; the dialect knows neither.",
        "Left as it is; the dialect knows only `anyOf`.",
        "Left as they are; the dialect knows neither, nor `const`.",
        "Left as it is; the dialect knows no `additionalProperties`, and no object without `properties`.",
        "Left as it is; the dialect does not know it.",
        is_accepted=False,
        because="unknown keywords are an error of the vendor. (Nothing is lost in silence either.)",
    ),
    ("litellm", "gemini-schema"): _verdict(
        "Kept; the dialect does not say whether look-ahead holds.",
        "Both dropped without a word, though `minimum: 1` would say the first.",
        "Becomes `{}`: the whole shape of the payment is dropped without a word.",
        "Both dropped without a word.",
        "The value's type is dropped without a word; an object without members remains.",
        "Dropped without a word.",
        is_accepted=False,
        because="`payment` has no type, and `labels` is an object without `properties`.",
    ),
    ("pydantic-ai", "gemini-json-schema"): _verdict(
        "Left as it is: accepted and not enforced.",
        "The exclusive minimum is dropped without a word, though `minimum: 1` would say the same; the multiple is "
        "accepted and not enforced.",
        "Kept; the dialect reads it as `anyOf`, so “exactly one” is not enforced.",
        "Left as they are: accepted and not enforced.",
        "Kept, and enforced.",
        "Left as it is: accepted and not enforced.",
        is_accepted=True,
        because="keywords that it does not enforce are accepted; nothing says which ones.",
    ),
}
"""(library, dialect) → what was found. Whether a dialect accepts was decided by its published rules."""
