"""Asking the provider itself how many tokens a request is: only when told to, over the client's own drivers.

Four protocols have an endpoint for it, and so have the engines that people run themselves. It takes the request as it
would be sent, less what is about the answer. Paths and fields: wire facts 2026-11-23; the official SDKs' types
(openai 3.54, anthropic 2.12, google-genai 3.4); vLLM and llama.cpp server documentation, 2026-11-24.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from portable_llm._errors import ConfigurationError, UnreadableAnswerError
from portable_llm._exchange import Link, raw
from portable_llm._http import Exchange, HttpCall, HttpReply
from portable_llm._json import JsonValue, dump_json, load_json
from portable_llm._plan import Plan
from portable_llm.providers._target import Target
from portable_llm.tokens import TokenCount

if TYPE_CHECKING:
    from portable_llm._request import Request

Body: TypeAlias = Mapping[str, Any]
Counting: TypeAlias = Callable[[Plan[Any], Link], Exchange[int]]


def count_tokens(plan: Plan[Any], link: Link) -> Exchange[TokenCount]:
    """What the provider counts for this plan's request.

    Raises `ConfigurationError` where it has no such endpoint, `UnreadableAnswerError` for an answer without a number,
    and whatever else a call may raise.
    """
    counting = _counting_of(plan.target)
    if counting is None:
        raise ConfigurationError(
            f"{plan.target.provider.name} has no endpoint that counts tokens; client.plan(...).tokens counts here, "
            "exactly or with a bound"
        )
    tokens = yield from counting(plan, link)
    provider = plan.target.provider.name
    return TokenCount(
        tokens=tokens,
        low=tokens,
        high=tokens,
        method="provider",
        tokenizer=plan.tokens.tokenizer,
        source=f"counted by {provider}",
    )


def _counting_of(target: Target) -> Counting | None:
    """The way to ask: an engine's own, else the protocol's; none at hosts that only hand the protocol on."""
    provider = target.provider
    engine = provider.capabilities.spelling.get("tokens/count")
    if engine is not None:
        return _ENGINES.get(engine)
    return _PROTOCOLS.get(provider.wire) if provider.lists_models or provider.wire not in _NEEDS_VENDOR else None


# ---- one call --------------------------------------------------------------------------------------------------------


def _ask(target: Target, path: str, body: Body, link: Link) -> Exchange[Body]:
    """The decoded answer to one more call to the target."""
    reply = yield from raw(target, HttpCall(method="POST", path=path, body=dump_json(body)), link)
    return _decoded(reply, target)


def _decoded(reply: HttpReply, target: Target) -> Body:
    try:
        decoded = load_json(reply.body)
    except ValueError as error:
        raise _unreadable(target, reply.body) from error
    return decoded if isinstance(decoded, dict) else {}


def _number(body: Body, name: str, target: Target) -> int:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _unreadable(target, dump_json(cast("JsonValue", body)))
    return value


def _unreadable(target: Target, body: bytes) -> UnreadableAnswerError:
    return UnreadableAnswerError("the count of tokens holds no number", provider=target.provider.name, body=body)


def _sent(plan: Plan[Any]) -> dict[str, Any]:
    body = plan.call.json
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


# ---- protocols -------------------------------------------------------------------------------------------------------

_MESSAGES_FIELDS = ("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config", "cache_control")
_RESPONSES_FIELDS = (
    *("model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning"),
    *("previous_response_id", "conversation", "truncation"),
)
_CONVERSE_FIELDS = ("messages", "system", "toolConfig")


def _of(body: Body, fields: tuple[str, ...]) -> dict[str, Any]:
    return {name: body[name] for name in fields if name in body}


def _messages(plan: Plan[Any], link: Link) -> Exchange[int]:
    path = f"{plan.call.path}/count_tokens"
    answer = yield from _ask(plan.target, path, _of(_sent(plan), _MESSAGES_FIELDS), link)
    return _number(answer, "input_tokens", plan.target)


def _responses(plan: Plan[Any], link: Link) -> Exchange[int]:
    path = f"{plan.call.path}/input_tokens"
    answer = yield from _ask(plan.target, path, _of(_sent(plan), _RESPONSES_FIELDS), link)
    return _number(answer, "input_tokens", plan.target)


def _gemini(plan: Plan[Any], link: Link) -> Exchange[int]:
    """The vendor's own API wants the whole request inside of a field, and the model said once more in it."""
    path = f"{plan.call.path.partition(':')[0]}:countTokens"
    body = {"generateContentRequest": {"model": f"models/{plan.target.model}", **_sent(plan)}}
    answer = yield from _ask(plan.target, path, body, link)
    return _number(answer, "totalTokens", plan.target)


