"""The conversation with a provider, written once: send, wait, send again, read.

Exchanges are generators over the steps of `_http`; a stream's exchange yields events between them. Time and chance
come in as steps and arguments, so a test scripts a whole conversation without a network or a clock.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, TypeVar

from portable_llm._adaptation import LossPolicy
from portable_llm._errors import (
    AuthenticationError,
    ConfigurationError,
    ContextOverflowError,
    PortableLLMError,
    ProviderError,
    ProviderTimeoutError,
    StreamInterruptedError,
    TransportError,
    UnreadableAnswerError,
)
from portable_llm._events import Event, Finished, Restarted
from portable_llm._http import Credential, Exchange, HttpCall, HttpReply, Now, Pause, Read, Send, Step, Timeouts, Token
from portable_llm._learning import Lessons
from portable_llm._listing import ModelInfo
from portable_llm._plan import Plan, make_plan
from portable_llm._response import Attempt, Invalid, Response
from portable_llm._retry import RetryBudget, RetryHint, RetryPolicy, read_hint
from portable_llm._spending import Purse
from portable_llm._stream import Decoding, deltas_of, read_reply
from portable_llm.output import ask_again
from portable_llm.providers._target import Target
from portable_llm.refusal import DEFAULT_POLICY, RefusalPolicy, spoken
from portable_llm.wire import wire_format
from portable_llm.wire._errors import request_id

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")

StreamExchange: TypeAlias = Generator[Step | Event[T], Any, Response[T]]
"""Steps and events out; the same response at the end as in the last event."""

Ask: TypeAlias = Callable[[Plan[T], "Link"], Generator[S, Any, Response[T]]]
"""An exchange for one plan."""

USER_AGENT = "portable-llm"
_MAX_PAGES = 100
"""A list that goes on after so many pages goes on for ever."""
_READ = Read()
_NO_HINT = RetryHint()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What it takes to reach a target: credentials, patience, chance."""

    key: str | None = field(default=None, repr=False)
    token: Callable[[], Credential | Awaitable[Credential]] | None = field(default=None, repr=False)
    """A callback for credentials that expire; asked before each try, and once more when one is refused."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The application's own headers."""
    retry: RetryPolicy = RetryPolicy()
    budget: RetryBudget | None = None
    timeouts: Timeouts = Timeouts()
    lessons: Lessons | None = field(default=None, repr=False)
    """Where refused options are learned from, if they are to be."""
    losses: LossPolicy | None = None
    """What a plan may lose that is made while the exchange goes on."""
    refusals: RefusalPolicy = DEFAULT_POLICY
    """Which texts are read for a refusal, and by whom; what follows from one is decided a room later."""
    purse: Purse | None = None
    """What this call may spend."""
    random: Callable[[], float] = random.random


