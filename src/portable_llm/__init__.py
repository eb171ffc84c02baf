"""Switch LLM vendors without silent differences.

    from portable_llm import Client

    with Client() as client:
        response = client.chat("openai:gpt-6-luna", "Say hello.")

Names load on first use (PEP 562), so importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from portable_llm._adaptation import Adaptation as Adaptation
    from portable_llm._adaptation import LossPolicy as LossPolicy
    from portable_llm._adaptation import Repair as Repair
    from portable_llm._adaptation import severity_of as severity_of
    from portable_llm._capabilities import Capabilities as Capabilities
    from portable_llm._capabilities import Fact as Fact
    from portable_llm._capabilities import ModelRule as ModelRule
    from portable_llm._client import AsyncClient as AsyncClient
    from portable_llm._client import Client as Client
    from portable_llm._errors import AnswerError as AnswerError
    from portable_llm._errors import AnswerTooLargeError as AnswerTooLargeError
    from portable_llm._errors import AuthenticationError as AuthenticationError
    from portable_llm._errors import BadRequestError as BadRequestError
    from portable_llm._errors import BudgetError as BudgetError
    from portable_llm._errors import CallerError as CallerError
    from portable_llm._errors import ConfigurationError as ConfigurationError
    from portable_llm._errors import ConnectionFailedError as ConnectionFailedError
    from portable_llm._errors import ContextOverflowError as ContextOverflowError
    from portable_llm._errors import ContextWindowError as ContextWindowError
    from portable_llm._errors import GatewayTimeoutError as GatewayTimeoutError
    from portable_llm._errors import InvalidOutputError as InvalidOutputError
    from portable_llm._errors import InvalidRequestError as InvalidRequestError
    from portable_llm._errors import InvalidToolArgumentsError as InvalidToolArgumentsError
    from portable_llm._errors import LossError as LossError
    from portable_llm._errors import NotFoundError as NotFoundError
    from portable_llm._errors import OverloadedError as OverloadedError
    from portable_llm._errors import PermissionDeniedError as PermissionDeniedError
    from portable_llm._errors import PortableLLMError as PortableLLMError
    from portable_llm._errors import PromptError as PromptError
    from portable_llm._errors import PromptVariableError as PromptVariableError
    from portable_llm._errors import ProviderError as ProviderError
    from portable_llm._errors import ProviderFailureError as ProviderFailureError
    from portable_llm._errors import ProviderTimeoutError as ProviderTimeoutError
    from portable_llm._errors import QuotaError as QuotaError
    from portable_llm._errors import RateLimitError as RateLimitError
    from portable_llm._errors import RefusedError as RefusedError
    from portable_llm._errors import ServerError as ServerError
    from portable_llm._errors import StreamInterruptedError as StreamInterruptedError
    from portable_llm._errors import ToolFailedError as ToolFailedError
    from portable_llm._errors import ToolRunError as ToolRunError
    from portable_llm._errors import ToolRunLimitError as ToolRunLimitError
    from portable_llm._errors import TransportError as TransportError
    from portable_llm._errors import UnknownProviderError as UnknownProviderError
    from portable_llm._errors import UnreadableAnswerError as UnreadableAnswerError
    from portable_llm._errors import UnsupportedSchemaError as UnsupportedSchemaError
    from portable_llm._errors import WaitError as WaitError
    from portable_llm._events import Event as Event
    from portable_llm._events import Finished as Finished
    from portable_llm._events import PartEnd as PartEnd
    from portable_llm._events import PartialOutput as PartialOutput
    from portable_llm._events import PartStart as PartStart
    from portable_llm._events import ReasoningDelta as ReasoningDelta
    from portable_llm._events import RefusalDelta as RefusalDelta
    from portable_llm._events import Restarted as Restarted
    from portable_llm._events import Started as Started
    from portable_llm._events import TextDelta as TextDelta
    from portable_llm._events import ToolCallDelta as ToolCallDelta
    from portable_llm._handoff import Handoff as Handoff
    from portable_llm._handoff import explain_handoff as explain_handoff
    from portable_llm._http import HttpReply as HttpReply
    from portable_llm._http import Timeouts as Timeouts
    from portable_llm._listing import ModelInfo as ModelInfo
    from portable_llm._messages import BlobPart as BlobPart
    from portable_llm._messages import Citation as Citation
    from portable_llm._messages import FilePart as FilePart
    from portable_llm._messages import Message as Message
    from portable_llm._messages import Origin as Origin
    from portable_llm._messages import ReasoningPart as ReasoningPart
    from portable_llm._messages import RefusalPart as RefusalPart
    from portable_llm._messages import TextPart as TextPart
    from portable_llm._messages import ToolCallPart as ToolCallPart
    from portable_llm._messages import ToolResultPart as ToolResultPart
    from portable_llm._messages import UnknownPart as UnknownPart
    from portable_llm._messages import UriPart as UriPart
    from portable_llm._messages import assistant as assistant
    from portable_llm._messages import system as system
    from portable_llm._messages import tool_result as tool_result
    from portable_llm._messages import user as user
    from portable_llm._plan import Plan as Plan
    from portable_llm._request import CacheHint as CacheHint
    from portable_llm._request import NamedTool as NamedTool
    from portable_llm._request import Output as Output
    from portable_llm._request import PromptRef as PromptRef
    from portable_llm._request import Reasoning as Reasoning
    from portable_llm._request import Request as Request
    from portable_llm._request import Sampling as Sampling
    from portable_llm._request import Tool as Tool
    from portable_llm._request import request as request
    from portable_llm._response import Attempt as Attempt
    from portable_llm._response import CallCheck as CallCheck
    from portable_llm._response import Invalid as Invalid
    from portable_llm._response import NoOutput as NoOutput
    from portable_llm._response import Parsed as Parsed
    from portable_llm._response import Refusal as Refusal
    from portable_llm._response import Refused as Refused
    from portable_llm._response import Response as Response
    from portable_llm._response import TokenLogprob as TokenLogprob
    from portable_llm._response import Usage as Usage
    from portable_llm._retry import RetryPolicy as RetryPolicy
    from portable_llm._streams import AsyncStream as AsyncStream
    from portable_llm._streams import Stream as Stream
    from portable_llm.providers import Auth as Auth
    from portable_llm.providers import Provider as Provider
    from portable_llm.providers import provider_names as provider_names

_HOMES = {
    "_adaptation": ("Adaptation", "LossPolicy", "Repair", "severity_of"),
    "_capabilities": ("Capabilities", "Fact", "ModelRule"),
    "_listing": ("ModelInfo",),
    "_client": ("AsyncClient", "Client"),
    "_errors": (
        "AnswerError",
        "AnswerTooLargeError",
        "AuthenticationError",
        "BadRequestError",
        "BudgetError",
        "CallerError",
        "ConfigurationError",
        "ConnectionFailedError",
        "ContextOverflowError",
        "ContextWindowError",
        "GatewayTimeoutError",
        "InvalidOutputError",
        "InvalidRequestError",
        "InvalidToolArgumentsError",
        "LossError",
        "NotFoundError",
        "OverloadedError",
        "PermissionDeniedError",
        "PortableLLMError",
        "PromptError",
        "PromptVariableError",
        "ProviderError",
        "ProviderFailureError",
        "ProviderTimeoutError",
        "QuotaError",
        "RateLimitError",
        "RefusedError",
        "ServerError",
        "StreamInterruptedError",
        "ToolFailedError",
        "ToolRunError",
        "ToolRunLimitError",
        "TransportError",
        "UnknownProviderError",
        "UnreadableAnswerError",
        "UnsupportedSchemaError",
        "WaitError",
    ),
    "_events": (
        "Event",
        "Finished",
        "PartEnd",
        "PartStart",
        "PartialOutput",
        "ReasoningDelta",
        "RefusalDelta",
        "Restarted",
        "Started",
        "TextDelta",
        "ToolCallDelta",
    ),
    "_handoff": ("Handoff", "explain_handoff"),
    "_http": ("HttpReply", "Timeouts"),
    "_messages": (
        "BlobPart",
        "Citation",
        "FilePart",
        "Message",
        "Origin",
        "ReasoningPart",
        "RefusalPart",
        "TextPart",
        "ToolCallPart",
        "ToolResultPart",
        "UnknownPart",
        "UriPart",
        "assistant",
        "system",
        "tool_result",
        "user",
    ),
    "_plan": ("Plan",),
    "_request": (
        "CacheHint",
        "NamedTool",
        "Output",
        "PromptRef",
        "Reasoning",
        "Request",
        "Sampling",
        "Tool",
        "request",
    ),
    "_response": (
        "Attempt",
        "CallCheck",
        "Invalid",
        "NoOutput",
        "Parsed",
        "Refusal",
        "Refused",
        "Response",
        "TokenLogprob",
        "Usage",
    ),
    "_retry": ("RetryPolicy",),
    "_streams": ("AsyncStream", "Stream"),
    "providers": ("Auth", "Provider", "provider_names"),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_MODULES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module 'portable_llm' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"portable_llm.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
