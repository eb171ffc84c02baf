"""A plan: what would be sent, and everything the target does not honour; pure, offline, without credentials."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from portable_llm._adapt import PASSES, Context
from portable_llm._adaptation import SEVERITIES, Adaptation, LossPolicy, Severity, entry
from portable_llm._calls import ToolPlan
from portable_llm._capabilities import Capabilities
from portable_llm._errors import InvalidRequestError
from portable_llm._http import HttpCall
from portable_llm._json import JsonValue
from portable_llm._messages import Origin
from portable_llm._request import PromptRef, Reasoning, Request
from portable_llm.output import OutputPlan
from portable_llm.providers import Provider
from portable_llm.providers._target import Target
from portable_llm.wire import WireFormat, wire_format

if TYPE_CHECKING:
    from portable_llm._response import Usage
    from portable_llm.tokens import Cost, TokenCount

T = TypeVar("T")

_WIDTH = 88
_INDENT = " " * 11
_FIXED_SPACE = "\N{NO-BREAK SPACE}"

_NO_REASK = entry(
    "json",
    "/output/reask",
    "dropped",
    "what has been streamed cannot be asked for again; ask for the whole answer, or ask again yourself",
    "nobody",
)


def _not_streamed(request: Request[Any]) -> Iterator[Adaptation]:
    """What a whole answer gives and a streamed one does not, whatever the target."""
    if request.output is not None and request.output.reask:
        yield _NO_REASK


@dataclass(frozen=True, kw_only=True)
class Plan(Generic[T]):
    """One request to one target, ready to be sent, kept or shown. Holds no credentials; can be pickled."""

    request: Request[T]
    """As the application meant it."""
    target: Target
    call: HttpCall
    """The wire request."""
    adaptations: tuple[Adaptation, ...]
    """The ledger."""
    output: OutputPlan | None = None
    """How the wanted value travels."""
    tools: ToolPlan | None = None
    """What was done to the tools and is undone in the calls; `None` where they travel as they are."""
    prompt: PromptRef | None = None
    """The prompt behind the messages, as this target gets it; `None` without one."""
    is_stream: bool = False
    adapted: Request[Any] | None = field(default=None, repr=False, compare=False)
    """The request as the target takes it: what the wire request was written from."""

    @cached_property
    def tokens(self) -> TokenCount:
        """The input tokens of what is sent, with bounds; counted when first asked for, without a network."""
        from portable_llm.tokens import count_request  # here: a call that counts nothing does not pay for it

        return count_request(self.adapted or self.request, self._capabilities)

    @cached_property
    def cost(self) -> Cost:
        """US dollars from an empty answer to the longest one, by the tables of the extra `prices`."""
        from portable_llm.tokens import cost_between  # here: as above

        cache = (self.adapted or self.request).cache
        is_unasked = self._capabilities["cache/breakpoints"].support != "yes"
        return cost_between(
            self.tokens,
            self.most_output,
            self._places,
            self.target.model,
            may_write_cache=cache is not None or is_unasked,
            lasts_an_hour=cache is not None and cache.ttl == "1h",
        )

    def cost_of(self, usage: Usage) -> Cost:
        """What an answer to this plan cost, by the usage that it reported."""
        from portable_llm.tokens import cost_of  # here: as above

        return cost_of(usage, self._places, self.target.model)

    @property
    def _places(self) -> tuple[str, ...]:
        """Where a price table may know the target from; a server of one's own is nowhere."""
        provider = self.target.provider
        return () if provider.is_self_hosted else (provider.name, self.target.base_url)

    @property
    def most_output(self) -> int | None:
        """The most tokens that can be answered: what is asked for, else the model's own limit, if it is known."""
        asked = (self.adapted or self.request).max_output_tokens
        limit = self._capabilities["max_output_tokens"].maximum
        return asked if asked is not None else None if limit is None else int(limit)

    @property
    def _capabilities(self) -> Capabilities:
        return _capabilities_for(self.request.reasoning, self.target)

    @property
    def origin(self) -> Origin:
        """Who will have made what comes back."""
        return self.target.origin

    @property
    def wire(self) -> WireFormat:
        """The wire format it is written in."""
        return wire_format(self.target.provider.wire)

    @property
    def worst(self) -> str | None:
        """The gravest severity in the ledger; `None` if it is empty."""
        return max((entry.severity for entry in self.adaptations), key=SEVERITIES.index, default=None)

    def explain(self, least: Severity = "exact", *, cost: bool = False) -> str:
        """The plan for people: where it goes, what changes on the way, and what is lost; gravest first.

        Entries below `least` are only counted. With `cost`, how many tokens it is and what it costs.
        """
        target = self.target
        head = f"{target.provider.name}:{target.model}  {self.call.method} {target.url(self.call.path)}"
        if cost:
            head = f"{head}\n  {self._spent()}"
        if self.prompt is not None:
            head += f"\n  {self.prompt}"
        if not self.adaptations:
            return f"{head}\n  sent as asked: nothing renamed, weakened or dropped"
        shown = [entry for entry in self.adaptations if SEVERITIES.index(entry.severity) >= SEVERITIES.index(least)]
        order = sorted(shown, key=lambda entry: -SEVERITIES.index(entry.severity))
        lines = [line for entry in order for line in _lines(entry)]
        counts = ", ".join(
            f"{count} {severity}"
            for severity in reversed(SEVERITIES)
            if (count := sum(entry.severity == severity for entry in self.adaptations))
        )
        return "\n".join([head, *lines, f"  {counts}"])

    def _spent(self) -> str:
        most = "no limit known" if self.most_output is None else f"at most {self.most_output:,}"
        return f"{self.tokens} in, {most} out; {self.cost}"

    def to_json(self) -> dict[str, JsonValue]:
        """The plan as JSON: target, wire request and ledger."""
        return {
            "provider": self.target.provider.name,
            "model": self.target.model,
            "url": self.target.url(self.call.path),
            "wire": self.target.provider.wire,
            "body": self.call.json,
            "prompt": self.prompt.to_json() if self.prompt else None,
            "output_mode": self.output.mode if self.output else None,
            "adaptations": [dict(entry.to_json()) for entry in self.adaptations],
        }


