"""A stored wire request → `Request`: the way back of `_build`.

What the portable request has no place for goes verbatim into `extra` (whole fields) or gets a ledger entry (keys of a
block or tool). Blocks no part type fits become `UnknownPart`s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import unquote

from portable_llm._adaptation import Adaptation
from portable_llm._errors import InvalidRequestError
from portable_llm._messages import Message, Part, Role, TextPart, ToolResultPart
from portable_llm._request import CacheHint, NamedTool, Output, Reasoning, Request, Sampling, Tool, ToolChoice
from portable_llm.wire._reading import as_dict, as_int, as_list, as_str
from portable_llm.wire.anthropic_messages._ledger import dropped, entry
from portable_llm.wire.anthropic_messages._read_blocks import Found, part_of

_CHOICES: dict[str, ToolChoice] = {"auto": "auto", "any": "required", "none": "none"}
_KNOWN_TOOL_KEYS = {"type", "name", "description", "input_schema", "strict", "cache_control"}
_PATHS = re.compile(r"/(?:models|model)/([^/:]+(?:%3A[^/:]+|:\d+)?)(?::|/|$)")
_EFFORTS = ("low", "medium", "high", "xhigh", "max")


def read_request(body: Mapping[str, Any], *, path: str = "") -> tuple[Request[Any], tuple[Adaptation, ...]]:
    """The request a wire body stands for; raises `InvalidRequestError` that names what is wrong with it."""
    if not isinstance(body.get("messages"), list):
        raise InvalidRequestError("a Messages request needs a list 'messages'")
    rest = dict(body)
    found = Found()
    messages = _system(rest.pop("system", None), found) + _messages(rest.pop("messages"), found)
    tools = _tools(rest, found)
    choice, parallel = _choice(as_dict(rest.pop("tool_choice", None)))
    output = _output(rest)
    reasoning = _reasoning(rest, found)
    request: Request[Any] = Request(
        model=_model(rest, path),
        messages=messages,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=parallel,
        output=output,
        reasoning=reasoning,
        sampling=_sampling(rest),
        max_output_tokens=as_int(rest.pop("max_tokens", None)),
        stop=tuple(word for word in as_list(rest.pop("stop_sequences", None)) if isinstance(word, str)),
        cache=_cache(found),
        metadata=_metadata(rest, found),
        extra=_extra(rest, found),
    )
    return request, tuple(found.ledger)


def _model(rest: dict[str, Any], path: str) -> str:
    """The model's id: in the body, or in the path where cloud hosts have it."""
    model = rest.pop("model", None)
    if isinstance(model, str) and model:
        return model
    match = _PATHS.search(path)
    if match is None:
        raise InvalidRequestError("a Messages request needs a 'model', in the body or in the path")
    return unquote(match[1])


# ---- messages --------------------------------------------------------------------------------------------------------


def _system(system: object, found: Found) -> tuple[Message, ...]:
    if system is None or system == "" or system == []:
        return ()
    found.offset = 1
    return (Message(role="system", parts=_parts(system, 0, found)),)


def _parts(content: object, message: int, found: Found) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (TextPart(text=content),)
    if not isinstance(content, list):
        raise InvalidRequestError(f"message {message}: 'content' is a string or a list, got {type(content).__name__}")
    blocks = cast("list[Any]", content)
    return tuple(
        part_of(as_dict(block), f"/messages/{message}/parts/{index}", found) for index, block in enumerate(blocks)
    )


def _messages(wire: list[Any], found: Found) -> tuple[Message, ...]:
    # A leading system message takes index 0; the marks of `found` count portable messages.
    messages: list[Message] = []
    offset = found.offset
    for turn in wire:
        role = as_dict(turn).get("role")
        if role not in ("user", "assistant", "system"):
            raise InvalidRequestError(f"a turn has the role {role!r}; known: user, assistant, system")
        content = as_dict(turn).get("content")
        found.listed(as_dict(turn), ("role", "content"), f"/messages/{offset + len(messages)}")
        messages.extend(_turn(role, content, offset + len(messages), found))
    return tuple(messages)


def _turn(role: Role, content: object, at: int, found: Found) -> Iterable[Message]:
    """One turn: each tool result a message of its own, then what is left."""
    if role != "user" or not isinstance(content, list):
        yield Message(role=role, parts=_parts(content, at, found))
        return
    blocks = [as_dict(block) for block in cast("list[Any]", content)]
    results = [block for block in blocks if block.get("type") == "tool_result"]
    for index, block in enumerate(results):
        part = part_of(block, f"/messages/{at + index}/parts/0", found)
        yield Message(role="tool" if isinstance(part, ToolResultPart) else "user", parts=(part,))
    others = [block for block in blocks if block.get("type") != "tool_result"]
    if others or not results:
        yield Message(role="user", parts=_parts(others, at + len(results), found))


# ---- options ---------------------------------------------------------------------------------------------------------


def _tools(rest: dict[str, Any], found: Found) -> tuple[Tool, ...]:
    declared = [as_dict(tool) for tool in as_list(rest.pop("tools", None))]
    tools = [tool for tool in declared if tool.get("type") in (None, "custom")]
    servers = [tool for tool in declared if tool.get("type") not in (None, "custom")]
    if servers:
        rest["tools"] = servers
    if declared != [*tools, *servers]:
        detail = "portable tools come first, then the vendor's own"
        found.ledger.append(entry("tools", "/tools", "moved", detail))
    return tuple(_tool(tool, index, found) for index, tool in enumerate(tools))


