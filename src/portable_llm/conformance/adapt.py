"""Adapt a prompt to a model: try forms and overlays on half of a user's cases, and measure the best on the other half.

The choice is made on one half of the cases, the gain is measured on the other, which the choice never saw: a form that
only had luck shows no gain there. Everything is sent through the library as an application would, every exchange is
stored, and the suite's judges say what is right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Literal

from portable_llm._errors import ConfigurationError
from portable_llm._plan import Plan, make_plan
from portable_llm._request import Output
from portable_llm.conformance.adapt_cases import UserCase
from portable_llm.conformance.case import Case, content_hash
from portable_llm.conformance.endpoints import Endpoint
from portable_llm.conformance.figures import figure
from portable_llm.conformance.jobs import Job
from portable_llm.conformance.judges import judge
from portable_llm.conformance.lanes import LaneCall
from portable_llm.conformance.reading import observe_norm
from portable_llm.conformance.runner import Limits, Progress, Runner
from portable_llm.conformance.statistics import Interval, paired_table, rule_of_three, t_quantile, tango
from portable_llm.conformance.store import Redactor, RunStore
from portable_llm.prompt import RENDERINGS, Overlay, Prompt, Rendering
from portable_llm.providers._target import Keyring

LEAST_CASES = 8
"""Four to choose by and four to measure with: fewer say nothing."""
MOST_UNANSWERED = 0.02
"""Share of a candidate's trials that may bring no answer, as for an axis of the suite; more, and nothing is chosen."""
TIMES = "×"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way of writing the prompt."""

    label: str
    prompt: Prompt
    rendering: Rendering | None
    """`None`: what planning chooses for the model."""
    overlay: str | None = None
    is_baseline: bool = False


def candidates(
    prompt: Prompt, model: str, *, renderings: Sequence[Rendering] = RENDERINGS, overlays: Sequence[Overlay] = ()
) -> list[Candidate]:
    """The prompt as it is today, first; then every form, alone and with each overlay given."""
    found = [Candidate(label="as it is", prompt=prompt, rendering=None, is_baseline=True)]
    extended = [(None, prompt), *((one.name, _with(prompt, one, model)) for one in overlays)]
    for name, version in extended:
        for rendering in renderings:
            label = rendering if name is None else f"{rendering} {TIMES} {name}"
            found.append(Candidate(label=label, prompt=version, rendering=rendering, overlay=name))
    return found


def _with(prompt: Prompt, overlay: Overlay, model: str) -> Prompt:
    """The prompt with an overlay more, meant for this model whatever its own patterns say."""
    return replace(prompt, overlays=(*prompt.overlays, replace(overlay, models=(model.partition("@")[0],))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The cases to choose by, and those to measure with."""

    choose: tuple[UserCase, ...]
    measure: tuple[UserCase, ...]


