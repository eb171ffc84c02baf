"""What to ask a model in order to learn what it accepts: one small request for each feature.

Each differs from the plain one, which the model has answered, in one thing only: so an error that says "not supported"
is about that thing. Where the effect of an option can be seen in the answer, `look` says what was seen.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from portable_llm._messages import BlobPart, Message, TextPart, assistant, system, user
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool
from portable_llm._response import NoOutput, Parsed, Refused, Response

AnyRequest: TypeAlias = Request[Any]

LIMIT = 32
"""Tokens of each answer; the smallest limit that services are known to take is 16."""
_SHORT = 16
_BUDGET = 1024
"""Tokens of thought: the smallest budget that the Messages protocol takes."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer shows of an option: that it worked, or that it did not."""

    is_applied: bool
    what: str


Look: TypeAlias = Callable[[AnyRequest, Response[Any]], Seen | None]
"""`None`: this answer shows neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question to a model."""

    feature: str
    """Key of `FEATURES`, or a name of its own (`stream/usage`) for what is shown and not stored."""
    change: Callable[[AnyRequest], AnyRequest]
    """The plain request → the one that has the option."""
    beside: Callable[[AnyRequest], AnyRequest] | None = None
    """The same without the option, where that is not the plain request."""
    words: str = ""
    """What an error calls it (a regular expression) that names no field."""
    needs: tuple[str, ...] = ()
    """Features without which it means nothing."""
    look: Look = lambda request, response: None
    is_stream: bool = False


def plain_request(model: str) -> AnyRequest:
    """What all others differ from."""
    asked = "Repeat these five words and write nothing else: red, green, blue, black, white."
    return Request(model=model, messages=(user(asked),), max_output_tokens=LIMIT)


# ---- what is asked ---------------------------------------------------------------------------------------------------


def _sampling(**option: Any) -> Callable[[AnyRequest], AnyRequest]:
    return lambda plain: replace(plain, sampling=Sampling(**option))


def _says(*messages: Message, **option: Any) -> Callable[[AnyRequest], AnyRequest]:
    return lambda plain: replace(plain, messages=messages, **option)


WEATHER = Tool(
    name="get_weather",
    description="The weather in a city.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
)
_NOTE = replace(WEATHER, name="write_note", description="Writes a note about a city.")
_HELLO = user("Say hello.")
_OSLO = user("What is the weather in Oslo?")
_BOTH = user("What is the weather in Oslo and in Rome? Ask for both at once.")
_WORD = "zebra"
_ZEBRA = system(f"Whatever you are asked, answer with the one word {_WORD}.")
_SCHEMA = {
    "type": "object",
    "properties": {"code": {"type": "string", "enum": ["Q7"]}},
    "required": ["code"],
    "additionalProperties": False,
}
_RED_SQUARE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAgEAgEgi/BAjLD/C5w/SM9"
    "AAAAAElFTkSuQmCC"
)
"""PNG of 32 by 32 pixels."""

_with_tool = _says(_OSLO, tools=(WEATHER,))


# ---- what is seen ----------------------------------------------------------------------------------------------------


def _is_whole(response: Response[Any]) -> bool:
    """Whether the answer ended by itself: a cut one shows nothing of what might have followed."""
    return response.finish_reason in ("stop", "tool_call")


def _stopped(request: AnyRequest, response: Response[Any]) -> Seen | None:
    text = response.text.lower()
    if "blue" in text:
        # In other letters than asked for it is another string.
        return Seen(False, "the answer goes on past the stop string") if "blue" in response.text else None
    return Seen(True, "the answer ends before the stop string") if "red" in text and "green" in text else None


def _limited(request: AnyRequest, response: Response[Any]) -> Seen | None:
    limit, came = request.max_output_tokens or 0, response.usage.output_tokens
    if response.is_truncated:
        return Seen(True, f"the answer was cut at the limit of {limit} tokens")
    return Seen(False, f"{came} tokens came, and {limit} were allowed") if came is not None and came > limit else None


def _told(request: AnyRequest, response: Response[Any]) -> Seen | None:
    if response.logprobs is not None:
        return Seen(True, f"{len(response.logprobs)} tokens came with theirs")
    return Seen(False, "the answer has none") if response.text else None


