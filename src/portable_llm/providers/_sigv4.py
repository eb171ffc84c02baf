"""AWS Signature Version 4, as far as a JSON service needs it.

Written after https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html (read 2026-11-24); held against
botocore's signer in the tests.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import SplitResult, quote, urlsplit

from portable_llm._errors import ConfigurationError

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""Environment variables that name the region, as the vendor's SDKs read them."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_REGION = re.compile(
    r"\bbedrock-(?:runtime|mantle)(?:-fips)?\.(?P<region>[a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.|api\.aws)"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def region_of(url: str) -> str | None:
    """The region that an address of the service names; `None` for another address."""
    found = _REGION.search(urlsplit(url).netloc)
    return found["region"] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCredentials:
    """What requests to AWS are signed with; a credential callback may give one. Never shown, never pickled."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    region: str | None = None
    """Where the address of a call does not name one; by default the usual environment variables."""
    service: str = "bedrock"

    def __reduce__(self) -> NoReturn:
        raise TypeError("AwsCredentials hold secrets and cannot be pickled")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not appear in any text."""
        return tuple(secret for secret in (self.secret_key, self.session_token) if secret)

    def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes, wall: float) -> dict[str, str]:
        """The headers that authorise this very request, valid for some minutes around `wall` (seconds since 1970).

        Signed are the host, the date, the content type and the body; raises `ConfigurationError` if no region is known.
        """
        stamp = datetime.fromtimestamp(wall, UTC).strftime("%Y%m%dT%H%M%SZ")
        parts = urlsplit(url)
        signed = {"host": _host(parts), "x-amz-date": stamp}
        content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
        if content_type is not None:
            signed["content-type"] = content_type
        if self.session_token:
            signed["x-amz-security-token"] = self.session_token
        scope = f"{stamp[:8]}/{self._region(url)}/{self.service}/aws4_request"
        names = ";".join(sorted(signed))
        signature = self._signature(stamp, scope, _canonical(method, parts, signed, names, body))
        sent = {name: value for name, value in signed.items() if name.startswith("x-amz-")}
        credential = f"Credential={self.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        return {**sent, "authorization": f"{_ALGORITHM} {credential}"}

    def _region(self, url: str) -> str:
        named = (os.environ.get(name) for name in REGION_VARIABLES)
        region = region_of(url) or self.region or next((name for name in named if name), None)
        if region is None:
            raise ConfigurationError(
                f"no AWS region for {urlsplit(url).netloc}: set AWS_REGION, or give AwsCredentials(region=...)"
            )
        return region

    def _signature(self, stamp: str, scope: str, canonical: str) -> str:
        wanted = "\n".join((_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = b"AWS4" + self.secret_key.encode()
        for step in scope.split("/"):
            key = _hmac(key, step)
        return _hmac(key, wanted).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


def _canonical(method: str, parts: SplitResult, signed: Mapping[str, str], names: str, body: bytes) -> str:
    """The request as both sides write it down: the path as sent, escaped a second time."""
    lines = "".join(f"{name}:{' '.join(signed[name].split())}\n" for name in sorted(signed))
    path = quote(_normalised(parts.path), safe="/~")
    return "\n".join((method, path, _query(parts.query), lines, names, hashlib.sha256(body).hexdigest()))


def _normalised(path: str) -> str:
    """The path without empty and dotted segments."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == ".." and kept:
            kept.pop()
        elif segment not in ("", ".", ".."):
            kept.append(segment)
    return f"/{'/'.join(kept)}{'/' if kept and path.endswith('/') else ''}"


def _query(query: str) -> str:
    pairs = (pair.partition("=") for pair in query.split("&")) if query else ()
    return "&".join(f"{name}={value}" for name, value in sorted((name, value) for name, _, value in pairs))
