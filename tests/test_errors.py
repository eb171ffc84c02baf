"""Errors say whose move it is, and carry what is needed to make it."""

import copy
import pickle

import pytest

import portable_llm
from portable_llm import CallerError, PortableLLMError, ProviderError, ProviderFailureError, RateLimitError, WaitError
from portable_llm._errors import BY_KIND, MAX_ERROR_BODY, AnswerError, UnreadableAnswerError, kind_of_status

BRANCHES = (CallerError, WaitError, ProviderFailureError, UnreadableAnswerError, AnswerError)
CLASSES = [
    cls
    for name in portable_llm.__all__
    if isinstance(cls := getattr(portable_llm, name), type) and issubclass(cls, PortableLLMError)
]


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if cls not in (PortableLLMError, ProviderError)])
def test_every_error_is_in_exactly_one_branch(cls: type[PortableLLMError]) -> None:
    assert sum(issubclass(cls, branch) for branch in BRANCHES) == 1


@pytest.mark.parametrize("cls", CLASSES)
def test_errors_keep_everything_when_pickled_and_copied(cls: type[PortableLLMError]) -> None:
    error = cls("it broke", provider="openai", status=429, request_id="req_1", retry_after=2.0, body=b"{}", attempts=3)

    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is cls
        assert str(twin) == "it broke"
        assert vars(twin) == vars(error)


def test_a_raw_body_is_capped() -> None:
    error = RateLimitError("slow down", body="x" * (MAX_ERROR_BODY + 5))

    assert error.body is not None
    assert error.body.endswith("(cut)")
    assert len(error.body) < MAX_ERROR_BODY + 20


def test_every_kind_but_a_refusal_has_a_class_that_says_so() -> None:
    assert all(cls.kind == kind for kind, cls in BY_KIND.items())
    assert "content_filter" not in BY_KIND


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, "unknown"),
        (400, "invalid_request"),
        (401, "auth"),
        (402, "quota"),
        (403, "permission"),
        (404, "not_found"),
        (418, "invalid_request"),
        (429, "rate_limit"),
        (500, "server_error"),
        (503, "overloaded"),
        (504, "timeout"),
        (529, "overloaded"),
        (599, "server_error"),
    ],
)
def test_the_status_alone(status: int, kind: str) -> None:
    assert kind_of_status(status) == kind
