"""What every wire package offers. Pure functions: values in, values out; unknown in, unknown kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._errors import ProviderError
from portable_llm._events import Delta
from portable_llm._frames import Frame, Framing
from portable_llm._http import HttpCall, HttpReply
from portable_llm._messages import Origin
from portable_llm._request import Request
from portable_llm._response import Response
from portable_llm.wire._listing import Listing


class StreamDecoder(Protocol):
    """Frames of one streamed answer → deltas, and the response they add up to."""

    @property
    def is_complete(self) -> bool:
        """Whether the protocol's end mark has been seen: an end without it is an interruption, never a success.

        For a protocol without an end mark: whether a finish reason has been seen.
        """
        ...

    def feed(self, frame: Frame) -> list[Delta]:
        """The deltas of one frame; raises `ProviderError` for an error inside the stream, and `UnreadableAnswerError`
        for a frame that is no JSON. Unknown events give no deltas."""
        ...

    def finish(self) -> tuple[list[Delta], Response[None]]:
        """Close the open parts → their `PartEnd`s and the response; may be called early for a partial response,
        whose finish reason is `unknown` unless the provider gave one."""
        ...


class WireFormat(Protocol):
    """A wire package, seen as a value (its functions have no `self`)."""

    NAME: str
    """E.g. `"openai-chat"`."""
    CAPABILITIES: Capabilities
    """What the protocol itself can express; providers and model rules narrow it."""
    FINISH_REASONS: Mapping[str, str]
    """The provider's word → the portable one."""
    FRAMING: Framing
    """How its streams are divided into frames."""

    LISTING: Listing | None
    """Where the models are listed; `None` where the protocol has no such list."""

    @staticmethod
    def build_request(
        request: Request[Any], capabilities: Capabilities, *, stream: bool = False
    ) -> tuple[HttpCall, tuple[Adaptation, ...]]:
        """The wire request and what had to be renamed or moved for it.

        `request` has been adapted: its `model` is the bare model id, and what the capabilities deny is gone from it
        (with a ledger entry). Whatever the format cannot carry all the same gets an entry here.
        """
        ...

    @staticmethod
    def parse_response(reply: HttpReply, origin: Origin) -> Response[None]:
        """Read a 2xx answer; raises `UnreadableAnswerError`, or a `ProviderError` for an error inside it."""
        ...

    @staticmethod
    def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
        """Read an error answer; a filter or refusal that came as an error is a `Response`."""
        ...

    @staticmethod
    def stream_decoder(origin: Origin) -> StreamDecoder:
        """A decoder for one streamed answer."""
        ...

    @staticmethod
    def read_request(body: Mapping[str, Any], *, path: str = "") -> tuple[Request[Any], tuple[Adaptation, ...]]:
        """A stored wire request as a portable one (its `model` bare), with an entry for all that has no place in it.

        The way back of `build_request`. `path` matters where the model stands in it. An output schema becomes
        `Output(schema=…)`. Raises `InvalidRequestError` for JSON that is no such request.
        """
        ...

    @staticmethod
    def write_response(response: Response[Any]) -> HttpReply:
        """The answer as the provider would send it: the way back of `parse_response`."""
        ...

    @staticmethod
    def write_stream(response: Response[Any], *, pieces: int = 4) -> Iterable[bytes]:
        """The same answer as the bytes of a stream, one chunk per event; texts are cut into about `pieces` deltas."""
        ...

    @staticmethod
    def write_error(kind: str, message: str, *, status: int | None = None) -> HttpReply:
        """An error answer in the provider's shape: the way back of `parse_error`."""
        ...
