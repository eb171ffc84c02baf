"""The run directory: every exchange on disk before the next one, readable after a crash, free of credentials.

    run.json            the manifest: what is run against what; written once
    transcripts.jsonl   raw exchanges, append-only, one JSON object a line, each synced to disk
    observations.jsonl  what the readers saw in them
    report.json         every figure; recomputes byte for byte from the observations
    report.html         the same for people

A line that a crash has torn is dropped when the run is taken up again, and its exchange is made anew.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO, Any, cast

from portable_llm._errors import CallerError, ConfigurationError
from portable_llm._http import HttpReply
from portable_llm.conformance.case import canonical_json, json_object

KEPT_HEADERS = re.compile(
    r"content-type|content-encoding|retry-after.*|x-ratelimit-.*|.*-ratelimit-.*|x-request-id|request-id|server|date"
)
"""Reply headers worth keeping; cookies and account ids are not among them."""

_SECRET_SHAPES = re.compile(r"\b(?:sk-[A-Za-z0-9_-]{16,}|AIza[A-Za-z0-9_-]{30,}|Bearer\s+[A-Za-z0-9._-]{16,})")


_MISSING = frozenset({401, 402, 403, 404, 408, 409, 429})


class RunStoreError(CallerError):
    """The run directory cannot be read or written; what is in it is whole up to its last complete line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One exchange as stored."""

    arm: str
    case: str
    lanes: tuple[str, ...]
    """The lanes that read it: raw and norm share one where their requests are equal to the byte."""
    trial: int
    path: str = ""
    request: Any = None
    """The wire request's JSON."""
    streamed: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    attempts: int = 0
    error: Mapping[str, Any] | None = None
    """`{kind, message}` where no whole answer came, or nothing could be sent."""

    @property
    def key(self) -> str:
        """What names the exchange within a run."""
        return f"{self.arm}/{self.case}/{'+'.join(self.lanes)}/{self.trial}"

    @property
    def is_missing(self) -> bool:
        """Whether it is no evidence of anything: the line, the key, the rate limit or the server failed.

        Taking the run up again makes it anew; the later record then counts.
        """
        if self.error is not None:
            return self.error.get("kind") in ("timeout", "connection")
        return self.status is not None and (self.status in _MISSING or (self.status >= 500 and self.status != 501))

    @property
    def reply(self) -> HttpReply | None:
        """The answer, as a reader wants it."""
        if self.status is None:
            return None
        return HttpReply(status=self.status, headers=self.headers, body=self.body)

    def to_json(self) -> dict[str, Any]:
        """The stored form; bytes that are no UTF-8 as base64."""
        try:
            body: Any = self.body.decode("utf-8")
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(self.body).decode("ascii")}
        return {
            "key": self.key,
            "arm": self.arm,
            "case": self.case,
            "lanes": list(self.lanes),
            "trial": self.trial,
            "path": self.path,
            "request": self.request,
            "streamed": self.streamed,
            "status": self.status,
            "headers": dict(self.headers),
            "body": body,
            "attempts": self.attempts,
            "error": None if self.error is None else dict(self.error),
        }

    @classmethod
    def from_json(cls, form: Mapping[str, Any]) -> Record:
        """Read the stored form back."""
        fields = {name: value for name, value in form.items() if name not in ("key", "body", "lanes")}
        body = form["body"]
        raw = base64.b64decode(str(json_object(body)["base64"])) if json_object(body) else str(body).encode("utf-8")
        return cls(**fields, lanes=tuple(form["lanes"]), body=raw)


class Redactor:
    """Takes credentials out of everything before it reaches the disk."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = [secret for secret in secrets if len(secret) >= 6]

    def __call__(self, text: str) -> str:
        """The text without the known secrets and without what has the shape of one."""
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return _SECRET_SHAPES.sub("[redacted]", text)


class RunStore:
    """One run directory, open for one process. Thread-safe."""

    def __init__(self, directory: Path, redact: Redactor | None = None) -> None:
        self.directory = directory
        self.redact = redact or Redactor()
        """Applied to every exchange before it is stored."""
        self._lock = Lock()
        self._file: IO[bytes] | None = None

    # ---- manifest and whole files

    @property
    def exists(self) -> bool:
        """Whether a run has begun here."""
        return (self.directory / "run.json").exists()

    def read_manifest(self) -> dict[str, Any]:
        """The manifest; raises `RunStoreError` when there is none."""
        return self.read_json("run.json")

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Begin a run."""
        self.write("run.json", pretty(manifest))

    def read_json(self, name: str) -> dict[str, Any]:
        """A JSON file of the run; raises `RunStoreError` that names what is wrong with it."""
        try:
            loaded = json.loads(self.read(name))
        except ValueError as error:
            raise RunStoreError(f"{self.directory / name} is damaged: {error}") from error
        if not isinstance(loaded, dict):
            raise RunStoreError(f"{self.directory / name} is damaged: it holds no JSON object")
        return cast("dict[str, Any]", loaded)

    def read(self, name: str) -> bytes:
        """The bytes of a file of the run."""
        try:
            return (self.directory / name).read_bytes()
        except OSError as error:
            raise RunStoreError(
                f"{self.directory / name}: {error.strerror or error}; is this a run directory?"
            ) from error

    def write(self, name: str, content: bytes) -> None:
        """Replace a file as a whole: readers see the old one or the new one, never a half."""
        with _OsErrorsTold(self.directory / name):
            self.directory.mkdir(parents=True, exist_ok=True)
            beside = self.directory / f".{name}.tmp"
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.directory / name)

    # ---- transcripts

    def append(self, record: Record) -> None:
        """Store an exchange; returns when it is on disk."""
        line = self.redact(canonical_json(record.to_json())).encode("ascii") + b"\n"
        with self._lock, _OsErrorsTold(self.directory / "transcripts.jsonl"):
            if self._file is None:
                self._file = self._open()
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())

    def _open(self) -> IO[bytes]:
        """The transcript file, a torn last line cut off, locked against a second process."""
        self.directory.mkdir(parents=True, exist_ok=True)
        file = (self.directory / "transcripts.jsonl").open("a+b")
        _lock(file, self.directory)
        file.seek(0)
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            file.truncate(whole)
        file.seek(0, os.SEEK_END)
        return file

    def records(self) -> list[Record]:
        """The exchanges by key, the last of each; raises `RunStoreError` for damage."""
        return list({record.key: record for record in self.lines()}.values())

    def lines(self) -> Iterator[Record]:
        """All whole exchanges; a torn last line is left out. Raises `RunStoreError` for damage anywhere else."""
        path = self.directory / "transcripts.jsonl"
        if not path.exists():
            return
        lines = self.read("transcripts.jsonl").split(b"\n")
        for number, line in enumerate(lines[:-1], start=1):
            try:
                yield Record.from_json(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise RunStoreError(f"{path}, line {number} is damaged: {error}") from error

    def close(self) -> None:
        """Let go of the transcript file."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def pretty(value: object) -> bytes:
    """The stored form of whole JSON files: indented, keys sorted, the same bytes for the same value."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _lock(file: IO[bytes], directory: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not on Windows, where an open file is guarded by the system
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ConfigurationError(f"another process is running in {directory}; wait for it, or use --out") from error


class _OsErrorsTold:
    """Turns an `OSError` into a `RunStoreError` that says what to do."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError):
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            what = (
                "no space left; free some and run again, finished trials are kept"
                if full
                else f"{error.strerror or error}; check the path, or choose another run directory"
            )
            raise RunStoreError(f"{self._path}: {what}") from error
