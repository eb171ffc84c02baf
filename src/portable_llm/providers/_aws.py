"""Where AWS credentials and the region come from, in the order of the vendor's SDKs.

Keys in the environment, then the shared files' profile; what needs a conversation (single sign-on, assumed roles,
processes, container and instance metadata) is left to `botocore`, if the extra of that name is installed.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from portable_llm._errors import ConfigurationError
from portable_llm.providers._sigv4 import REGION_VARIABLES, AwsCredentials

_CREDENTIALS_FILE = ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
_CONFIG_FILE = ("AWS_CONFIG_FILE", "~/.aws/config")
_PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


def aws_credentials(profile: str | None = None) -> AwsCredentials:
    """The credentials of this machine; raises `ConfigurationError` that says where it looked.

    A `profile` named here wins over keys in the environment. Made anew for each call, so that what is changed or
    renewed outside is seen; pass it, or a function of your own, as a token callback.
    """
    environ = os.environ
    found = None if profile else _from_environment(environ)
    name = profile or _profile(environ)
    found = found or _from_files(name, environ) or _from_botocore(profile)
    if found is not None:
        return found
    raise ConfigurationError(
        "no AWS credentials: set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or put keys "
        f"into the profile {name!r} of ~/.aws/credentials; roles, single sign-on and instance metadata need "
        "pip install portable-llm[botocore]",
        provider="bedrock",
    )


def aws_region(environ: Mapping[str, str]) -> str | None:
    """The region by environment variable, else by the profile."""
    named = next((value for name in REGION_VARIABLES if (value := environ.get(name))), None)
    return named or _profile_fields(_profile(environ), environ).get("region")


def _profile(environ: Mapping[str, str]) -> str:
    return next((value for name in _PROFILE_VARIABLES if (value := environ.get(name))), "default")


def _from_environment(environ: Mapping[str, str]) -> AwsCredentials | None:
    access, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not access or not secret:
        return None
    return AwsCredentials(access_key=access, secret_key=secret, session_token=environ.get("AWS_SESSION_TOKEN") or None)


def _from_files(profile: str, environ: Mapping[str, str]) -> AwsCredentials | None:
    fields = _profile_fields(profile, environ)
    access, secret = fields.get("aws_access_key_id"), fields.get("aws_secret_access_key")
    # A role is assumed with these keys and not used in its place: that is botocore's business.
    if not access or not secret or "role_arn" in fields:
        return None
    return AwsCredentials(
        access_key=access,
        secret_key=secret,
        session_token=fields.get("aws_session_token") or None,
        region=fields.get("region"),
    )


def _profile_fields(profile: str, environ: Mapping[str, str]) -> Mapping[str, str]:
    """What the shared files say of a profile; the credentials file wins."""
    config = _read(_path(_CONFIG_FILE, environ))
    credentials = _read(_path(_CREDENTIALS_FILE, environ))
    section = profile if profile == "default" else f"profile {profile}"
    return {**config.get(section, {}), **credentials.get(profile, {})}


def _path(where: tuple[str, str], environ: Mapping[str, str]) -> Path:
    variable, usual = where
    return Path(environ.get(variable) or usual).expanduser()


def _read(path: Path) -> Mapping[str, Mapping[str, str]]:
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return {}
    return _sections(path, changed)


@lru_cache(maxsize=8)
def _sections(path: Path, changed: int) -> Mapping[str, Mapping[str, str]]:
    """The sections of a file as it was when it was `changed`. Its content never gets into a message."""
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is no AWS configuration file ({type(error).__name__})") from None
    return {name: dict(parser[name]) for name in parser.sections()}


@lru_cache(maxsize=8)
def _botocore_credentials(profile: str | None) -> Any:
    """botocore's own credentials, which renew themselves; `None` without botocore, or where it has none."""
    try:
        from botocore.session import Session  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    session: Any = Session(profile=profile)
    return session.get_credentials()


def _from_botocore(profile: str | None) -> AwsCredentials | None:
    try:
        found = _botocore_credentials(profile)
        frozen = None if found is None else found.get_frozen_credentials()
    except Exception as error:
        raise ConfigurationError(f"botocore gives no AWS credentials: {type(error).__name__}: {error}") from error
    if frozen is None:
        return None
    return AwsCredentials(
        access_key=frozen.access_key, secret_key=frozen.secret_key, session_token=frozen.token or None
    )
