"""`Client` and `AsyncClient`: the signatures people use; everything behind them is written once elsewhere."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, overload

from portable_llm import _exchange as exchange
from portable_llm import _fallback as fallback
from portable_llm._adaptation import LossPolicy, OnLoss, loss_policy
from portable_llm._counting import AsyncTokenCounting, TokenCounting
from portable_llm._errors import ConfigurationError, InvalidRequestError
from portable_llm._http import Credential, HttpCall, HttpReply, Timeouts
from portable_llm._json import JsonValue, dump_json
from portable_llm._learning import Lessons
from portable_llm._messages import Message
from portable_llm._plan import Plan, make_plan
from portable_llm._request import JsonSchema, Options, Output, Request, request
from portable_llm._response import Response
from portable_llm._retry import RetryBudget, RetryPolicy
from portable_llm._runs import AsyncToolRuns, ToolRuns
from portable_llm._spending import SEND_OPTIONS, Limits, Purse, SendOptions
from portable_llm._streams import AsyncStream, Stream
from portable_llm.providers._target import Keyring, Target, load_settings, source_for
from portable_llm.refusal import DEFAULT_POLICY, REFUSAL_OPTIONS, RefusalPolicy
from portable_llm.transport import SyncDriver

if TYPE_CHECKING:
    from typing_extensions import TypeForm, Unpack

    from portable_llm._capabilities import Fact
    from portable_llm._listing import ModelInfo
    from portable_llm.providers import Provider
    from portable_llm.transport import AiohttpSession, AsyncDriver, HttpxAsyncClient, HttpxClient

T = TypeVar("T")
D = TypeVar("D", "SyncDriver", "AsyncDriver")

Messages = str | Message | Sequence[Message]
Losses = OnLoss | LossPolicy | None
TokenSource = Callable[[], Credential | Awaitable[Credential]]


class ChatOptions(Options, SendOptions, total=False):
    """The keyword options of a call: what is asked of the model, what to do should it decline, what may be spent."""


class ClientOptions(SendOptions, total=False):
    """The keyword arguments of both clients; what stands here about refusals and limits holds for all calls."""

    api_keys: Mapping[str, str]
    """Keys by provider name; by default the vendors' usual environment variables."""
    tokens: Mapping[str, TokenSource]
    """Callbacks for credentials that expire, by provider name; asked before each try, and again when one is refused.

    A callback that keeps its token may have a method `expire()`: it is called before it is asked again.
    """
    aliases: Mapping[str, str]
    """Names for models, so that a switch is one string: `{"fast": "openai:gpt-6-luna"}`."""
    base_urls: Mapping[str, str]
    """Where a provider is, if not at its own address; its key is sent there."""
    providers: Mapping[str, Provider]
    """Own providers by name; they win over the built-in ones."""
    config: str | Path
    """A TOML file with tables `[aliases]`, `[base_urls]` and `[providers]`."""
    on_loss: OnLoss | LossPolicy
    """From which severity up a request is refused before it is sent; `"changed"` by default."""
    learn: bool
    """Learn from answers that refuse an option: leave it out, say so in the ledger, send once more. Off by default."""
    retry: RetryPolicy
    timeouts: Timeouts
    headers: Mapping[str, str]
    """Sent with every request."""


