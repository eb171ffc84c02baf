"""One repair library in a process of its own: a text and a schema a line in, its value or its error a line out.

    python peer_repair.py NAME < questions.jsonl

Runs with the Python of an environment that has the library, and imports nothing of this one. Each library is called as
its documentation says for text of a model: through the function that takes a schema where there is one.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any

Reader = Callable[[str, Any], Any]
VOID = object()


def json_repair() -> Reader:
    """Gives `""` where it finds nothing."""
    from json_repair import repair_json  # type: ignore[import-not-found]

    def read(text: str, schema: Any) -> Any:
        value = repair_json(text, return_objects=True, **({} if schema is None else {"schema": schema}))
        if value == "":
            raise ValueError("nothing found")
        return value

    return read


def fast_json_repair() -> Reader:
    from fast_json_repair import repair_json  # type: ignore[import-not-found]

    def read(text: str, schema: Any) -> Any:
        value = repair_json(text, return_objects=True)
        if value == "":
            raise ValueError("nothing found")
        return value

    return read


def langchain() -> Reader:
    from langchain_core.utils.json import parse_json_markdown  # type: ignore[import-not-found]

    return lambda text, schema: parse_json_markdown(text)


def instructor() -> Reader:
    """The mode for models without tools: the block of code, read by the standard library."""
    from instructor.utils import extract_json_from_codeblock  # type: ignore[import-not-found]

    return lambda text, schema: json.loads(extract_json_from_codeblock(text), strict=False)


def litellm() -> Reader:
    from litellm.litellm_core_utils.prompt_templates.common_utils import (  # type: ignore[import-not-found]
        parse_tool_call_arguments,
    )

    return lambda text, schema: parse_tool_call_arguments(text)


def partial_json_parser() -> Reader:
    import partial_json_parser as module  # type: ignore[import-not-found]

    return lambda text, schema: module.loads(text)


def dirtyjson() -> Reader:
    import dirtyjson as module  # type: ignore[import-not-found]

    return lambda text, schema: module.loads(text)


def baml() -> Reader:
    """Reads by a type only, so it is asked only where there is a schema; the type is written from the schema."""
    from baml_py import BamlRuntime  # type: ignore[import-not-found]

    programs: dict[str, tuple[Any, Baml]] = {}

    def read(text: str, schema: Any) -> Any:
        if schema is None:
            return VOID
        key = json.dumps(schema)
        if key not in programs:  # an application compiles its types once
            source = Baml()
            programs[key] = BamlRuntime.from_files(".", {"main.baml": source.program(schema)}, {}), source
        runtime, source = programs[key]
        types = BamlTypes(source.values)
        context = runtime.create_context_manager()
        found = runtime.parse_llm_response("Out", text, types, types, types, False, context, None, None, {})
        return source.renamed(plain(found))

    return read


READERS: dict[str, Callable[[], Reader]] = {
    "json_repair": json_repair,
    "fast_json_repair": fast_json_repair,
    "baml-py": baml,
    "langchain-core": langchain,
    "instructor": instructor,
    "litellm": litellm,
    "partial-json-parser": partial_json_parser,
    "dirtyjson": dirtyjson,
}
"""Distribution → its reader."""


class Baml:
    """A program of BAML with the type that a JSON Schema describes, as far as the schemas of these texts go."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.names: dict[str, str] = {}
        """Name of a member in BAML → in the schema."""
        self.values: dict[str, dict[str, str]] = {}
        """Enum → name of its value in BAML → in the schema."""

    def program(self, schema: dict[str, Any]) -> str:
        root = self.type_of(schema, "Root")
        client = (
            'client<llm> C {\n  provider openai\n  options {\n    model "m"\n    api_key "k"\n'
            '    base_url "http://127.0.0.1:9"\n  }\n}'
        )
        return "\n".join([*self.blocks, client, f'function Out() -> {root} {{\n  client C\n  prompt #"p"#\n}}'])

    def type_of(self, schema: dict[str, Any], name: str) -> str:
        if "enum" in schema:
            return self.enum(schema["enum"], name)
        kind = schema["type"]
        if isinstance(kind, list):
            return "(" + " | ".join(self.type_of({**schema, "type": one}, name) for one in kind) + ")"
        if kind == "array":
            return self.type_of(schema["items"], f"{name}Item") + "[]"
        if kind == "object":
            return self.object(schema, name)
        return {"integer": "int", "number": "float", "string": "string", "boolean": "bool", "null": "null"}[kind]

    def enum(self, values: list[str], name: str) -> str:
        named = {f"V{index}": value for index, value in enumerate(values)}
        self.values[name] = named
        lines = "".join(f"  {key} @alias({json.dumps(value)})\n" for key, value in named.items())
        self.blocks.append(f"enum {name} {{\n{lines}}}")
        return name

    def object(self, schema: dict[str, Any], name: str) -> str:
        lines: list[str] = []
        for index, (key, member) in enumerate(schema["properties"].items()):
            kind = self.type_of(member, f"{name}{index}")
            own = re.sub(r"\W", "_", key)
            self.names[own] = key
            optional = "" if key in schema.get("required", ()) else "?"
            alias = "" if own == key else f" @alias({json.dumps(key)})"
            lines.append(f"  {own} {kind}{optional}{alias}\n")
        self.blocks.append(f"class {name} {{\n{''.join(lines)}}}")
        return name

    def renamed(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self.names.get(key, key): self.renamed(item) for key, item in value.items()}
        return [self.renamed(item) for item in value] if isinstance(value, list) else value


