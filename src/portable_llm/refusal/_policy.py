"""What to do about a refusal: give it back, raise, ask another model, or explain a harmless request once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypedDict, cast, get_args

from portable_llm._errors import ConfigurationError
from portable_llm._response import Refusal, Response
from portable_llm.refusal._spoken import Classifier, SoftRefusals

OnRefusal = Literal["return", "raise", "fallback"]
"""A refusal is an answer (the default), an error, or the reason to ask the next model."""

HARMS = frozenset(
    {
        "violence",
        "hate",
        "sexual",
        "self_harm",
        "illegal",
        "cyber",
        "bio_chem",
        "reasoning_extraction",
        "prompt_attack",
    }
)
"""Categories of a safety policy: a refusal for one of them is never argued with."""


class RefusalOptions(TypedDict, total=False):
    """What a call, or a client for all its calls, says about refusals."""

    on_refusal: OnRefusal
    """`"return"` (default), `"raise"` a `RefusedError`, or `"fallback"` to the next model."""
    fallback: Sequence[str]
    """The models to ask next, in order, as `provider:model` or aliases."""
    soft_refusals: SoftRefusals
    """Which texts are classified: `"never"`, `"output"` (default: those without the value asked for), `"always"`."""
    refusal_classifier: Classifier
    """Judges in the place of the library's own classifier."""
    clarification: str
    """Harmless context that the application vouches for; said once to a model that declined in words."""


REFUSAL_OPTIONS: frozenset[str] = frozenset(RefusalOptions.__annotations__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalPolicy:
    """`RefusalOptions`, checked."""

    on_refusal: OnRefusal = "return"
    fallback: tuple[str, ...] = ()
    soft_refusals: SoftRefusals = "output"
    classifier: Classifier | None = None
    clarification: str | None = None

    def with_(self, options: Mapping[str, Any]) -> RefusalPolicy:
        """The policy with what a call says instead; raises `ConfigurationError` for what cannot be meant.

        Models to fall back to mean that they are to be asked: `on_refusal` need not be said as well.
        """
        if not options:
            return self
        fields = {("classifier" if name == "refusal_classifier" else name): value for name, value in options.items()}
        if "fallback" in fields:
            given = cast("str | Sequence[str]", fields["fallback"])
            models = fields["fallback"] = (given,) if isinstance(given, str) else tuple(given)
            otherwise = "return" if self.on_refusal == "fallback" else self.on_refusal
            said = fields.setdefault("on_refusal", "fallback" if models else otherwise)
            if models and said != "fallback":
                raise ConfigurationError(f'fallback models are asked with on_refusal="fallback", not {said!r}')
        return _checked(replace(self, **fields))

    @property
    def is_plain(self) -> bool:
        """Whether an answer needs no more than to be read."""
        return self.on_refusal == "return" and self.clarification is None


DEFAULT_POLICY = RefusalPolicy()


def _checked(policy: RefusalPolicy) -> RefusalPolicy:
    if policy.on_refusal not in get_args(OnRefusal):
        raise ConfigurationError(f"on_refusal={policy.on_refusal!r}: it is one of {', '.join(get_args(OnRefusal))}")
    if policy.soft_refusals not in get_args(SoftRefusals):
        known = ", ".join(get_args(SoftRefusals))
        raise ConfigurationError(f"soft_refusals={policy.soft_refusals!r}: it is one of {known}")
    if policy.on_refusal == "fallback" and not policy.fallback:
        raise ConfigurationError('on_refusal="fallback" needs the models to ask: fallback=("provider:model", ...)')
    if policy.clarification is not None and not policy.clarification.strip():
        raise ConfigurationError("clarification is empty: say what makes the request harmless, or leave it out")
    return policy


def is_declined(response: Response[Any]) -> bool:
    """Whether the whole answer is a refusal: a partial one answered the rest and is kept."""
    return response.refusal is not None and not response.refusal.is_partial


def may_clarify(refusal: Refusal | None) -> bool:
    """Whether more context may be given: only against the model's own words, and never against a safety policy.

    A typed refusal is a decision; so is one for a category of `HARMS`. What is left is a model that misread a harmless
    request, or that said no without saying why.
    """
    return refusal is not None and refusal.kind == "soft" and not refusal.is_partial and refusal.category not in HARMS
