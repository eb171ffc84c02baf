"""Hypothesis strategies for portable values, shared by all wire formats.

`requests(carries=…)` and `responses(…)` draw what every format can say in its own words, so that a round trip may be
compared with `==`. `carries` holds keys of `FEATURES`: an option is only drawn if its feature is in the set. What only
one format knows (state, odd parts) belongs into `tests/wire/<package>_strategies.py`.

Forms that are the same on the wire are drawn in one form only: one `tool` message per result, results right behind
their calls, no two neighbouring turns of one role, no empty texts, `raw_arguments` as `dump_json` writes them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from portable_llm._capabilities import FEATURES
from portable_llm._json import JsonValue, dump_json
from portable_llm._messages import (
    BlobPart,
    Message,
    Origin,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UriPart,
    system,
)
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import NoOutput, Refusal, Refused, Response, TokenLogprob, Usage

ALL_FEATURES = frozenset(FEATURES)
ORIGIN = Origin(provider="somebody", host="example.test", model="some-model")

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
"""Any text but the empty one: white space, quotes, newlines, other planes; no lone surrogates."""

spoken = texts.filter(lambda text: not text.isspace())
"""Text that every provider takes in a request: some refuse what is blank."""

words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10)

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
"""Tool names that every provider takes."""

call_ids = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", min_size=9, max_size=9)
"""Call ids that every provider takes."""

_numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False, width=32)

json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | _numbers | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
json_objects: st.SearchStrategy[dict[str, JsonValue]] = st.dictionaries(texts, json_values, max_size=4)


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """A JSON Schema with an object at its root, from the subset that every strict provider takes."""
    leaf = st.sampled_from(
        [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}, {"type": "string", "enum": ["a", "b"]}]
    )
    item = leaf | st.builds(lambda inner: {"type": "array", "items": inner}, leaf)
    properties = draw(st.dictionaries(names, item, min_size=1, max_size=3))
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@st.composite
def tools(draw: st.DrawFn, *, carries: Collection[str] = ALL_FEATURES) -> tuple[Tool, ...]:
    """One to three tools with different names."""
    chosen = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    strict = st.sampled_from([None, True]) if "tools/strict" in carries else st.none()
    return tuple(
        Tool(name=name, description=draw(texts), parameters=draw(schemas()), strict=draw(strict)) for name in chosen
    )


# ---- messages --------------------------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n"
_MEDIA: dict[str, st.SearchStrategy[Part]] = {
    "parts/image": st.builds(
        lambda mime_type, tail: BlobPart(mime_type=mime_type, data=PNG + tail),
        st.sampled_from(["image/png", "image/jpeg", "image/webp"]),
        st.binary(max_size=16),
    ),
    "parts/image_uri": st.builds(
        lambda name: UriPart(uri=f"https://example.test/{name}.png", mime_type="image/png"), words
    ),
    "parts/document": st.builds(
        lambda tail: BlobPart(mime_type="application/pdf", data=b"%PDF-1.7\n" + tail), st.binary(max_size=16)
    ),
    "parts/audio": st.builds(lambda tail: BlobPart(mime_type="audio/wav", data=b"RIFF" + tail), st.binary(max_size=16)),
}
"""Media parts of a user turn by the feature they need; a URI's type cannot be read back on every wire."""


def text_parts(text: st.SearchStrategy[str] = spoken) -> st.SearchStrategy[TextPart]:
    """Plain text, without citations or state."""
    return st.builds(lambda text: TextPart(text=text), text)


@st.composite
def user_turns(draw: st.DrawFn, *, carries: Collection[str] = ALL_FEATURES) -> Message:
    """A user's turn: text, and media where the wire carries them."""
    media = [strategy for feature, strategy in _MEDIA.items() if feature in carries]
    part = st.one_of(text_parts(), *media)
    return Message(role="user", parts=(draw(text_parts()), *draw(st.lists(part, max_size=2))))


@st.composite
def tool_calls(draw: st.DrawFn, *, id: st.SearchStrategy[str] = call_ids) -> ToolCallPart:
    """A readable call; `raw_arguments` is the text that `dump_json` gives."""
    arguments = draw(json_objects)
    return ToolCallPart(id=draw(id), name=draw(names), arguments=arguments, raw_arguments=dump_json(arguments).decode())


@st.composite
def tool_rounds(draw: st.DrawFn, *, carries: Collection[str] = ALL_FEATURES) -> list[Message]:
    """An assistant's turn with one to three calls, and one `tool` message for each."""
    calls = draw(st.lists(tool_calls(), min_size=1, max_size=3, unique_by=lambda call: call.id))
    lead: list[Part] = [draw(text_parts())] if draw(st.booleans()) else []
    failed = st.booleans() if "tool_result/is_error" in carries else st.just(False)
    results = [
        Message(
            role="tool",
            parts=(ToolResultPart(call_id=call.id, parts=(draw(text_parts()),), is_error=draw(failed)),),
        )
        for call in calls
    ]
    return [Message(role="assistant", parts=(*lead, *calls)), *results]