class _Made(dict[str, Any]):
    """What BAML makes of an object: its members."""

    @classmethod
    def model_validate(cls, members: Any, *_: Any, **__: Any) -> Any:
        return members

    @classmethod
    def model_construct(cls, *_: Any, **members: Any) -> Any:
        return members


class BamlTypes(type(os)):
    """Stands for the modules of types that BAML generates."""

    def __init__(self, enums: dict[str, dict[str, str]]) -> None:
        super().__init__("types")
        self.__dict__["enums"] = enums

    def __getattr__(self, name: str) -> Any:
        enum = self.__dict__["enums"].get(name)
        return _Made if enum is None else lambda value: enum.get(value, value)


def plain(value: Any) -> Any:
    """Dictionaries and lists of a library's own kinds as those of Python."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def per_call(call: Callable[[], object], batches: int = 25) -> float:
    """Microseconds of processor time of a call: the fastest batch, since other programs only ever slow one down."""
    call()  # it may import something
    started = time.process_time()
    call()
    once = max(time.process_time() - started, 1e-7)
    count = max(1, round(0.004 / once))
    batches = batches if once < 0.2 else 3
    times: list[float] = []
    for _ in range(batches):
        started = time.process_time()
        for _ in range(count):
            call()
        times.append((time.process_time() - started) / count)
    return min(times) * 1e6


def timed(read: Reader, question: dict[str, Any]) -> dict[str, Any]:
    """Microseconds that the library takes, whatever it answers."""

    def call() -> None:
        # An error is an answer too; what it costs counts.
        with contextlib.suppress(Exception):
            read(question["text"], question["schema"])

    return {"us": round(per_call(call), 3)}


def answer(read: Reader, question: dict[str, Any]) -> dict[str, Any]:
    """The value as JSON text, `error`, or `void` where the library cannot be asked; with `runs` how long it takes."""
    if question.get("runs"):
        return timed(read, question)
    try:
        value = read(question["text"], question["schema"])
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}".strip()[:200]}
    if value is VOID:
        return {"void": True}
    try:
        return {"value": json.dumps(plain(value))}
    except (TypeError, ValueError) as error:
        return {"error": f"no JSON: {error}"[:200]}


def main() -> None:
    name = sys.argv[1]
    # What a library prints must not get between the answers.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    read = READERS[name]()
    print(json.dumps({"library": name, "version": importlib.metadata.version(name)}), file=out, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(read, json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    main()
