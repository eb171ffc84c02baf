"""What type checkers must conclude; checked by strict pyright and mypy, never run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, assert_never, assert_type

from pydantic import BaseModel

import portable_llm
from portable_llm import (
    Adaptation,
    AsyncClient,
    AsyncStream,
    CallCheck,
    Client,
    Finished,
    Handoff,
    HttpReply,
    Invalid,
    Message,
    NoOutput,
    Output,
    Parsed,
    PartialOutput,
    Plan,
    Refused,
    Request,
    Response,
    Stream,
    TextDelta,
    TokenLogprob,
    ToolCallPart,
    explain_handoff,
    history,
)
from portable_llm._json import JsonValue
from portable_llm.prompt import Prompt
from portable_llm.refusal import Rates, RefusalCategory, RefusalKind, refusal_rates
from portable_llm.tokens import Cost, TokenCount
from portable_llm.tools import CallRecord, FunctionTool, RoundFinished, Run, tool


@dataclass(frozen=True)
class Verdict:
    label: Literal["compliance", "partial", "refusal"]
    probability: float = 1.0
    evidence: tuple[str, ...] = ()


def classify(prompt: str, response: str) -> Verdict:
    return Verdict("compliance")


class Invoice(BaseModel):
    total: float


@dataclass
class Point:
    x: int


class Row(TypedDict):
    id: int


def outputs(client: Client) -> None:
    assert_type(client.chat("openai:gpt", "Hello"), Response[None])
    assert_type(client.chat("openai:gpt", "Hello").invalid_calls, tuple[CallCheck, ...])
    assert_type(client.chat("openai:gpt", "Hello", temperature=0), Response[None])
    assert_type(client.chat("openai:gpt", "Hello", output=Invoice), Response[Invoice])
    assert_type(client.chat("openai:gpt", "Hello", output=Point).parsed, Point)
    assert_type(client.chat("openai:gpt", "Hello", output=Row).parsed, Row)
    assert_type(client.chat("openai:gpt", "Hello", output=list[int]).parsed, list[int])
    assert_type(client.chat("openai:gpt", "Hello", output=Output(type=Invoice, reask=1)).parsed, Invoice)
    assert_type(client.chat("openai:gpt", "Hello", output={"type": "object"}).parsed, JsonValue)
    assert_type(client.chat("openai:gpt", "Hello", output="json").parsed, JsonValue)
    # A `type[T]` overload fails on these two; `TypeForm[T]` does not.
    assert_type(client.chat("openai:gpt", "Hello", output=int | str).parsed, int | str)
    assert_type(client.chat("openai:gpt", "Hello", output=Literal["yes", "no"]).parsed, Literal["yes", "no"])


def requests_and_plans(client: Client) -> None:
    request = portable_llm.request("openai:gpt", [portable_llm.user("Hello")], output=Invoice)
    assert_type(request, Request[Invoice])
    assert_type(portable_llm.request("openai:gpt", "Hello"), Request[None])
    assert_type(client.chat(request), Response[Invoice])
    assert_type(client.plan(request), Plan[Invoice])
    assert_type(client.plan(request, models=["anthropic:claude"]), tuple[Plan[Invoice], ...])
    assert_type(client.send(client.plan(request)), Response[Invoice])
    assert_type(client.plan(request).adaptations, tuple[Adaptation, ...])


def refusals(client: Client, response: Response[Any]) -> None:
    asked = client.chat("openai:gpt", "Hello", output=Invoice, on_refusal="fallback", fallback=("anthropic:claude",))
    assert_type(asked, Response[Invoice])
    request = portable_llm.request("openai:gpt", "Hello", output=Invoice)
    assert_type(client.chat(request, on_refusal="raise"), Response[Invoice])
    assert_type(client.chat(request, max_cost="0.01", max_input_tokens=100), Response[Invoice])
    assert_type(client.plan(request).tokens, TokenCount)
    assert_type(client.plan(request).cost, Cost)
    assert_type(client.count_tokens(request), TokenCount)
    assert_type(client.count_tokens("openai-responses:gpt", "Hello", temperature=0), TokenCount)
    assert_type(client.send(client.plan(request), soft_refusals="never"), Response[Invoice])
    assert_type(client.stream(request, clarification="It is homework."), Stream[Invoice])
    assert_type(refusal_rates([response]), Rates)
    assert_type(response.declined, tuple[Response[Any], ...])
    assert_type(response.logprobs, tuple[TokenLogprob, ...] | None)
    if response.refusal is not None:
        assert_type(response.refusal.category, RefusalCategory)
        assert_type(response.refusal.kind, RefusalKind)
    Client(refusal_classifier=classify)


def streams(client: Client) -> None:
    with client.stream("openai:gpt", "Hello", output=Invoice) as stream:
        assert_type(stream, Stream[Invoice])
        for event in stream:
            if isinstance(event, TextDelta):
                assert_type(event.text, str)
            elif isinstance(event, PartialOutput):
                assert_type(event.completed, tuple[str, ...])
            elif isinstance(event, Finished):
                assert_type(event.response.parsed, Invoice)
        assert_type(stream.text, str)
        assert_type(stream.response, Response[Invoice])
    assert_type(client.stream("openai:gpt", "Hello"), Stream[None])


async def asynchronous(client: AsyncClient) -> None:
    assert_type(await client.chat("openai:gpt", "Hello", output=Invoice), Response[Invoice])
    async with client.stream("openai:gpt", "Hello", output=list[str]) as stream:
        assert_type(stream, AsyncStream[list[str]])
        assert_type(await stream.finish(), Response[list[str]])
    assert_type(await client.request("openai", "/models"), HttpReply)
    assert_type(await client.count_tokens("openai-responses:gpt", "Hello"), TokenCount)


def outcomes_are_an_exact_union(response: Response[Invoice]) -> float | None:
    match response.outcome:
        case Parsed(value=value):
            return value.total
        case Refused() | Invalid() | NoOutput():
            return None
        case _ as other:
            assert_never(other)


def values(response: Response[Any], message: Message) -> None:
    assert_type(response.tool_calls, tuple[ToolCallPart, ...])
    assert_type(message.text, str)
    models: Sequence[str] = portable_llm.provider_names()
    assert models


@tool
def weather(city: str) -> str:
    """Current weather."""
    return city


async def runs(client: Client, async_client: AsyncClient) -> None:
    assert_type(weather, FunctionTool)
    assert_type(client.run("openai:gpt", "Hello", tools=[weather]), Run[None])
    assert_type(client.run("openai:gpt", "Hello", tools=[weather], output=Invoice, max_rounds=3), Run[Invoice])
    assert_type(client.run("openai:gpt", "Hello", output=int | str).parsed, int | str)
    assert_type(client.run(portable_llm.request("openai:gpt", "Hello", output=Row), max_seconds=9).parsed, Row)
    assert_type(await async_client.run("openai:gpt", "Hello", output=Point), Run[Point])
    with client.run_stream("openai:gpt", "Hello", output=Invoice) as events:
        for event in events:
            if isinstance(event, RoundFinished):
                assert_type(event.round.calls, tuple[CallRecord, ...])
        assert_type(events.run, Run[Invoice])


def prompts(prompt: Prompt) -> None:
    assert_type(prompt.request("openai:gpt-6-luna", ticket="x", temperature=0.5), Request[None])
    assert_type(prompt.request("openai:gpt-6-luna", output=Invoice, ticket="x"), Request[Invoice])
    assert_type(prompt.request("openai:gpt-6-luna", output="json"), Request[JsonValue])
    assert_type(prompt.messages(rendering="xml", ticket="x"), tuple[Message, ...])


def histories(client: Client, stored: str) -> None:
    found = history.load(stored)
    assert_type(found, history.History)
    assert_type(history.repair(found.messages).messages, tuple[Message, ...])
    assert_type(history.dump(found.messages, "gemini").data, dict[str, JsonValue])
    assert_type(history.fit(found.messages, 1_000, strategy="drop_oldest"), history.Fitted)
    assert_type(explain_handoff(found, "openai:gpt-4.1"), Handoff)
    assert_type(history.explain_handoff(found.messages, "openai:gpt-4.1"), Handoff)
    assert_type(client.chat("openai:gpt-4.1", found.messages, fit=history.FitPolicy()), Response[None])
