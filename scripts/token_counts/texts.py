"""Texts to calibrate on, in many languages and shapes, from the shared data and from installed packages.

Nothing of them is stored in the repository. A text belongs to one of three parts by a hash of its beginning: weights
are fitted on `train`, bounds are set on `bound`, and `held` is only ever looked at to see whether they hold.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CODES = "ar bn cs da de el en es fa fi fr he hi hu id it ja ko nb nl pl pt ro ru sv ta th tr uk vi zh python json ?"
_NAMES = (
    "bengali chinese dutch english french german hebrew hindi indonesian italian japanese korean persian portuguese "
    "russian spanish swedish tamil thai traditionalchinese turkish ukrainian"
)
MAIN = frozenset(f"{_CODES} {_NAMES}".split(" "))
"""Languages that weigh fully; the others weigh a quarter, since a tokenizer's training saw little of them as well."""


@dataclass(frozen=True, slots=True)
class Text:
    source: str
    language: str
    text: str

    @property
    def part(self) -> str:
        """`train`, `bound` or `held`."""
        number = int(hashlib.sha1(self.text[:200].encode("utf-8", "surrogatepass")).hexdigest(), 16) % 10
        return "train" if number < 6 else "bound" if number < 8 else "held"

    @property
    def weight(self) -> float:
        return 1.0 if self.language in MAIN else 0.25


def package(name: str) -> Path | None:
    """Where a package is installed."""
    found = importlib.util.find_spec(name)
    return Path(next(iter(found.submodule_search_locations))) if found and found.submodule_search_locations else None


def lines_of(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass") as file:
        yield from map(json.loads, file)


def texts(data: Path, traffic: list[str], *, seed: int = 1, most: int = 200) -> list[Text]:
    """All texts, at most `most` per source and language (six times that of shared data); always the same."""
    draw = random.Random(seed)
    found = [
        *_translations(draw),
        *_dialogues(draw),
        *_code(draw),
        *_schemas(data, draw),
        *_outputs(data),
        *(Text("traffic", "?", text[:20_000]) for text in dict.fromkeys(traffic) if len(text) > 8),
    ]
    draw.shuffle(found)
    kept: Counter[tuple[str, str]] = Counter()
    chosen: list[Text] = []
    for text in found:
        key = (text.source, text.language)
        kept[key] += 1
        if text.text.strip() and kept[key] <= (most if text.source in ("translations", "dialogues") else 6 * most):
            chosen.append(text)
    return chosen


def _pieces(lines: list[str], sizes: tuple[int, ...], joint: str, draw: random.Random) -> Iterator[str]:
    at = 0
    while at < len(lines):
        size = draw.choice(sizes)
        yield joint.join(lines[at : at + size])
        at += size


def _translations(draw: random.Random) -> Iterator[Text]:
    """Messages of Django (BSD), in a hundred languages."""
    home = package("django")
    for path in sorted(home.glob("**/locale/*/LC_MESSAGES/*.po")) if home else ():
        language = path.parts[-3].split("_")[0]
        for piece in _pieces(_messages(path), (1, 2, 5, 20, 60), draw.choice((" ", "\n")), draw):
            yield Text("translations", language, piece)


def _messages(path: Path) -> list[str]:
    found: list[str] = []
    current: list[str] | None = None
    for line in [*path.read_text(encoding="utf-8", errors="replace").splitlines(), ""]:
        begun = re.match(r'msgstr(?:\[\d\])? "(.*)"$', line)
        goes_on = re.match(r'"(.*)"$', line)
        if begun:
            current = [begun[1]]
        elif goes_on and current is not None:
            current.append(goes_on[1])
        elif current is not None:
            text = "".join(current).replace("\\n", "\n").replace('\\"', '"')
            if text and "Content-Type" not in text:
                found.append(text)
            current = None
    return found


def _dialogues(draw: random.Random) -> Iterator[Text]:
    """Questions and answers of the chatterbot corpus (BSD), in some thirty languages."""
    home = package("chatterbot_corpus")
    for path in sorted(home.glob("data/*/*.yml")) if home else ():
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [re.sub(r"^\s*-\s*-?\s*", "", line) for line in lines if line.strip().startswith("-")]
        for piece in _pieces(said, (1, 3, 10, 40), "\n", draw):
            yield Text("dialogues", path.parent.name, piece)


def _code(draw: random.Random) -> Iterator[Text]:
    """Python's own modules."""
    for path in sorted(Path(json.__file__).parent.parent.glob("*.py"))[:120]:
        text, at = path.read_text(encoding="utf-8", errors="replace"), 0
        while at < len(text):
            size = draw.choice((300, 1500, 6000))
            yield Text("code", "python", text[at : at + size])
            at += size


def _schemas(data: Path, draw: random.Random) -> Iterator[Text]:
    for number, row in enumerate(lines_of(data / "schemas/jsonschemabench.jsonl.gz")):
        if number % 3 == 0:
            yield Text("schemas", "json", json.dumps(row, indent=draw.choice((None, 2)))[:4000])


def _outputs(data: Path) -> Iterator[Text]:
    """What models wrote."""
    for name, step in (("crux_outputs", 9), ("bfcl_outputs", 23), ("xstest", 2)):
        for number, row in enumerate(lines_of(data / f"vendor_outputs/{name}.jsonl.gz")):
            if number % step == 0 and (written := row.get("output", row.get("completion"))):
                is_text = isinstance(written, str)
                yield Text(name, "en" if is_text else "json", (written if is_text else json.dumps(written))[:6000])