def _called(request: AnyRequest, response: Response[Any]) -> Seen | None:
    wanted = request.tool_choice.name if isinstance(request.tool_choice, NamedTool) else None
    names = [call.name for call in response.tool_calls]
    if names and (wanted is None or set(names) == {wanted}):
        return Seen(True, f"{names[0]} was called")
    said = f"{names[0]} was called instead" if names else "the answer has no call"
    return Seen(False, said) if names or (_is_whole(response) and response.refusal is None) else None


def _not_called(request: AnyRequest, response: Response[Any]) -> Seen | None:
    """No call shows nothing, since the model was free not to make one."""
    return Seen(False, f"{response.tool_calls[0].name} was called all the same") if response.tool_calls else None


def _one_call(request: AnyRequest, response: Response[Any]) -> Seen | None:
    count = len(response.tool_calls)
    return Seen(False, f"{count} calls came at once") if count > 1 else None


def _held(request: AnyRequest, response: Response[Any]) -> Seen | None:
    """An answer that no model gives to a greeting unless it is held to it."""
    seen = _json(response, "the answer is what the schema asks for")
    if seen is None or seen.is_applied:
        # Where the system text shows the schema as well, a model may follow that alone.
        is_shown = any(one.subject == "/output/schema" and one.action == "emulated" for one in response.adaptations)
        return None if is_shown else seen
    # What the dialect cannot say, or says as advice, is not ignored.
    return None if any(one.effect in ("widened", "changed") for one in response.adaptations) else seen


def _any_json(request: AnyRequest, response: Response[Any]) -> Seen | None:
    """A model may well write JSON of its own accord, so JSON shows nothing; its absence does."""
    seen = _json(response, "")
    return None if seen is None or seen.is_applied else seen


def _json(response: Response[Any], what: str) -> Seen | None:
    outcome: object = response.outcome
    if not _is_whole(response) or isinstance(outcome, (NoOutput, Refused)) or not response.text:
        return None
    if isinstance(outcome, Parsed) and outcome.grade == "exact":
        return Seen(True, what)
    return Seen(False, "the answer is not what was asked for" if what else "the answer is no JSON")


def _obeyed(request: AnyRequest, response: Response[Any]) -> Seen | None:
    """That a model does not obey is no proof that it was not told."""
    return Seen(True, "the answer does what it says") if _WORD in response.text.lower() else None


def _red(request: AnyRequest, response: Response[Any]) -> Seen | None:
    return Seen(True, "the answer names its colour") if "red" in response.text.lower() else None


def _thought(request: AnyRequest, response: Response[Any]) -> Seen | None:
    count = response.usage.reasoning_output_tokens
    return Seen(True, f"{count} tokens of reasoning were counted") if count else None


def _counted(request: AnyRequest, response: Response[Any]) -> Seen | None:
    count = response.usage.output_tokens
    return Seen(count is not None, "no tokens are counted" if count is None else "the stream counts its tokens")


# ---- all of it -------------------------------------------------------------------------------------------------------

_CHOICE = r"tool[ _]?choice|tool_?config|forc"
_FORMAT = r"schema|response[ _]?format|response mime|structured|json"
_SYSTEM = r"system|developer (?:message|instruction|role)"