class Tries:
    """Bookkeeping of one exchange: attempts so far, the deadline, and whether another try is allowed."""

    def __init__(self, target: Target, link: Link, started: float) -> None:
        self._target, self._link = target, link
        total = link.timeouts.total
        self.deadline = None if total is None else started + total
        self.attempts: list[Attempt] = []
        self.pause = 0.0
        self.credential: Credential | None = link.key
        """The one in use."""
        self.is_renewed = False
        """It was refused once and there was another: a second refusal is final."""
        self.is_fresh = False
        """It was just asked for and not used yet."""
        self.secrets: set[str] = set()
        """Taken out of whatever an error quotes."""
        self.use(link.key)

    def so_far(self, reply: HttpReply) -> tuple[Attempt, ...]:
        """All tries, with the one that brought `reply` as the last."""
        last = Attempt(status=reply.status, request_id=request_id(reply), waited=self.pause)
        return (*self.attempts, last)

    def use(self, credential: Credential | None) -> None:
        """From now on this one."""
        self.credential = credential
        if isinstance(credential, str):
            self.secrets.add(credential)
        elif credential is not None:
            self.secrets.update(credential.secrets)

    def note(self, error: PortableLLMError) -> None:
        """A try that failed, on record."""
        self._redact(error)
        self.attempts.append(
            Attempt(
                status=error.status,
                error=f"{type(error).__name__}: {error.message[:200]}",
                request_id=error.request_id,
                waited=self.pause,
            )
        )
        self.pause = 0.0
        self.name(error)

    def failed(self, error: PortableLLMError, hint: RetryHint, now: float) -> float:
        """The pause before the next try; raises the error when there is none to be."""
        self.note(error)
        error.retry_after = hint.after if error.retry_after is None else error.retry_after
        delay = self._link.retry.delay(len(self.attempts), error, hint, self._link.random())
        if delay is None or (self.deadline is not None and now + delay >= self.deadline):
            raise error
        if self._link.budget is not None and not self._link.budget.spend():
            raise error
        self.pause = delay
        return delay

    def _redact(self, error: PortableLLMError) -> None:
        """Providers and proxies do quote the key they refuse; an error ends up in logs."""
        for secret in self.secrets:
            if len(secret) < 4:
                continue
            error.message = error.message.replace(secret, "[redacted]")
            error.args = tuple(str(arg).replace(secret, "[redacted]") for arg in error.args)
            if error.body is not None:
                error.body = error.body.replace(secret, "[redacted]")

    def name(self, error: PortableLLMError) -> None:
        """Tell an error where it happened."""
        self._redact(error)
        error.provider = error.provider or self._target.provider.name
        error.model = error.model or self._target.model
        error.attempts = len(self.attempts)


def _headers(target: Target, call: HttpCall, link: Link, tries: Tries) -> Exchange[dict[str, str]]:
    """All headers, those that authorise last: a signature covers the others."""
    headers = {"content-type": "application/json", "user-agent": USER_AGENT}
    headers.update(target.provider.headers)
    headers.update(call.headers)
    headers.update(link.headers)
    credential = tries.credential
    if credential is None or isinstance(credential, str):
        headers.update(target.provider.auth.headers(credential, is_token=link.token is not None))
    else:
        wall: float = yield Now("wall")
        headers.update(credential.sign(call.method, target.url(call.path), headers, call.body, wall))
    return headers


def _ask(target: Target, link: Link, tries: Tries) -> Exchange[None]:
    """A credential from the callback, or from where the provider's row finds one."""
    if link.token is not None:
        tries.use((yield Token(link.token, may_block=link.token is target.provider.auth.source)))


def _renewed(target: Target, link: Link, tries: Tries) -> Exchange[bool]:
    """Whether there is another credential in the place of one that was refused."""
    if link.token is None or tries.is_renewed:
        return False
    expire = getattr(link.token, "expire", None)
    if callable(expire):
        expire()
    refused = tries.credential
    yield from _ask(target, link, tries)
    tries.is_renewed = tries.is_fresh = tries.credential != refused
    return tries.is_renewed


def _send(target: Target, call: HttpCall, link: Link, tries: Tries, stream: bool) -> Exchange[HttpReply]:
    if not tries.is_fresh:
        yield from _ask(target, link, tries)
    tries.is_fresh = False
    headers = yield from _headers(target, call, link, tries)
    reply: HttpReply = yield Send(
        call.method,
        target.url(call.path),
        headers,
        call.body,
        stream,
        link.timeouts,
        tries.deadline,
    )
    return reply


def begin(target: Target, link: Link) -> Exchange[Tries]:
    if link.budget is not None:
        link.budget.earn()
    return Tries(target, link, (yield Now()))


def deliver(
    target: Target, call: HttpCall, link: Link, read: Callable[[HttpReply], R], tries: Tries, *, stream: bool = False
) -> Exchange[R]:
    """Send a call until `read` accepts the reply, or until trying again is pointless.

    `read` raises `ProviderError` for a reply that is an error; reading belongs to the try, since some errors come
    inside a 200.
    """
    while True:
        hint = _NO_HINT
        try:
            reply = yield from _send(target, call, link, tries, stream)
            if reply.status >= 400:
                hint = read_hint(reply.headers, (yield Now("wall")))
            return read(reply)
        except (TransportError, ProviderError) as error:
            if isinstance(error, AuthenticationError) and (yield from _renewed(target, link, tries)):
                tries.note(error)
                continue
            pause = tries.failed(error, hint, (yield Now()))
        except UnreadableAnswerError as error:
            tries.name(error)
            raise
        yield Pause(pause)


