"""`Client.run` and its relatives: the signatures. The loop is in `_loop`, the drivers are the client's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from portable_llm._json import JsonValue
from portable_llm._messages import Message
from portable_llm._request import JsonSchema, Output, Request

if TYPE_CHECKING:
    from typing_extensions import TypeForm, Unpack

    from portable_llm._run_streams import AsyncRunStream, RunStream
    from portable_llm.tools import LoopOptions, Run, RunOptions

T = TypeVar("T")

Messages = str | Message | Sequence[Message]


class ToolRuns:
    """`run` and `run_stream` of `Client`."""

    @overload
    def run(self, what: Request[T], /, **options: Unpack[LoopOptions]) -> Run[T]: ...
    @overload
    def run(self, what: str, messages: Messages, /, **options: Unpack[RunOptions]) -> Run[None]: ...
    @overload
    def run(self, what: str, messages: Messages, /, *, output: Output[T], **options: Unpack[RunOptions]) -> Run[T]: ...
    @overload
    def run(
        self, what: str, messages: Messages, /, *, output: JsonSchema | Literal["json"], **options: Unpack[RunOptions]
    ) -> Run[JsonValue]: ...
    @overload
    def run(
        self, what: str, messages: Messages, /, *, output: TypeForm[T], **options: Unpack[RunOptions]
    ) -> Run[T]: ...
    def run(self: Any, what: str | Request[Any], messages: Messages | None = None, /, **options: Any) -> Run[Any]:
        """Ask, run the tools the model calls, send the results, ask again, until it answers.

        `tools` are `@tool` functions, or plain `Tool`s with `handlers`; how far it may go is said by `LoopOptions`.
        Calls are run only if they came whole, with arguments that the tool's schema accepts. Raises what `chat`
        raises, and `ToolRunError`s, always with `error.run`: everything done so far.
        """
        from portable_llm import _run_streams as runs  # here: most programs run no tools

        start, run = runs.open_run(self, what, messages, options, stream=False)
        runs.refuse_async(start)
        return self._driver.run(run)

    @overload
    def run_stream(self, what: Request[T], /, **options: Unpack[LoopOptions]) -> RunStream[T]: ...
    @overload
    def run_stream(self, what: str, messages: Messages, /, **options: Unpack[RunOptions]) -> RunStream[None]: ...
    @overload
    def run_stream(
        self, what: str, messages: Messages, /, *, output: Output[T], **options: Unpack[RunOptions]
    ) -> RunStream[T]: ...
    @overload
    def run_stream(
        self, what: str, messages: Messages, /, *, output: JsonSchema | Literal["json"], **options: Unpack[RunOptions]
    ) -> RunStream[JsonValue]: ...
    @overload
    def run_stream(
        self, what: str, messages: Messages, /, *, output: TypeForm[T], **options: Unpack[RunOptions]
    ) -> RunStream[T]: ...
    def run_stream(
        self: Any, what: str | Request[Any], messages: Messages | None = None, /, **options: Any
    ) -> RunStream[Any]:
        """The same run as events, the answers streamed; use it in a `with` block. Leaving it early ends the run."""
        from portable_llm import _run_streams as runs  # here: most programs run no tools

        start, run = runs.open_run(self, what, messages, options, stream=True)
        runs.refuse_async(start)
        return runs.RunStream(self._driver.open(run))


class AsyncToolRuns:
    """`run` and `run_stream` of `AsyncClient`."""

    @overload
    async def run(self, what: Request[T], /, **options: Unpack[LoopOptions]) -> Run[T]: ...
    @overload
    async def run(self, what: str, messages: Messages, /, **options: Unpack[RunOptions]) -> Run[None]: ...
    @overload
    async def run(
        self, what: str, messages: Messages, /, *, output: Output[T], **options: Unpack[RunOptions]
    ) -> Run[T]: ...
    @overload
    async def run(
        self, what: str, messages: Messages, /, *, output: JsonSchema | Literal["json"], **options: Unpack[RunOptions]
    ) -> Run[JsonValue]: ...
    @overload
    async def run(
        self, what: str, messages: Messages, /, *, output: TypeForm[T], **options: Unpack[RunOptions]
    ) -> Run[T]: ...
    async def run(self: Any, what: str | Request[Any], messages: Messages | None = None, /, **options: Any) -> Run[Any]:
        """Ask, run tools, ask again; as `Client.run`. Tools may be async, and those of one round run at once."""
        from portable_llm import _run_streams as runs  # here: most programs run no tools

        _, run = runs.open_run(self, what, messages, options, stream=False)
        return await self._driver.run(run)

    @overload
    def run_stream(self, what: Request[T], /, **options: Unpack[LoopOptions]) -> AsyncRunStream[T]: ...
    @overload
    def run_stream(self, what: str, messages: Messages, /, **options: Unpack[RunOptions]) -> AsyncRunStream[None]: ...
    @overload
    def run_stream(
        self, what: str, messages: Messages, /, *, output: Output[T], **options: Unpack[RunOptions]
    ) -> AsyncRunStream[T]: ...
    @overload
    def run_stream(
        self, what: str, messages: Messages, /, *, output: JsonSchema | Literal["json"], **options: Unpack[RunOptions]
    ) -> AsyncRunStream[JsonValue]: ...
    @overload
    def run_stream(
        self, what: str, messages: Messages, /, *, output: TypeForm[T], **options: Unpack[RunOptions]
    ) -> AsyncRunStream[T]: ...
    def run_stream(
        self: Any, what: str | Request[Any], messages: Messages | None = None, /, **options: Any
    ) -> AsyncRunStream[Any]:
        """The same run as events; use it in an `async with` block. Leaving it early ends the run."""
        from portable_llm import _run_streams as runs  # here: most programs run no tools

        _, run = runs.open_run(self, what, messages, options, stream=True)
        return runs.AsyncRunStream(self._driver.open(run))