class _BaseClient(Generic[D]):
    """What both clients share: names, keys, patience, and the pure part of every call."""

    def __init__(self, driver: D, options: ClientOptions) -> None:
        _check_options(options)
        self._settings = load_settings(
            aliases=options.get("aliases"),
            base_urls=options.get("base_urls"),
            providers=options.get("providers"),
            config=options.get("config"),
        )
        self._keys = Keyring(options.get("api_keys"))
        self._tokens = dict(options.get("tokens", {}))
        self._policy = loss_policy(options.get("on_loss"))
        self._lessons = Lessons() if options.get("learn") else None
        self._retry = options.get("retry", RetryPolicy())
        self._timeouts = options.get("timeouts", Timeouts())
        self._headers = dict(options.get("headers", {}))
        self._refusals = DEFAULT_POLICY.with_({name: options[name] for name in options.keys() & REFUSAL_OPTIONS})
        self._limits = Limits().with_(options)
        self._budget = RetryBudget()
        self._driver: D = driver

    def __repr__(self) -> str:
        return f"{type(self).__name__}(aliases={sorted(self._settings.aliases)}, keys={self._keys!r})"

    @property
    def learned(self) -> Mapping[str, Mapping[str, Fact]]:
        """What refused requests have taught this client: `provider:model` → feature → fact. Empty without `learn`."""
        return self._lessons.facts() if self._lessons else {}

    def _plan(self, what: Request[T], *, stream: bool = False) -> Plan[T]:
        target = self._settings.resolve(what.model)
        return make_plan(what, self._lessons.taught(target) if self._lessons else target, stream=stream)

    def _checked(self, plan: Plan[T], on_loss: OnLoss | LossPolicy | None, purse: Purse | None = None) -> Plan[T]:
        policy = self._policy if on_loss is None else loss_policy(on_loss)
        policy.check(plan.adaptations, f"{plan.target.provider.name}:{plan.target.model}")
        if purse is not None:
            purse.admit(plan)
        return plan

    def _routes(
        self, plan: Plan[T], on_loss: OnLoss | LossPolicy | None, options: SendOptions, purse: Purse | None = None
    ) -> tuple[tuple[fallback.Route[T], ...], RefusalPolicy]:
        """Every model that may be asked, the first by `plan`: what is wrong with any is known before one is."""
        purse = purse or self._limits.with_(options).purse()
        policy = self._refusals.with_({name: options[name] for name in options.keys() & REFUSAL_OPTIONS})
        plans = [fallback.streamed(plan, policy) if plan.is_stream else plan]
        if policy.on_refusal == "fallback":
            plans += [self._plan(plan.request.with_model(name), stream=plan.is_stream) for name in policy.fallback]
        routes = [
            fallback.Route(plan=self._checked(one, on_loss, purse), link=self._link(one.target, policy, on_loss, purse))
            for one in plans
        ]
        return tuple(routes), policy

    def _link(
        self, target: Target, refusals: RefusalPolicy | None = None, on_loss: Losses = None, purse: Purse | None = None
    ) -> exchange.Link:
        token = self._tokens.get(target.provider.name)
        key = None if token is not None else self._keys.key_for(target)
        return exchange.Link(
            key=key,
            token=source_for(target) if token is None and key is None else token,
            headers=self._headers,
            retry=self._retry,
            budget=self._budget,
            timeouts=self._timeouts,
            lessons=self._lessons,
            losses=self._policy if on_loss is None else loss_policy(on_loss),
            refusals=self._refusals if refusals is None else refusals,
            purse=purse,
            random=random.random,
        )

    def _raw(self, provider: str, path: str, json: JsonValue, method: str | None) -> tuple[Target, HttpCall]:
        target = self._settings.endpoint(provider)
        if not path.startswith("/"):
            raise InvalidRequestError(f"path {path!r} has to begin with / (it goes behind {target.base_url})")
        body = b"" if json is None else dump_json(json)
        return target, HttpCall(method=method or ("POST" if body else "GET"), path=path, body=body)

    @overload
    def plan(
        self, what: Request[T], messages: None = None, *, models: None = None, stream: bool = False
    ) -> Plan[T]: ...
    @overload
    def plan(
        self, what: Request[T], messages: None = None, *, models: Sequence[str], stream: bool = False
    ) -> tuple[Plan[T], ...]: ...
    @overload
    def plan(
        self,
        what: str,
        messages: Messages,
        *,
        models: None = None,
        output: Any = None,
        stream: bool = False,
        **options: Unpack[Options],
    ) -> Plan[Any]: ...
    def plan(
        self,
        what: str | Request[Any],
        messages: Messages | None = None,
        *,
        models: Sequence[str] | None = None,
        output: Any = None,
        stream: bool = False,
        **options: Unpack[Options],
    ) -> Plan[Any] | tuple[Plan[Any], ...]:
        """What would be sent and what would be lost: offline, without a key, never refused for its losses.

        With `models`, one plan per target, to lay side by side. Raises `InvalidRequestError` and
        `ConfigurationError`.
        """
        asked = _request_of(what, messages, output, options)
        if models is None:
            return self._plan(asked, stream=stream)
        return tuple(self._plan(asked.with_model(model), stream=stream) for model in models)


def _check_options(options: ClientOptions) -> None:
    unknown = options.keys() - ClientOptions.__annotations__.keys()
    if unknown:
        known = ", ".join(sorted(ClientOptions.__annotations__))
        raise ConfigurationError(f"unknown client option {min(unknown)!r}; known: http_client, {known}")


