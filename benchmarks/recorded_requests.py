"""Recorded requests of real clients: read, built again, and compared.

A request counts as *equal* when the body built again is the recorded one but for spellings that mean the same to the
provider (`same` of each family, each with its reason), as *told* when every place that differs is named by a ledger
entry, as *untold* when one is not, and as *unread* when `read_request` refuses it. Run with the folder of recordings it
writes `benchmarks/results/recorded_requests.json`: counts and reasons, nothing of the recordings themselves.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portable_llm._adaptation import Adaptation
from portable_llm._errors import PortableLLMError
from portable_llm.providers import provider
from portable_llm.wire import WireFormat, wire_format
from recorded_spellings import SAME, Body

RESULTS = Path(__file__).parent / "results" / "recorded_requests.json"
WIRE_OF_FAMILY: Mapping[str, str] = {
    "openai-chat": "openai-chat",
    "openai-compatible": "openai-chat",
    "azure-openai": "openai-chat",
    "openai-responses": "openai-responses",
    "anthropic-messages": "anthropic-messages",
    "gemini": "gemini",
    "vertex-gemini": "gemini",
    "bedrock-converse": "bedrock-converse",
    "bedrock-converse-stream": "bedrock-converse",
    "mistral": "mistral-chat",
    "cohere": "cohere-v2",
    "ollama": "ollama-chat",
}
OTHER_PATHS = ("/v1/chat", "/api/generate", "/v1/generate")
"""Older protocols of the same vendors; so is `operation: completions`."""

# ---- which entry speaks of which place -------------------------------------------------------------------------------

SAID: Mapping[str, tuple[tuple[str, str], ...]] = {
    "openai-chat": (
        (r"/messages/(\d+)(/.*)?", r"/messages/\1(/.*)?"),
        (r"/tools/(\d+)/.*", r"/tools/\1/.*"),
        (r"/(messages|tools)/.*/?(cache_control|prompt_cache_breakpoint)", r"/cache/breakpoints"),
        (r"/functions(/.*)?", r"/tools renamed"),
        (r"/tools", r"/tools/\d+ dropped"),
        (r"/response_format(/.*)?", r"/output(/.*)?"),
    ),
    "openai-responses": (
        (r"/input/\d+/(id|status)", r"/messages/\d+/parts/\d+/state"),
        (r"/input/\d+(/(?:content|output)/\d+)?/(\w+)", r"/messages/\d+/parts/\d+/\2"),
        (r"/input/\d+/content/\d+/annotations(/.*)?", r"/messages/\d+/parts/\d+/citations"),
        (r"/tools/(\d+)/(\w+)", r"/tools/\d+/\2"),
        (r"/text/format/description", r"/output/description"),
        (r"/text(/.*)?", r"/output(/.*)?"),
        (r"/reasoning/(\w+)", r"/reasoning/\1"),
    ),
    "anthropic-messages": (
        (r"/messages/\d+/.*/(\w+)", r"/messages/\d+(/parts/\d+)*/\1"),
        (r"/messages/\d+/(\w+)", r"/messages/\d+/\1"),
        (r"/(messages|system|tools)/.*cache_control/ttl", r"/cache/ttl"),
        (r"/tools/(\d+)/.*", r"/tools/\d+(/.*)?"),
        (r"/(thinking|output_config)(/.*)?", r"/reasoning/.*"),
        (r"/metadata/(\w+)", r"/metadata/\1"),
    ),
    "gemini": (
        (r"/contents/.*/functionResponse/response(/.*)?", r"/messages encoded"),
        (r"/contents/.*/(functionCall|functionResponse)/id", r"/messages defaulted"),
        (r"/contents/.*/thoughtSignature", r"/messages/\d+/parts/\d+/state defaulted"),
        (r"/contents/.*", r"/messages dropped"),
        (r"/functions/(\d+)/parameters(JsonSchema)?(/.*)?", r"/tools/\1/parameters"),
        (r"/functions/(\d+)/(\w+)", r"/tools/\1/\2"),
        (r"/generationConfig/response(Json)?Schema(/.*)?", r"/output/schema encoded"),
    ),
    "bedrock-converse": (
        (r"/messages/.*/toolResult/content/\d+/(json|text)(/.*)?", r"/messages/\d+/parts/\d+(/parts/\d+)? encoded"),
        (r"/messages/.*/document/source/(text|bytes)", r"/messages/\d+(/parts/\d+)+/data"),
        (r"/messages(/.*)?/(\w+)", r"/messages/\d+(/parts/\d+)*/\2"),
        (r"/messages(/.*)?", r"/messages (encoded|defaulted)"),
        (r"/additionalModelRequestFields(/.*)?", r"/reasoning(/.*)? defaulted"),
    ),
    "mistral-chat": (
        (r"/messages/(\d+)(/.*)?", r"/messages/\1(/.*)?"),
        (r"/tools/(\d+)(/.*)?", r"/tools/\1(/.*)?"),
        (r"/response_format(/.*)?", r"/output(/.*)?"),
    ),
    "cohere-v2": ((r"/messages/(\d+)(/.*)?", r"/messages/\1(/.*)?"), (r"/tools/(\d+)(/.*)?", r"/tools/\1(/.*)?")),
    "ollama-chat": ((r"/messages/(\d+)(/.*)?", r"/messages/\1(/.*)?"), (r"/tools/(\d+)(/.*)?", r"/tools/\1(/.*)?")),
}
"""Wire format → pairs: a place in the wire request, and the subject (with an action, where one alone counts) of an
entry that speaks of it. Where both sides number messages alike, the number has to be the same."""


def entry_of(place: str, ledger: tuple[Adaptation, ...], wire: str) -> Adaptation | None:
    """The entry that speaks of a place: by its own name, or as the wire format's pairs say."""
    wanted: list[str] = []
    for pattern, subject in SAID[wire]:
        if (found := re.fullmatch(pattern, place)) is not None:
            for number, group in enumerate(found.groups(), 1):
                subject = subject.replace(rf"\{number}", re.escape(group or ""))
            wanted.append(subject)
    name = re.escape(place.split("/")[1])
    wanted += [rf"/extra/{name}", rf"/{name} (dropped|defaulted|substituted|encoded|clamped)"]
    for subject in wanted:
        with_action = re.compile(subject if " " in subject else rf"{subject} \w+")
        for entry in ledger:
            if with_action.fullmatch(f"{entry.subject} {entry.action}"):
                return entry
    return None