@st.composite
def conversations(draw: st.DrawFn, *, carries: Collection[str] = ALL_FEATURES) -> tuple[Message, ...]:
    """A conversation whose next turn is the model's: optional system text, turns that alternate, tool rounds."""
    messages: list[Message] = []
    if "messages/system" in carries and draw(st.booleans()):
        messages.append(system(draw(spoken)))
    for _ in range(draw(st.integers(0, 2))):
        messages.append(draw(user_turns(carries=carries)))
        if "tools" in carries and draw(st.booleans()):
            messages += draw(tool_rounds(carries=carries))
        messages.append(Message(role="assistant", parts=(draw(text_parts()),)))
    messages.append(draw(user_turns(carries=carries)))
    if "tools" in carries and draw(st.booleans()):
        messages += draw(tool_rounds(carries=carries))
    return tuple(messages)


# ---- requests --------------------------------------------------------------------------------------------------------


def _option(carries: Collection[str], feature: str, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy if feature in carries else st.none()


def samplings(*, carries: Collection[str] = ALL_FEATURES) -> st.SearchStrategy[Sampling]:
    """Sampling within the ranges that every provider takes."""

    def option(name: str, strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return _option(carries, f"sampling/{name}", strategy)

    unit = st.sampled_from([0.25, 0.5, 0.75])
    return st.builds(
        Sampling,
        temperature=option("temperature", unit),
        top_p=option("top_p", unit),
        top_k=option("top_k", st.integers(1, 40)),
        seed=option("seed", st.integers(0, 2**31 - 1)),
        presence_penalty=option("presence_penalty", unit),
        frequency_penalty=option("frequency_penalty", unit),
        logit_bias=option("logit_bias", st.dictionaries(st.integers(0, 999).map(str), unit, min_size=1, max_size=2)),
        logprobs=option("logprobs", st.integers(0, 5)),
    )


def outputs(*, carries: Collection[str] = ALL_FEATURES) -> st.SearchStrategy[Output[Any] | None]:
    """A native output: a schema, or any JSON."""
    return _option(carries, "output/native", st.builds(lambda schema: Output(schema=schema), schemas())) | _option(
        carries, "output/json", st.just(Output())
    )


def reasonings(*, carries: Collection[str] = ALL_FEATURES) -> st.SearchStrategy[Reasoning | None]:
    """An effort, or nothing."""
    efforts = st.sampled_from(["low", "medium", "high"])
    return _option(carries, "reasoning/effort", st.builds(lambda effort: Reasoning(effort=effort), efforts))


def caches(*, carries: Collection[str] = ALL_FEATURES) -> st.SearchStrategy[CacheHint | None]:
    """A routing key, or nothing."""
    return _option(carries, "cache/key", st.builds(lambda key: CacheHint(key=key), words))


@st.composite
def requests(draw: st.DrawFn, *, carries: Collection[str] = ALL_FEATURES, model: str = "some-model") -> Request[Any]:
    """A request as `build_request` gets it: the model bare, every option one that the wire carries."""
    offered = draw(tools(carries=carries)) if "tools" in carries and draw(st.booleans()) else ()
    output = draw(outputs(carries=carries))
    if offered and "output/with_tools" not in carries:
        output = None
    choice = draw(tool_choices(offered, carries=carries))
    # How many calls may be made says nothing where none may.
    switch = _option(carries, "parallel_tool_calls", st.booleans()) if offered and choice != "none" else st.none()
    return Request(
        model=model,
        messages=draw(conversations(carries=carries)),
        output=output,
        tools=offered,
        tool_choice=choice,
        parallel_tool_calls=draw(switch),
        sampling=draw(samplings(carries=carries)),
        reasoning=draw(reasonings(carries=carries)),
        max_output_tokens=draw(_option(carries, "max_output_tokens", st.integers(1, 4096))),
        stop=tuple(draw(st.lists(spoken, max_size=4, unique=True))) if "stop" in carries else (),
        cache=draw(caches(carries=carries)),
        metadata=draw(st.dictionaries(words, words, max_size=2)) if "metadata" in carries else {},
    )


def tool_choices(offered: tuple[Tool, ...], *, carries: Collection[str] = ALL_FEATURES) -> st.SearchStrategy[Any]:
    """A choice that these tools allow."""
    if not offered:
        return st.none()
    choices: list[Any] = [None, "auto"]
    choices += [word for word in ("required", "none") if f"tool_choice/{word}" in carries]
    choices += [NamedTool(offered[0].name)] if "tool_choice/named" in carries else []
    return st.sampled_from(choices)


# ---- responses -------------------------------------------------------------------------------------------------------

_counts = st.integers(0, 10**6)


@st.composite
def usages(
    draw: st.DrawFn, *, cache_creation: bool = True, cache_read: bool = True, reasoning_tokens: bool = True
) -> Usage:
    """Counts whose parts fit into their wholes."""
    read, fresh = draw(_counts) if cache_read else 0, draw(_counts)
    written = draw(_counts) if cache_creation else 0
    thought, said = draw(_counts) if reasoning_tokens else 0, draw(_counts)
    return Usage(
        input_tokens=read + written + fresh,
        output_tokens=thought + said,
        cache_read_input_tokens=read if cache_read else None,
        cache_creation_input_tokens=written if cache_creation else None,
        reasoning_output_tokens=thought if reasoning_tokens else None,
    )


RESPONSE_FEATURES = (
    "reasoning", "refusal", "id", "cache_creation", "cache_read", "reasoning_tokens", "logprobs", "token_bytes",
    "token_ids", "alternatives",
)  # fmt: skip
"""What not every format has a place for in an answer."""


@st.composite
def responses(
    draw: st.DrawFn,
    *,
    origin: Origin = ORIGIN,
    cannot: Collection[str] = (),
) -> Response[None]:
    """An answer every format can say: optional reasoning, text, calls; a typed refusal in place of both.

    `cannot` names what this format has no place for, out of `RESPONSE_FEATURES`. `finish_reason` fits the parts and
    `raw_finish_reason` is `None`: what word a provider uses is the wire's business.
    """
    can = {name: name not in cannot for name in RESPONSE_FEATURES}
    usage = usages(**{name: can[name] for name in ("cache_creation", "cache_read", "reasoning_tokens")})
    reasoning, ids = can["reasoning"], words if can["id"] else st.none()
    if can["refusal"] and draw(st.integers(0, 7)) == 0:
        return _refused(draw(usage), draw(texts), draw(ids))
    thought: list[Part] = [ReasoningPart(text=draw(texts), origin=origin)] if reasoning and draw(st.booleans()) else []
    calls = draw(st.lists(tool_calls(), max_size=2, unique_by=lambda call: call.id))
    said: list[Part] = [draw(text_parts(texts))] if draw(st.booleans()) or not calls else []
    text = "".join(part.text for part in said if isinstance(part, TextPart))
    is_told = can["logprobs"] and bool(text) and draw(st.booleans())
    is_cut = draw(st.integers(0, 7)) == 0
    return Response(
        message=Message(role="assistant", parts=(*thought, *said, *calls)),
        finish_reason="length" if is_cut else "tool_call" if calls else "stop",
        raw_finish_reason=None,
        outcome=NoOutput(),
        refusal=None,
        usage=draw(usage),
        model=ORIGIN.model,
        id=draw(ids),
        logprobs=draw(token_logprobs(text, can)) if is_told else None,
    )


@st.composite
def token_logprobs(draw: st.DrawFn, text: str, can: Mapping[str, bool]) -> tuple[TokenLogprob, ...]:
    """The tokens that a text is made of, and at times a mark of its end, which no text shows."""
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=3)) | {0, len(text)})
    tokens = [text[start:end] for start, end in itertools.pairwise(cuts)]
    if draw(st.booleans()):
        tokens.append("<|end|>")
    return tuple(
        draw(_token(token, can, draw(st.lists(st.just(token) | words, max_size=2)) if can["alternatives"] else ()))
        for token in tokens
    )


