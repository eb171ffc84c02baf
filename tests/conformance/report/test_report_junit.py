"""JUnit XML: readable by any CI, red only for what is surely lost, and safe for whatever a model wrote."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from rows import templates
from sample_reports import itself, report_of, smoke, switch

from portable_llm.conformance.report import read_report, render_junit
from portable_llm.conformance.trials import Trial

COUNTS = {"tests", "failures", "errors", "skipped"}


def parsed(data: dict[str, Any]) -> ElementTree.Element:
    return ElementTree.fromstring(render_junit(read_report(data)).encode())


def case_of(root: ElementTree.Element, axis: str, name: str) -> ElementTree.Element:
    (found,) = root.findall(f"testsuite[@name='{axis}']/testcase[@name='{name}']")
    return found


def test_it_has_the_shape_that_all_readers_share() -> None:
    for trials in (switch(), itself(), smoke(), templates(40, "III", "PPP")):
        root = parsed(report_of(trials))
        cases = root.findall("testsuite/testcase")

        assert root.tag == "testsuites"
        assert [suite.tag for suite in root] == ["testsuite"] * len(root)
        assert all({"name", "time", "timestamp", *COUNTS} == set(suite.attrib) for suite in root)
        assert all({"name", "classname", "time"} == set(case.attrib) for case in cases)
        assert all(child.tag in ("failure", "error", "skipped") for case in cases for child in case)
        assert all(child.get("message") for case in cases for child in case)
        assert all(len(case) <= 1 for case in cases)


def test_the_counts_are_those_of_the_cases() -> None:
    root = parsed(report_of(switch()))

    for element in (root, *root):
        cases = list(element.iter("testcase"))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.attrib[name]) == sum(case.find(tag) is not None for case in cases)
        assert int(element.attrib["tests"]) == len(cases)


def test_a_blocker_fails_its_family_with_reason_codes() -> None:
    failure = case_of(parsed(report_of(switch())), "tools", "f3 must").find("failure")

    assert failure is not None
    assert failure.get("type") == "blocker"
    assert "A 30/30, B 0/30" in str(failure.get("message"))
    assert "missing_parallel_call 20" in str(failure.get("message"))
    assert "missing_parallel_call 20: some, not all, of the independent calls were made" in str(failure.text)


def test_kept_families_pass_undecided_ones_are_skipped_and_lines_that_fail_are_errors() -> None:
    rows = [
        *templates(40, "PPP", "PPP", family="kept"),
        *templates(3, "PPP", "PPP", family="few"),
        *templates(5, "PPP", "III", family="down"),
        *templates(5, "FFF", "PPP", family="never"),
    ]
    unique = [Trial.from_json({**row.to_json(), "template": f"{row.family}-{row.template}"}) for row in rows]
    root = parsed(report_of(unique))
    few, down = (
        case_of(root, "tools", "few should").find("skipped"),
        case_of(root, "tools", "down should").find("error"),
    )
    never = case_of(root, "tools", "never should").find("skipped")

    assert len(case_of(root, "tools", "kept should")) == 0
    assert few is not None
    assert str(few.get("message")).startswith("inconclusive: about 100 kept")
    assert down is not None
    assert down.get("type") == "infra"
    assert never is not None
    assert str(never.get("message")).startswith("no evidence")


def test_an_endpoint_against_itself_fails_nothing() -> None:
    assert parsed(report_of(itself())).get("failures") == "0"


def test_whatever_a_report_holds_stays_text() -> None:
    nasty = "]]></failure><x a='\"'>&\x00\x1b[31m\ud800\ufffe\u202e"
    data = report_of(switch())
    data["reasons"] = dict.fromkeys(data["reasons"], nasty)
    data["endpoints"]["a"]["label"] = nasty
    root = parsed(data)
    failure = case_of(root, "tools", "f3 must").find("failure")

    assert root.find(".//x") is None
    assert "]]></failure><x a='\"'>&⟨U+0000⟩" in str(None if failure is None else failure.text)
