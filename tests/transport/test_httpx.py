"""Time limits as arithmetic, and what may be shown of a URL."""

from __future__ import annotations

import time

import httpx
import httpx2
import pytest

from portable_llm._errors import ConnectionFailedError, ProviderTimeoutError
from portable_llm._http import Send, Timeouts
from portable_llm.transport._httpx import Bound, place, translate


def bound(
    now: float | None = None, *, stream: bool = False, deadline: float | None = None, **limits: float | None
) -> Bound:
    timeouts = Timeouts(**{"connect": None, "read": None, "first_token": None, "idle": None, "total": None, **limits})
    send = Send("POST", "https://host/v1", {}, b"", stream, timeouts, deadline)
    return Bound(send, time.monotonic() if now is None else now)


def test_without_limits_nothing_ends():
    assert bound().seconds() is None
    assert bound(stream=True).seconds() is None
    assert not bound().is_over


def test_a_whole_answer_has_its_read_limit_for_each_wait():
    limits = bound(read=5, first_token=1, idle=2, total=60)

    assert limits.seconds() == 5
    assert limits.reason == "read"


def test_near_its_end_only_the_rest_is_left():
    limits = bound(time.monotonic() - 57, read=5, total=60)
    left = limits.seconds()

    assert left is not None
    assert 0 < left <= 3
    assert limits.reason == "total"


def test_the_deadline_of_the_exchange_counts_before_the_total_limit_of_the_call():
    limits = bound(deadline=time.monotonic() - 1, total=60)
    with pytest.raises(ProviderTimeoutError) as caught:
        limits.seconds()

    assert caught.value.phase == "total"


def test_the_first_token_has_one_limit_however_many_reads_it_takes():
    limits = bound(time.monotonic() - 10, stream=True, first_token=5, idle=60, total=60)
    with pytest.raises(ProviderTimeoutError) as caught:
        limits.seconds()

    assert caught.value.phase == "first_token"


def test_after_the_first_bytes_the_idle_limit_holds_and_the_first_token_limit_no_more():
    limits = bound(time.monotonic() - 10, stream=True, first_token=5, idle=7, total=60)
    limits.start_idle()

    assert limits.seconds() == 7
    assert limits.reason == "idle"
    assert not limits.is_over


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@host:8443/v1/models?key=abc#frag", "https://host:8443/v1/models"),
        ("https://host", "https://host"),
        ("https://host?key=a/b@c", "https://host"),
        ("https://host#key@c", "https://host"),
        ("https://user:pa#ss@host/", "https://user"),
        ("https://[::1]:80/v1", "https://[::1]:80/v1"),
        ("key=abc", "the request"),
    ],
)
def test_what_is_shown_of_a_url(url: str, shown: str):
    assert place(url) == shown


@pytest.mark.parametrize("library", [httpx2, httpx])
def test_whether_the_request_went_out_is_known_from_the_trace_or_assumed(library: object):
    broken = library.ReadError("reset")  # type: ignore[attr-defined]
    unknown, unsent = bound(), bound()
    unsent.is_sent = False

    assert getattr(translate(broken, unknown), "is_sent", None) is True
    assert getattr(translate(broken, unsent), "is_sent", None) is False
    assert isinstance(translate(broken, unsent), ConnectionFailedError)


def test_what_is_no_failure_of_http_stays_what_it_is():
    error = ZeroDivisionError()

    assert translate(error, bound()) is error


def test_what_a_server_sends_cannot_break_a_log_line():
    error = translate(httpx2.RemoteProtocolError("illegal\r\nFAKE LOG \x1b[31m" + "x" * 1000), bound())

    assert str(error).isprintable()
    assert len(str(error)) < 400