def chat(plan: Plan[T], link: Link) -> Exchange[Response[T]]:
    """One answer, whole; asked again with what is wrong with it as often as `Output.reask` allows."""
    response = yield from _answer(plan, link)
    output = plan.request.output
    for _ in range(output.reask if output is not None else 0):
        if not isinstance(response.outcome, Invalid):
            break
        again = make_plan(ask_again(plan.request, response), known(plan.target, link))
        response = _after(response, (yield from _answer(again, link)))
    return response


def known(target: Target, link: Link) -> Target:
    """The target with what has been learned about it since it was planned for."""
    return link.lessons.taught(target) if link.lessons is not None else target


def _after(first: Response[T], last: Response[T]) -> Response[T]:
    """The last answer, with the tries and the tokens of all of them: each was paid for."""
    return replace(last, attempts=(*first.attempts, *last.attempts), usage=first.usage.plus(last.usage))


def _answer(plan: Plan[T], link: Link) -> Exchange[Response[T]]:
    return (yield from _fitted(plan, link, _first_answer))


def _fitted(plan: Plan[T], link: Link, ask: Ask[T, S]) -> Generator[S | Step, Any, Response[T]]:
    """What `ask` gives to messages that fit; where the provider says that they do not, asked once more with fewer."""
    policy = link.purse.fit if link.purse is not None else None
    if policy is None:
        return (yield from _taught(plan, link, ask))
    from portable_llm._shorten import shortened, shortened_again  # here: a call that cuts nothing does not load it

    plan = yield from shortened(plan, policy, link.losses, known(plan.target, link))
    try:
        first = yield from _taught(plan, link, ask)
    except ContextOverflowError as error:
        again = yield from shortened_again(plan, policy, link.losses, known(plan.target, link))
        if again is None or error.partial is not None:
            raise
        refused = _refused(error)
    else:
        # What has been streamed cannot be taken back.
        if first.finish_reason != "context_overflow" or plan.is_stream:
            return first
        again = yield from shortened_again(plan, policy, link.losses, known(plan.target, link))
        return first if again is None else _after(first, (yield from _taught(again, link, ask)))
    response = yield from _taught(again, link, ask)
    return replace(response, attempts=(refused, *response.attempts))


def _refused(error: ProviderError) -> Attempt:
    """A request that was refused, as a try."""
    said = f"{type(error).__name__}: {error.message[:200]}"
    return Attempt(status=error.status, error=said, request_id=error.request_id, waited=0.0)


def _taught(plan: Plan[T], link: Link, ask: Ask[T, S]) -> Generator[S | Step, Any, Response[T]]:
    """What `ask` gives; where the provider refuses an option, and that is to be learned from, asked once more
    without it."""
    try:
        return (yield from ask(plan, link))
    except ProviderError as error:
        if link.lessons is None or error.partial is not None:
            raise
        again = link.lessons.amend(plan, error, (yield Now("wall")), link.losses)
        if again is None:
            raise
        refused = _refused(error)
    response = yield from ask(again, link)
    return replace(response, attempts=(refused, *response.attempts))


def _first_answer(plan: Plan[T], link: Link) -> Exchange[Response[T]]:
    _admit(plan, link)
    tries = yield from begin(plan.target, link)

    def read(reply: HttpReply) -> Response[T]:
        return read_reply(plan, reply, tries.so_far(reply))

    return _judged(plan, (yield from deliver(plan.target, plan.call, link, read, tries)), link)


def _admit(plan: Plan[Any], link: Link) -> None:
    """Raises `BudgetError` where sending this plan could exceed what the call may spend."""
    if link.purse is not None:
        link.purse.admit(plan, is_cut=True)


