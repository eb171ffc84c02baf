"""`Request` → the wire request."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote

from portable_llm._adaptation import Adaptation
from portable_llm._capabilities import Capabilities
from portable_llm._errors import InvalidRequestError
from portable_llm._http import HttpCall
from portable_llm._json import dump_json
from portable_llm._request import NamedTool, Request, Tool, ToolChoice
from portable_llm.wire.gemini._config import build_config
from portable_llm.wire.gemini._contents import build_contents
from portable_llm.wire.gemini._ledger import entry
from portable_llm.wire.gemini._names import camel

_HEADERS: Mapping[str, str] = {"content-type": "application/json"}


_MODEL = entry("wire", "/model", "moved", "the model stands in the path")
_TOOLS = entry("tools", "/tools", "renamed", "tools are functionDeclarations, their parameters parametersJsonSchema")
_CHOICE = entry("tools", "/tool_choice", "renamed", "goes to toolConfig.functionCallingConfig.mode")
_LABELS = entry("wire", "/metadata", "renamed", "metadata is called labels")
_CACHE = entry("tokens", "/cache", "dropped", "prefixes are cached without being asked", "nobody")
_PARALLEL = entry("tools", "/parallel_tool_calls", "dropped", "the wire has no such switch", "nobody")

_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
_MERGED = frozenset({"generationConfig", "thinkingConfig", "toolConfig", "functionCallingConfig", "labels"})
"""Objects that an extra key of the same name is merged into; others it would replace."""


def build_request(
    request: Request[Any], capabilities: Capabilities, *, stream: bool = False
) -> tuple[HttpCall, tuple[Adaptation, ...]]:
    """The wire request and its ledger; see `WireFormat.build_request`.

    Raises `InvalidRequestError` for an extra field that a portable option sets already, for a tool result without its
    call, and for a request without a turn.
    """
    ledger: list[Adaptation] = [_MODEL]
    body = build_contents(request.messages, capabilities.spelling.get("messages/signature", ""), ledger)
    config = build_config(request, capabilities, ledger)
    if config:
        body["generationConfig"] = config
    if request.tools:
        body["tools"] = [
            {"functionDeclarations": [_declaration(tool, i, ledger) for i, tool in enumerate(request.tools)]}
        ]
        ledger.append(_TOOLS)
    if request.tool_choice is not None:
        body["toolConfig"] = {"functionCallingConfig": _calling_config(request.tool_choice)}
        ledger.append(_CHOICE)
    if request.metadata:
        body["labels"] = dict(request.metadata)
        ledger.append(_LABELS)
    if request.cache is not None:
        ledger.append(_CACHE)
    if request.parallel_tool_calls is not None:
        ledger.append(_PARALLEL)
    if request.extra:
        _add_extra(body, request.extra, ledger)
    return HttpCall(path=_path(request.model, stream), headers=_HEADERS, body=dump_json(body)), tuple(ledger)


@lru_cache(maxsize=256)
def _path(model: str, stream: bool) -> str:
    # A model without a collection is one of `models/`; tuned models and Vertex publishers name theirs.
    name = quote(model if "/" in model else f"models/{model}", safe="/@:")
    return f"/{name.lstrip('/')}:streamGenerateContent?alt=sse" if stream else f"/{name.lstrip('/')}:generateContent"


def _declaration(tool: Tool, index: int, ledger: list[Adaptation]) -> dict[str, Any]:
    if tool.strict is not None:
        ledger.append(
            entry("tools", f"/tools/{index}/strict", "dropped", "the wire has no switch per function", "nobody")
        )
    declaration: dict[str, Any] = {"name": tool.name}
    if tool.description:
        declaration["description"] = tool.description
    declaration["parametersJsonSchema"] = tool.parameters
    return declaration


def _calling_config(choice: ToolChoice) -> dict[str, Any]:
    if isinstance(choice, NamedTool):
        return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    return {"mode": _MODES[choice]}


# ---- extra -----------------------------------------------------------------------------------------------------------


def _add_extra(body: dict[str, Any], extra: Mapping[str, Any], ledger: list[Adaptation]) -> None:
    for key, value in extra.items():
        ledger.append(entry("wire", f"/extra/{key}", "moved", "put on the wire as it is"))
        if key == "tools" and "tools" in body and isinstance(value, list):
            body["tools"] = body["tools"] + value  # built-in tools stand beside the functions
        else:
            _merge(body, key, value, f"extra[{key!r}]")


def _merge(target: dict[str, Any], key: str, value: Any, where: str) -> None:
    twin = key if key in target else camel(key)
    if twin not in target:
        target[key] = value
        return
    present: Any = target[twin]
    if not (twin in _MERGED and isinstance(present, dict) and isinstance(value, Mapping)):
        raise InvalidRequestError(
            f"{where} would overwrite the wire field {twin!r}, which a portable option of this request sets; "
            "use one of the two"
        )
    merged = dict(cast("dict[str, Any]", present))
    for inner, item in cast("Mapping[str, Any]", value).items():
        _merge(merged, inner, item, f"{where}[{inner!r}]")
    target[twin] = merged
