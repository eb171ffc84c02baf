"""How long it takes to make a long history fit: `python benchmarks/fitting.py [MESSAGES]`.

Counts are cached, as they are in a conversation that grows; so this is the time of the cut alone.
"""

from __future__ import annotations

import sys
import time

from portable_llm import Message, ToolCallPart, assistant, system, tool_result, user
from portable_llm.history import ElideResults, Strategy, Summarise, fit


def conversation(size: int) -> tuple[Message, ...]:
    """Rounds of a question, a call, its result and an answer."""
    messages: list[Message] = [system("Be brief.")]
    while len(messages) < size:
        number = len(messages)
        call = ToolCallPart(id=f"call_{number}", name="search", arguments={"q": number}, raw_arguments="{}")
        messages += [
            user(f"Question {number} " * 20),
            assistant(call),
            tool_result(call.id, f"Result {number} " * 200),
            assistant(f"Answer {number} " * 20),
        ]
    return tuple(messages[:size])


STRATEGIES: dict[str, Strategy | tuple[Strategy, ...]] = {
    "drop_oldest": "drop_oldest",
    "elide_results": (ElideResults(over=500), "drop_oldest"),
    "summarise": Summarise(by=lambda messages: f"{len(messages)} messages"),
}


def main() -> None:
    """Print the best of five times for each strategy, in milliseconds."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    messages = conversation(size)
    counts = {id(message): len(str(message)) // 4 for message in messages}

    def count(message: Message) -> int:
        return counts.get(id(message)) or len(str(message)) // 4

    limit = sum(counts.values()) // 4
    for name, strategy in STRATEGIES.items():
        kept, times = 0, list[float]()
        for _ in range(5):
            start = time.perf_counter()
            fitted = fit(messages, limit, count=count, strategy=strategy)
            times.append(time.perf_counter() - start)
            kept = len(fitted.messages)
        print(f"{name:14} {size} messages -> {kept}: {min(times) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
