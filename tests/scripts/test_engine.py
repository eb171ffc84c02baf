"""The local engine: it speaks what the demo needs, and it never outlives whoever started it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

import engine as engine_module
from engine import Engine, EngineError, is_installed

SCRIPT = Path(engine_module.__file__)
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {"name": "get_weather", "description": "Get the current weather in a city."}
QUESTION = [{"role": "user", "content": "What is the weather in Paris? Use the tool."}]

needs_engine = pytest.mark.skipif(
    not is_installed(), reason="the local engine is not installed: scripts/install --engine"
)


def ask(url: str, **body: object) -> Any:
    request = urllib.request.Request(
        url, json.dumps({"model": "smollm2", "temperature": 0, "max_tokens": 64, **body}).encode()
    )
    request.add_header("content-type", "application/json")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as reply:
        return json.load(reply)


@pytest.mark.engine
class TestSpeaks:
    def test_a_tool_call_over_chat_completions(self, local_engine):
        tool = {"type": "function", "function": {**WEATHER, "parameters": SCHEMA}}
        answer = ask(f"{local_engine.url}/v1/chat/completions", messages=QUESTION, tools=[tool], tool_choice="required")

        (call,) = answer["choices"][0]["message"]["tool_calls"]
        assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == (
            "get_weather",
            {"city": "Paris"},
        )

    def test_a_tool_call_over_messages(self, local_engine):
        answer = ask(f"{local_engine.url}/v1/messages", messages=QUESTION, tools=[{**WEATHER, "input_schema": SCHEMA}])

        assert (answer["stop_reason"], answer["content"][-1]["input"]) == ("tool_use", {"city": "Paris"})

    def test_a_schema_is_enforced_over_chat_completions(self, local_engine):
        wanted = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
        answer = ask(f"{local_engine.url}/v1/chat/completions", messages=QUESTION, response_format=wanted)

        assert json.loads(answer["choices"][0]["message"]["content"]).keys() == {"city"}

    def test_an_answer_without_a_limit_of_its_own_is_capped(self, local_engine):
        messages = [{"role": "user", "content": "Write a very long story about the sea."}]
        answer = ask(f"{local_engine.url}/v1/chat/completions", messages=messages, max_tokens=None)

        assert answer["usage"]["completion_tokens"] <= engine_module.OUTPUT_TOKENS


@pytest.mark.engine
@needs_engine
class TestEnds:
    def test_with_its_block(self):
        with Engine() as engine:
            process = psutil.Process(engine.pid)

        assert not process.is_running()

    def test_with_a_parent_that_is_killed(self):
        code = f"import sys; sys.path.insert(0, {str(SCRIPT.parent)!r})\nfrom engine import Engine\n"
        code += "with Engine() as engine:\n    print(engine.pid, flush=True)\n    sys.stdin.read()"
        parent = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with parent:
            assert parent.stdout is not None
            process = psutil.Process(int(parent.stdout.readline()))
            parent.kill()

        assert psutil.wait_procs([process], timeout=30)[1] == []

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_on_a_signal_with_status_0(self, number):
        with subprocess.Popen(
            [sys.executable, str(SCRIPT), "serve"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            child.send_signal(number)

            try:
                assert child.wait(30) == 0
            finally:
                child.kill()


def test_an_engine_that_does_not_start_says_how_to_install_it():
    with pytest.raises(EngineError, match="scripts/install --engine"), Engine(python="/bin/false"):
        pass


def test_outside_its_block_there_is_no_process():
    with pytest.raises(EngineError, match="inside its `with` block"):
        _ = Engine().pid


@pytest.mark.skipif(is_installed(), reason="the local engine is installed here")
def test_without_the_engine_the_command_ends_in_one_line_with_the_remedy():
    done = subprocess.run([sys.executable, str(SCRIPT), "serve"], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "scripts/install --engine" in done.stderr


def test_a_port_in_use_is_refused_before_anything_starts():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        assert not engine_module.is_free(port)
        with pytest.raises(EngineError, match=f"port {port} is in use"), Engine(port=port, python="/bin/false"):
            pass
    assert engine_module.is_free(port)
