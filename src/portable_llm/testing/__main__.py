"""`python -m portable_llm.testing`: the fake server by hand, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from portable_llm._errors import ConfigurationError, PortableLLMError
from portable_llm._json import load_json
from portable_llm.testing.faults import Fault, fault_from_json, fault_names
from portable_llm.testing.responders import Responder, echo, reply_from_json, scripted
from portable_llm.testing.server import ROUTES, FakeServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM → exit code: 0, or 2 for wrong arguments."""
    options = _parser().parse_args(arguments)
    try:
        faults = [_fault(text) for text in options.fault]
        server = FakeServer(_responder(options.script), faults=faults, api_key=options.api_key, port=options.port)
        server.start()
    except (PortableLLMError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    try:
        _announce(server, options.wire or [route.wire for route in ROUTES])
        _wait_for_signal()
    finally:
        server.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m portable_llm.testing",
        description="A fake provider on loopback that speaks every wire format.",
        epilog=f"Faults: {', '.join(fault_names())}. Example: "
        '--fault \'{"fault": "status", "status": 429, "retry_after": 1, "on": {"first": 2}}\'',
    )
    wires = [route.wire for route in ROUTES]
    parser.add_argument("--wire", action="append", choices=wires, help="print this base URL only; may be repeated")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    answers = parser.add_mutually_exclusive_group()
    answers.add_argument("--echo", action="store_true", help="answer with the last text of the user (the default)")
    answers.add_argument("--script", type=Path, metavar="FILE", help="JSON list of answers, given one after another")
    parser.add_argument("--fault", action="append", default=[], metavar="JSON", help="may be repeated")
    parser.add_argument("--api-key", help="refuse requests without this key")
    return parser


def _fault(text: str) -> Fault:
    return fault_from_json(cast("dict[str, Any]", _json(text, "--fault", dict)))


def _responder(script: Path | None) -> Responder:
    if script is None:
        return echo()
    try:
        text = script.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--script {script}: {error}") from error
    return scripted([reply_from_json(item) for item in cast("list[object]", _json(text, "--script", list))])


def _json(text: str, where: str, wanted: type[Any]) -> object:
    try:
        value = load_json(text)
    except ValueError as error:
        raise ConfigurationError(f"{where}: not JSON ({error})") from error
    if not isinstance(value, wanted):
        kind = "an object" if wanted is dict else "a list"
        raise ConfigurationError(f"{where}: {kind} is wanted, got {json.dumps(value)[:60]}")
    return value


def _announce(server: FakeServer, wires: Sequence[str]) -> None:
    for wire in wires:
        sys.stdout.write(f"{wire} {server.base_url(wire)}\n")
    sys.stdout.flush()


def _wait_for_signal() -> None:
    over = threading.Event()

    def end(number: int, frame: object) -> None:
        over.set()

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, end) for number in signals]
    try:
        over.wait()
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
