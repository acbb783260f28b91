"""The environment, read once; everything wrong with it is said in one message."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ledger.publishing.shelf import STORES
from services.limits import DEFAULT_LIMITS, Limits

MEBIBYTE = 1024 * 1024
SQLITE = "sqlite+aiosqlite:///"
LAST_PORT = 65535
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SWITCH = {"on": True, "off": False}


class BadSettings(Exception):  # noqa: N818 - a finding about the environment.
    """The environment cannot be used; the message names every variable at fault."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation may choose. Sizes in bytes; addresses without a trailing slash."""

    data: Path
    database_url: str
    host: str
    port: int
    issuer: str
    audience: str
    jwks_url: str | None
    log_origin: str
    documents: Path | str
    upload_limit: int
    graphiql: bool
    guard: Path | str
    witnesses: Path | None
    heartbeat: timedelta
    witness_for: Path | None
    signers: tuple[str, ...]
    ledger_files: Path
    ledger_mirror: str | None
    workers: int
    session_url: str | None
    seals: bool
    connections: int
    lock_timeout: timedelta
    statement_timeout: timedelta
    stop_timeout: timedelta

    @property
    def has_own_issuer(self) -> bool:
        """Tokens come from the key in the data folder, not from an outside provider."""
        return self.jwks_url is None

    @property
    def sessions_at(self) -> str:
        """The address of the database for what has to keep one session: no pooler between."""
        return self.session_url or self.database_url

    @property
    def database_file(self) -> Path | None:
        """The file of the database; None when it is elsewhere than in a file."""
        is_file = self.database_url.startswith(SQLITE)
        return Path(self.database_url.removeprefix(SQLITE)) if is_file else None

    @property
    def limits(self) -> Limits:
        """What this process may take of a database server."""
        return Limits(self.connections, self.lock_timeout, self.statement_timeout)


@dataclass(frozen=True, slots=True)
class _Variable:
    """How one variable becomes one field of `Settings`; `default` may rest on the data folder."""

    field: str
    read: Callable[[str], Any]
    default: Callable[[Path], Any]


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process.

    An empty variable counts as unset. Raises `BadSettings` for values that cannot be read, for
    names that begin like ours and are not, and for an outside provider named only by half.
    """
    given = {name: value for name, value in environment.items() if value}
    faults = [
        f"{name}: there is no such setting"
        for name in sorted(given)
        if name.startswith("DATATITLE_") and name not in _VARIABLES
    ]
    data = Path(given.get("DATATITLE_DATA", "data"))
    values: dict[str, Any] = {}
    for name, variable in _VARIABLES.items():
        try:
            is_given = name in given
            value = variable.read(given[name]) if is_given else variable.default(data)
        except ValueError as fault:
            faults.append(f"{name}: {fault}")
        else:
            values[variable.field] = value
    faults += _faults_of_the_provider(given)
    if faults:
        raise BadSettings("These settings cannot be used:\n  " + "\n  ".join(faults))
    return Settings(**values)


def guard_in(data: Path) -> Path:
    """Where the signer guard lies unless it is named. It must not get into backups."""
    return data / "guard" / "log"


def documents_in(data: Path) -> Path:
    """Where documents lie unless that is named."""
    return data / "documents"


def files_in(data: Path) -> Path:
    """Where the public files of the log lie unless that is named."""
    return data / "ledger"


def _faults_of_the_provider(given: Mapping[str, str]) -> list[str]:
    """A provider's keys without its name would let in whatever else the provider signs."""
    if "DATATITLE_JWKS_URL" not in given:
        return []
    return [
        f"{name}: must be set when DATATITLE_JWKS_URL is"
        for name in ("DATATITLE_ISSUER", "DATATITLE_AUDIENCE")
        if name not in given
    ]


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > LAST_PORT:
        raise ValueError(f"must be a port from 0 to {LAST_PORT}")
    return int(text)


