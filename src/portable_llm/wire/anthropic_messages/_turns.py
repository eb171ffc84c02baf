"""Messages → the field `system` and alternating turns.

Leading system messages go into `system`; later ones stay where they are, as turns of that role. Results of tools and
whatever the user says next to them become one user turn with the results first, as the vendor demands: all results of
one assistant turn together, before any text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from portable_llm._adaptation import Adaptation
from portable_llm._messages import Message
from portable_llm.wire.anthropic_messages._blocks import Block, block_of
from portable_llm.wire.anthropic_messages._ledger import RESULTS, SYSTEM, entry


@dataclass(slots=True)
class Conversation:
    """The wire form under construction."""

    system: list[Block] = field(default_factory=list[Block])
    turns: list[Block] = field(default_factory=list[Block])
    places: dict[tuple[int, int], Block] = field(default_factory=dict[tuple[int, int], Block])
    """(message, part) → the block it became: where cache marks go."""
    ledger: list[Adaptation] = field(default_factory=list[Adaptation])
    results: int = 0
    """How many results lead the last turn; 0 for a turn without any."""
    has_results: bool = False
    """Whether any turn has them: said once in the ledger."""

    def say(self, role: str, blocks: list[Block]) -> None:
        """A new turn."""
        self.turns.append({"role": role, "content": blocks})
        self.results = 0

    def say_as_user(self, blocks: list[Block], results: int) -> None:
        """More of the user's side, of which the first `results` blocks are results."""
        is_users = bool(self.turns) and self.turns[-1]["role"] == "user"
        if not is_users or not (results or self.results):
            self.say("user", blocks)
        else:
            content: list[Block] = self.turns[-1]["content"]
            content[self.results : self.results] = blocks[:results]
            content.extend(blocks[results:])
        self.results += results


def build_conversation(messages: tuple[Message, ...]) -> Conversation:
    """All messages, in order."""
    talk = Conversation()
    for index, message in enumerate(messages):
        blocks = _blocks_of(message, index, talk)
        if not blocks:
            detail = "a message without content is left out: this wire refuses it"
            talk.ledger.append(entry("dialogue", f"/messages/{index}", "encoded", detail))
        elif message.role == "assistant":
            talk.say("assistant", blocks)
        elif message.role == "system":
            _say_system(talk, blocks)
        else:
            _say_user(talk, blocks)
    return talk


def _blocks_of(message: Message, index: int, talk: Conversation) -> list[Block]:
    blocks: list[Block] = []
    for number, part in enumerate(message.parts):
        block = block_of(part, f"/messages/{index}/parts/{number}", talk.ledger)
        if block is not None:
            blocks.append(block)
            talk.places[index, number] = block
    return blocks


def _say_system(talk: Conversation, blocks: list[Block]) -> None:
    if talk.turns:
        talk.say("system", blocks)
        return
    if not talk.system:
        talk.ledger.append(SYSTEM)
    talk.system.extend(blocks)


def _say_user(talk: Conversation, blocks: list[Block]) -> None:
    results = sum(block.get("type") == "tool_result" for block in blocks)
    if results:
        blocks.sort(key=lambda block: block.get("type") != "tool_result")
        if not talk.has_results:
            talk.ledger.append(RESULTS)
        talk.has_results = True
    talk.say_as_user(blocks, results)


def shorten(content: list[Block]) -> str | list[Block]:
    """One plain text block as the short form, a string."""
    if len(content) == 1:
        block = content[0]
        if len(block) == 2 and block.get("type") == "text":
            return block["text"]
    return content