def split(cases: Sequence[UserCase]) -> Split:
    """Two halves by the hash of each case, so that the same case always falls into the same half of the same file.

    Raises `ConfigurationError` for fewer than `LEAST_CASES`.
    """
    if len(cases) < LEAST_CASES:
        raise ConfigurationError(f"{len(cases)} cases are too few: give at least {LEAST_CASES}, better 60 or more")
    dealt = sorted(cases, key=lambda case: case.place)
    middle = (len(dealt) + 1) // 2
    return Split(choose=tuple(dealt[:middle]), measure=tuple(dealt[middle:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How a candidate did on the half that chooses."""

    label: str
    passed: float
    """Mean over the cases of the share of trials that passed; 0 to 1."""
    cases: int
    """With evidence: trials that brought no answer are none."""
    codes: Mapping[str, int]
    """Reason codes of what failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What the chosen candidate gains over the prompt as it is, on the half that it was not chosen by."""

    label: str
    baseline: float
    chosen: float
    difference: float
    interval: Interval
    """95 %, over the cases."""
    cases: int

    @property
    def is_shown(self) -> bool:
        """Whether the interval lies above nothing."""
        return self.interval.lower > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """What was found. Without `gain`, no candidate did better than the prompt as it is even where it was chosen."""

    model: str
    prompt_hash: str
    rates: tuple[Rate, ...]
    """The prompt as it is first, the others as they did."""
    chosen: str
    gain: Gain | None
    calls: int
    stopped: str | None = None
    """Why it ended early (`unanswered`: over 2 % of a candidate's trials brought no answer); then nothing is chosen."""

    def to_json(self) -> dict[str, Any]:
        """The report."""
        form: dict[str, Any] = asdict(self)
        for rate in form["rates"]:
            rate["passed"] = figure(rate["passed"])
            rate["codes"] = dict(rate["codes"])
        form["rates"] = list(form["rates"])
        if self.gain is not None and form["gain"] is not None:
            shown = {k: figure(v) if isinstance(v, float) else v for k, v in form["gain"].items() if k != "interval"}
            bounds = [figure(self.gain.interval.lower), figure(self.gain.interval.upper)]
            form["gain"] = {**shown, "interval": bounds, "is_shown": self.gain.is_shown}
        return form


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    candidate: Candidate
    user_case: UserCase
    case: Case
    plan: Plan[Any]


class Adaptation:
    """One adaptation, from its plan to its result."""

    def __init__(
        self,
        endpoint: Endpoint,
        tried: Sequence[Candidate],
        cases: Sequence[UserCase],
        *,
        trials: int = 1,
        max_output_tokens: int | None = 512,
    ) -> None:
        if trials < 1:
            raise ConfigurationError(f"trials is {trials}; at least 1 is needed")
        self.endpoint = endpoint
        self.candidates = tuple(tried)
        self.halves = split(cases)
        self.trials = trials
        self._most = max_output_tokens
        self._planned: dict[tuple[str, str], _Trial] = {}

    # ---- before anything is sent

    @property
    def calls(self) -> int:
        """The most calls it can take."""
        return self.trials * (
            len(self.candidates) * len(self.halves.choose) + min(2, len(self.candidates)) * len(self.halves.measure)
        )

    def highest_cost(self) -> Decimal | None:
        """US dollars that it cannot exceed, retries apart; `None` where a price or a limit is not known."""
        choose = self._cost(self.candidates, self.halves.choose)
        measured = [self._cost((one,), self.halves.measure) for one in self.candidates]
        known = [cost for cost in measured if cost is not None]
        if choose is None or len(known) < len(measured):
            return None
        # The baseline is measured once more, and the dearest candidate may be chosen.
        return self.trials * (choose + known[0] + max(known[1:], default=Decimal(0)))

    def _cost(self, tried: Iterable[Candidate], cases: Sequence[UserCase]) -> Decimal | None:
        total = Decimal(0)
        for candidate in tried:
            for case in cases:
                high = self._trial(candidate, case).plan.cost.high
                if high is None:
                    return None
                total += high
        return total

    def _trial(self, candidate: Candidate, user_case: UserCase) -> _Trial:
        """A candidate on a case, planned once."""
        key = candidate.label, user_case.id
        if key not in self._planned:
            self._planned[key] = self._plan(candidate, user_case)
        return self._planned[key]

    def _plan(self, candidate: Candidate, user_case: UserCase) -> _Trial:
        output = None if user_case.schema is None else Output[Any](schema=dict(user_case.schema))
        asked = candidate.prompt.request(
            self.endpoint.label,
            output=output,
            rendering=candidate.rendering,
            variables=user_case.variables,
        )
        request = replace(asked, sampling=self.endpoint.sampling, max_output_tokens=self._most)
        plan = make_plan(request, self.endpoint.target)
        case = Case(
            axis="prompt",
            family="u1",
            template=f"prompt.u1.{content_hash(user_case.id)}",
            instance=0,
            tier="should",
            request={"candidate": candidate.label, "prompt": candidate.prompt.hash, "body": plan.call.json},
            contract=user_case.contract,
            answer={"text": "", "tool_calls": [], "finish": "stop"},
        )
        return _Trial(candidate=candidate, user_case=user_case, case=case, plan=plan)

    # ---- sending

    def run(
        self,
        directory: Path,
        keys: Keyring,
        *,
        limits: Limits | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Adapted:
        """Choose and measure; what is stored in the directory already is not asked again."""
        self._open(directory)
        asked = self._ask(directory, keys, self.candidates, self.halves.choose, limits, on_progress)
        rates = [self._rate(one, self._passes(directory, one, self.halves.choose)) for one in self.candidates]
        best = max(rates, key=lambda rate: rate.passed)  # the first of equals: the prompt as it is, if it is one
        ordered = (rates[0], *sorted(rates[1:], key=lambda rate: -rate.passed))
        chosen = self.candidates[rates.index(best)]
        gain, stopped = None, asked.stopped or self._unanswered(directory, self.candidates, self.halves.choose)
        if stopped is None and not chosen.is_baseline:
            pair = (self.candidates[0], chosen)
            asked = self._ask(directory, keys, pair, self.halves.measure, limits, on_progress)
            stopped = asked.stopped or self._unanswered(directory, pair, self.halves.measure)
            gain = self._gain(directory, *pair) if stopped is None else None
        return Adapted(
            model=self.endpoint.label,
            prompt_hash=self.candidates[0].prompt.hash,
            rates=ordered,
            chosen=self.candidates[0].label if stopped else best.label,
            gain=gain,
            calls=len(RunStore(directory).records()),
            stopped=stopped,
        )

    def _open(self, directory: Path) -> None:
        """Begin in a new directory, or go on in one that holds the same adaptation."""
        cases = [case.place for case in (*self.halves.choose, *self.halves.measure)]
        wanted = {
            "version": 1,
            "kind": "prompt-adapt",
            "endpoint": self.endpoint.to_json(),
            "candidates": [[one.label, one.prompt.hash] for one in self.candidates],
            "cases": content_hash(cases),
            "trials": self.trials,
        }
        store = RunStore(directory)
        if not store.exists:
            store.write_manifest(wanted)
        elif store.read_manifest() != wanted:
            raise ConfigurationError(f"{directory} holds another run; use another --out")

    def _ask(
        self,
        directory: Path,
        keys: Keyring,
        tried: Sequence[Candidate],
        cases: Sequence[UserCase],
        limits: Limits | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> Progress:
        key = keys.key_for(self.endpoint.target)
        store = RunStore(directory, Redactor([key] if key else []))
        runner = Runner(store, {"b": self.endpoint}, keys, limits=limits, on_progress=on_progress)
        return runner.run(list(self._jobs(tried, cases)))

    def _jobs(self, tried: Sequence[Candidate], cases: Sequence[UserCase]) -> Iterator[Job]:
        """The candidates take turns, so that the time of day hits all alike."""
        for trial in range(self.trials):
            for case in cases:
                for candidate in tried:
                    made = self._trial(candidate, case)
                    call = LaneCall(lane="norm", call=made.plan.call, plan=made.plan)
                    yield Job(arm="b", case=made.case, lanes=("norm",), trial=trial, call=call)

    # ---- reading

    def _passes(self, directory: Path, candidate: Candidate, cases: Sequence[UserCase]) -> dict[str, list[str]]:
        """Case → codes of its trials with evidence."""
        records = {(record.case, record.trial): record for record in RunStore(directory).records()}
        found: dict[str, list[str]] = {}
        for user_case in cases:
            made = self._trial(candidate, user_case)
            for trial in range(self.trials):
                record = records.get((made.case.id, trial))
                if record is None:
                    continue
                seen = judge(observe_norm(record, made.case, made.plan), made.case)
                if seen.outcome in ("pass", "fail", "unsupported"):
                    found.setdefault(user_case.id, []).append(seen.code)
        return found

    def _unanswered(
        self, directory: Path, tried: Iterable[Candidate], cases: Sequence[UserCase]
    ) -> Literal["unanswered"] | None:
        """Whether evidence is missing: a candidate that was not heard on hard cases must not look better for it."""
        wanted = self.trials * len(cases)
        heard = [sum(map(len, self._passes(directory, one, cases).values())) for one in tried]
        return "unanswered" if min(heard) < (1 - MOST_UNANSWERED) * wanted else None

    def _rate(self, candidate: Candidate, codes: Mapping[str, list[str]]) -> Rate:
        failed = [code for said in codes.values() for code in said if code != "ok"]
        shares = [said.count("ok") / len(said) for said in codes.values()]
        return Rate(
            label=candidate.label,
            passed=fmean(shares) if shares else 0.0,
            cases=len(shares),
            codes={code: failed.count(code) for code in sorted(set(failed))},
        )

    def _gain(self, directory: Path, baseline: Candidate, chosen: Candidate) -> Gain | None:
        before = self._passes(directory, baseline, self.halves.measure)
        after = self._passes(directory, chosen, self.halves.measure)
        both = sorted(before.keys() & after.keys())
        if len(both) < 2:
            return None
        pairs = [(_share(before[case]), _share(after[case])) for case in both]
        return Gain(
            label=chosen.label,
            baseline=fmean(a for a, _ in pairs),
            chosen=fmean(b for _, b in pairs),
            difference=fmean(b - a for a, b in pairs),
            interval=gain_interval(pairs),
            cases=len(both),
        )


def _share(codes: Sequence[str]) -> float:
    return codes.count("ok") / len(codes)


def gain_interval(pairs: Sequence[tuple[float, float]]) -> Interval:
    """95 % interval of the mean difference over cases: Tango's score interval for single trials, else Student's t.

    Where no case differs the rule of three says how much could have been missed.
    """
    if all(value in (0.0, 1.0) for pair in pairs for value in pair):
        return tango(paired_table((bool(a), bool(b)) for a, b in pairs))
    differences = [b - a for a, b in pairs]
    middle, spread = fmean(differences), stdev(differences)
    if spread == 0:
        half = rule_of_three(len(pairs))
    else:
        half = t_quantile(0.975, len(pairs) - 1) * spread / math.sqrt(len(pairs))
    return Interval(lower=max(-1.0, middle - half), upper=min(1.0, middle + half))
