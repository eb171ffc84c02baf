"""The conversation → `contents` and `systemInstruction`, with the ledger of what is said differently there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portable_llm._adaptation import Action, Adaptation, Axis, Enforcer
from portable_llm._errors import InvalidRequestError
from portable_llm._messages import (
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from portable_llm.wire.gemini._ledger import entry
from portable_llm.wire.gemini._parts import continuation_token, is_result_media, wire_call, wire_part, wire_result

_CONTENTS = entry("dialogue", "/messages", "renamed", "messages are contents; the assistant is called model")
_SYSTEM = entry("prompt", "/messages", "moved", "system text goes into systemInstruction")
_THOUGHTS = entry("dialogue", "/messages", "renamed", "reasoning is text marked thought")
_RESULTS = entry(
    "tools", "/messages", "encoded", 'tool results are functionResponse objects in a user turn: {"output": text}'
)
_ERRORS = entry("tools", "/messages", "encoded", 'a failed tool result is {"error": text}')

_ENTRIES: dict[str, tuple[Axis, Action, Enforcer, str]] = {
    "empty": ("dialogue", "encoded", "provider", "a turn without parts is sent as one empty text"),
    "late_system": ("prompt", "substituted", "provider", "system text further down is moved to the top"),
    "system_media": ("prompt", "dropped", "nobody", "system text cannot hold media; put it into a user turn"),
    "signature": (
        "tools",
        "defaulted",
        "provider",
        "the model asks for a signature on the first call of a turn; the documented stand-in is sent",
    ),
    "arguments": (
        "tools",
        "dropped",
        "nobody",
        "the call's arguments are no JSON object; the model sees its call with no arguments",
    ),
    "refusal": ("refusal", "renamed", "provider", "a refusal in the history is sent as the text it was"),
    "citations": (
        "dialogue",
        "moved",
        "client",
        "citations stay in the stored message; no model reads them",
    ),
    "result_order": ("tools", "moved", "provider", "media of a tool result goes beside its text"),
    "result_part": ("tools", "dropped", "nobody", "this piece of a tool result has no place on the wire"),
    "continued": (
        "dialogue",
        "moved",
        "provider",
        "the paused turn is named by continuationToken; the answer goes on behind it",
    ),
    "token": ("dialogue", "dropped", "nobody", "a continuation token is only good for the very next request"),
}


def build_contents(messages: Sequence[Message], signature: str, ledger: list[Adaptation]) -> dict[str, Any]:
    """`contents`, and `systemInstruction` and `continuationToken` where there are any.

    `signature` stands in for a missing one on the first call of a turn (`""`: the model asks for none). Raises
    `InvalidRequestError` where no turn is left, or a tool result answers no call.
    """
    return _Conversation(messages, signature, ledger).build()


class _Conversation:
    __slots__ = ("_contents", "_ledger", "_messages", "_names", "_notes", "_signature", "_system")

    def __init__(self, messages: Sequence[Message], signature: str, ledger: list[Adaptation]) -> None:
        self._messages = messages
        self._signature = signature
        self._ledger = ledger
        self._names: dict[str, str] = {}
        self._contents: list[dict[str, Any]] = []
        self._system: list[dict[str, Any]] = []
        self._notes: set[int] = set()  # ids of the module's constants already in the ledger

    def build(self) -> dict[str, Any]:
        self._ledger.append(_CONTENTS)
        token, end = self._continuation()
        previous = ""
        for index in range(end):
            message = self._messages[index]
            self._add(index, message, is_tool_round=message.role == previous == "tool")
            previous = message.role
        if not self._contents:
            raise InvalidRequestError("gemini needs at least one turn besides system text; add a user message")
        body: dict[str, Any] = {"contents": self._contents}
        if self._system:
            body["systemInstruction"] = {"parts": self._system}
        if token is not None:
            body["continuationToken"] = token
        return body

    def _continuation(self) -> tuple[str | None, int]:
        """The token of a paused last turn, and where the messages before it end.

        The wire wants the same request again with the token beside it, not the half answer as a turn.
        """
        token, end = None, len(self._messages)
        while end and self._messages[end - 1].role == "assistant" and self._messages[end - 1].parts:
            found = continuation_token(self._messages[end - 1].parts[-1])
            if found is None:
                break
            token, end = token or found, end - 1
            self._say("continued", f"/messages/{end}")
        return token, end

    def _note(self, constant: Adaptation) -> None:
        if id(constant) not in self._notes:
            self._notes.add(id(constant))
            self._ledger.append(constant)

    def _say(self, what: str, subject: str) -> None:
        axis, action, enforced_by, detail = _ENTRIES[what]
        self._ledger.append(entry(axis, subject, action, detail, enforced_by))

    def _add(self, index: int, message: Message, *, is_tool_round: bool) -> None:
        if message.role == "system":
            self._add_system(index, message)
            return
        parts = self._parts(index, message)
        if not parts:
            self._say("empty", f"/messages/{index}")
            parts = [{"text": ""}]
        # All results of a turn have to stand in one content: as many as there were calls.
        if is_tool_round:
            self._contents[-1]["parts"].extend(parts)
        else:
            self._contents.append({"role": "model" if message.role == "assistant" else "user", "parts": parts})

    def _add_system(self, index: int, message: Message) -> None:
        self._note(_SYSTEM)
        if self._contents:
            self._say("late_system", f"/messages/{index}")
        for number, part in enumerate(message.parts):
            if isinstance(part, TextPart):
                self._system.append({"text": part.text})
            else:
                self._say("system_media", f"/messages/{index}/parts/{number}")

    def _parts(self, index: int, message: Message) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        lacks_signature = bool(self._signature) and message.role == "assistant"
        for number, part in enumerate(message.parts):
            match part:
                case TextPart(citations=()):
                    parts.append(wire_part(part, self._names))
                case ToolCallPart():
                    call = self._call(part, f"/messages/{index}/parts/{number}", lacks_signature)
                    lacks_signature = False
                    parts.append(call)
                case ToolResultPart():
                    parts.append(self._result(part, f"/messages/{index}/parts/{number}"))
                case _:
                    parts.extend(self._other(part, f"/messages/{index}/parts/{number}"))
        return parts

    def _call(self, call: ToolCallPart, subject: str, lacks_signature: bool) -> dict[str, Any]:
        self._names[call.id] = call.name
        wire = wire_call(call)
        if call.arguments is None:
            self._say("arguments", f"{subject}/raw_arguments")
        if lacks_signature and "thoughtSignature" not in wire:
            self._say("signature", f"{subject}/state")
            wire["thoughtSignature"] = self._signature
        return wire

    def _result(self, result: ToolResultPart, subject: str) -> dict[str, Any]:
        name = self._names.get(result.call_id)
        if name is None:
            raise InvalidRequestError(
                f"{subject} answers the call {result.call_id!r}, which no earlier message makes; "
                "keep the assistant's message with the call in front of its result"
            )
        self._note(_RESULTS)
        if result.is_error:
            self._note(_ERRORS)
        if len(result.parts) != 1 or not isinstance(result.parts[0], TextPart):
            self._check_result(result, subject)
        return wire_result(result, name)

    def _check_result(self, result: ToolResultPart, subject: str) -> None:
        for number, part in enumerate(result.parts):
            if is_result_media(part):
                self._say("result_order", f"{subject}/parts/{number}")
            elif not isinstance(part, TextPart):
                self._say("result_part", f"{subject}/parts/{number}")

    def _other(self, part: Part, subject: str) -> list[dict[str, Any]]:
        if isinstance(part, ReasoningPart):
            self._note(_THOUGHTS)
        elif isinstance(part, RefusalPart):
            self._say("refusal", subject)
        elif isinstance(part, TextPart):
            self._say("citations", f"{subject}/citations")
        elif continuation_token(part) is not None:
            self._say("token", f"{subject}/state")
            return []
        return [wire_part(part, self._names)]