def _lines(entry: Adaptation) -> list[str]:
    """An entry for people: what happened to what, and below it why, no wider than `_WIDTH`; a source stays whole."""
    source = f"[{entry.source}]".replace(" ", _FIXED_SPACE) if entry.source else ""
    why = textwrap.wrap(
        f"{entry.detail} {source}",
        _WIDTH,
        initial_indent=_INDENT,
        subsequent_indent=_INDENT,
        break_on_hyphens=False,
    )
    head = f"  {entry.severity:8} {entry.action:11} {entry.subject}"
    return [head, *(line.replace(_FIXED_SPACE, " ") for line in why)]


# Merging some forty facts anew for each call would take longer than all passes together.
@lru_cache(maxsize=1024)
def _capabilities(provider: Provider, model: str, *, thinking: bool) -> Capabilities:
    return provider.capabilities_of(model, wire_format(provider.wire).CAPABILITIES, thinking=thinking)


def _capabilities_for(reasoning: Reasoning | None, target: Target) -> Capabilities:
    """What the target accepts from this request: some models refuse other options while they think."""
    plain = _capabilities(target.provider, target.model, thinking=False)
    return _capabilities(target.provider, target.model, thinking=True) if _thinks(reasoning, plain) else plain


def _thinks(reasoning: Reasoning | None, capabilities: Capabilities) -> bool:
    """Whether the model will think: it was asked to, or does so unasked (`reasoning/default`), or always."""
    effort = reasoning.effort if reasoning else None
    if effort == "none":
        known = capabilities["reasoning/effort"].values
        return bool(known) and "none" not in known
    if effort is not None or (reasoning is not None and reasoning.budget_tokens):
        return True
    return capabilities.spelling.get("reasoning/default") == "on"


def make_plan(
    request: Request[T], target: Target, *, policy: LossPolicy | None = None, stream: bool = False
) -> Plan[T]:
    """Adapt the request to the target, write the wire request, apply the loss policy (`None`: only record).

    Raises `InvalidRequestError` for a request that cannot be meant, `LossError` for one that loses too much.
    """
    wire = wire_format(target.provider.wire)
    context = Context(origin=target.origin, capabilities=_capabilities_for(request.reasoning, target))
    adapted: Request[Any] = request
    entries: list[Adaptation] = []
    for adapt in PASSES:
        adapted, changed = adapt(adapted, context)
        entries.extend(changed)
    try:
        call, renamed = wire.build_request(adapted.with_model(target.model), context.capabilities, stream=stream)
    except ValueError as error:
        raise InvalidRequestError(f"the request holds something JSON cannot: {error}") from error
    entries.extend(renamed)
    if stream:
        entries.extend(_not_streamed(request))
    ledger = tuple(entries)
    if policy is not None:
        policy.check(ledger, context.target)
    return Plan(
        request=request,
        target=target,
        call=call,
        adaptations=ledger,
        output=context.output,
        tools=context.tools,
        prompt=context.prompt,
        is_stream=stream,
        adapted=adapted,
    )
