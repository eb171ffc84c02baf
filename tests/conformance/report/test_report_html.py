"""One page that needs nothing else, shows every failing case, and treats every answer as hostile."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import templates
from sample_reports import coded, details, itself, report_of, smoke, switch

from portable_llm import ConfigurationError
from portable_llm.conformance.report import Detail, render_html
from portable_llm.conformance.report.html import PASSING_DETAILS

VOID = {"meta", "br"}


class Outline(HTMLParser):
    """The elements of a page, checked to be closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        found = [attributes for name, attributes in self.elements if name == tag]
        return [one for one in found if all(one.get(key) == value for key, value in wanted.items())]


def with_answer(text: str) -> Any:
    """A run directory in which every text is this one."""

    def lookup(key: str) -> Detail:
        return {**details(key), "answer_text": text, "expected": {"text": text}}

    return lookup


SMOKE = report_of(smoke(), depth="smoke")


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return report_of(switch())


@pytest.fixture(scope="module")
def page(data: dict[str, Any]) -> Outline:
    return Outline(render_html(data, details=details))


# ---- what it says ----------------------------------------------------------------------------------------------------


def test_the_verdict_comes_with_its_number_floor_blockers_and_coverage(page: Outline) -> None:
    start = page.text[: page.text.index("What this means")]

    for words in ("Not portable", "82/100", "no interval", "Floor0tools/f3", "Blockers1", "Axes covered3/3"):
        assert words in start


def test_blockers_come_before_the_axes_with_counts_and_meanings(page: Outline) -> None:
    blockers = page.text[page.text.index("Each of these") : page.text.index("What B keeps of what A")]

    assert "30/30" in blockers
    assert "0/30" in blockers
    assert "some, not all, of the independent calls were made" in blockers


def test_each_bar_says_in_words_what_it_shows(page: Outline) -> None:
    labels = [one["aria-label"] for one in page.all("div", role="img")]

    assert "82 of 100, interval 68–93; portable needs a lower bound above 90" in labels
    assert "raw 45, removed by the library 37, residual 18" in labels


def test_a_negative_contribution_of_the_library_has_its_own_line() -> None:
    text = Outline(render_html(report_of(itself()))).text

    assert "On tools the library keeps less than the raw request. This may be chance" in text


def test_at_smoke_shares_are_replaced_by_counts() -> None:
    text = Outline(render_html(SMOKE)).text

    assert "Too few templates for shares" in text
    assert "its only verdicts are “not portable” and “inconclusive”" in text


def test_the_baseline_s_age_and_an_early_end_are_shown() -> None:
    home = {"id": "base-1", "started": "2026-10-01T00:00:00Z", "age_days": 54.2}
    text = Outline(render_html(report_of(switch(), home=home, stopped="max_calls"))).text

    assert "base-1, 54 days old" in text
    assert "max calls" in text


# ---- the drill-down --------------------------------------------------------------------------------------------------


def test_every_failing_case_has_a_drill_down_and_passing_ones_a_few(data: dict[str, Any], page: Outline) -> None:
    failing = [one for one in data["cases"] if any(trial["outcome"] != "pass" for trial in one["trials"])]
    passing = len(data["cases"]) - len(failing)

    assert len(page.all("details", **{"class": "case"})) == len(failing) + min(passing, PASSING_DETAILS)
    assert all(one["id"] in page.text for one in data["cases"])


def test_passing_cases_beyond_the_limit_are_still_named() -> None:
    report = report_of(coded(templates(PASSING_DETAILS + 5, "P", "P", "P")))
    page = Outline(render_html(report, details=details))

    assert len(page.all("details", **{"class": "case"})) == PASSING_DETAILS
    assert all(one["id"] in page.text for one in report["cases"])


def test_a_case_shows_question_expectation_answers_and_why() -> None:
    text = Outline(render_html(SMOKE, details=details)).text

    for words in (
        "Where are my two orders of lost, 17 and 23?",
        'get_order({"id": 17})',
        "The order of lost is on its way.",
        "The order of lost is not known.",
        "Left out (no such field at B): seed, response_format",
        "Seen: seen in lost",
    ):
        assert words in text


def test_words_that_differ_are_marked_in_both_answers() -> None:
    page = render_html(SMOKE, details=details)

    assert "The order of lost is <mark>on its way</mark>." in page
    assert "The order of lost is <mark>not known</mark>." in page


def test_the_ledger_is_shown_with_its_severity(page: Outline) -> None:
    assert "checked weakened /output/schema/properties/name/minLength minLength is checked by the client" in page.text


def test_one_answer_read_by_two_lanes_is_shown_once() -> None:
    shared = json.loads(json.dumps(SMOKE))
    for one in shared["cases"]:
        for trial in one["trials"]:
            if trial["arm"] == "b":
                trial["record"] = f"b/tools/{one['family']}/shared/0"

    text = Outline(render_html(shared, details=details)).text

    assert text.count("Same request bytes and same answer as raw; only the reading differs.") == len(shared["cases"])


def test_without_a_run_directory_the_figures_stand_alone() -> None:
    text = Outline(render_html(SMOKE)).text

    assert "Questions and answers lie in the run directory" in text
    assert "missing_parallel_call" in text


def test_an_exchange_that_is_gone_leaves_its_finding() -> None:
    assert "missing_parallel_call" in Outline(render_html(SMOKE, details=lambda key: None)).text


# ---- self-contained, accessible, deterministic -----------------------------------------------------------------------


