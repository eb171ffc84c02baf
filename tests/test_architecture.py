"""The walls of the house: who may import whom, who may talk to the network, and that no option gets lost.

The order of `ROOMS` is the order of imports: a room may import from those before it, never from after. Imports for
type checkers only (`if TYPE_CHECKING:`) are free.
"""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import portable_llm
from portable_llm import (
    AsyncClient,
    CacheHint,
    Client,
    NamedTool,
    Output,
    Reasoning,
    Request,
    Sampling,
    Tool,
    provider_names,
    system,
    user,
)
from portable_llm._plan import make_plan
from portable_llm.providers import provider
from portable_llm.providers._target import Target
from portable_llm.wire import wire_format, wire_names
from portable_llm.wire._contract import WireFormat
from support.patterns import examples

SOURCE = Path(portable_llm.__file__).parent
ROOMS = """
    _json _errors _adaptation _messages _request _response _events _capabilities _listing _http _frames _eventstream
    schema output refusal tokens prompt _calls wire providers history _adapt _plan _spending _shorten _handoff _stream
    _learning _retry _limits _exchange _fallback _counting tools _loop transport journal telemetry _streams _run_streams
    _runs _client batch testing conformance audit cli
""".split()  # noqa: SIM905 (an order is easier to read and to merge in lines)
HTTP_LIBRARIES = {"httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "requests", "urllib3", "socket", "ssl"}
# The fake server is a server; it listens and never calls anybody.
MAY_USE_SOCKETS = ("transport", "testing")
BESIDE_THE_LIBRARY = ("carry", "readers", "judges")
THE_NORMALISER = ("wire", "_plan", "_adapt", "_stream", "_exchange", "schema", "output", "refusal")


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room_of(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


class _RunTimeImports(ast.NodeVisitor):
    """All imports that run, wherever they stand."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)
        else:
            for statement in node.orelse:
                self.visit(statement)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [alias.name for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        self.found += [f"{module}.{alias.name}" if module == "portable_llm" else module for alias in node.names]


def imports_of(path: Path) -> list[str]:
    visitor = _RunTimeImports()
    visitor.visit(ast.parse(path.read_text(encoding="utf-8")))
    return visitor.found


def own_rooms(imports: list[str]) -> Iterator[str]:
    for name in imports:
        parts = name.split(".")
        if parts[0] == "portable_llm" and len(parts) > 1:
            yield parts[1]


def test_every_module_has_its_room() -> None:
    rooms = {room_of(path) for path in modules()} - {"__init__"}

    assert rooms <= set(ROOMS), f"add the new room to the order: {sorted(rooms - set(ROOMS))}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    later = {
        other for other in own_rooms(imports_of(path)) if other in ROOMS and ROOMS.index(other) > ROOMS.index(room)
    }

    assert not later, f"{path.relative_to(SOURCE)} imports from rooms behind it: {sorted(later)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_the_transport_talks_to_the_network(path: Path) -> None:
    if room_of(path) in MAY_USE_SOCKETS:
        return
    used = {name.split(".")[0] for name in imports_of(path)} & HTTP_LIBRARIES

    assert not used, f"{path.relative_to(SOURCE)} imports {sorted(used)}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_only_providers_know_provider_names(path: Path) -> None:
    room = room_of(path)
    if room in ("providers", "conformance", "cli", "testing", "__init__"):
        return
    if path.name in ("_dialect.py", "_dialect_rows.py", "_definitions.py"):
        # Some schema dialects and forms of tool definitions are called what their first provider is called.
        return
    strings = {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    # A provider may be called what its protocol is called, which is a neutral name.
    assert not strings & (set(provider_names()) - set(wire_names()))


def test_the_suite_s_judges_stand_beside_the_library() -> None:
    beside = [
        path for path in modules() if set(path.relative_to(SOURCE).with_suffix("").parts) & set(BESIDE_THE_LIBRARY)
    ]
    reached, queue = set[Path](), [path for path in beside if room_of(path) == "conformance"]
    while queue:
        path = queue.pop()
        if path in reached:
            continue
        reached.add(path)
        for name in imports_of(path):
            assert name.split(".")[1:2] not in [[room] for room in THE_NORMALISER], f"{path} imports {name}"
            if name.startswith("portable_llm.conformance"):
                file = SOURCE.joinpath(*name.split(".")[1:])
                queue += [one for one in (file.with_suffix(".py"), file / "__init__.py") if one.exists()]


def test_importing_the_client_is_cheap() -> None:
    heavy = "pydantic httpx2 httpx tiktoken jsonschema referencing regex asyncio.tasks"
    code = f"import sys; from portable_llm import Client; print([m for m in {heavy!r}.split() if m in sys.modules])"

    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent)}
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60, env=environment
    )

    assert set(ast.literal_eval(loaded.stdout)) <= {"asyncio.tasks"}


# ---- public names ----------------------------------------------------------------------------------------------------


def test_every_public_name_can_be_loaded_and_type_checked() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    for_checkers = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("portable_llm.")
        for alias in node.names
    }

    assert for_checkers == set(portable_llm.__all__)
    assert all(getattr(portable_llm, name) is not None for name in portable_llm.__all__)
    assert dir(portable_llm) == portable_llm.__all__
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        portable_llm.nonsense  # noqa: B018


def test_both_clients_offer_the_same() -> None:
    def surface(cls: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(cls, inspect.isfunction)
        return {
            name: [f"{p.kind.name} {p.name}" for p in inspect.signature(method).parameters.values()]
            for name, method in methods
            if not name.startswith("_")
        }

    assert surface(Client) == surface(AsyncClient)


# ---- wire formats and options ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", wire_names())
def test_every_wire_format_is_complete(name: str) -> None:
    wire: Any = wire_format(name)

    assert name == wire.NAME
    for member in (m for m in vars(WireFormat) if not m.startswith("_")):
        assert hasattr(wire, member), f"{name} lacks {member}"
        wanted = inspect.getattr_static(WireFormat, member)
        if isinstance(wanted, staticmethod):
            given_parameters = inspect.signature(getattr(wire, member)).parameters
            assert list(given_parameters) == list(inspect.signature(wanted.__func__).parameters)


WEATHER = Tool(name="weather", description="Current weather", parameters={"type": "object", "properties": {}})
BASE = Request[Any](model="", messages=(system("Be brief."), user("Weather in Oslo?")), tools=(WEATHER,))
SCHEMA = {
    "type": "object",
    "properties": {"x": {"const": "the-schema"}},
    "required": ["x"],
    "additionalProperties": False,
}
OPTIONS: dict[str, tuple[Request[Any], Any]] = {
    "/sampling/temperature": (replace(BASE, sampling=Sampling(temperature=0.1234)), 0.1234),
    "/sampling/top_p": (replace(BASE, sampling=Sampling(top_p=0.4321)), 0.4321),
    "/sampling/top_k": (replace(BASE, sampling=Sampling(top_k=37)), 37),
    "/sampling/seed": (replace(BASE, sampling=Sampling(seed=424242)), 424242),
    "/sampling/presence_penalty": (replace(BASE, sampling=Sampling(presence_penalty=0.321)), 0.321),
    "/sampling/frequency_penalty": (replace(BASE, sampling=Sampling(frequency_penalty=0.213)), 0.213),
    "/sampling/logit_bias": (replace(BASE, sampling=Sampling(logit_bias={"1357": 7})), "1357"),
    "/sampling/logprobs": (replace(BASE, sampling=Sampling(logprobs=3)), 3),
    "/reasoning/effort": (replace(BASE, reasoning=Reasoning(effort="medium")), "medium"),
    "/reasoning/budget_tokens": (replace(BASE, reasoning=Reasoning(budget_tokens=2222)), 2222),
    "/reasoning/summary": (replace(BASE, reasoning=Reasoning(summary=True)), True),
    "/max_output_tokens": (replace(BASE, max_output_tokens=777), 777),
    "/stop": (replace(BASE, stop=("the-stop",)), "the-stop"),
    "/tools": (BASE, "weather"),
    "/tools/0/strict": (replace(BASE, tools=(replace(WEATHER, strict=True),)), True),
    "/tool_choice": (replace(BASE, tool_choice="required"), "required"),
    "/tool_choice/named": (replace(BASE, tool_choice=NamedTool("weather")), None),
    "/parallel_tool_calls": (replace(BASE, parallel_tool_calls=False), False),
    "/output": (replace(BASE, tools=(), output=Output[Any](schema=SCHEMA)), "the-schema"),
    "/cache/breakpoints": (replace(BASE, cache=CacheHint(breakpoints=("/messages/0",))), "ephemeral"),
    "/cache/key": (replace(BASE, cache=CacheHint(key="the-cache-key")), "the-cache-key"),
    "/cache/ttl": (replace(BASE, cache=CacheHint(breakpoints=("/messages/0",), ttl="1h")), "1h"),
    "/metadata": (replace(BASE, metadata={"user_id": "the-user"}), "the-user"),
    "/extra/galaxy": (replace(BASE, extra={"galaxy": "the-galaxy"}), "the-galaxy"),
    "/messages/0": (BASE, "Be brief."),
    "/messages/1": (BASE, "Weather in Oslo?"),
}


def holds(value: Any, wanted: Any) -> bool:
    """Whether `wanted` stands anywhere in decoded JSON, as a key or a value."""
    if type(value) is type(wanted) and value == wanted:
        return True
    if isinstance(value, dict):
        return any(holds(item, wanted) for pair in value.items() for item in pair)
    return isinstance(value, list) and any(holds(item, wanted) for item in value)


def target_of(name: str, model: str) -> Target:
    row = provider(name)
    return Target(provider=row, model=model, base_url=row.base_url or "http://127.0.0.1:1/v1", is_override=False)


@cache
def model_ids(name: str) -> list[str]:
    """Ids for every alternative in the rules of the provider, and one that no rule knows."""
    return ["some-model-of-tomorrow", *(model for rule in provider(name).models for model in examples(rule.pattern))]


@pytest.mark.parametrize("name", provider_names())
def test_every_rule_of_a_provider_has_models(name: str) -> None:
    assert all(examples(rule.pattern) for rule in provider(name).models)


def root_of(pointer: str) -> str:
    """The part of the request that an entry about this option names at least."""
    steps = pointer.split("/")
    return "/".join(steps[: 3 if steps[1] in ("sampling", "reasoning", "cache") else 2])


@pytest.mark.parametrize("pointer", OPTIONS)
@pytest.mark.parametrize("name", provider_names())
def test_no_option_is_lost_without_a_ledger_entry(name: str, pointer: str) -> None:
    request, sentinel = OPTIONS[pointer]
    root = root_of(pointer)
    for model in model_ids(name):
        plan = make_plan(request, target_of(name, model))

        said = any(entry.subject == root or entry.subject.startswith(root + "/") for entry in plan.adaptations)
        assert said or holds(plan.call.json, sentinel), f"{model}: {pointer} is lost\n{plan.explain()}"


@pytest.mark.parametrize("name", provider_names())
def test_a_plan_needs_no_key_and_no_network(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket", None)
    for variable in provider(name).auth.env:
        monkeypatch.delenv(variable, raising=False)

    plan = make_plan(BASE, target_of(name, "some-model"))

    assert plan.call.json
    assert "some-model" in plan.explain()
