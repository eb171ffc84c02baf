"""Everything portable_llm raises, sorted by whose move it is.

    PortableLLMError
    ├── CallerError                    yours: change the request or the set-up; sending it again cannot help
    │   ├── ConfigurationError         unknown provider or alias, missing key, bad base URL            (before sending)
    │   ├── InvalidRequestError        a request that cannot be meant: no messages, result without call (before sending)
    │   │   ├── UnsupportedSchemaError a schema that is none, or that cannot be expressed
    │   │   ├── PromptError            a prompt file that cannot be read, or a prompt that cannot be meant
    │   │   │   └── PromptVariableError a variable that is missing, not used, or not of its type
    │   │   └── ContextWindowError     messages that do not fit, and may not be cut further
    │   ├── LossError                  the plan loses more than `on_loss` allows                        (before sending)
    │   ├── BudgetError                the request could exceed `max_cost` or `max_input_tokens`        (before sending)
    │   ├── BadRequestError            the provider refused the request itself                              (400, 422)
    │   │   └── ContextOverflowError   the input is longer than the model's context window
    │   ├── AuthenticationError        the key is missing, wrong or expired                                      (401)
    │   ├── PermissionDeniedError      the key is right and may not do this                                      (403)
    │   ├── NotFoundError              no such model or path, or it has been retired                             (404)
    │   └── QuotaError                 no money or quota left; waiting a minute does not help              (402, 429)
    ├── WaitError                      nobody's fault: the same request will do later
    │   ├── RateLimitError             too fast for this key                                                     (429)
    │   └── OverloadedError            the provider is at its limit                                        (503, 529)
    ├── ProviderFailureError                the provider's: it broke, or the line to it
    │   ├── ServerError                it says so itself                                                  (500 … 5xx)
    │   ├── GatewayTimeoutError        it says that it ran out of time                                      (408, 504)
    │   ├── TransportError             no answer came over the line; `is_sent`: the request may have gone out
    │   │   ├── ConnectionFailedError  no connection, or it broke before an answer
    │   │   └── ProviderTimeoutError   our connect, read, first-token, idle or total limit was exceeded
    │   ├── StreamInterruptedError     the stream ended before its last event; `partial` holds what came
    │   └── UnknownProviderError       an error nobody could classify
    ├── UnreadableAnswerError          a 2xx that is not what its protocol says; `body` holds it
    │   └── AnswerTooLargeError        it exceeds a limit of size or decompression
    └── AnswerError                    an answer came and is not the value you asked for; `response` holds it
        ├── RefusedError               the model or a filter declined
        ├── InvalidOutputError         the text does not yield a value that the schema accepts
        ├── InvalidToolArgumentsError  a call's arguments are not what the tool's schema accepts
        └── ToolRunError               a run with tools came to no answer; `run` holds all it did
            ├── ToolRunLimitError      its limit of rounds or time is used up
            └── ToolFailedError        a tool of yours raised, and `on_tool_error` is "raise"

`ProviderError` marks, across the branches, errors that a provider *answered* (they have a `status`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from portable_llm._adaptation import Adaptation
    from portable_llm._messages import ToolCallPart
    from portable_llm._response import Response
    from portable_llm.tokens import Cost, TokenCount
    from portable_llm.tools import Run

ErrorKind = Literal[
    "rate_limit",
    "quota",
    "overloaded",
    "server_error",
    "timeout",
    "auth",
    "permission",
    "not_found",
    "invalid_request",
    "context_overflow",
    "content_filter",
    "unknown",
]
"""What an error answer means, the same word for every provider."""

MAX_ERROR_BODY = 16_384
"""Characters of a raw body that an error keeps; the rest is cut and the cut is marked."""


class PortableLLMError(Exception):
    """Base of everything this library raises on purpose.

    All context is optional; `None` means that it is not known or does not apply.
    """

    def __init__(
        self,
        message: str,
        *,
        provider: str | None = None,
        model: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        body: str | bytes | None = None,
        code: str | None = None,
        partial: Response[Any] | None = None,
        attempts: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """What happened, where, and what to do."""
        self.provider = provider
        """Name of the provider row, e.g. `"anthropic"`."""
        self.model = model
        """The model as the provider was asked for it."""
        self.status = status
        """HTTP status of the answer."""
        self.request_id = request_id
        """The provider's own id of the exchange: quote it to its support."""
        self.retry_after = retry_after
        """Seconds the provider asked us to wait."""
        self.body = cap_body(body)
        """The raw answer, at most `MAX_ERROR_BODY` characters."""
        self.code = code
        """The provider's own word for the error."""
        self.partial = partial
        """What had arrived of a stream when it broke."""
        self.attempts = attempts
        """How many times the request was sent."""
        self.run: Run[Any] | None = None
        """What a run with tools had done before this; its `messages` go on where it broke off."""

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (type(self), self.message, dict(self.__dict__)))


