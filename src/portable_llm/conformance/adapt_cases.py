"""A user's own cases for a prompt: values for its variables, and what a right answer is.

A file holds JSON Lines, a JSON list, or (with the suite's extra) a YAML list of objects:

    {"id": "refund-1", "variables": {"ticket": "…"}, "answer": "refund"}

What is right is said in one of these members; the suite's judges read them:

- `answer`: the one answer, or a list of answers that are all right; case, quotes and a final full stop are free.
- `holds`: words that all have to stand in the answer.
- `equals`, with an optional `schema`: the JSON value that the answer has to be.
- `checks`: checks as in `docs/reference/cases.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portable_llm._errors import ConfigurationError
from portable_llm.conformance.case import content_hash, json_list, json_object
from portable_llm.conformance.judges.text_checks import CHECKS

MAX_FILE = 64 << 20
"""Bytes of a file of cases."""
_RIGHT = ("answer", "holds", "equals", "checks")
_KNOWN = {"id", "variables", "schema", *_RIGHT}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCase:
    """One set of values with its contract."""

    id: str
    variables: Mapping[str, Any]
    contract: Mapping[str, Any]
    schema: Mapping[str, Any] | None = None
    """Of a structured output that is asked for."""

    @property
    def place(self) -> str:
        """Where the case stands in the order by which cases are dealt to the two halves."""
        return content_hash({"id": self.id, "variables": self.variables})


def load_cases(path: Path) -> list[UserCase]:
    """The cases of a file; raises `ConfigurationError` with file, case and remedy."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigurationError(f"{path}: over {MAX_FILE >> 20} MB of cases")
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {error}") from error
    cases = [_case(item, f"{path}, case {number}") for number, item in enumerate(_items(text, path), 1)]
    known: set[str] = set()
    for case in cases:
        if case.id in known:
            raise ConfigurationError(f"{path}: two cases have the id {case.id!r}")
        known.add(case.id)
    return cases


def _items(text: str, path: Path) -> list[Any]:
    try:
        if path.suffix in (".yaml", ".yml"):
            import yaml

            return json_list(yaml.safe_load(text))
        if text.lstrip().startswith("["):
            return json_list(json.loads(text))
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path}: neither JSON Lines nor a JSON list: {error}") from error
    except Exception as error:  # the YAML library has errors of its own kinds
        raise ConfigurationError(f"{path}: no YAML: {error}") from error


def _case(item: Any, where: str) -> UserCase:
    given = json_object(item)
    unknown = sorted(given.keys() - _KNOWN)
    if not given or unknown:
        raise ConfigurationError(f"{where}: {f'unknown member {unknown[0]!r}' if unknown else 'is no object'}")
    said = [name for name in _RIGHT if name in given]
    if len(said) != 1:
        raise ConfigurationError(f"{where}: says what is right by {said or 'nothing'}; give one of {', '.join(_RIGHT)}")
    schema = json_object(given.get("schema")) or None
    variables = json_object(given.get("variables"))
    return UserCase(
        id=str(given.get("id") or content_hash({"variables": variables, "right": given[said[0]]})),
        variables=variables,
        contract=_contract(said[0], given[said[0]], schema, where),
        schema=schema,
    )


def _contract(name: str, value: Any, schema: Mapping[str, Any] | None, where: str) -> dict[str, Any]:
    match name:
        case "answer":
            right = [str(one) for one in json_list(value) or [value]]
            return {"judge": "instruct.text", "checks": [{"check": "answer", "any_of": right}]}
        case "holds":
            words = [str(one) for one in json_list(value) or [value]]
            return {"judge": "instruct.text", "checks": [{"check": "holds", "all_of": words}]}
        case "equals":
            return {"judge": "json.value", "equals": value, **({"schema": schema} if schema else {})}
        case _:
            checks = [json_object(check) for check in json_list(value)]
            unknown = [check.get("check") for check in checks if check.get("check") not in CHECKS]
            if unknown or not checks:
                raise ConfigurationError(f"{where}: no check {unknown[:1] or ''}; known: {', '.join(CHECKS)}")
            return {"judge": "instruct.text", "checks": checks}