def _judged(plan: Plan[T], response: Response[T], link: Link) -> Response[T]:
    """The response, paid for, with the refusal that its words are, where they are to be read for one."""
    if link.purse is not None:
        link.purse.settle(plan, response)
    policy = link.refusals
    if policy.soft_refusals == "never" or (policy.soft_refusals == "output" and plan.output is None):
        return response
    return spoken(response, plan.request, policy.soft_refusals, policy.classifier)


def stream(plan: Plan[T], link: Link) -> StreamExchange[T]:
    """One answer as events, the last of them `Finished`; a break raises with the partial response."""
    response = yield from events(plan, link)
    yield Finished(response)
    return response


def events(plan: Plan[T], link: Link) -> StreamExchange[T]:
    """The events of one answer but for `Finished`, and the answer at the end."""
    return (yield from _fitted(plan, link, _first_events))


def _first_events(plan: Plan[T], link: Link) -> StreamExchange[T]:
    """A stream that breaks before anything a reader could have used is sent again."""
    _admit(plan, link)
    tries = yield from begin(plan.target, link)

    def read(reply: HttpReply) -> Response[T] | HttpReply:
        return reply if reply.status < 400 else read_reply(plan, reply, tries.so_far(reply))

    while True:
        opened = yield from deliver(plan.target, plan.call, link, read, tries, stream=True)
        if isinstance(opened, Response):
            yield from deltas_of(opened)
            return _judged(plan, opened, link)
        decoding = Decoding(plan, opened, partials=True)
        try:
            while (chunk := (yield _READ)) is not None:
                for delta in decoding.feed(chunk):
                    yield delta
            last, response = decoding.finish(tries.so_far(opened))
        except (TransportError, ProviderError, UnreadableAnswerError, StreamInterruptedError) as error:
            if decoding.has_output or isinstance(error, (UnreadableAnswerError, StreamInterruptedError)):
                ended = _interrupted(error, decoding, tries)
                if ended is error:
                    raise
                raise ended from error
            broken = error
            pause = tries.failed(error, _NO_HINT, (yield Now()))
        else:
            for delta in last:
                yield delta
            return _judged(plan, response, link)
        yield Pause(pause)
        yield Restarted(f"{type(broken).__name__}: {broken.message}")


def _interrupted(error: PortableLLMError, decoding: Decoding[Any], tries: Tries) -> PortableLLMError:
    """The error a reader gets when a stream breaks: with the partial response, and of a kind that says whose fault."""
    if isinstance(error, TransportError) and not isinstance(error, ProviderTimeoutError):
        error = StreamInterruptedError(f"the stream broke: {error.message}", status=error.status, body=error.body)
    tries.name(error)
    error.partial = decoding.partial(tuple(tries.attempts))
    return error


def raw(target: Target, call: HttpCall, link: Link) -> Exchange[HttpReply]:
    """The escape hatch: any call, with auth and retries; an error answer raises as everywhere."""
    tries = yield from begin(target, link)
    wire = wire_format(target.provider.wire)

    def read(reply: HttpReply) -> HttpReply:
        if reply.status >= 400:
            answer = wire.parse_error(reply, target.origin)
            if isinstance(answer, ProviderError):
                raise answer
        return reply

    return (yield from deliver(target, call, link, read, tries))


def models(target: Target, link: Link) -> Exchange[tuple[ModelInfo, ...]]:
    """All models that the provider lists, page by page; raises `ConfigurationError` where it lists none, and
    `UnreadableAnswerError` for a list that does not end."""
    listing = wire_format(target.provider.wire).LISTING if target.provider.lists_models else None
    if listing is None:
        raise ConfigurationError(f"{target.provider.name} lists no models under the address of its answers")
    found: list[ModelInfo] = []
    path: str | None = listing.path
    for _ in range(_MAX_PAGES):
        reply = yield from raw(target, HttpCall(method="GET", path=path, body=b""), link)
        page, path = listing.read(reply)
        found += page
        if path is None:
            return tuple(found)
    raise UnreadableAnswerError(f"the list of models goes on after {_MAX_PAGES} pages", provider=target.provider.name)