def _restore(cls: type[PortableLLMError], message: str, state: dict[str, Any]) -> PortableLLMError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


def cap_body(body: str | bytes | None) -> str | None:
    """The first `MAX_ERROR_BODY` characters of a raw body as text, with the cut marked."""
    if body is None:
        return None
    text = body[: MAX_ERROR_BODY * 4].decode("utf-8", "replace") if isinstance(body, bytes) else body
    return text if len(text) <= MAX_ERROR_BODY else text[:MAX_ERROR_BODY] + " … (cut)"


class CallerError(PortableLLMError):
    """Change the request or the set-up; the same request cannot succeed."""


class ConfigurationError(CallerError):
    """The set-up names something that does not exist or misses something that must."""


class InvalidRequestError(CallerError):
    """The request contradicts itself; raised before anything is sent."""


class UnsupportedSchemaError(InvalidRequestError):
    """A schema is not a JSON Schema, or cannot be expressed where it has to go."""


class PromptError(InvalidRequestError):
    """A prompt file that cannot be read (`file:line: …`), or a prompt that cannot be meant."""


class PromptVariableError(PromptError):
    """A variable of a prompt is missing, not used, or not of its type."""

    def __init__(
        self,
        message: str,
        *,
        name: str = "",
        problem: Literal["missing", "unused", "type"] = "type",
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.name = name
        """Of the variable; the first one where there are several."""
        self.problem = problem


class ContextWindowError(InvalidRequestError):
    """The messages do not fit into the context window, and what may be cut does not suffice; raised before sending."""

    def __init__(
        self, message: str, *, tokens: int | None = None, limit: int | None = None, reserve: int = 0, **context: Any
    ) -> None:
        super().__init__(message, **context)
        self.tokens = tokens
        """What the messages come to at the most, after all cuts that are allowed."""
        self.limit = limit
        """The context window, or the limit that was given, in tokens."""
        self.reserve = reserve
        """What of it is kept free, for the answer and all that is no message."""


class LossError(CallerError):
    """The target does not honour something that `on_loss` protects; raised before anything is sent."""

    def __init__(self, message: str, adaptations: Sequence[Adaptation] = (), **context: Any) -> None:
        super().__init__(message, **context)
        self.adaptations = tuple(adaptations)
        """The entries that broke the policy."""


class BudgetError(CallerError):
    """The request could cost more, or be longer, than the call allows; raised before it is sent."""

    def __init__(
        self,
        message: str,
        *,
        tokens: TokenCount | None = None,
        cost: Cost | None = None,
        limit: Decimal | int | None = None,
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.tokens = tokens
        """The size of the request, with bounds."""
        self.cost = cost
        """What it may cost; `None` where the limit is one of tokens."""
        self.limit = limit
        """The limit: US dollars or input tokens."""


class ProviderError(PortableLLMError):
    """The provider answered with an error; which branch it is in says whose move it is."""

    kind: ClassVar[ErrorKind] = "unknown"


class BadRequestError(ProviderError, CallerError):
    """The provider refused the request itself."""

    kind: ClassVar[ErrorKind] = "invalid_request"


class ContextOverflowError(BadRequestError):
    """The input is longer than the model's context window; shorten it."""

    kind: ClassVar[ErrorKind] = "context_overflow"


class AuthenticationError(ProviderError, CallerError):
    """The key is missing, wrong or expired."""

    kind: ClassVar[ErrorKind] = "auth"


class PermissionDeniedError(ProviderError, CallerError):
    """The key is right and may not do this."""

    kind: ClassVar[ErrorKind] = "permission"


class NotFoundError(ProviderError, CallerError):
    """No such model or path."""

    kind: ClassVar[ErrorKind] = "not_found"


class QuotaError(ProviderError, CallerError):
    """No money or quota left; waiting a minute does not help."""

    kind: ClassVar[ErrorKind] = "quota"


class WaitError(ProviderError):
    """The same request will do later."""


class RateLimitError(WaitError):
    """Too fast for this key."""

    kind: ClassVar[ErrorKind] = "rate_limit"


class OverloadedError(WaitError):
    """The provider is at its limit."""

    kind: ClassVar[ErrorKind] = "overloaded"


class ProviderFailureError(PortableLLMError):
    """The provider, or the line to it, broke."""


class ServerError(ProviderError, ProviderFailureError):
    """The provider says that it failed."""

    kind: ClassVar[ErrorKind] = "server_error"


class UnknownProviderError(ProviderError, ProviderFailureError):
    """An error answer that nobody could classify; `body` holds it."""

    kind: ClassVar[ErrorKind] = "unknown"


class TransportError(ProviderFailureError):
    """No answer came over the line; the drivers throw these into an exchange."""

    is_sent: bool = True
    """Whether the request may have reached the provider (`False`: certainly not)."""


class ConnectionFailedError(TransportError):
    """No connection, or it broke before an answer."""

    def __init__(self, message: str, *, is_sent: bool = True, **context: Any) -> None:
        super().__init__(message, **context)
        self.is_sent = is_sent


class ProviderTimeoutError(TransportError):
    """A time limit was exceeded."""

    def __init__(
        self,
        message: str,
        *,
        phase: Literal["connect", "read", "first_token", "idle", "total"] = "read",
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.phase = phase
        """Which of our limits."""
        self.is_sent = phase != "connect"


class GatewayTimeoutError(ProviderError, ProviderFailureError):
    """The provider answered that it ran out of time (408, 504)."""

    kind: ClassVar[ErrorKind] = "timeout"


class StreamInterruptedError(ProviderFailureError):
    """The stream ended before its last event; `partial` holds what came."""


class UnreadableAnswerError(PortableLLMError):
    """A 2xx answer that is not what its protocol says; `body` holds it."""


class AnswerTooLargeError(UnreadableAnswerError):
    """The answer exceeds a limit of size or decompression."""


class AnswerError(PortableLLMError):
    """An answer came and is not the value you asked for; `response` holds it."""

    def __init__(self, message: str, response: Response[Any] | None = None, **context: Any) -> None:
        super().__init__(message, **context)
        self.response = response


class RefusedError(AnswerError):
    """The model or a filter declined; `response.refusal` says who and why."""


class InvalidOutputError(AnswerError):
    """The text does not yield a value that the schema accepts; `response.outcome` says why."""


class InvalidToolArgumentsError(AnswerError):
    """The arguments of a call are not what the tool's schema accepts; `tool_result(call.id, error)` tells it."""

    def __init__(
        self,
        message: str,
        *,
        call: ToolCallPart | None = None,
        problems: Sequence[str] = (),
        **context: Any,
    ) -> None:
        super().__init__(message, **context)
        self.call = call
        """The call as the model made it."""
        self.problems = tuple(problems)
        """What is wrong, each with its place in the arguments (JSON Pointer)."""

    @property
    def for_model(self) -> str:
        """What to tell the model, so that it can call again; `tool_result(call.id, error)` does."""
        return "\n".join(
            ("These arguments are not valid, so nothing was run. Correct them and call again:", *self.problems)
        )


class ToolRunError(AnswerError):
    """A run with tools came to no answer; `run` holds every answer, result and token up to here."""


class ToolRunLimitError(ToolRunError):
    """The rounds or the time of the run are used up and the model still calls tools."""


class ToolFailedError(ToolRunError):
    """A tool raised and the run was told not to go on then; `__cause__` is what it raised."""


BY_KIND: Mapping[ErrorKind, type[ProviderError]] = {
    "rate_limit": RateLimitError,
    "quota": QuotaError,
    "overloaded": OverloadedError,
    "server_error": ServerError,
    "timeout": GatewayTimeoutError,
    "auth": AuthenticationError,
    "permission": PermissionDeniedError,
    "not_found": NotFoundError,
    "invalid_request": BadRequestError,
    "context_overflow": ContextOverflowError,
    "unknown": UnknownProviderError,
}
"""The class of an error answer; `content_filter` has none, since a refusal is an answer and no error."""


def kind_of_status(status: int) -> ErrorKind:
    """What an HTTP status alone says; the body's own word wins where there is one."""
    named: dict[int, ErrorKind] = {
        401: "auth",
        402: "quota",
        403: "permission",
        404: "not_found",
        408: "timeout",
        409: "unknown",
        429: "rate_limit",
        503: "overloaded",
        504: "timeout",
        529: "overloaded",
    }
    if status in named:
        return named[status]
    if 400 <= status < 500:
        return "invalid_request"
    return "server_error" if status >= 500 else "unknown"
