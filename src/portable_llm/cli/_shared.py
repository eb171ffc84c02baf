"""What commands have in common: errors to exit codes, request options, JSON on the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from portable_llm._errors import (
    AnswerError,
    AuthenticationError,
    CallerError,
    ConfigurationError,
    ConnectionFailedError,
    NotFoundError,
    PermissionDeniedError,
    PortableLLMError,
    ProviderTimeoutError,
    QuotaError,
    ServerError,
    StreamInterruptedError,
    UnreadableAnswerError,
    UnsupportedSchemaError,
    WaitError,
)
from portable_llm._messages import Message, system, user
from portable_llm._request import Request, Tool, request
from portable_llm.schema import check_schema

if TYPE_CHECKING:
    from rich.table import Table

F = TypeVar("F", bound=Callable[..., Any])

_UNCUT = 400
"""Columns of a table that goes to a file or a pipe."""


def exit_code_of(error: Exception) -> int | None:
    """The exit code for an error that is told in one line; `None` for a bug, which shows its traceback."""
    if isinstance(error, AnswerError):
        return 6
    if isinstance(error, CallerError):
        return 4
    if isinstance(error, PortableLLMError):
        return 5
    return None


_HINTS: tuple[tuple[type[PortableLLMError], str], ...] = (
    (NotFoundError, "check the model's name and the base URL's path"),
    (AuthenticationError, "check the key"),
    (PermissionDeniedError, "use a key that may do this, or ask for access"),
    (QuotaError, "check the account's limits and billing"),
    (WaitError, "wait a little and try again"),
    (ConnectionFailedError, "check the address, and that the server is running"),
    (ProviderTimeoutError, "try again, or ask for a shorter answer"),
    (StreamInterruptedError, "try again"),
    (UnreadableAnswerError, "check that the base URL speaks this provider's protocol"),
    (ServerError, "try again later"),
)


def explain(error: Exception) -> str:
    """An error as one line: who was asked, what happened, what to do about it."""
    said = " ".join(str(error).split())
    if not isinstance(error, PortableLLMError):
        return said
    if error.status is not None and error.provider is not None:
        said = f"{error.provider}{':' + error.model if error.model else ''}: {said}"
    hint = next((hint for kind, hint in _HINTS if isinstance(error, kind)), None)
    # What the library says of a place it knows better (the suite's endpoints) already ends in the remedy.
    return said if hint is None or "; check" in said else f"{said}; {hint}"


def print_table(table: Table) -> None:
    """A table on standard output: as wide as the terminal, and uncut where there is none."""
    from rich.console import Console

    Console(highlight=False, width=None if sys.stdout.isatty() else _UNCUT).print(table)


def read_json(path: str, what: str) -> Any:
    """The JSON of a file, or a one-line error that names it."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{what} {path}: {error.strerror or error}; check the path") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{what} {path} is no JSON: {error}") from error


def print_json(value: object) -> None:
    """The value as indented JSON on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def request_options(command: F) -> F:
    """The options that make up a request, for commands that send or plan one."""
    options = [
        click.option("-s", "--system", "system_text", metavar="TEXT", help="Instructions above the conversation."),
        click.option("--schema", metavar="FILE", help="JSON Schema (a file) of the value wanted back."),
        click.option("--tools", metavar="FILE", help="Tools: a JSON list of {name, description, parameters}."),
        click.option("-t", "--temperature", type=float, help="Sampling temperature."),
        click.option("--seed", type=int, help="Sampling seed."),
        click.option("-m", "--max-output-tokens", type=click.IntRange(min=1), help="Limit of the answer in tokens."),
        click.option("--stop", multiple=True, metavar="TEXT", help="Stop sequence; may be repeated."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def read_prompt(prompt: str | None) -> str:
    """The prompt from the argument, or from standard input where there is none or `-`."""
    if prompt is not None and prompt != "-":
        return check_prompt(prompt)
    if prompt is None and sys.stdin.isatty():
        raise click.UsageError("no prompt; give it as an argument or on standard input")
    text = sys.stdin.read()
    if not text.strip():
        raise click.UsageError("standard input holds no prompt")
    return text


def check_prompt(prompt: str) -> str:
    """The prompt; raises `UsageError` for an empty one."""
    if not prompt.strip():
        raise click.UsageError("the prompt is empty; write what to ask")
    return prompt


def build_request(
    model: str,
    prompt: str,
    *,
    system_text: str | None,
    schema: str | None,
    tools: str | None,
    temperature: float | None,
    seed: int | None,
    max_output_tokens: int | None,
    stop: tuple[str, ...],
) -> Request[Any]:
    """The request that the options describe."""
    messages: list[Message] = [system(system_text)] if system_text else []
    options: dict[str, Any] = {
        "temperature": temperature,
        "seed": seed,
        "max_output_tokens": max_output_tokens,
        "stop": stop or None,
        "tools": None if tools is None else read_tools(tools),
        "output": None if schema is None else read_schema(schema),
    }
    chosen = {name: value for name, value in options.items() if value is not None}
    return cast("Request[Any]", request(model, [*messages, user(prompt)], **chosen))


def read_schema(path: str) -> dict[str, Any]:
    """A JSON Schema file; raises `UnsupportedSchemaError` for JSON that is no object."""
    loaded = read_json(path, "schema file")
    if not isinstance(loaded, dict):
        raise UnsupportedSchemaError(f"schema file {path}: a JSON Schema is an object, this is {type(loaded).__name__}")
    check_schema(cast("dict[str, Any]", loaded), f"schema file {path}")
    return cast("dict[str, Any]", loaded)


def read_tools(path: str) -> tuple[Tool, ...]:
    """A file of tools: our own form, or the wrapped one of chat completions."""
    loaded = read_json(path, "tools file")
    if not isinstance(loaded, list):
        raise ConfigurationError(f"tools file {path}: expected a list of tools")
    return tuple(
        _tool(item, f"tools file {path}, item {index}") for index, item in enumerate(cast("list[Any]", loaded))
    )


def _tool(item: Any, where: str) -> Tool:
    fields: dict[str, Any] = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
    inner = fields.get("function", fields)
    if not isinstance(inner, dict) or not isinstance(cast("dict[str, Any]", inner).get("name"), str):
        raise ConfigurationError(f"{where}: a tool needs a name, as in {{name, description, parameters}}")
    known = cast("dict[str, Any]", inner)
    parameters = known.get("parameters", {"type": "object", "properties": {}})
    return Tool(name=known["name"], description=known.get("description") or "", parameters=parameters)
