"""The demo resumes at the address it had, passes an interrupt on, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

import demo
from engine import EngineError

COMMAND = """#!{python}
import signal, sys
def end(*_):
    open("put-away", "w").close()
    sys.exit(130)
signal.signal(signal.SIGINT, end)
print("measuring", flush=True)
signal.pause()
"""

PROGRAM = """
import sys
sys.path.insert(0, {scripts!r})
import demo
from pathlib import Path
demo.CHECKOUT = Path({folder!r})
step = demo.Step(heading="A run", about="Nothing", arguments=["x"])
demo.demo = lambda: demo.run(step, demo.CHECKOUT / "python")
sys.exit(demo.main())
"""


@pytest.fixture
def port_file(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(demo, "PORT", tmp_path / "port")
    return tmp_path / "port"


def test_without_an_earlier_run_any_port_will_do(port_file):
    assert demo.port_of_earlier_run() == 0


def test_a_second_run_uses_the_first_ones_port(port_file):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    port_file.write_text(str(port))

    assert demo.port_of_earlier_run() == port


def test_a_port_that_somebody_else_took_is_an_error_with_the_remedy(port_file):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port_file.write_text(str(listener.getsockname()[1]))

        with pytest.raises(EngineError, match="or start anew: rm -r demo-run"):
            demo.port_of_earlier_run()


def test_a_command_that_fails_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "CHECKOUT", tmp_path)
    (tmp_path / "portable-llm").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "portable-llm").chmod(0o755)

    with pytest.raises(subprocess.CalledProcessError) as caught:
        demo.run(demo.Step(heading="A call", about="Nothing", arguments=["chat"]), tmp_path / "python")
    assert caught.value.returncode == 3


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_demo_lets_its_command_put_results_away(tmp_path, number, status):
    """A real process of ours with a stand-in for `portable-llm` and no engine."""
    (tmp_path / "portable-llm").write_text(COMMAND.format(python=sys.executable))
    (tmp_path / "portable-llm").chmod(0o755)
    program = PROGRAM.format(scripts=str(Path(demo.__file__).parent), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=tmp_path) as child:
        assert child.stdout is not None
        while child.stdout.readline() != "measuring\n":
            assert child.poll() is None
        commands = psutil.Process(child.pid).children(recursive=True)
        os.kill(child.pid, number)

        assert child.wait(30) == status
    assert (tmp_path / "put-away").exists()
    assert not any(command.is_running() for command in commands)
