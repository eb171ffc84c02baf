"""The case: one vendor-neutral question with the contract its answer must keep.

A case is data. `request` says what to ask in words that no wire format owns, `contract` is what the judge reads,
`answer` is the correct answer by construction (never from a model). The id is a hash of everything else, so a case that
changed is another case. The same JSON form is frozen in `conformance/cases/<axis>/*.jsonl` for other harnesses.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast

Axis: TypeAlias = Literal["wire", "prompt", "instruct", "tools", "json", "refusal", "dialogue", "tokens", "sampling"]
Tier: TypeAlias = Literal["must", "should"]
JsonObject: TypeAlias = Mapping[str, Any]

CASE_VERSION = 1
CANARY = "portable-llm conformance canary 5e0c2f6b-8f1d-4f0e-9a56-3f2f7f0d61b7"
"""Marks public packs, so that training data that holds them can be recognised. Never part of a request."""


def canonical_json(value: object) -> str:
    """The one JSON text of a value: sorted keys, no white space, ASCII only (lone surrogates survive)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def content_hash(value: object) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of the canonical JSON text."""
    return hashlib.sha256(canonical_json(value).encode("ascii")).hexdigest()[:16]


def json_object(value: object) -> dict[str, Any]:
    """`value` if it is a JSON object, else an empty one: how tolerant readers walk decoded JSON."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def json_list(value: object) -> list[Any]:
    """`value` if it is a JSON array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def text_content(content: object) -> str:
    """The text of a message's content: a string, or a list of parts of which the texts are joined."""
    if isinstance(content, str):
        return content
    parts = [json_object(part) for part in json_list(content)]
    return "".join(str(part["text"]) for part in parts if part.get("type") == "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The correct answer to a case, portable: what a perfect endpoint says, on whatever wire."""

    text: str = ""
    tool_calls: tuple[JsonObject, ...] = ()
    """Each `{"name", "arguments"}`; ids are the endpoint's to invent."""
    finish: str = "stop"
    uncut: str | None = None
    """What an endpoint says that ignores stop sequences and output limits; `None` where neither plays a part."""

    def to_json(self) -> dict[str, Any]:
        """The JSON form, without the parts that say nothing."""
        form: dict[str, Any] = {
            "text": self.text,
            "tool_calls": [dict(c) for c in self.tool_calls],
            "finish": self.finish,
        }
        return form if self.uncut is None else {**form, "uncut": self.uncut}

    @classmethod
    def from_json(cls, form: JsonObject) -> Answer:
        """The answer that `to_json` wrote."""
        return cls(
            text=form["text"], tool_calls=tuple(form["tool_calls"]), finish=form["finish"], uncut=form.get("uncut")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One trial's question and contract; see `conformance/case.schema.json` for the JSON form."""

    axis: str
    family: str
    """The family of the axis, for example `t3` (parallel independent calls)."""
    template: str
    """`<axis>.<family>.<name>`: the cluster of all statistics."""
    instance: int
    tier: Tier
    tags: tuple[str, ...] = ()
    request: JsonObject
    contract: JsonObject
    answer: JsonObject
    canary: str | None = None
    version: int = CASE_VERSION
    id: str = field(init=False)
    """Content hash of all other fields."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", content_hash(self._content()))

    @property
    def wants_json(self) -> bool:
        """Whether a reader has to parse the answer's text as JSON."""
        return str(self.contract.get("judge", "")).startswith("json.") or "schema" in self.contract

    @property
    def streamed(self) -> bool:
        """Whether the answer is asked for as a stream."""
        return bool(self.request.get("stream", False))

    @property
    def asserted(self) -> frozenset[str]:
        """Members of the request that the contract depends on: without them an endpoint cannot take the case.

        Two are left out where they only ask for the default or keep the answer cheap: `parallel_tool_calls: true`, and
        an output limit that the answer does not reach.
        """
        free = set[str]()
        if self.request.get("parallel_tool_calls") is not False:
            free.add("parallel_tool_calls")
        if self.answer.get("finish") != "length":
            free.add("max_output_tokens")
        return frozenset(name for name, value in self.request.items() if name not in free and value is not False)

    def to_json(self) -> dict[str, Any]:
        """The versioned JSON form, id first."""
        return {"id": self.id, **self._content()}

    @classmethod
    def from_json(cls, form: JsonObject) -> Case:
        """The case that `to_json` wrote. Raises `ValueError` when the stored id is not the hash of the content."""
        names = ("axis", "family", "template", "instance", "tier", "request", "contract", "answer", "version")
        case = cls(**{name: form[name] for name in names}, tags=tuple(form["tags"]), canary=form.get("canary"))
        if form.get("id", case.id) != case.id:
            raise ValueError(
                f"case {form['id']} of template {case.template} was changed: its content hashes to {case.id}"
            )
        return case

    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = {
            "version": self.version,
            "axis": self.axis,
            "family": self.family,
            "template": self.template,
            "instance": self.instance,
            "tier": self.tier,
            "tags": list(self.tags),
            "request": self.request,
            "contract": self.contract,
            "answer": self.answer,
        }
        return content if self.canary is None else {**content, "canary": self.canary}


def oracle(case: Case) -> Answer:
    """The correct answer of a case, by construction."""
    return Answer.from_json(case.answer)
