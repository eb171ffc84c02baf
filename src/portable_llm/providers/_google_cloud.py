"""Where Vertex AI is, and how a program proves who it is: project and location make the address, a token the entry."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from typing import Any

from portable_llm._errors import ConfigurationError

SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_MULTI_REGIONS = ("us", "eu")


def vertex_url(project: str, location: str = "global", *, publisher: str = "google") -> str:
    """The base URL of a publisher's models in a project: what `base_urls={"vertex": ...}` takes.

    Hosts as the vendors' SDKs choose them (google-genai 3.4.0, anthropic 2.12.0): one of its own for each region,
    others for `global` and for the multi-regions `us` and `eu`.
    """
    if location == "global":
        host = "aiplatform.googleapis.com"
    elif location in _MULTI_REGIONS:
        host = f"aiplatform.{location}.rep.googleapis.com"
    else:
        host = f"{location}-aiplatform.googleapis.com"
    return f"https://{host}/v1{vertex_path(project, location, publisher)}"


def vertex_path(project: str, location: str, publisher: str) -> str:
    """The part of the address behind the version."""
    return f"/projects/{project}/locations/{location}/publishers/{publisher}"


def first_of(environ: Mapping[str, str], *names: str) -> str | None:
    """The first of these variables that is set."""
    return next((value for name in names if (value := environ.get(name))), None)


class GoogleToken:
    """Access tokens of the machine's default credentials, by the library `google-auth`, kept until they expire.

    Raises `ConfigurationError` where that library or the credentials are missing: pass a token callback then. Asking
    for a token may go over the network, and blocks.
    """

    def __init__(self) -> None:
        self._credentials: Any = None
        self._lock = threading.Lock()

    def __call__(self) -> str:
        """A token that is valid now."""
        with self._lock:
            try:
                return self._token()
            except ImportError:
                raise ConfigurationError(
                    "no token for Vertex AI: pass tokens={name: function that returns one}, "
                    "or pip install google-auth requests to use the machine's default credentials"
                ) from None
            except ConfigurationError:
                raise
            except Exception as error:
                raise ConfigurationError(
                    f"google-auth gives no token for Vertex AI: {type(error).__name__}: {error}"
                ) from error

    def expire(self) -> None:
        """Fetch another one next time: this one was refused."""
        with self._lock:
            if self._credentials is not None:
                self._credentials.token = None

    def __reduce__(self) -> str:
        return "google_token"

    def _token(self) -> str:
        # By name, since it is an optional library that few programs need.
        auth: Any = importlib.import_module("google.auth")
        requests: Any = importlib.import_module("google.auth.transport.requests")
        if self._credentials is None:
            self._credentials, _ = auth.default(scopes=[SCOPE])
        if not self._credentials.valid:
            self._credentials.refresh(requests.Request())
        return str(self._credentials.token)


google_token = GoogleToken()
"""The one of this process."""