def _token(token: str, can: Mapping[str, bool], others: Sequence[str] = ()) -> st.SearchStrategy[TokenLogprob]:
    ids = st.tuples(st.integers(0, 10**6)) if can["token_ids"] else st.just(())
    return st.builds(
        TokenLogprob,
        token=st.just(token),
        logprob=st.floats(-20, 0),
        bytes=st.just(token.encode()) if can["token_bytes"] else st.none(),
        ids=ids,
        top=st.tuples(*(_token(other, can) for other in others)),
    )


def _refused(usage: Usage, text: str, id: str | None) -> Response[None]:
    declined = Refusal(kind="hard", source="model", text=text)
    return Response(
        message=Message(role="assistant", parts=(RefusalPart(text=declined.text or ""),)),
        finish_reason="refusal",
        raw_finish_reason=None,
        outcome=Refused(refusal=declined),
        refusal=declined,
        usage=usage,
        model=ORIGIN.model,
        id=id,
    )


def without_wire_words(response: Response[Any]) -> dict[str, Any]:
    """The fields of an answer that survive a round trip through any wire: everything but the provider's own words.

    Only some formats have a part of its own for words of refusal; in others they are text.
    """
    refusal = response.refusal
    return {
        "parts": [(_kind(part), _visible(part)) for part in response.message.parts],
        "finish_reason": response.finish_reason,
        "refusal": None if refusal is None else (refusal.kind, refusal.source, refusal.text),
        "usage": response.usage,
        "model": response.model,
        "id": response.id,
        "logprobs": response.logprobs,
    }


def _kind(part: Part) -> str:
    return "TextPart" if isinstance(part, RefusalPart) else type(part).__name__


def _visible(part: Part) -> Any:
    if isinstance(part, ToolCallPart):
        return (part.id, part.name, json.dumps(part.arguments, sort_keys=True))
    return getattr(part, "text", part)
