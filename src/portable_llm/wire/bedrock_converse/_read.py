"""A stored wire request → `Request`: the way back of `_build`.

What the portable request has no place for goes verbatim into `extra` (whole fields) or gets a ledger entry (keys of a
block or tool). Blocks no part type fits become `UnknownPart`s. How a model is told to think is read in the words of
every family; a field that no family is known for stays in `extra`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast, get_args
from urllib.parse import unquote

from portable_llm._adaptation import Adaptation
from portable_llm._errors import InvalidRequestError
from portable_llm._json import load_json
from portable_llm._messages import Message, Role, ToolResultPart
from portable_llm._request import (
    CacheHint,
    Effort,
    NamedTool,
    Output,
    Reasoning,
    Request,
    Sampling,
    Tool,
    ToolChoice,
)
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str
from portable_llm.wire.bedrock_converse._capabilities import MORE
from portable_llm.wire.bedrock_converse._ledger import dropped, entry
from portable_llm.wire.bedrock_converse._read_blocks import Found, part_of, parts_of

_PATH = re.compile(r"/model/([^/]+)/converse(?:-stream)?$")
_KNOWN_TOOL_KEYS = {"name", "description", "inputSchema", "strict"}
_EFFORTS = get_args(Effort)


def read_request(body: Mapping[str, Any], *, path: str = "") -> tuple[Request[Any], tuple[Adaptation, ...]]:
    """The request a wire body stands for; raises `InvalidRequestError` that names what is wrong with it."""
    if not isinstance(body.get("messages"), list):
        raise InvalidRequestError("a Converse request needs a list 'messages'")
    rest = dict(body)
    found = Found()
    tools, choice = _tools(rest, found)
    system = _system(as_list(rest.pop("system", None)), found)
    messages = (*system, *_messages(as_list(rest.pop("messages")), len(system), found))
    output = _output(rest)
    config = dict(as_dict(rest.pop("inferenceConfig", None)))
    more = dict(as_dict(rest.pop(MORE, None)))
    request: Request[Any] = Request(
        model=_model(rest, path),
        messages=messages,
        tools=tools,
        tool_choice=choice,
        output=output,
        max_output_tokens=as_int(config.pop("maxTokens", None)),
        stop=tuple(word for word in as_list(config.pop("stopSequences", None)) if isinstance(word, str)),
        sampling=_sampling(config, more),
        reasoning=_reasoning(more, found),
        cache=CacheHint(breakpoints=tuple(found.breakpoints), ttl=found.ttl) if found.breakpoints else None,
        metadata=_metadata(rest, found),
        extra=_extra(rest, config, more),
    )
    return request, tuple(found.ledger)


def _model(rest: dict[str, Any], path: str) -> str:
    """The model's id, an ARN or a profile: in the path, or in the body as an SDK's call has it."""
    named = rest.pop("modelId", None)
    match = _PATH.search(path.partition("?")[0])
    if match is not None:
        return unquote(match[1])
    if isinstance(named, str) and named:
        return named
    raise InvalidRequestError("a Converse request needs its model in the path: /model/{modelId}/converse")


# ---- messages --------------------------------------------------------------------------------------------------------


def _system(blocks: list[Any], found: Found) -> tuple[Message, ...]:
    return (Message(role="system", parts=parts_of(blocks, 0, found)),) if blocks else ()


def _messages(wire: list[Any], offset: int, found: Found) -> tuple[Message, ...]:
    messages: list[Message] = []
    for turn in wire:
        role, content = as_dict(turn).get("role"), as_dict(turn).get("content")
        if role not in ("user", "assistant", "system"):
            raise InvalidRequestError(f"a turn has the role {role!r}; known: user, assistant, system")
        if not isinstance(content, list):
            raise InvalidRequestError(f"a turn of the role {role!r} needs a list 'content'")
        messages.extend(_turn(role, cast("list[Any]", content), offset + len(messages), found))
    return tuple(messages)


def _turn(role: Role, content: list[Any], at: int, found: Found) -> Iterable[Message]:
    """One turn: each tool result a message of its own, then what is left."""
    results = [block for block in map(as_dict, content) if "toolResult" in block] if role == "user" else []
    if not results:
        yield Message(role=role, parts=parts_of(content, at, found))
        return
    others: list[Any] = []
    number = 0
    for block in map(as_dict, content):
        if "toolResult" in block:
            part = part_of(block, f"/messages/{at + number}/parts/0", found)
            yield Message(role="tool" if isinstance(part, ToolResultPart) else "user", parts=(part,))
            number += 1
        elif "cachePoint" in block and not others and number:
            found.mark(block["cachePoint"], f"/messages/{at + number - 1}")
        else:
            others.append(block)
    if others:
        yield Message(role="user", parts=parts_of(others, at + number, found))


# ---- options ---------------------------------------------------------------------------------------------------------


def _tools(rest: dict[str, Any], found: Found) -> tuple[tuple[Tool, ...], ToolChoice | None]:
    config = dict(as_dict(rest.pop("toolConfig", None)))
    tools: list[Tool] = []
    others: list[Any] = []
    for item in map(as_dict, as_list(config.pop("tools", None))):
        if "cachePoint" in item and tools:
            found.mark(item["cachePoint"], f"/tools/{len(tools) - 1}")
        elif isinstance(item.get("toolSpec"), dict):
            tools.append(_tool(item["toolSpec"], len(tools), found))
        else:
            others.append(item)
    choice = _choice(as_dict(config.get("toolChoice")))
    if choice is not None:
        config.pop("toolChoice")
    if others:
        config["tools"] = others
    if config:
        rest["toolConfig"] = config
    return tuple(tools), choice


def _tool(wire: dict[str, Any], index: int, found: Found) -> Tool:
    for key in wire.keys() - _KNOWN_TOOL_KEYS:
        found.ledger.append(dropped("tools", f"/tools/{index}", f"a portable tool has no place for {key!r}"))
    schema: object = as_dict(wire.get("inputSchema")).get("json")
    if not isinstance(schema, dict):
        detail = "the arguments' schema is no object; an empty one is read"
        found.ledger.append(
            entry("tools", f"/tools/{index}/parameters", "substituted", detail, "nobody", effect="changed")
        )
    strict = wire.get("strict")
    return Tool(
        name=as_str(wire.get("name")) or "",
        description=as_str(wire.get("description")) or "",
        parameters=as_dict(cast("object", schema)),
        strict=strict if isinstance(strict, bool) else None,
    )


def _choice(wire: dict[str, Any]) -> ToolChoice | None:
    if "auto" in wire:
        return "auto"
    if "any" in wire:
        return "required"
    name = as_str(as_dict(wire.get("tool")).get("name"))
    return NamedTool(name) if name else None


def _output(rest: dict[str, Any]) -> Output[Any] | None:
    """The wanted value; a schema that is no JSON stays in `extra` with the rest of its field."""
    config = as_dict(rest.get("outputConfig"))
    wanted = as_dict(config.get("textFormat"))
    described = as_dict(as_dict(wanted.get("structure")).get("jsonSchema"))
    written = as_str(described.get("schema"))
    if wanted.get("type") != "json_schema" or written is None or described.keys() - {"schema", "name"}:
        return None
    try:
        schema = load_json(written)
    except ValueError:
        return None
    if not isinstance(schema, dict):
        return None
    rest["outputConfig"] = {name: value for name, value in config.items() if name != "textFormat"}
    return Output(schema=schema, name=as_str(described.get("name")) or "output")


def _sampling(config: dict[str, Any], more: dict[str, Any]) -> Sampling:
    top_k = as_int(more.get("top_k"))
    if top_k is not None:
        more.pop("top_k")
    elif (top_k := as_int(as_dict(more.get("inferenceConfig")).get("topK"))) is not None:
        more["inferenceConfig"] = {name: value for name, value in more["inferenceConfig"].items() if name != "topK"}
    return Sampling(
        temperature=_number(config.pop("temperature", None)),
        top_p=_number(config.pop("topP", None)),
        top_k=top_k,
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _metadata(rest: dict[str, Any], found: Found) -> dict[str, str]:
    wire = as_dict(rest.pop("requestMetadata", None))
    kept = {name: value for name, value in wire.items() if isinstance(value, str)}
    for name in wire.keys() - kept.keys():
        found.ledger.append(dropped("wire", f"/metadata/{name}", "portable metadata are texts"))
    return kept


def _extra(rest: dict[str, Any], config: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    kept = {**rest, "inferenceConfig": config, MORE: {name: value for name, value in more.items() if value != {}}}
    return {name: value for name, value in kept.items() if value is not None and value != {}}


# ---- reasoning -------------------------------------------------------------------------------------------------------


def _reasoning(more: dict[str, Any], found: Found) -> Reasoning | None:
    """How much to think, in the words of whichever family the request was written for."""
    for word in ("reasoning_effort", "reasoning_config"):
        if more.get(word) in _EFFORTS:
            return Reasoning(effort=more.pop(word))
    nova = as_dict(more.get("reasoningConfig"))
    if nova.get("type") == "disabled" or nova.get("maxReasoningEffort") in _EFFORTS:
        more.pop("reasoningConfig")
        return Reasoning(effort=nova.get("maxReasoningEffort", "none") if nova["type"] != "disabled" else "none")
    return _claude(more, found)


def _claude(more: dict[str, Any], found: Found) -> Reasoning | None:
    thinking = as_dict(more.get("thinking"))
    display = thinking.get("display")
    summary = {"summarized": True, "omitted": False}.get(display) if isinstance(display, str) else None
    kind = thinking.get("type")
    if kind not in ("enabled", "disabled", "adaptive"):
        return None
    more.pop("thinking")
    if kind == "disabled":
        return Reasoning(effort="none", summary=summary)
    effort: Any = _take_effort(more)
    if kind == "enabled":
        return Reasoning(effort=effort, budget_tokens=as_int(thinking.get("budget_tokens")), summary=summary)
    if effort is None and summary is not True:
        detail = "adaptive thinking without an effort: the vendor's default, high, is read"
        found.ledger.append(entry("sampling", "/reasoning/effort", "defaulted", detail))
        effort = "high"
    return Reasoning(effort=effort, summary=summary)


def _take_effort(more: dict[str, Any]) -> str | None:
    config = as_dict(more.get("output_config"))
    effort = config.get("effort")
    if effort not in _EFFORTS:
        return None
    more["output_config"] = {name: value for name, value in config.items() if name != "effort"}
    return effort
