"""What every contract shares: failed exchanges, refusals and empty answers, told apart before content is read."""

from __future__ import annotations

import re

from portable_llm.conformance.case import JsonObject
from portable_llm.conformance.judges.outcome import Judgement, found
from portable_llm.conformance.observation import Observation

_INFRA_KINDS = {
    "rate_limit": "rate_limited",
    "overloaded": "server_failed",
    "server_error": "server_failed",
    "timeout": "timed_out",
    "connection": "timed_out",
    "quota": "not_authorised",
    "auth": "not_authorised",
    "permission": "not_authorised",
    "not_found": "not_found",
}
_INFRA_STATUS = {401: "not_authorised", 402: "not_authorised", 403: "not_authorised", 404: "not_found"} | {
    408: "timed_out",
    409: "server_failed",
    429: "rate_limited",
}
_CAPABILITY = (
    r"(?:tool|function call|structured output|response format|response_format|json schema|json_schema|json mode|stream"
    r"|image|vision|multimodal)"
)
_DENIAL = r"(?:not support|not available|unsupported|not implemented)"
_NOT_AVAILABLE = re.compile(
    rf"{_CAPABILITY}.{{0,80}}{_DENIAL}|{_DENIAL}.{{0,80}}{_CAPABILITY}", re.IGNORECASE | re.DOTALL
)
_OTHER_SPELLING = re.compile(r"\binstead\b|\bplease use\b|\buse '", re.IGNORECASE)
"""A vendor that names another spelling has the capability: the request was wrong, not the wish."""


def judge_error(error: JsonObject) -> Judgement:
    """The judgement of a failed exchange: no evidence, not available, or a request that the endpoint rejects."""
    kind, status, message = str(error.get("kind")), error.get("status"), str(error.get("message", ""))
    code = _INFRA_KINDS.get(kind) or (_INFRA_STATUS.get(status) if isinstance(status, int) else None)
    if kind == "unsupported" or status == 501:
        code = "not_available"
    elif code is None and isinstance(status, int) and status >= 500:
        code = "server_failed"
    elif code is None and kind in ("unknown", "unreadable") and isinstance(status, int) and status < 300:
        # A success status over a body that is none: HTML of a proxy, broken JSON, an error of a kind nobody documents.
        # The endpoint accepted the request and then failed to answer it.
        code = "server_failed"
    elif code is None and (kind in ("invalid_request", "context_overflow") or isinstance(status, int)):
        code = "not_available" if _says_not_available(message) else "rejected_request"
    if kind == "content_filter":
        code = "refused"
    return found(code or "no_observation", f"{status} {kind}: {message}")


def judge_transport(observation: Observation) -> Judgement | None:
    """The judgement that needs no contract, or `None` when there is an answer to judge."""
    if observation.error is not None:
        return judge_error(observation.error)
    if observation.refusal is not None or observation.finish in ("refusal", "content_filter"):
        return found("refused", observation.refusal or observation.raw_finish or observation.text)
    if not observation.text.strip() and not observation.tool_calls and not observation.has_value:
        return found("empty", f"finish {observation.raw_finish}")
    return None


def _says_not_available(message: str) -> bool:
    return bool(_NOT_AVAILABLE.search(message[:2000])) and not _OTHER_SPELLING.search(message[:2000])
