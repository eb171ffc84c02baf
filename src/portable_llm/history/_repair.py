"""Broken histories mended, step by step, each step in the ledger.

Histories break where processes die between a call and its result, where stores cut old rows, and where two vendors'
habits meet. What no provider takes is put right in this order: parts in turns of the wrong role, empty turns,
neighbouring turns of one role, ids that stand for two calls, results that are not behind their call, results of no
call, calls without a result, and a conversation that the model opens. A history without any of these stays the same
object, and what comes out is never mended again.

The order of results behind one turn is left as it is: their ids say which is which.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from portable_llm._adaptation import Adaptation, entry
from portable_llm._messages import (
    Message,
    Part,
    ReasoningPart,
    RefusalPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
)
from portable_llm.history._pairs import OnUnanswered, Settling, name_apart, paired
from portable_llm.history._prefix import OnUnbound, is_bound, unbound
from portable_llm.history._turns import Piece, Turn, messages_of

NO_OPENING = "[The beginning of this conversation is not recorded.]"
"""What stands in the place of the user's turn that a model answered first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairPolicy:
    """What to do where a history can be mended in more than one way. The defaults keep what the model has said."""

    unanswered: OnUnanswered = "error_result"
    """A call without a result: a failed result that says so, or the call left out."""
    pending: OnUnanswered = "error_result"
    """The same at the end of the history, where the application may yet run the call: then `"keep"`."""
    orphans: Literal["drop", "as_text"] = "drop"
    """A result of a call that is not there: left out, since it would become words of the user otherwise."""
    consecutive: Literal["merge", "keep"] = "merge"
    """Neighbouring turns of one role."""
    opening: Literal["insert", "drop", "keep"] = "insert"
    """A conversation that the model opens: a user's turn in front that says so, or the turn left out."""
    reasoning: OnUnbound = "drop"
    """Reasoning behind the first change of what the model saw, which the newest models no longer take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """A history that can be sent, and what was done to it."""

    messages: tuple[Message, ...]
    adaptations: tuple[Adaptation, ...]
    """One entry for each step; their places are those of the history that was given."""


def repair(messages: Sequence[Message], policy: RepairPolicy | None = None) -> Repaired:
    """The history as every provider takes it; the same messages and no entry where there is nothing to mend."""
    repairing = _Repairing(policy or RepairPolicy())
    turns = repairing.run(messages)
    if not repairing.ledger:
        return Repaired(messages=tuple(messages), adaptations=())
    return Repaired(messages=messages_of(turns), adaptations=tuple(repairing.ledger))


class _Repairing:
    def __init__(self, policy: RepairPolicy) -> None:
        self._policy = policy
        self.ledger: list[Adaptation] = []
        self._changed: int | None = None
        """The first message behind which the model sees another conversation."""

    def run(self, messages: Sequence[Message]) -> list[Turn]:
        turns = [turn for number, message in enumerate(messages) for turn in self._by_role(message, number)]
        said = -1
        # What one step leaves out can make another turn the last or the first one. No step adds a call or a turn of
        # the model, so that there is an end.
        while said < len(self.ledger):
            said = len(self.ledger)
            turns = self._opened(self._settled(self._merged(self._filled(turns))))
            if self._policy.reasoning == "drop":
                self._unbind(turns)
            turns = [turn for turn in turns if turn.pieces]
        if self._policy.reasoning == "keep":
            self._unbind(turns)
        return turns

    def _say(self, index: int, entry: Adaptation) -> None:
        self.ledger.append(entry)
        if entry.severity != "exact":
            self._changed = index if self._changed is None else min(self._changed, index)

    def _by_role(self, message: Message, index: int) -> Iterator[Turn]:
        """The message, divided where a part cannot stand in a turn of its role."""
        turn = Turn(message.role, index)
        for position, part in enumerate(message.parts):
            at = f"/messages/{index}/parts/{position}"
            role = _role_for(part, message.role)
            if role != message.role:
                detail = f"a {type(part).__name__} cannot stand in a {message.role} turn: it gets a {role} turn"
                self._say(index, entry("dialogue", at, "moved", detail, "nobody"))
            if role != turn.role:
                if turn.pieces:
                    yield turn
                turn = Turn(role, index)
            turn.pieces.append(Piece(part, index, at))
        yield turn

    def _filled(self, turns: Iterable[Turn]) -> Iterator[Turn]:
        """The turns that say something, without texts that say nothing."""
        for turn in turns:
            empty = [piece for piece in turn.pieces if _is_empty(piece.part)]
            if len(empty) == len(turn.pieces):
                detail = "a turn without content is left out"
                self._say(turn.index, entry("dialogue", f"/messages/{turn.index}", "encoded", detail))
                continue
            for piece in empty:
                self._say(turn.index, entry("dialogue", piece.at, "encoded", "an empty text is left out"))
            turn.without(empty)
            yield turn

    def _merged(self, turns: Iterable[Turn]) -> list[Turn]:
        """Neighbouring turns of one role as one; system texts and results stay as they are."""
        if self._policy.consecutive == "keep":
            return list(turns)
        merged: list[Turn] = []
        for turn in turns:
            if not merged or merged[-1].role != turn.role or turn.role not in ("user", "assistant"):
                merged.append(turn)
                continue
            detail = f"follows another {turn.role} turn: the two are one turn"
            self._say(turn.index, entry("dialogue", f"/messages/{turn.index}", "encoded", detail))
            merged[-1].pieces += turn.pieces
        return merged

    def _settled(self, turns: Sequence[Turn]) -> list[Turn]:
        """Calls and results brought together."""
        calls = paired(turns)
        name_apart(calls, self._say)
        policy = self._policy
        settling = Settling(
            calls=calls,
            unanswered=policy.unanswered,
            pending=policy.pending,
            orphans=policy.orphans,
            say=self._say,
        )
        return [turn for turn in settling.settle(turns) if turn.pieces]

    def _opened(self, turns: Sequence[Turn]) -> list[Turn]:
        """The conversation with a user's turn in front."""
        first = next((number for number, turn in enumerate(turns) if turn.role != "system"), None)
        if first is None or turns[first].role != "assistant" or self._policy.opening == "keep":
            return list(turns)
        lead, rest, index = list(turns[:first]), list(turns[first:]), turns[first].index
        if self._policy.opening == "insert":
            detail = "the model opens the conversation, which some providers refuse: a user's turn is put in front"
            self._say(index, entry("dialogue", f"/messages/{index}", "substituted", detail, "nobody"))
            opening = Piece(TextPart(text=NO_OPENING), index, f"/messages/{index}")
            return [*lead, Turn("user", index, [opening]), *rest]
        end = next((n for n, turn in enumerate(rest) if turn.role == "user" and not turn.is_results), len(rest))
        for turn in rest[:end]:
            if turn.role != "system":
                detail = "the model opens the conversation, which some providers refuse: left out up to the user's turn"
                self._say(index, entry("dialogue", f"/messages/{turn.index}", "dropped", detail, "nobody"))
        return [*lead, *(turn for turn in rest[:end] if turn.role == "system"), *rest[end:]]

    def _unbind(self, turns: Iterable[Turn]) -> None:
        """Reasoning behind the first change, which is bound to what stood there."""
        if self._changed is None:
            return
        for turn in turns:
            bound = [piece for piece in turn.pieces if piece.index > self._changed and is_bound(piece.part)]
            self.ledger += [unbound(piece.at, self._policy.reasoning) for piece in bound]
            if self._policy.reasoning == "drop":
                turn.without(bound)


def _is_empty(part: Part) -> bool:
    return isinstance(part, TextPart) and not part.text and part.state is None


def _role_for(part: Part, role: Role) -> Role:
    """The role of the turn that a part of this kind may stand in: the given one, if it may."""
    match part:
        case ToolCallPart() | ReasoningPart() | RefusalPart():
            return "assistant"
        case ToolResultPart():
            return role if role in ("tool", "user") else "tool"
        case UnknownPart():
            return role
        case _:
            return "user" if role == "tool" else role
