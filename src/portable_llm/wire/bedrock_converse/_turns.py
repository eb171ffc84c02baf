"""Messages → the field `system` and turns that alternate, as most models behind this wire demand.

Leading system messages go into `system`; later ones stay where they are, as turns of that role. Results of tools and
whatever the user says next to them become one user turn with the results first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from portable_llm._messages import Message
from portable_llm.wire.bedrock_converse import _ledger as ledger_
from portable_llm.wire.bedrock_converse._blocks import Writing, block_of
from portable_llm.wire.bedrock_converse._ledger import entry
from portable_llm.wire.bedrock_converse._media import Block


@dataclass(slots=True)
class Conversation:
    """The wire form under construction."""

    writing: Writing
    system: list[Block] = field(default_factory=list[Block])
    turns: list[Block] = field(default_factory=list[Block])
    places: dict[tuple[int, int], tuple[list[Block], Block]] = field(
        default_factory=dict[tuple[int, int], "tuple[list[Block], Block]"]
    )
    """(message, part) → the list it stands in and its block: behind it goes a cache point."""
    results: int = 0
    """How many results lead the last turn."""

    def say(self, role: str, blocks: list[Block], results: int) -> list[Block]:
        """More of that side, in a turn of its own or in the last one; `results` of the blocks are results."""
        if not self.turns or self.turns[-1]["role"] != role:
            self.turns.append({"role": role, "content": blocks})
            self.results = results
            return blocks
        content: list[Block] = self.turns[-1]["content"]
        if not results and not self.results:
            self.writing.note(ledger_.MERGED)
        content[self.results : self.results] = blocks[:results]
        content.extend(blocks[results:])
        self.results += results
        return content


def build_conversation(messages: tuple[Message, ...], writing: Writing) -> Conversation:
    """All messages, in order."""
    talk = Conversation(writing)
    for index, message in enumerate(messages):
        numbered = list(_blocks_of(message, index, writing))
        if not numbered:
            detail = "a message without content is left out: this wire refuses it"
            writing.ledger.append(entry("dialogue", f"/messages/{index}", "encoded", detail))
            continue
        _say(talk, message, index, numbered)
    return talk


def _blocks_of(message: Message, index: int, writing: Writing) -> Iterable[tuple[int, Block]]:
    for number, part in enumerate(message.parts):
        block = block_of(part, f"/messages/{index}/parts/{number}", writing)
        if block is not None:
            yield number, block


def _say(talk: Conversation, message: Message, index: int, numbered: list[tuple[int, Block]]) -> None:
    role = "user" if message.role == "tool" else message.role
    results = sum("toolResult" in block for _, block in numbered) if role == "user" else 0
    if results:
        numbered.sort(key=lambda pair: "toolResult" not in pair[1])
        talk.writing.note(ledger_.RESULTS)
    blocks = [block for _, block in numbered]
    if role == "system" and not talk.turns:
        if not talk.system:
            talk.writing.ledger.append(ledger_.SYSTEM)
        talk.system.extend(blocks)
        home = talk.system
    else:
        if role == "assistant":
            blocks = _without_blanks(blocks, index, talk.writing)
        home = talk.say(role, blocks, results)
        _check_documents(message, index, blocks, talk.writing)
    for number, block in numbered:
        talk.places[index, number] = (home, block)


def _without_blanks(blocks: list[Block], index: int, writing: Writing) -> list[Block]:
    """The blocks without texts of white space alone, which some models refuse; the last of all stays."""
    kept = [block for block in blocks if not (isinstance(block.get("text"), str) and not block["text"].strip())]
    if not kept or len(kept) == len(blocks):
        return blocks
    detail = "blank text beside other content is left out: models behind this wire refuse it"
    writing.ledger.append(entry("dialogue", f"/messages/{index}", "encoded", detail))
    return kept


def _check_documents(message: Message, index: int, blocks: list[Block], writing: Writing) -> None:
    """A document wants text beside it (400 otherwise); none is made up here."""
    if message.role != "user" or not any("document" in block for block in blocks):
        return
    if not any("text" in block for block in blocks):
        detail = "this wire refuses a document without text in the same message: add what you want to know about it"
        writing.ledger.append(entry("dialogue", f"/messages/{index}", "weakened", detail, "nobody"))
