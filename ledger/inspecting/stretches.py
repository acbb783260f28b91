"""The parts of an inspection that rest on their own rows alone: in turn, or in many processes."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from ledger.formats.tree import TILE_WIDTH
from ledger.inspecting.databases import Database
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
    latest: bytes = b""  # Of the instants that are told there.

    def add(self, other: "Read") -> None:
        self.entries += other.entries
        self.openings += other.openings
        self.erased += other.erased
        self.files += other.files
        self.latest = max(self.latest, other.latest)
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
        openings.take_log(connection, self.start, self.end)
        read, erased, latest = openings.read, openings.erased, openings.latest
        return Read(self.end - self.start, found, read, erased, latest=latest)


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
def in_processes(database: Database, connection: sa.Connection, jobs: int) -> Iterator[ReadAll]:
    """All at once, by so many processes beside this one, each with a connection of its own.

    They see what this process sees through its connection, but for what has come since.
    """
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:

        def read_all(stretches: Sequence[Stretch]) -> Iterator[Read]:
            # Not earlier: it may be the first look at the database.
            shared = database.shared(connection)
            return pool.map(_read, [shared] * len(stretches), stretches)

        yield read_all


def _read(database: Database, stretch: Stretch) -> Read:
    return database.look(stretch.read)