def test_nothing_is_loaded_and_nothing_runs(page: Outline) -> None:
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags())
    assert all(
        value.startswith("#") for _, one in page.elements for key, value in one.items() if key == "href" and value
    )
    assert not [key for _, one in page.elements for key in one if key == "src" or key.startswith("on")]
    (policy,) = page.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def test_links_lead_somewhere_and_ids_are_unique(page: Outline) -> None:
    ids = [one["id"] for _, one in page.elements if "id" in one]
    links = [one["href"] or "" for one in page.all("a")]
    labels = [one["aria-labelledby"] for _, one in page.elements if "aria-labelledby" in one]

    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} | set(labels) <= set(ids)


def test_tables_have_captions_and_every_head_a_scope(page: Outline) -> None:
    tags = page.tags()

    assert tags.count("table") == tags.count("caption") >= 5
    assert all(one.get("scope") in ("col", "row") for one in page.all("th"))


def test_the_same_report_gives_the_same_bytes(data: dict[str, Any]) -> None:
    again = json.loads(json.dumps(dict(reversed(data.items()))))

    assert render_html(again, details=details).encode() == render_html(data, details=details).encode()


# ---- hostile input ---------------------------------------------------------------------------------------------------

ATTACK = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}</pre></details>"


def test_text_from_anywhere_stays_text() -> None:
    """Every string that a model, a provider or a user could have written is an attack here."""
    hostile = json.loads(json.dumps(report_of(switch())))
    hostile["endpoints"]["a"] |= {"label": ATTACK, "model": ATTACK, "host": ATTACK, "observed": {"models": [ATTACK]}}
    hostile["run"] |= {"id": ATTACK, "started": ATTACK, "stopped": ATTACK}
    hostile["reasons"] = dict.fromkeys(hostile["reasons"], ATTACK)
    hostile["verdict"]["blockers"][0]["codes"] = {ATTACK: 1}
    for one in hostile["cases"]:
        one |= {"template": ATTACK, "tags": [ATTACK]}
        for trial in one["trials"]:
            trial |= {"evidence": ATTACK, "code": ATTACK, "omitted": [ATTACK], "reason": ATTACK}
            trial["ledger"] = [dict.fromkeys(("severity", "action", "subject", "detail", "source"), ATTACK)]

    page = Outline(render_html(hostile, details=with_answer(ATTACK)))

    assert not {"script", "img"} & set(page.tags())
    assert not [key for _, one in page.elements for key in one if key.startswith("on")]
    assert "{{ 7*7 }}" in page.text


PLAIN = Outline(render_html(SMOKE, details=with_answer("x")))


@settings(max_examples=20)
@given(st.text(min_size=1))
def test_no_answer_changes_the_page_s_structure(text: str) -> None:
    page = Outline(render_html(SMOKE, details=with_answer(text)))

    assert page.tags() == PLAIN.tags()


def test_broken_unicode_and_hidden_characters_are_made_visible() -> None:
    page = render_html(SMOKE, details=with_answer("a\ud800b\x00c\u202ed"))

    assert "a⟨U+D800⟩b⟨U+0000⟩c⟨U+202E⟩d" in page
    page.encode("utf-8")


def test_long_answers_are_cut_with_a_mark_and_the_page_stays_small(data: dict[str, Any]) -> None:
    page = render_html(data, details=with_answer("word " * 200_000))

    assert "characters cut]" in page
    assert len(page) < 8_000_000


def test_deep_and_odd_exchanges_are_shown_as_far_as_possible() -> None:
    deep: Any = "leaf"
    for _ in range(100_000):
        deep = [deep]

    def lookup(key: str) -> Detail:
        odd: Any = {"answer_text": None, "answer_calls": [deep, {"name": "f", "arguments": None, "raw_arguments": "{"}]}
        return {**odd, "case_request": {"messages": ["bare", {"role": "user", "parts": [1]}]}, "request": {"a": deep}}

    text = Outline(render_html(SMOKE, details=lookup)).text

    assert "[nested too deeply to show]" in text
    assert "f({)" in text


def test_the_classifier_s_verdict_stands_beside_the_judge_s() -> None:
    def lookup(key: str) -> Detail:
        verdict = {"label": "refusal", "probability": 0.974, "category": "out_of_scope"}
        return {**details(key), "answer_text": "I can only help with billing.", "spoken": verdict}

    assert (
        "classifier, which no judge reads: refusal (0.97, out_of_scope)"
        in Outline(render_html(SMOKE, details=lookup)).text
    )
    assert "which no judge reads" not in Outline(render_html(SMOKE, details=details)).text


def test_without_jinja2_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portable_llm.conformance.report.html.find_spec", lambda name: None)

    with pytest.raises(ConfigurationError, match=r"pip install 'portable-llm\[conformance\]'"):
        render_html(SMOKE)


def test_the_gravest_adaptation_comes_first_and_opens_the_ledger() -> None:
    graver = json.loads(json.dumps(SMOKE))
    entry = {"action": "dropped", "subject": "/sampling/seed", "detail": "no such field", "source": ""}
    for trial in graver["cases"][0]["trials"]:
        trial["ledger"] = [{**entry, "severity": severity} for severity in ("exact", "lost", "advisory", "exact")]

    page = render_html(graver)

    assert '<details class="more" open><summary>Ledger: 1 lost, 1 advisory, 2 exact</summary>' in page


def test_families_are_in_the_order_people_count() -> None:
    report = report_of(coded([row for n in (10, 2, 1) for row in templates(1, "P", "P", "F", family=f"t{n}")]))
    page = render_html(report)
    places = [page.index(f'<span class="name">{name}</span>') for name in ("t1", "t2", "t10")]

    assert places == sorted(places)
