"""An endpoint: a model at a host, with the parameters that belong to it and not to a case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portable_llm._request import Sampling
from portable_llm.providers._target import Settings, Target, load_settings
from portable_llm.wire import wire_format

TEMPERATURE = 0.0
SEED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One side of a comparison. Two hosts of one model are two endpoints."""

    label: str
    """The model string, aliases resolved; it never holds credentials."""
    target: Target
    sampling: Sampling
    """Temperature 0 and a fixed seed, where the model accepts them."""

    @property
    def wire(self) -> str:
        """Name of the wire format it speaks."""
        return self.target.provider.wire

    @property
    def parameters(self) -> dict[str, float | int | None]:
        """The parameter set, as reports show it; `None` where the model does not accept the parameter."""
        return {"temperature": self.sampling.temperature, "seed": self.sampling.seed}

    def to_json(self) -> dict[str, Any]:
        """How a report and a manifest name it."""
        origin = self.target.origin
        return {
            "label": self.label,
            "provider": origin.provider,
            "model": origin.model,
            "host": origin.host,
            "wire": self.wire,
            "parameters": self.parameters,
        }


def parse_endpoint(text: str, settings: Settings | None = None) -> Endpoint:
    """The endpoint of `provider:model`, `provider:model@base_url` or an alias; raises `ConfigurationError`.

    Without `settings`, aliases come from the environment and the configuration file, as for a client.
    """
    target = (settings or load_settings()).resolve(text)
    capabilities = target.capabilities(wire_format(target.provider.wire).CAPABILITIES)
    can_cool = capabilities["sampling/temperature"].support == "yes"
    can_seed = capabilities["sampling/seed"].support == "yes"
    label = f"{target.provider.name}:{target.model}"
    return Endpoint(
        label=f"{label}@{target.base_url}" if target.is_override else label,
        target=target,
        sampling=Sampling(temperature=TEMPERATURE if can_cool else None, seed=SEED if can_seed else None),
    )
