"""Calls and results brought together: one id for one call, each result right behind the turn that called."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from portable_llm._adaptation import entry
from portable_llm._messages import ContentPart, TextPart, ToolCallPart, ToolResultPart, UnknownPart, text_of
from portable_llm.history._turns import Piece, Say, Turn, last_to_speak

NO_RESULT = "no result was recorded"
"""What stands in the place of a result that is missing."""

OnUnanswered = Literal["error_result", "drop_call", "keep"]


@dataclass(slots=True, eq=False)
class Call:
    """A call, the turn that made it, and the result that answers it."""

    piece: Piece
    turn: Turn
    answer: Piece | None = None

    @property
    def id(self) -> str:
        """The id it has now."""
        assert isinstance(self.piece.part, ToolCallPart), "only calls are calls"
        return self.piece.part.id


def _answers(piece: Piece) -> str:
    """The id of the call that a result says it answers."""
    assert isinstance(piece.part, ToolResultPart), "only results answer"
    return piece.part.call_id


# ---- which result answers which call ---------------------------------------------------------------------------------


def paired(turns: Sequence[Turn]) -> list[Call]:
    """All calls, each with its result: of calls with the same id the latest turn's, and there the first without one.

    A result in front of all calls of its id answers the first that is left without one.
    """
    calls: list[Call] = []
    waiting: dict[str, list[deque[Call]]] = {}
    early: list[Piece] = []
    for turn in turns:
        made = [Call(piece, turn) for piece in turn.calls]
        calls += made
        for call in made:
            groups = waiting.setdefault(call.id, [])
            if not groups or groups[-1][0].turn is not turn:
                groups.append(deque())
            groups[-1].append(call)
        for piece in turn.results:
            groups = waiting.get(_answers(piece))
            if not groups:
                early.append(piece)
                continue
            groups[-1].popleft().answer = piece
            if not groups[-1]:
                groups.pop()
    _answer_late(calls, early)
    return calls


def _answer_late(calls: Sequence[Call], early: Sequence[Piece]) -> None:
    left: dict[str, deque[Call]] = {}
    for call in calls if early else ():
        if call.answer is None:
            left.setdefault(call.id, deque()).append(call)
    for piece in early:
        # A call in front of the result has had its own: only those behind it are left.
        candidates = left.get(_answers(piece))
        while candidates and candidates[0].turn.index < piece.index:
            candidates.popleft()
        if candidates:
            candidates.popleft().answer = piece


def name_apart(calls: Sequence[Call], say: Say) -> None:
    """Give calls an id of their own where they have none, or one that an earlier call has; results go along."""
    taken = {call.id for call in calls}
    seen: set[str] = set()
    number: dict[str, int] = {}
    for call in calls:
        old = call.id
        if old and old not in seen:
            seen.add(old)
            continue
        base = old or "call"
        new = base
        while new in taken:
            number[base] = number.get(base, 1) + 1
            new = f"{base}_{number[base]}"
        taken.add(new)
        seen.add(new)
        why = f"an earlier call has the id {old!r}" if old else "the call has no id"
        say(call.piece.index, entry("dialogue", f"{call.piece.at}/id", "renamed", f"{why}: it is {new!r} from here"))
        assert isinstance(call.piece.part, ToolCallPart), "only calls are calls"
        call.piece.part = replace(call.piece.part, id=new)
        if call.answer is not None:
            _readdress(call.answer, new, say)


def _readdress(result: Piece, id: str, say: Say) -> None:
    assert isinstance(result.part, ToolResultPart), "only results answer"
    detail = f"the call it answers is {id!r} from here"
    say(result.index, entry("dialogue", f"{result.at}/call_id", "renamed", detail))
    result.part = replace(result.part, call_id=id)


# ---- where results stand ---------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Settling:
    """Turns on their way to an order in which each result stands right behind the turn that called."""

    calls: Sequence[Call]
    unanswered: OnUnanswered
    pending: OnUnanswered
    orphans: Literal["drop", "as_text"]
    say: Say

    def settle(self, turns: Sequence[Turn]) -> Iterator[Turn]:
        """The turns in order; some may be left without pieces."""
        homes = {call.answer: call.turn for call in self.calls if call.answer is not None}
        behind: dict[Turn, list[Piece]] = {}
        texts: dict[Turn, list[Piece]] = {}
        for turn, caller in list(_with_callers(turns)):
            misplaced = [piece for piece in turn.results if homes.get(piece) is not caller or caller is None]
            turn.without(misplaced)
            for piece in misplaced:
                if (home := homes.get(piece)) is None:
                    texts.setdefault(turn, []).extend(self._orphan(piece))
                else:
                    self._say_moved(piece, home)
                    behind.setdefault(home, []).append(piece)
        self._fill(last_to_speak(turns, texts), behind)
        yield from _in_order(turns, behind, texts)

    def _say_moved(self, piece: Piece, home: Turn) -> None:
        detail = f"a result stands right behind the turn that called, message {home.index}: it is moved there"
        self.say(min(home.index, piece.index), entry("dialogue", piece.at, "moved", detail, "nobody"))

    def _orphan(self, piece: Piece) -> Iterator[Piece]:
        """What is left of a result without a call."""
        call = _answers(piece)
        if self.orphans == "as_text":
            detail = f"no call {call!r} is left for this result: it is words of the user now"
            self.say(piece.index, entry("dialogue", piece.at, "substituted", detail, "nobody"))
            yield from _as_content(piece)
        else:
            detail = f"no call {call!r} is left for this result: left out; orphans='as_text' keeps its words"
            self.say(piece.index, entry("dialogue", piece.at, "dropped", detail, "nobody"))

    def _fill(self, last: Turn | None, behind: dict[Turn, list[Piece]]) -> None:
        """Calls without a result: left out, answered, or left alone."""
        left_out: dict[Turn, list[Piece]] = {}
        for call in self.calls:
            policy = self.pending if call.turn is last else self.unanswered
            if call.answer is not None or policy == "keep":
                continue
            if policy == "drop_call":
                detail = f"the call {call.id!r} has no result: left out"
                self.say(call.piece.index, entry("dialogue", call.piece.at, "dropped", detail, "nobody"))
                left_out.setdefault(call.turn, []).append(call.piece)
                continue
            detail = f"the call {call.id!r} has no result: answered with a failed one, {NO_RESULT!r}"
            self.say(call.piece.index, entry("dialogue", call.piece.at, "substituted", detail, "nobody"))
            result = ToolResultPart(call_id=call.id, parts=(TextPart(text=NO_RESULT),), is_error=True)
            behind.setdefault(call.turn, []).append(Piece(result, call.piece.index, call.piece.at))
        for turn, pieces in left_out.items():
            turn.without(pieces)


def _with_callers(turns: Sequence[Turn]) -> Iterator[tuple[Turn, Turn | None]]:
    """Each turn with the one whose results may stand in it: nothing but results lies between."""
    caller: Turn | None = None
    for turn in turns:
        if turn.role == "assistant":
            caller = turn
            continue
        yield turn, caller
        if not turn.is_results:
            caller = None


def _in_order(turns: Sequence[Turn], behind: dict[Turn, list[Piece]], texts: dict[Turn, list[Piece]]) -> Iterator[Turn]:
    """The turns, and behind those that call and their results what was added: results first, then texts."""
    added: list[Turn] = []
    spoken: list[Turn] = []
    for turn in turns:
        if not turn.is_results:
            yield from (*added, *spoken)
            added, spoken = [], []
        said = texts.get(turn)
        if said and not turn.is_results:
            turn.pieces += said
        elif said:
            spoken.append(Turn("user", turn.index, said))
        yield turn
        added += [Turn("tool", piece.index, [piece]) for piece in behind.get(turn, ())]
    yield from (*added, *spoken)


def _as_content(piece: Piece) -> Iterator[Piece]:
    """A result as content of a user's turn."""
    assert isinstance(piece.part, ToolResultPart), "only results answer"
    inner: tuple[ContentPart, ...] = piece.part.parts
    lead = f"Result of a tool call that is not in this conversation: {text_of(inner)}"
    yield Piece(TextPart(text=lead), piece.index, piece.at)
    for part in inner:
        if not isinstance(part, (TextPart, UnknownPart)):
            yield Piece(part, piece.index, piece.at)
