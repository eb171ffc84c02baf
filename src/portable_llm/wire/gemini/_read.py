"""A stored wire request → `Request`: the way back of `build_request`. Reads snake_case as the service does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import unquote

from portable_llm._adaptation import Adaptation
from portable_llm._errors import InvalidRequestError
from portable_llm._json import JsonValue
from portable_llm._messages import Message
from portable_llm._request import NamedTool, Output, Reasoning, Request, Sampling, Tool, ToolChoice
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str
from portable_llm.wire.gemini._ledger import entry
from portable_llm.wire.gemini._names import camel_keys
from portable_llm.wire.gemini._read_contents import ContentsReader
from portable_llm.wire.gemini._read_schema import json_schema_of

_PATH = re.compile(r"/?(?P<name>.+):(?:generateContent|streamGenerateContent)")
_CHOICES: dict[str, ToolChoice] = {"AUTO": "auto", "ANY": "required", "NONE": "none"}
_EFFORTS = ("minimal", "low", "medium", "high", "xhigh")
_EMPTY_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


def read_request(body: Mapping[str, Any], *, path: str = "") -> tuple[Request[Any], tuple[Adaptation, ...]]:
    """The portable request; see `WireFormat.read_request`. Raises `InvalidRequestError`."""
    rest = camel_keys(body)
    ledger: list[Adaptation] = []
    contents = rest.pop("contents", None)
    if not isinstance(contents, list):
        raise InvalidRequestError("/contents is missing or no list; a generateContent request needs it")
    reader = ContentsReader(ledger)
    messages = [*_system(rest.pop("systemInstruction", None), reader), *reader.read(cast("list[Any]", contents))]
    config = camel_keys(as_dict(rest.pop("generationConfig", None)))
    options = _options(config, ledger)
    tools = _tools(rest, ledger)
    choice = _choice(rest)
    metadata = _labels(rest)
    extra = _extra(rest, config, ledger)
    request: Request[Any] = Request(
        model=_model(path) or as_str(rest.get("model")) or "",
        messages=tuple(messages),
        tools=tools,
        tool_choice=choice,
        metadata=metadata,
        extra=extra,
        **options,
    )
    return request, tuple(ledger)


def _model(path: str) -> str:
    """The bare id: what follows `models/`, also of a Vertex path; other collections stay part of it."""
    match = _PATH.fullmatch(path.partition("?")[0])
    name = unquote(match["name"]) if match else ""
    return name.rpartition("models/")[2]


def _system(instruction: object, reader: ContentsReader) -> list[Message]:
    if isinstance(instruction, str):
        instruction = {"parts": [{"text": instruction}]}
    if not as_list(camel_keys(as_dict(instruction)).get("parts")):
        return []
    read = reader.read([{**as_dict(instruction), "role": "user"}])
    return [Message(role="system", parts=read[0].parts)]


def _labels(rest: dict[str, Any]) -> dict[str, str]:
    labels = as_dict(rest.get("labels"))
    if not labels or not all(isinstance(value, str) for value in labels.values()):
        return {}
    return rest.pop("labels")


# ---- tools -----------------------------------------------------------------------------------------------------------


def _tools(rest: dict[str, Any], ledger: list[Adaptation]) -> tuple[Tool, ...]:
    """The declared functions; built-in tools stay in `rest`, and so become an extra."""
    tools: list[Tool] = []
    builtin: list[Any] = []
    listed: Any = rest.pop("tools", None)  # one object instead of a list is accepted too
    for item in as_list(listed) or [listed]:
        fields = camel_keys(as_dict(item))
        for declaration in as_list(fields.pop("functionDeclarations", None)):
            tools.append(_tool(camel_keys(as_dict(declaration)), f"/tools/{len(tools)}", ledger))
        given = {key: value for key, value in fields.items() if value is not None}
        if given:
            builtin.append(given)
    if builtin:
        rest["tools"] = builtin
    return tuple(tools)


def _tool(declaration: dict[str, Any], where: str, ledger: list[Adaptation]) -> Tool:
    parameters = declaration.get("parametersJsonSchema")
    if parameters is None and declaration.get("parameters") is not None:
        parameters = json_schema_of(declaration["parameters"])
        ledger.append(entry("tools", f"{where}/parameters", "encoded", "read from the OpenAPI form of a schema"))
    ledger.extend(
        entry("tools", f"{where}/{key}", "dropped", "a tool has no place for it", "nobody")
        for key in sorted(declaration.keys() - {"name", "description", "parameters", "parametersJsonSchema"})
    )
    return Tool(
        name=as_str(declaration.get("name")) or "",
        description=as_str(declaration.get("description")) or "",
        parameters=cast("dict[str, Any]", parameters) if isinstance(parameters, dict) else _EMPTY_PARAMETERS,
    )


def _choice(rest: dict[str, Any]) -> ToolChoice | None:
    """The portable choice; a mode that has none stays in `rest`."""
    config = camel_keys(as_dict(rest.get("toolConfig")))
    calling = camel_keys(as_dict(config.get("functionCallingConfig")))
    names = as_list(calling.get("allowedFunctionNames"))
    mode = (as_str(calling.get("mode")) or "").upper()
    if calling.keys() - {"mode", "allowedFunctionNames"} or mode not in _CHOICES or len(names) > 1:
        return None
    if names and mode != "ANY":
        return None
    del config["functionCallingConfig"]
    rest.pop("toolConfig")
    if config:
        rest["toolConfig"] = config
    return NamedTool(str(names[0])) if names else _CHOICES[mode]


# ---- generationConfig ------------------------------------------------------------------------------------------------


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


_SAMPLING: dict[str, tuple[str, Callable[[object], Any]]] = {
    "temperature": ("temperature", _number),
    "topP": ("top_p", _number),
    "topK": ("top_k", as_int),
    "seed": ("seed", as_int),
    "presencePenalty": ("presence_penalty", _number),
    "frequencyPenalty": ("frequency_penalty", _number),
}


def _options(config: dict[str, Any], ledger: list[Adaptation]) -> dict[str, Any]:
    """Options of a `Request`; what is read is taken out of `config`."""
    options: dict[str, Any] = {"sampling": Sampling(**_sampling(config))}
    limit = as_int(config.get("maxOutputTokens"))
    if limit is not None:
        options["max_output_tokens"] = limit
        del config["maxOutputTokens"]
    stops = config.get("stopSequences")
    if isinstance(stops, list) and all(isinstance(stop, str) for stop in cast("list[Any]", stops)):
        options["stop"] = tuple(config.pop("stopSequences"))
    if config.get("responseMimeType") == "application/json":
        options["output"] = _output(config, ledger)
    reasoning = _reasoning(config)
    if reasoning is not None:
        options["reasoning"] = reasoning
    return options


def _sampling(config: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for wire, (name, reader) in _SAMPLING.items():
        value = reader(config.get(wire))
        if value is not None:
            read[name] = value
            del config[wire]
    if config.get("responseLogprobs") is True:
        del config["responseLogprobs"]
        read["logprobs"] = as_int(config.pop("logprobs", 0)) or 0
    return read


def _output(config: dict[str, Any], ledger: list[Adaptation]) -> Output[Any]:
    del config["responseMimeType"]
    if isinstance(config.get("responseJsonSchema"), dict):
        return Output(schema=config.pop("responseJsonSchema"))
    if isinstance(config.get("responseSchema"), dict):
        ledger.append(entry("json", "/output/schema", "encoded", "read from the OpenAPI form of a schema"))
        return Output(schema=json_schema_of(config.pop("responseSchema")))
    return Output()


def _reasoning(config: dict[str, Any]) -> Reasoning | None:
    thinking = camel_keys(as_dict(config.pop("thinkingConfig", None)))
    effort = (as_str(thinking.get("thinkingLevel")) or "").lower()
    budget, summary = as_int(thinking.get("thinkingBudget")), thinking.get("includeThoughts")
    read: dict[str, Any] = {}
    if effort in _EFFORTS:
        read["effort"] = effort
        del thinking["thinkingLevel"]
    # -1 lets the model decide, which is what no budget means; kept as an extra, since it is said.
    if budget is not None and budget >= 0:
        read["budget_tokens"] = budget
        del thinking["thinkingBudget"]
    if isinstance(summary, bool):
        read["summary"] = summary
        del thinking["includeThoughts"]
    if thinking:
        config["thinkingConfig"] = thinking
    return Reasoning(**read) if read else None


# ---- extra -----------------------------------------------------------------------------------------------------------


def _extra(rest: dict[str, Any], config: dict[str, Any], ledger: list[Adaptation]) -> dict[str, JsonValue]:
    """All that has no portable place; `build_request` puts it back."""
    extra: dict[str, JsonValue] = {key: value for key, value in rest.items() if key != "model"}
    if config:
        extra["generationConfig"] = config
    ledger.extend(
        entry("wire", f"/extra/{key}", "moved", "has no portable place and is kept as it is") for key in extra
    )
    return extra