def differences(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """Places at which two JSON values differ; a member that is empty says as much as one that is not there."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            if one.get(name) not in (None, {}, [], "") or other.get(name) not in (None, {}, [], ""):
                yield from differences(one.get(name), other.get(name), f"{at}/{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{at}/{index}")
    elif one != other:
        yield at


# ---- one request -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of one recorded request."""

    kind: str
    """`equal`, `told`, `untold` or `unread`."""
    entries: tuple[Adaptation, ...] = ()
    """What the ledger says of the places that differ."""
    untold: tuple[str, ...] = ()
    """Places that differ and that nobody speaks of; of an unread request the reason."""


def again(wire: WireFormat, body: Body, path: str) -> tuple[Body, tuple[Adaptation, ...]]:
    """The body built from what was read, and both ledgers; raises `PortableLLMError`."""
    request, read = wire.read_request(body, path=path)
    capabilities = wire.CAPABILITIES
    if wire is wire_format("bedrock-converse"):  # one protocol, many makers: their rows say how options are spelt
        capabilities = provider("bedrock").capabilities_of(request.model, capabilities)
    call, built = wire.build_request(request, capabilities)
    assert isinstance(call.json, dict)
    return call.json, (*read, *built)


def compare(name: str, body: Body, path: str) -> Found:
    """Read, build again, compare."""
    try:
        built, ledger = again(wire_format(name), body, path)
    except PortableLLMError as error:
        return Found(kind="unread", untold=(str(error).partition(":")[0],))
    if "model" not in body:  # it stands in the path
        built.pop("model", None)
    places = list(differences(SAME[name](json.loads(json.dumps(body))), SAME[name](built)))
    entries = [(place, entry_of(place, ledger, name)) for place in places]
    untold = tuple(place for place, entry in entries if entry is None)
    said = tuple({entry: None for _, entry in entries if entry is not None})
    return Found(kind="untold" if untold else "told" if places else "equal", entries=said, untold=untold)


def recorded(folder: Path, family: str) -> Iterator[tuple[str, str, Body, str]]:
    """Requests that were answered, of protocols that this library speaks: id, wire format, body, path."""
    with gzip.open(folder / f"{family}.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
        for exchange in map(json.loads, lines):
            body, path = exchange["request_json"], urlsplit(exchange["url"]).path
            if not isinstance(body, dict) or exchange["status"] != 200:
                continue
            if exchange["operation"] != "completions" and path not in OTHER_PATHS:
                wire = "openai-responses" if exchange["operation"] == "responses" else WIRE_OF_FAMILY[family]
                yield exchange["id"], wire, body, path


# ---- all of them -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """Counts of one family."""

    kinds: Counter[str] = field(default_factory=Counter[str])
    reasons: Counter[tuple[str, ...]] = field(default_factory=Counter[tuple[str, ...]])
    untold: Counter[str] = field(default_factory=Counter[str])

    def add(self, found: Found) -> None:
        """Count one request, each of its reasons once."""
        self.kinds[found.kind] += 1
        self.reasons.update({reason_of(entry) for entry in found.entries})
        self.untold.update({re.sub(r"/\d+", "/*", place) for place in found.untold})

    def to_json(self) -> dict[str, Any]:
        """Counts alone, the most frequent reason first."""
        names = ("subject", "action", "severity", "detail")
        return {
            "requests": self.kinds.total(),
            **{kind: self.kinds[kind] for kind in ("equal", "told", "untold", "unread")},
            "reasons": [{**dict(zip(names, reason, strict=True)), "n": n} for reason, n in _sorted(self.reasons)],
            "rest": [{"what": what, "n": n} for what, n in _sorted(self.untold)],
        }


def _sorted(counts: Counter[Any]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def reason_of(entry: Adaptation) -> tuple[str, ...]:
    """An entry without what is of one request: numbers of places, names of functions."""
    subject, detail = (re.sub(r"(?<=/)\d+", "*", text) for text in (entry.subject, entry.detail))
    return subject, entry.action, entry.severity, re.sub(r"(?<=the call of )\S+", "a function", detail)


def tally(folder: Path, family: str) -> Tally:
    """The counts of one family."""
    counted = Tally()
    for _, wire, body, path in recorded(folder, family):
        counted.add(compare(wire, body, path))
    return counted


def main(argv: list[str]) -> None:
    """Measure all families and store the counts."""
    folder = Path(argv[0])
    families = {family: tally(folder, family).to_json() for family in WIRE_OF_FAMILY}
    for family, counts in families.items():
        good = counts["equal"] + counts["told"]
        print(f"{family:25} {good:5} of {counts['requests']:5}  {100 * good / counts['requests']:6.2f} %")
    stored = {"date": datetime.now(UTC).date().isoformat(), "families": families}
    RESULTS.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
