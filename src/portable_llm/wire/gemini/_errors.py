"""Error answers: an error, or a blocked prompt that came with an error status."""

from __future__ import annotations

from typing import Any

from portable_llm._errors import ProviderError
from portable_llm._http import HttpReply
from portable_llm._messages import Origin
from portable_llm._response import Response
from portable_llm.wire._errors import error_body
from portable_llm.wire._reading import as_dict, as_list
from portable_llm.wire.gemini._error_body import error_of
from portable_llm.wire.gemini._parse import parse_response


def parse_error(reply: HttpReply, origin: Origin) -> ProviderError | Response[None]:
    """Read an error answer; one that says that the prompt was blocked is a `Response`."""
    body = error_body(reply)
    first: Any = (as_list(body) or [body])[0]
    fields = as_dict(first)
    if "error" not in fields and as_dict(fields.get("promptFeedback")).get("blockReason"):
        return parse_response(reply, origin)
    return error_of(first, reply)
