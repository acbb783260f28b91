"""The parts of an inspection that rest on their own rows alone: in turn, or in many processes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from ledger.formats.tree import TILE_WIDTH
from ledger.inspecting.openings import OpeningsAnew
from ledger.inspecting.published_files import PublishedFiles, tiles_at
from ledger.inspecting.report import Findings

ENTRIES_AT_A_TIME = 64 * TILE_WIDTH


@dataclass(slots=True)
class Read:
    """What was found in a stretch of `entries`, and how much was read there."""

    entries: int
    findings: Findings = field(default_factory=Findings)
    openings: int = 0
    erased: int = 0
    files: int = 0

    def add(self, other: "Read") -> None:
        self.entries += other.entries
        self.openings += other.openings
        self.erased += other.erased
        self.files += other.files
        self.findings.join(other.findings)


class Stretch(Protocol):
    """The entries from one index up to another; a value that can be sent to another process."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...

    def read(self, connection: sa.Connection) -> Read: ...


@dataclass(frozen=True, slots=True)
class OpeningsOf:
    """The openings of the entries from one index up to another."""

    start: int
    end: int

    def read(self, connection: sa.Connection) -> Read:
        found = Findings()
        openings = OpeningsAnew(found)
        openings.take_all(connection, self.start, self.end)
        return Read(self.end - self.start, found, openings.read, openings.erased)


@dataclass(frozen=True, slots=True)
class FilesOf:
    """The public files with the entries from one index up to another, and above the last."""

    start: int
    end: int
    folder: Path
    size: int
    published: int
    signed: tuple[int, ...]

    def read(self, connection: sa.Connection) -> Read:
        found = Findings()
        files = PublishedFiles(self.folder, found, self.size, self.published, self.signed)
        files.judge(connection, self.start // TILE_WIDTH, tiles_at(0, self.end))
        if self.end == self.size:
            files.judge_above(connection)
        return Read(self.end - self.start, found, files=files.read)


class ReadAll(Protocol):
    """Reads stretches, in any process, and gives what was read in their order."""

    def __call__(self, stretches: Sequence[Stretch]) -> Iterator[Read]: ...


def parts(size: int) -> Iterator[tuple[int, int]]:
    """A log cut into stretches that begin where a tile does; one, if it is empty."""
    for start in range(0, max(size, 1), ENTRIES_AT_A_TIME):
        yield start, min(start + ENTRIES_AT_A_TIME, size)


def in_turn(connection: sa.Connection) -> ReadAll:
    """Each when it is asked for, in this process."""
    return lambda stretches: (stretch.read(connection) for stretch in stretches)


@contextmanager
def in_processes(file: Path, jobs: int) -> Iterator[ReadAll]:
    """All at once, by so many processes beside this one, each with a connection of its own."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield lambda stretches: pool.map(_read, [file] * len(stretches), stretches)


def _read(file: Path, stretch: Stretch) -> Read:
    with reading(file) as connection:
        return stretch.read(connection)


@contextmanager
def reading(file: Path) -> Iterator[sa.Connection]:
    """A snapshot of a SQLite database, which is not written to, whatever happens."""
    address = sa.URL.create(
        "sqlite", database=f"{file.absolute().as_uri()}", query={"mode": "ro", "uri": "true"}
    )
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    with engine.connect() as connection, connection.begin():
        yield connection


def _prepare(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # We emit BEGIN ourselves, in `_begin`.


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN")