def _size(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ValueError("must be a number of bytes greater than 0")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ValueError("must be a number greater than 0")
    return int(text)


def _seconds(text: str) -> timedelta:
    if not text.isdecimal() or int(text) == 0:
        raise ValueError("must be a number of seconds greater than 0")
    return timedelta(seconds=int(text))


def _signers(text: str) -> tuple[str, ...]:
    """A line for each key: the public key, a space, and the command that signs with it."""
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not lines or any(" " not in line for line in lines):
        raise ValueError("must be a public key, a space, and the command that signs with it")
    return lines


def _place(text: str) -> str:
    if "://" in text and not text.startswith(STORES):
        raise ValueError("must be a folder, or an address like s3://bucket/folder")
    return text


def _folder_or_address(text: str) -> Path | str:
    """A folder or a file, or the address of one in an object store."""
    return _place(text) if "://" in text else Path(text)


def _switch(text: str) -> bool:
    if text not in SWITCH:
        raise ValueError("must be on or off")
    return SWITCH[text]


def _key_address(text: str) -> str:
    """Keys that came over a wire others can write on would be anybody's keys."""
    address = urlsplit(text)
    is_private = address.scheme == "http" and address.hostname in LOOPBACK
    if not (is_private or (address.scheme == "https" and address.hostname)):
        raise ValueError("must be an https address")
    return text


def _server_address(text: str) -> str:
    if not text.startswith("postgresql"):
        raise ValueError("must begin with postgresql")
    return text


def _database_address(text: str) -> str:
    if not text.startswith(("sqlite+aiosqlite://", "postgresql")):
        raise ValueError("must begin with sqlite+aiosqlite:// or postgresql")
    return text


_VARIABLES = {
    "DATATITLE_DATA": _Variable("data", Path, lambda data: data),
    "DATATITLE_DATABASE_URL": _Variable(
        "database_url",
        _database_address,
        lambda data: f"sqlite+aiosqlite:///{(data / 'register.sqlite3').as_posix()}",
    ),
    "DATATITLE_HOST": _Variable("host", str, lambda _: "127.0.0.1"),
    "DATATITLE_PORT": _Variable("port", _port, lambda _: 8000),
    "DATATITLE_ISSUER": _Variable("issuer", str, lambda _: "datatitle"),
    "DATATITLE_AUDIENCE": _Variable("audience", str, lambda _: "datatitle"),
    "DATATITLE_JWKS_URL": _Variable("jwks_url", _key_address, lambda _: None),
    "DATATITLE_LOG_ORIGIN": _Variable("log_origin", str, lambda _: "datatitle.local/log"),
    "DATATITLE_DOCUMENTS": _Variable("documents", _folder_or_address, documents_in),
    "DATATITLE_UPLOAD_LIMIT": _Variable("upload_limit", _size, lambda _: 20 * MEBIBYTE),
    "DATATITLE_GRAPHIQL": _Variable("graphiql", _switch, lambda _: True),
    "DATATITLE_GUARD": _Variable("guard", _folder_or_address, guard_in),
    "DATATITLE_WITNESSES": _Variable("witnesses", Path, lambda _: None),
    "DATATITLE_WITNESS_FOR": _Variable("witness_for", Path, lambda _: None),
    "DATATITLE_HEARTBEAT": _Variable("heartbeat", _seconds, lambda _: timedelta(minutes=10)),
    "DATATITLE_SIGNER": _Variable("signers", _signers, lambda _: ()),
    "DATATITLE_LEDGER_FILES": _Variable("ledger_files", Path, files_in),
    "DATATITLE_LEDGER_MIRROR": _Variable("ledger_mirror", _place, lambda _: None),
    "DATATITLE_WORKERS": _Variable("workers", _count, lambda _: 1),
    "DATATITLE_SESSION_URL": _Variable("session_url", _server_address, lambda _: None),
    "DATATITLE_SEALS": _Variable("seals", _switch, lambda _: True),
    "DATATITLE_CONNECTIONS": _Variable("connections", _count, lambda _: DEFAULT_LIMITS.connections),
    "DATATITLE_LOCK_TIMEOUT": _Variable(
        "lock_timeout", _seconds, lambda _: DEFAULT_LIMITS.lock_timeout
    ),
    "DATATITLE_STATEMENT_TIMEOUT": _Variable(
        "statement_timeout", _seconds, lambda _: DEFAULT_LIMITS.statement_timeout
    ),
    "DATATITLE_STOP_TIMEOUT": _Variable("stop_timeout", _seconds, lambda _: timedelta(seconds=20)),
}
