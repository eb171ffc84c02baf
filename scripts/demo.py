"""The first run, on this machine alone: a real engine, a first call, a plan, a comparison of two endpoints, a report.

Everything a user would type is run as a user would, with the `portable-llm` command. Results stay in `demo-run/`: a
second run goes on where an earlier one stopped. Ctrl-C stops the engine too.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from engine import Engine, EngineError, is_free
from environment import CHECKOUT, Need, SetupError, child_environment, ensure

RUN = CHECKOUT / "demo-run"
REPORT = RUN / "report.html"
PORT = RUN / "port"

GRACE_SECONDS = 10.0
"""How long an interrupted command may take to put its results away before it is killed."""


def port_of_earlier_run() -> int:
    """The same address as before, since an endpoint at another one is another endpoint; 0 without an earlier run.

    Raises EngineError when something else listens there by now.
    """
    try:
        port = int(PORT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    if not is_free(port):
        raise EngineError(
            f"port {port} of the earlier run is in use; stop what listens there, or start anew: rm -r {RUN.name}"
        )
    return port


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of the demo, and what to look at in it."""

    heading: str
    about: str
    arguments: Sequence[str]
    """Of `portable-llm`."""


def steps(url: str, model: str) -> list[Step]:
    """What the demo runs, in order.

    The two endpoints are one model behind two protocols of one server, so whatever differs is the protocol's doing.
    Three trials of each case, since one could not tell a loss from noise.
    """
    chat, messages = f"compatible:{model}@{url}/v1", f"anthropic:{model}@{url}"
    run = os.path.relpath(RUN, CHECKOUT)
    return [
        Step(
            heading="A first call",
            about="One model string names the protocol, the model and the address: a switch is another string.",
            arguments=["chat", chat, "What is the capital of France?", "-m", "32", "-t", "0"],
        ),
        Step(
            heading="A plan: what would a target not honour?",
            about="The same request for two targets, offline. `lost` is what the second has no place for.",
            arguments=["plan", chat, messages, "-p", "What is the capital of France?", "-m", "32", "--seed", "7"],
        ),
        Step(
            heading="A comparison: what would a switch lose?",
            about=(
                "One model behind two protocols of one server, 24 cases on four axes, three times each. A is asked as\n"
                "today; B twice: by a plain port of A's requests (raw) and through the library (norm). So tiny a\n"
                "model fails many cases itself; only what A does and B does not counts. Watch the axis json: the\n"
                "Messages endpoint of this server takes a JSON schema, ignores it and answers 200. Two to four minutes."
            ),
            arguments=["conformance", "run", chat, messages, "--depth", "smoke", "--trials", "3", "--out", run],
        ),
        Step(
            heading="The evidence: does the report follow from it?",
            about="Every figure is computed again from the stored exchanges; one changed byte would be noticed.",
            arguments=["conformance", "verify", run],
        ),
    ]


NEXT = """
Next:
  open {report}        the whole report: every case, both answers, what was adapted
  {cli} conformance plan openai:MODEL anthropic:MODEL --depth quick     what your own comparison would cost
  {cli} providers      who can be reached, and which variables hold their keys
  rm -r {run}          start anew
"""


def run(step: Step, python: Path) -> None:
    """Run one `portable-llm` command; an interrupt is passed on and waited for. Raises CalledProcessError."""
    print(f"\n=== {step.heading}\n{step.about}\n$ portable-llm {shlex.join(step.arguments)}", flush=True)
    command = [str(python.with_name("portable-llm")), *step.arguments]
    # A group of its own: a terminal's Ctrl-C comes to us alone, and `_finish` passes it on once. A second one would
    # look like impatience, and the command would drop what it is putting away.
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=_environment(python), stdin=subprocess.DEVNULL, process_group=0
    ) as process:
        try:
            status = process.wait()
        except BaseException:
            _finish(process)
            raise
    if status:
        raise subprocess.CalledProcessError(status, command)


def _finish(process: subprocess.Popen[bytes]) -> None:
    """Let an interrupted command end by itself, for a while: what it has measured so far is worth keeping."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(GRACE_SECONDS)
    except BaseException:  # it hangs, or a second Ctrl-C: nothing may stay behind
        process.kill()


def _environment(python: Path) -> dict[str, str]:
    """The engine asks for no key and the clients insist on one: any will do."""
    return child_environment(python) | {"ANTHROPIC_API_KEY": "local-engine", "OPENAI_API_KEY": "local-engine"}


def demo() -> None:
    """Install, start the engine, run the commands, say where the report is."""
    python = ensure(".venv-demo", Need(groups=frozenset({"engine"}), extras=frozenset({"conformance"})))
    start = time.monotonic()
    RUN.mkdir(exist_ok=True)
    with Engine(port=port_of_earlier_run(), python=str(python), log=RUN / "engine.log") as engine:
        PORT.write_text(engine.url.rpartition(":")[2], encoding="utf-8")
        print(f"A local engine (SmolLM2-135M) answers at {engine.url}")
        for step in steps(engine.url, engine.model):
            run(step, python)
    cli = os.path.relpath(python.with_name("portable-llm"))
    print(NEXT.format(report=os.path.relpath(REPORT), cli=cli, run=os.path.relpath(RUN)))
    print(f"Done in {time.monotonic() - start:.0f} s. The engine is stopped. The report: {os.path.relpath(REPORT)}")


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Leave through the `with` blocks, which stop what was started."""
    sys.exit(143)


def main() -> int:
    signal.signal(signal.SIGTERM, _leave)
    try:
        demo()
    except (SetupError, EngineError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"error: `portable-llm {error.cmd[1]}` ended with status {error.returncode}; see above", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nStopped; {RUN.name}/ keeps what was measured, and ./scripts/demo goes on from there", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
