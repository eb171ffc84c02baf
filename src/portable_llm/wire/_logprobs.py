"""Log-probabilities: several spellings of one list, read into `TokenLogprob` and written back.

Most protocols write a token as `{token, logprob, bytes, top_logprobs}`, some with a `token_id`. What has another type
than it should reads as not reported; nothing raises.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, cast

from portable_llm._response import Response, TokenKind, TokenLogprob
from portable_llm.wire._assembly import Assembly
from portable_llm.wire._reading import as_dict, as_float, as_int, as_list, as_str

_LISTS: Mapping[str, tuple[Hashable, TokenKind]] = {
    "reasoning_content": ("reasoning", "reasoning"),
    "content": ("text", "text"),
    "refusal": ("refusal", "refusal"),
}
"""Lists beside a choice → the part they are of. That of reasoning is a host's own (recorded 2026-11-23)."""


# ---- reading ---------------------------------------------------------------------------------------------------------


def read_tokens(items: object, kind: TokenKind = "text") -> list[TokenLogprob]:
    """A list of `{token, logprob, bytes, top_logprobs}`."""
    return [_token(item, kind) for item in map(as_dict, as_list(items)) if item]


def _token(item: Mapping[str, Any], kind: TokenKind) -> TokenLogprob:
    top, number = item.get("top_logprobs"), as_int(item.get("token_id"))
    return TokenLogprob(
        token=as_str(item.get("token")) or "",
        logprob=as_float(item.get("logprob")),
        bytes=_bytes(item.get("bytes")),
        ids=() if number is None else (number,),
        kind=kind,
        top=tuple(read_tokens(top, kind)) if top else (),
    )


def _bytes(value: object) -> bytes | None:
    if not isinstance(value, list):
        return None
    try:
        return bytes(cast("list[Any]", value))
    except (TypeError, ValueError, OverflowError):
        return None


def read_choice(assembly: Assembly, value: object) -> None:
    """What stands under `logprobs` of a choice: lists by part, or the columns of the older completions form."""
    logprobs = as_dict(value)
    for name, (key, kind) in _LISTS.items():
        if items := logprobs.get(name):
            assembly.logprobs(key, read_tokens(items, kind))
    if tokens := as_list(logprobs.get("tokens")):
        assembly.logprobs("text", _columns(tokens, logprobs))


def _columns(tokens: list[Any], logprobs: Mapping[str, Any]) -> list[TokenLogprob]:
    numbers, tops = as_list(logprobs.get("token_logprobs")), as_list(logprobs.get("top_logprobs"))
    return [
        TokenLogprob(
            token=as_str(token) or "",
            logprob=as_float(numbers[place]) if place < len(numbers) else None,
            top=tuple(_row(as_dict(tops[place]))) if place < len(tops) else (),
        )
        for place, token in enumerate(tokens)
    ]


def _row(top: Mapping[str, Any]) -> Iterator[TokenLogprob]:
    for token, number in top.items():
        yield TokenLogprob(token=token, logprob=as_float(number))


def read_candidates(result: Mapping[str, Any]) -> list[TokenLogprob]:
    """`chosenCandidates` and, place by place beside them, `topCandidates`."""
    tops = as_list(result.get("topCandidates"))
    found: list[TokenLogprob] = []
    for place, chosen in enumerate(as_list(result.get("chosenCandidates"))):
        beside = as_list(as_dict(tops[place]).get("candidates")) if place < len(tops) else []
        found.append(_candidate(as_dict(chosen), tuple(_candidate(as_dict(other)) for other in beside)))
    return found


def _candidate(item: Mapping[str, Any], top: tuple[TokenLogprob, ...] = ()) -> TokenLogprob:
    number = as_int(item.get("tokenId"))
    return TokenLogprob(
        token=as_str(item.get("token")) or "",
        logprob=as_float(item.get("logProbability")),
        ids=() if number is None else (number,),
        top=top,
    )