def _send_options(options: ChatOptions | SendOptions) -> SendOptions:
    """What a call says about refusals and limits, taken out of its options."""
    values = cast("dict[str, Any]", options)
    return cast("SendOptions", {name: values.pop(name) for name in values.keys() & SEND_OPTIONS})


def _request_of(
    what: str | Request[Any], messages: Messages | None, output: Any, options: Mapping[str, Any]
) -> Request[Any]:
    if isinstance(what, Request):
        if messages is not None or output is not None or options:
            raise InvalidRequestError("a Request is complete: change it with dataclasses.replace(request, ...)")
        return what
    if messages is None:
        raise InvalidRequestError('messages are missing: chat("provider:model", "Hello")')
    return request(what, messages, output=output, **cast("Options", options))


class Client(ToolRuns, TokenCounting, _BaseClient[SyncDriver]):
    """Any model of any provider, blocking. Thread-safe; close it, or use it as a context manager.

    The options are those of `ClientOptions`; `http_client` may be your own `httpx2.Client` or `httpx.Client`, which is
    not closed here. Raises `ConfigurationError` for an option or a configuration file that is wrong.
    """

    def __init__(self, *, http_client: HttpxClient | None = None, **options: Unpack[ClientOptions]) -> None:
        super().__init__(SyncDriver(http_client), options)

    @overload
    def chat(
        self, what: Request[T], /, *, on_loss: OnLoss | LossPolicy | None = None, **options: Unpack[SendOptions]
    ) -> Response[T]: ...
    @overload
    def chat(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[None]: ...
    @overload
    def chat(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: Output[T],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[T]: ...
    @overload
    def chat(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: JsonSchema | Literal["json"],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[JsonValue]: ...
    @overload
    def chat(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: TypeForm[T],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[T]: ...
    def chat(
        self,
        what: str | Request[Any],
        messages: Messages | None = None,
        /,
        *,
        output: Any = None,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[Any]:
        """One answer. Raises a `PortableLLMError`; a refusal is an answer and raises nothing by default.

        `on_refusal` and `fallback` say otherwise: see `portable_llm.refusal.RefusalOptions`.
        """
        sending = _send_options(options)
        asked = _request_of(what, messages, output, options)
        return self.send(self._plan(asked), on_loss=on_loss, **sending)

    def send(
        self, plan: Plan[T], *, on_loss: OnLoss | LossPolicy | None = None, **options: Unpack[SendOptions]
    ) -> Response[T]:
        """Send exactly this plan; raises `LossError` if it loses more than allowed."""
        routes, policy = self._routes(plan, on_loss, options)
        if plan.is_stream:
            with Stream(self._driver.open(fallback.stream(routes, policy)), routes[0].plan) as stream:
                return stream.finish()
        return self._driver.run(fallback.chat(routes, policy))

    @overload
    def stream(
        self,
        what: Request[T] | Plan[T],
        /,
        *,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[SendOptions],
    ) -> Stream[T]: ...
    @overload
    def stream(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Stream[None]: ...
    @overload
    def stream(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: Output[T],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Stream[T]: ...
    @overload
    def stream(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: JsonSchema | Literal["json"],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Stream[JsonValue]: ...
    @overload
    def stream(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: TypeForm[T],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Stream[T]: ...
    def stream(
        self,
        what: str | Request[Any] | Plan[Any],
        messages: Messages | None = None,
        /,
        *,
        output: Any = None,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Stream[Any]:
        """One answer as events; use it in a `with` block. Leaving it early closes the connection."""
        sending = _send_options(options)
        plan = _stream_plan(self, what, messages, output, options)
        routes, policy = self._routes(plan, on_loss, sending)
        return Stream(self._driver.open(fallback.stream(routes, policy)), routes[0].plan)

    def request(self, provider: str, path: str, json: JsonValue = None, *, method: str | None = None) -> HttpReply:
        """The escape hatch: any call to a provider's API, with its auth, errors and retries.

        `path` goes behind the provider's base URL; GET without `json`, POST with it, unless `method` says otherwise.
        """
        target, call = self._raw(provider, path, json, method)
        return self._driver.run(exchange.raw(target, call, self._link(target)))

    def models(self, provider: str) -> tuple[ModelInfo, ...]:
        """The models that a provider (`name` or `name@base_url`) lists: with limits and a last day where it says.

        Raises `ConfigurationError` for a provider that lists none.
        """
        target = self._settings.endpoint(provider)
        return self._driver.run(exchange.models(target, self._link(target)))

    def close(self) -> None:
        """Close the connections (not those of a client that was passed in)."""
        self._driver.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _stream_plan(
    client: _BaseClient[Any],
    what: str | Request[Any] | Plan[Any],
    messages: Messages | None,
    output: Any,
    options: Mapping[str, Any],
) -> Plan[Any]:
    if isinstance(what, Plan):
        plan = what
        return plan if plan.is_stream else make_plan(plan.request, plan.target, stream=True)
    return client._plan(_request_of(what, messages, output, options), stream=True)  # pyright: ignore[reportPrivateUsage]


class AsyncClient(AsyncToolRuns, AsyncTokenCounting, _BaseClient["AsyncDriver"]):
    """Any model of any provider, for `asyncio`; everything else is as in `Client`.

    `http_client` may be your own `httpx2.AsyncClient`, `httpx.AsyncClient` or `aiohttp.ClientSession`, or `"aiohttp"`:
    the driver for many calls in flight, from the extra of that name.
    """

    def __init__(
        self,
        *,
        http_client: HttpxAsyncClient | AiohttpSession | Literal["aiohttp"] | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        from portable_llm.transport import async_driver  # here: asyncio is nothing a blocking program needs

        super().__init__(async_driver(http_client), options)

    @overload
    async def chat(
        self, what: Request[T], /, *, on_loss: OnLoss | LossPolicy | None = None, **options: Unpack[SendOptions]
    ) -> Response[T]: ...
    @overload
    async def chat(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[None]: ...
    @overload
    async def chat(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: Output[T],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[T]: ...
    @overload
    async def chat(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: JsonSchema | Literal["json"],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[JsonValue]: ...
    @overload
    async def chat(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: TypeForm[T],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[T]: ...
    async def chat(
        self,
        what: str | Request[Any],
        messages: Messages | None = None,
        /,
        *,
        output: Any = None,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> Response[Any]:
        """One answer; as `Client.chat`."""
        sending = _send_options(options)
        asked = _request_of(what, messages, output, options)
        return await self.send(self._plan(asked), on_loss=on_loss, **sending)

    async def send(
        self, plan: Plan[T], *, on_loss: OnLoss | LossPolicy | None = None, **options: Unpack[SendOptions]
    ) -> Response[T]:
        """Send exactly this plan; as `Client.send`."""
        routes, policy = self._routes(plan, on_loss, options)
        if plan.is_stream:
            async with AsyncStream(self._driver.open(fallback.stream(routes, policy)), routes[0].plan) as stream:
                return await stream.finish()
        return await self._driver.run(fallback.chat(routes, policy))

    @overload
    def stream(
        self,
        what: Request[T] | Plan[T],
        /,
        *,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[SendOptions],
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> AsyncStream[None]: ...
    @overload
    def stream(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: Output[T],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> AsyncStream[T]: ...
    @overload
    def stream(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: JsonSchema | Literal["json"],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> AsyncStream[JsonValue]: ...
    @overload
    def stream(
        self,
        what: str,
        messages: Messages,
        /,
        *,
        output: TypeForm[T],
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> AsyncStream[T]: ...
    def stream(
        self,
        what: str | Request[Any] | Plan[Any],
        messages: Messages | None = None,
        /,
        *,
        output: Any = None,
        on_loss: OnLoss | LossPolicy | None = None,
        **options: Unpack[ChatOptions],
    ) -> AsyncStream[Any]:
        """One answer as events; use it in an `async with` block. Leaving it early closes the connection."""
        sending = _send_options(options)
        plan = _stream_plan(self, what, messages, output, options)
        routes, policy = self._routes(plan, on_loss, sending)
        return AsyncStream(self._driver.open(fallback.stream(routes, policy)), routes[0].plan)

    async def request(
        self, provider: str, path: str, json: JsonValue = None, *, method: str | None = None
    ) -> HttpReply:
        """The escape hatch; as `Client.request`."""
        target, call = self._raw(provider, path, json, method)
        return await self._driver.run(exchange.raw(target, call, self._link(target)))

    async def models(self, provider: str) -> tuple[ModelInfo, ...]:
        """The models that a provider lists; as `Client.models`."""
        target = self._settings.endpoint(provider)
        return await self._driver.run(exchange.models(target, self._link(target)))

    async def close(self) -> None:
        """Close the connections (not those of a client that was passed in)."""
        await self._driver.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