def _tool(wire: dict[str, Any], index: int, found: Found) -> Tool:
    found.mark(wire, f"/tools/{index}")
    for key in wire.keys() - _KNOWN_TOOL_KEYS:
        found.ledger.append(dropped("tools", f"/tools/{index}", f"a portable tool has no place for {key!r}"))
    if not isinstance(wire.get("input_schema"), dict):
        detail = "the arguments' schema is no object; an empty one is read"
        found.ledger.append(
            entry("tools", f"/tools/{index}/parameters", "substituted", detail, "nobody", effect="changed")
        )
    strict = wire.get("strict")
    return Tool(
        name=as_str(wire.get("name")) or "",
        description=as_str(wire.get("description")) or "",
        parameters=as_dict(wire.get("input_schema")),
        strict=strict if isinstance(strict, bool) else None,
    )


def _choice(wire: dict[str, Any]) -> tuple[ToolChoice | None, bool | None]:
    disabled = wire.get("disable_parallel_tool_use")
    parallel = not disabled if isinstance(disabled, bool) else None
    if wire.get("type") == "tool":
        return NamedTool(as_str(wire.get("name")) or ""), parallel
    return _CHOICES.get(as_str(wire.get("type")) or ""), parallel


def _output(rest: dict[str, Any]) -> Output[Any] | None:
    config = dict(as_dict(rest.get("output_config")))
    wanted = as_dict(config.pop("format", None)) or as_dict(rest.get("output_format"))
    if wanted.get("type") != "json_schema" or not isinstance(wanted.get("schema"), dict):
        return None
    rest.pop("output_format", None)
    if "output_config" in rest:
        rest["output_config"] = config
    return Output(schema=wanted["schema"])


def _reasoning(rest: dict[str, Any], found: Found) -> Reasoning | None:
    effort = as_str(as_dict(rest.get("output_config")).get("effort"))
    thinking = as_dict(rest.get("thinking"))
    kind, display = thinking.get("type"), thinking.get("display")
    summary = {"summarized": True, "omitted": False}.get(display) if isinstance(display, str) else None
    if kind == "enabled":
        rest.pop("thinking")
        budget = as_int(thinking.get("budget_tokens"))
        return Reasoning(effort=_take_effort(effort, rest), budget_tokens=budget, summary=summary)
    if kind == "disabled":
        rest.pop("thinking")
        return Reasoning(effort="none", summary=summary)
    if kind == "adaptive":
        rest.pop("thinking")
        return _adaptive(_take_effort(effort, rest), summary, found)
    word = None if thinking else _take_effort(effort, rest)
    if word is None:
        return None  # what is of another kind stays in `extra`, as it is
    detail = "an effort without thinking is read as an effort of thinking"
    found.ledger.append(entry("sampling", "/reasoning/effort", "substituted", detail))
    return Reasoning(effort=word)


def _adaptive(effort: Any, summary: bool | None, found: Found) -> Reasoning:
    if effort is None and summary is not True:
        detail = "adaptive thinking without an effort: the vendor's default, high, is read"
        found.ledger.append(entry("sampling", "/reasoning/effort", "defaulted", detail))
        effort = "high"
    return Reasoning(effort=effort, summary=summary)


def _take_effort(effort: str | None, rest: dict[str, Any]) -> Any:
    if effort not in _EFFORTS:
        return None
    rest["output_config"] = {name: value for name, value in rest["output_config"].items() if name != "effort"}
    return effort


def _sampling(rest: dict[str, Any]) -> Sampling:
    return Sampling(
        temperature=_number(rest.pop("temperature", None)),
        top_p=_number(rest.pop("top_p", None)),
        top_k=as_int(rest.pop("top_k", None)),
    )


def _number(value: object) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _cache(found: Found) -> CacheHint | None:
    if len(found.ttls) > 1:
        detail = f"the marks are kept differently long; all are kept {found.ttl}"
        found.ledger.append(entry("tokens", "/cache/ttl", "substituted", detail, "nobody"))
    # The automatic mark of the whole request (top level) has no place in a hint and stays in `extra`.
    return CacheHint(breakpoints=tuple(found.breakpoints), ttl=found.ttl) if found.breakpoints else None


def _metadata(rest: dict[str, Any], found: Found) -> dict[str, str]:
    wire = as_dict(rest.pop("metadata", None))
    kept = {name: value for name, value in wire.items() if isinstance(value, str)}
    for name in wire.keys() - kept.keys():
        if wire[name] is not None:
            found.ledger.append(dropped("wire", f"/metadata/{name}", "portable metadata are texts"))
    return kept


def _extra(rest: dict[str, Any], found: Found) -> dict[str, Any]:
    rest.pop("stream", None)  # how it is sent, not what is asked
    for name in ("anthropic_version", "anthropic_beta"):
        if rest.pop(name, None) is not None:
            found.ledger.append(
                dropped("wire", f"/extra/{name}", "a cloud host's version field; this wire has a header")
            )
    return {name: value for name, value in rest.items() if value is not None and value != {}}