ASKS: tuple[Ask, ...] = (
    Ask(
        feature="max_output_tokens",
        change=_says(user("Count from 1 to 60 in words."), max_output_tokens=_SHORT),
        look=_limited,
    ),
    Ask(feature="sampling/temperature", change=_sampling(temperature=0.3)),
    Ask(feature="sampling/top_p", change=_sampling(top_p=0.9)),
    Ask(feature="sampling/top_k", change=_sampling(top_k=20)),
    Ask(feature="sampling/seed", change=_sampling(seed=7)),
    Ask(feature="sampling/presence_penalty", change=_sampling(presence_penalty=0.2)),
    Ask(feature="sampling/frequency_penalty", change=_sampling(frequency_penalty=0.2)),
    Ask(feature="sampling/logit_bias", change=_sampling(logit_bias={"10": -1})),
    Ask(feature="sampling/logprobs", change=_sampling(logprobs=0), words=r"log ?probs|log ?probabilities", look=_told),
    Ask(feature="stop", change=lambda plain: replace(plain, stop=("blue",)), look=_stopped),
    Ask(
        feature="reasoning/effort",
        change=lambda plain: replace(plain, reasoning=Reasoning(effort="low")),
        words=r"reasoning|thinking|effort",
        look=_thought,
    ),
    Ask(
        feature="reasoning/budget_tokens",
        change=lambda plain: replace(
            plain, reasoning=Reasoning(budget_tokens=_BUDGET), max_output_tokens=_BUDGET + LIMIT
        ),
        words=r"reasoning|thinking|budget",
        look=_thought,
    ),
    Ask(feature="tools", change=_with_tool, words=r"\btools?\b|function[ _]?call"),
    Ask(
        feature="tools/strict",
        change=_says(_OSLO, tools=(replace(WEATHER, strict=True),)),
        beside=_with_tool,
        words=r"strict",
        needs=("tools",),
    ),
    Ask(
        feature="tool_choice/required",
        change=_says(_HELLO, tools=(WEATHER,), tool_choice="required"),
        beside=_says(_HELLO, tools=(WEATHER,)),
        words=_CHOICE,
        needs=("tools",),
        look=_called,
    ),
    Ask(
        feature="tool_choice/named",
        change=_says(_OSLO, tools=(WEATHER, _NOTE), tool_choice=NamedTool("write_note")),
        beside=_says(_OSLO, tools=(WEATHER, _NOTE)),
        words=_CHOICE,
        needs=("tools",),
        look=_called,
    ),
    Ask(
        feature="tool_choice/none",
        change=_says(_OSLO, tools=(WEATHER,), tool_choice="none"),
        beside=_with_tool,
        words=_CHOICE,
        needs=("tools",),
        look=_not_called,
    ),
    Ask(
        feature="parallel_tool_calls",
        change=_says(_BOTH, tools=(WEATHER,), parallel_tool_calls=False),
        beside=_says(_BOTH, tools=(WEATHER,)),
        words=r"parallel",
        needs=("tools",),
        look=_one_call,
    ),
    Ask(
        feature="output/native",
        change=_says(_HELLO, output=Output[Any](schema=_SCHEMA, mode="native")),
        beside=_says(_HELLO),
        words=_FORMAT,
        look=_held,
    ),
    Ask(
        feature="output/json",
        change=_says(user("Greet me in JSON."), output=Output[Any](mode="native")),
        beside=_says(user("Greet me in JSON.")),
        words=_FORMAT,
        look=_any_json,
    ),
    Ask(
        feature="output/with_tools",
        change=_says(_HELLO, tools=(WEATHER,), output=Output[Any](schema=_SCHEMA, mode="native")),
        beside=_says(_HELLO, tools=(WEATHER,)),
        words=rf"{_FORMAT}|\btools?\b|function",
        needs=("tools", "output/native"),
        look=_held,
    ),
    Ask(feature="messages/system", change=_says(_ZEBRA, _HELLO), words=_SYSTEM, look=_obeyed),
    Ask(
        feature="messages/late_system",
        change=_says(_HELLO, assistant("Hello!"), _ZEBRA, user("And again.")),
        words=_SYSTEM,
        needs=("messages/system",),
        look=_obeyed,
    ),
    Ask(
        feature="messages/prefill",
        change=_says(user("Name three colours."), assistant("1. Red\n2.")),
        words=r"prefill|assistant message|end with a user|last message",
    ),
    Ask(
        feature="parts/image",
        change=_says(
            Message(
                role="user",
                parts=(TextPart(text="Which colour is this?"), BlobPart(mime_type="image/png", data=_RED_SQUARE)),
            )
        ),
        words=r"\bimages?\b|image_url|vision|multi-?modal",
        look=_red,
    ),
    Ask(
        feature="cache/key",
        change=lambda plain: replace(plain, cache=CacheHint(key="portable-llm-probe")),
    ),
    Ask(feature="metadata", change=lambda plain: replace(plain, metadata={"purpose": "probe"})),
    Ask(feature="stream/usage", change=lambda plain: plain, is_stream=True, look=_counted),
)
"""In this order, cheap ones first; `max_output_tokens` before all, since it bounds the others."""