def _converse(plan: Plan[Any], link: Link) -> Exchange[int]:
    path = f"{plan.call.path.rpartition('/')[0]}/count-tokens"
    body = {"input": {"converse": _of(_sent(plan), _CONVERSE_FIELDS)}}
    answer = yield from _ask(plan.target, path, body, link)
    return _number(answer, "inputTokens", plan.target)


_PROTOCOLS: Mapping[str, Counting] = {
    "anthropic-messages": _messages,
    "openai-responses": _responses,
    "gemini": _gemini,
    "bedrock-converse": _converse,
}
_NEEDS_VENDOR = ("anthropic-messages", "gemini")
"""Hosts that hand these on keep counting at another address, or not at all."""


# ---- engines ---------------------------------------------------------------------------------------------------------


def _root(target: Target) -> Target:
    """Engines serve these beside their protocol, not below it."""
    return replace(target, base_url=target.base_url.removesuffix("/v1"))


def _vllm(plan: Plan[Any], link: Link) -> Exchange[int]:
    body = _of(_sent(plan), ("model", "messages", "tools", "chat_template_kwargs"))
    answer = yield from _ask(_root(plan.target), "/tokenize", {**body, "add_generation_prompt": True}, link)
    return _number(answer, "count", plan.target)


def _llama_cpp(plan: Plan[Any], link: Link) -> Exchange[int]:
    """Two steps: the prompt that its template makes of the messages, and the tokens of that."""
    root = _root(plan.target)
    body = _of(_sent(plan), ("messages", "tools", "tool_choice", "response_format", "chat_template_kwargs"))
    prompt = (yield from _ask(root, "/apply-template", body, link)).get("prompt")
    if not isinstance(prompt, str):
        raise _unreadable(root, b"")
    asked = {"content": prompt, "add_special": True, "parse_special": True}
    tokens = (yield from _ask(root, "/tokenize", asked, link)).get("tokens")
    if not isinstance(tokens, list):
        raise _unreadable(root, b"")
    return len(cast("list[Any]", tokens))


_ENGINES: Mapping[str, Counting] = {"vllm-tokenize": _vllm, "llama-cpp-template": _llama_cpp}


# ---- what the clients offer ------------------------------------------------------------------------------------------


class TokenCounting:
    """`count_tokens` of `Client`."""

    def count_tokens(
        self: Any, what: str | Request[Any], messages: Any = None, *, output: Any = None, **options: Any
    ) -> TokenCount:
        """How many input tokens the provider itself counts: one call, free at most providers, and nothing is answered.

        Takes what `plan` takes. Raises `ConfigurationError` for a provider that cannot; `plan(...).tokens` needs
        neither key nor network.
        """
        plan = self.plan(what, messages, output=output, **options)
        return self._driver.run(count_tokens(plan, self._link(plan.target)))


class AsyncTokenCounting:
    """`count_tokens` of `AsyncClient`."""

    async def count_tokens(
        self: Any, what: str | Request[Any], messages: Any = None, *, output: Any = None, **options: Any
    ) -> TokenCount:
        """How many input tokens the provider itself counts; as `Client.count_tokens`."""
        plan = self.plan(what, messages, output=output, **options)
        return await self._driver.run(count_tokens(plan, self._link(plan.target)))