def read_pieces(items: object) -> list[TokenLogprob]:
    """`{text, token_ids, logprobs}`, in a list or one alone: a piece of text, and the numbers of its tokens."""
    listed = as_list(items) or ([items] if isinstance(items, dict) else [])
    return [_piece(as_dict(item)) for item in listed]


def _piece(item: Mapping[str, Any]) -> TokenLogprob:
    numbers = [as_float(number) for number in as_list(item.get("logprobs"))]
    known = [number for number in numbers if number is not None]
    ids = (as_int(number) for number in as_list(item.get("token_ids")))
    return TokenLogprob(
        token=as_str(item.get("text")) or "",
        # Of a piece of which a part is not known, nothing is.
        logprob=sum(known) if known and len(known) == len(numbers) else None,
        ids=tuple(number for number in ids if number is not None),
    )


# ---- writing ---------------------------------------------------------------------------------------------------------


def wire_tokens(tokens: Sequence[TokenLogprob]) -> list[dict[str, Any]]:
    """The list of `{token, logprob, bytes, top_logprobs}`."""
    return [{**_wire_token(one), "top_logprobs": [_wire_token(other) for other in one.top]} for one in tokens]


def _wire_token(token: TokenLogprob) -> dict[str, Any]:
    written = {
        "token": token.token,
        "logprob": token.logprob,
        "bytes": None if token.bytes is None else list(token.bytes),
    }
    return {**written, "token_id": token.ids[0]} if token.ids else written


def wire_choice(tokens: Sequence[TokenLogprob]) -> dict[str, Any] | None:
    """What stands under `logprobs` of a choice; `None` without tokens."""
    if not tokens:
        return None
    written: dict[str, Any] = {"content": None, "refusal": None}
    for name, (_, kind) in _LISTS.items():
        if of_kind := [token for token in tokens if token.kind == kind]:
            written[name] = wire_tokens(of_kind)
    return written


def wire_candidates(tokens: Sequence[TokenLogprob]) -> dict[str, Any]:
    """`chosenCandidates`, and `topCandidates` where alternatives are known."""
    written: dict[str, Any] = {"chosenCandidates": [_wire_candidate(token) for token in tokens]}
    if any(token.top for token in tokens):
        tops = [{"candidates": [_wire_candidate(other) for other in token.top]} for token in tokens]
        written["topCandidates"] = tops
    return written


def _wire_candidate(token: TokenLogprob) -> dict[str, Any]:
    known = {"tokenId": token.ids[0] if token.ids else None, "logProbability": token.logprob}
    return {"token": token.token, **{name: value for name, value in known.items() if value is not None}}


def wire_pieces(tokens: Sequence[TokenLogprob]) -> list[dict[str, Any]]:
    """`{text, token_ids, logprobs}` for each."""
    return [
        {
            "text": token.token,
            "token_ids": list(token.ids),
            "logprobs": None if token.logprob is None else [token.logprob],
        }
        for token in tokens
    ]


def tokens_of(response: Response[Any], *kinds: TokenKind) -> tuple[TokenLogprob, ...]:
    """The tokens of these kinds."""
    return tuple(token for token in response.logprobs or () if token.kind in kinds)


class Dealer:
    """Deals tokens out to the pieces of a text as they are written, so that each goes with the text it is of."""

    def __init__(self, tokens: Sequence[TokenLogprob]) -> None:
        self._left = list(reversed(tokens))
        self._owed = 0

    def next(self, piece: str) -> list[TokenLogprob]:
        """The tokens that begin within this piece."""
        dealt: list[TokenLogprob] = []
        while self._left and self._owed < len(piece):
            token = self._left.pop()
            self._owed += len(token.token)
            dealt.append(token)
        self._owed -= len(piece)
        return dealt

    def rest(self) -> list[TokenLogprob]:
        """Those that no piece has had."""
        rest = self._left[::-1]
        self._left.clear()
        return rest
