"""Jinja templates in a sandbox: an extra, for prompts that need a loop or a condition.

What an expression puts out is data, and the escapes must know where it stands. So each piece of output is wrapped in a
pair of marks that no text can foresee, and the marks are taken out again.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from portable_llm._errors import ConfigurationError, PromptError, PromptVariableError
from portable_llm.prompt._values import Text

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_OUTPUT = 1 << 23
"""Characters that one section may grow to, marks included."""
MAX_RANGE = 10_000
_MAX_REPEAT = 1 << 20


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    try:
        import jinja2.sandbox as sandbox  # here: an extra, and paid for only by prompts that use it
        from jinja2 import StrictUndefined
        from jinja2.exceptions import SecurityError
    except ImportError:
        raise ConfigurationError(
            "a prompt with 'template: jinja' needs jinja2: pip install 'portable-llm[jinja]'"
        ) from None

    class Sandbox(sandbox.ImmutableSandboxedEnvironment):
        """No attributes of Python's own, no changes to what is passed in, no huge numbers or texts by one operator."""

        intercepted_binops = frozenset({"*", "**"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "**" or not all(isinstance(side, (int, float)) for side in (left, right)):
                size = (len(left) if hasattr(left, "__len__") else 1, len(right) if hasattr(right, "__len__") else 1)
                times = next((side for side in (left, right) if isinstance(side, int)), 0)
                if operator == "**" or max(size) * times > _MAX_REPEAT:
                    raise SecurityError(f"{operator} makes too much of it")
            return super().call_binop(context, operator, left, right)

    environment = Sandbox(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True, trim_blocks=True,
                          lstrip_blocks=True)  # fmt: skip
    names: dict[str, Any] = {"range": _range}
    environment.globals = names  # no cycler, joiner, lipsum, namespace: what is not there needs no proof
    return environment


def _range(*args: int) -> range:
    numbers = range(*args)
    if len(numbers) > MAX_RANGE:
        raise PromptError(f"range({', '.join(map(str, args))}) has over {MAX_RANGE} numbers")
    return numbers


def variables_of(text: str) -> frozenset[str]:
    """The names that a template asks for; raises `PromptError` where it is none."""
    from jinja2 import TemplateSyntaxError, meta  # here: an extra

    environment = _environment()
    try:
        return frozenset(meta.find_undeclared_variables(environment.parse(text))) - {"range"}
    except TemplateSyntaxError as error:
        raise PromptError(f"line {error.lineno} of the template: {error.message}") from error


def fill_template(text: str, values: Mapping[str, object], is_data: Callable[[str], bool]) -> Text:
    """The template filled; all that its expressions put out is data, unless every variable is trusted.

    Raises `PromptVariableError` for a variable that is not there, `PromptError` for what the sandbox forbids.
    """
    environment = _environment()
    from jinja2 import TemplateError, UndefinedError  # here: an extra

    mark = str(secrets.randbelow(10**18) + 10**18)
    is_plain = not any(is_data(name) for name in variables_of(text))

    def marked(value: object) -> str:
        return str(value) if is_plain else f"\ue000{mark}{value}\ue001{mark}"

    template = environment.overlay(finalize=marked).from_string(text)
    pieces: list[str] = []
    size = 0
    try:
        for piece in template.generate(dict(values)):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_OUTPUT:
                raise PromptError(f"the template puts out over {MAX_OUTPUT} characters")
    except UndefinedError as error:
        raise PromptVariableError(
            f"the template asks for what is not there: {error.message}", problem="missing"
        ) from error
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise PromptError(f"the template cannot be filled: {type(error).__name__}: {error}") from error
    return _unmarked("".join(pieces), mark)


def _unmarked(text: str, mark: str) -> Text:
    """The text without the marks, and the spans that stood in them."""
    parts: list[str] = []
    data: list[tuple[int, int]] = []
    depth = size = start = 0
    for piece in re.split(f"([\ue000\ue001]{mark})", text):
        if piece == f"\ue000{mark}":
            start = size if depth == 0 else start
            depth += 1
        elif piece == f"\ue001{mark}":
            depth -= 1
            if depth == 0 and size > start:
                data.append((start, size))
        else:
            parts.append(piece)
            size += len(piece)
        if depth < 0:
            break
    if depth or mark in "".join(parts):
        raise PromptError("the template changes what its own expressions put out; use fewer filters on captured text")
    return Text("".join(parts), tuple(data))
