"""Everything that follows from the entries computed anew, and all that was kept held against it."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from ledger.inspecting.checkpoints import CheckpointsAnew
from ledger.inspecting.databases import Database, SqliteFile
from ledger.inspecting.guarded import judge_guard, read_guard
from ledger.inspecting.map_anew import MapAnew
from ledger.inspecting.marks import MarksAnew
from ledger.inspecting.outbox import judge_waiting
from ledger.inspecting.published_notes import PublicFolder, PublicNotes, Shown, look_at
from ledger.inspecting.raw_rows import (
    RawRow,
    count_rows,
    count_waiting,
    raw_between,
    raw_query,
    stream,
)
from ledger.inspecting.report import Findings, Report
from ledger.inspecting.schema import judge_columns, judge_triggers
from ledger.inspecting.signers import Signers, Trust
from ledger.inspecting.stored import (
    judge_counts,
    judge_head,
    judge_last_instant,
    judge_subjects,
    judge_tiles_above,
)
from ledger.inspecting.stored_map import judge_stored_map
from ledger.inspecting.stretches import (
    FilesOf,
    OpeningsOf,
    Read,
    ReadAll,
    Stretch,
    in_processes,
    in_turn,
    parts,
)
from ledger.inspecting.subjects import ENTRY, SubjectsAnew
from ledger.inspecting.tree import TreeAnew
from ledger.inspecting.walk import Walk
from ledger.keeping import store
from ledger.signing.guard import Guard, LastSigned

FULL = "full"
CHECKPOINTS_AT_A_TIME = 200

Progress = Callable[[int, int], object]

_SUBJECTS = raw_query(store.ledger_subject, "subject", "salt")
_SIZES = raw_query(store.ledger_checkpoint, "size", "published_at")
_CHECKPOINTS = raw_between(store.ledger_checkpoint, store.ledger_checkpoint.c.size)
_COSIGNATURES = raw_between(store.ledger_cosignature, store.ledger_cosignature.c.size)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the database is held against. A log that is not published has no public folder."""

    trust: Trust
    guard: Guard
    public: PublicFolder | None = None


def inspect_fully(
    connection: sa.Connection,
    around: Surroundings,
    *,
    read_all: ReadAll | None = None,
    progress: Progress = lambda _done, _total: None,
    with_openings: bool = True,
) -> Report:
    """Derive all that is kept from the entries, inside one transaction of the caller's.

    Entries are hashed to leaves, leaves to tiles and to the root at every signed checkpoint; the
    chain, the subjects' chains, the map at every state, rows and pages of the stored map, notes,
    cosignatures, openings, the guard and every public file are compared. `progress` is told how
    much of how much is done. Holds every subject (some 1,400 bytes each), the time of every
    state and the sizes and roots of all checkpoints; entries and openings a few thousand at a
    time, and the first thousand findings.

    Events that wait for their places in the log are judged by their subjects, and counted.
    """
    with _without_collecting():
        inspection = _Inspection(connection, around, progress, with_openings)
        return inspection.run(read_all or in_turn(connection))


def inspect_database(
    database: Database,
    around: Surroundings,
    *,
    jobs: int = 1,
    progress: Progress = lambda _done, _total: None,
) -> Report:
    """The same, shared by so many processes.

    One walks through the log; the others compare openings and public files meanwhile.
    """

    def inspect(connection: sa.Connection) -> Report:
        if jobs == 1:
            return inspect_fully(connection, around, progress=progress)
        with in_processes(database, connection, jobs - 1) as read_all:
            return inspect_fully(connection, around, read_all=read_all, progress=progress)

    return database.look(inspect)


def inspect_file(
    file: Path,
    around: Surroundings,
    *,
    jobs: int = 1,
    progress: Progress = lambda _done, _total: None,
) -> Report:
    """The same with the database in a file."""
    return inspect_database(SqliteFile(file), around, jobs=jobs, progress=progress)


@dataclass(slots=True)
class _Inspection:
    connection: sa.Connection
    around: Surroundings
    progress: Progress
    with_openings: bool
    findings: Findings = field(default_factory=Findings)
    walked: int = 0
    total: int = 0

    def run(self, read_all: ReadAll) -> Report:
        # What is outside is looked at before the first look at the database: then that holds all
        # that is outside, also while the log is sealed and published.
        public = self.around.public
        shown = look_at(public.path) if public else None
        guarded = read_guard(self.around.guard)
        if not judge_columns(self.connection, self.findings):
            return Report.of(FULL, 0, {}, self.findings)
        waiting = count_waiting(self.connection)
        entries = count_rows(self.connection, store.ledger_entry) - waiting
        sizes, published = self._signed_sizes()
        stretches = self._stretches(entries, sizes, shown)
        self.total = entries + sum(stretch.end - stretch.start for stretch in stretches)
        readings = read_all(stretches)
        walk = self._walk(entries, sizes, published, guarded)
        self._judge_guard(walk, guarded, sizes)
        has_head = self._judge_stored(walk)
        read_waiting = self._judge_waiting(walk, waiting)
        signers = Signers(self.around.trust, walk.marks.changed_keys)
        signers.judge_changes(self.findings)
        signed = self._judge_checkpoints(walk, signers)
        if public and shown:
            origin = self.around.trust.origin
            notes = PublicNotes(public, origin, signers, published, walk.roots, self.findings)
            notes.judge(shown, walk.tree.size)
        read = self._collect(readings)
        if has_head and self.with_openings:
            size = walk.tree.size
            judge_last_instant(self.connection, self.findings, size, walk.marks, read.latest)
        read.add(read_waiting)
        self._judge_counts(walk, signed, read)
        judge_triggers(self.connection, self.findings, walk.tree.size)
        return self._report(walk, signed, read, waiting)

    def _judge_guard(
        self, walk: Walk, before: LastSigned | str | None, sizes: Sequence[int]
    ) -> None:
        after = read_guard(self.around.guard)
        size, newest = walk.tree.size, sizes[-1] if sizes else 0
        judge_guard(before, after, self.findings, size=size, newest=newest, roots=walk.roots)

    def _judge_counts(self, walk: Walk, signed: CheckpointsAnew, read: Read) -> None:
        openings = {"ledger_opening": read.openings} if self.with_openings else {}
        judge_counts(
            self.connection,
            self.findings,
            walk.tree.size,
            ledger_tile=walk.tree.tiles,
            ledger_head=min(walk.tree.size, 1),
            ledger_checkpoint=signed.checkpoints,
            ledger_cosignature=signed.cosignatures,
            **openings,
        )

    def _report(self, walk: Walk, signed: CheckpointsAnew, read: Read, waiting: int) -> Report:
        counts = {
            "entries": walk.tree.size,
            "waiting": waiting,
            "subjects": len(walk.subjects.by_name),
            "states": len(walk.marks.state_times),
            "openings": read.openings,
            "erased": read.erased,
            "checkpoints": signed.checkpoints,
            "cosignatures": signed.cosignatures,
            "files": read.files,
        }
        return Report.of(FULL, walk.tree.size, counts, self.findings)

    def _signed_sizes(self) -> tuple[list[int], list[int]]:
        """All sizes that were signed, in their order, and those among them that were published."""
        rows = [row for row in self.connection.execute(_SIZES).all() if row.size > 0]
        signed = sorted(row.size for row in rows)
        return signed, sorted(row.size for row in rows if row.published_at is not None)

    def _stretches(self, entries: int, sizes: Sequence[int], shown: Shown | None) -> list[Stretch]:
        stretches: list[Stretch] = []
        if self.with_openings:
            stretches += [OpeningsOf(*part) for part in parts(entries)]
        if self.around.public and shown:
            folder, signed = self.around.public.path, tuple(sizes)
            published = min(shown.claimed_size, entries)
            stretches += [
                FilesOf(*part, folder, entries, published, signed) for part in parts(entries)
            ]
        return stretches

    def _walk(
        self,
        entries: int,
        sizes: Sequence[int],
        published: Sequence[int],
        guarded: LastSigned | str | None,
    ) -> Walk:
        subjects = SubjectsAnew(self.findings)
        for row in stream(self.connection, _SUBJECTS):
            subjects.know(row.subject, row.salt)
        replayed = MapAnew(subject.key for subject in subjects.by_name.values())
        subjects.take_places(replayed.places)
        marks = MarksAnew(self.around.trust.origin, subjects, self.findings, replayed)
        at_published = published[-1] if published else 0

        def judge_map() -> None:
            by_key = {each.key: each for each in subjects.by_name.values() if each.count}
            root = replayed.root
            judge_stored_map(self.connection, self.findings, by_key, root, at_published)

        if not at_published:
            judge_map()
        known = [guarded.size] if isinstance(guarded, LastSigned) else []
        wanted = sorted({*sizes, *known})
        walk = Walk(
            self.connection,
            self.findings,
            subjects,
            marks,
            TreeAnew(self.findings),
            entries,
            wanted,
            at_published,
            judge_map,
        )
        walk.go(self._tell)
        return walk

    def _judge_stored(self, walk: Walk) -> bool:
        """Whether there is a head which stands where the entries end."""
        judge_tiles_above(self.connection, walk.tree)
        return judge_head(self.connection, self.findings, walk.tree, walk.chain)

    def _judge_waiting(self, walk: Walk, count: int) -> Read:
        """The events without a place, and then where all subjects stand."""
        size = walk.tree.size
        if count and walk.marks.frozen_at is not None:
            self.findings.add(size, ENTRY, "it waits for its place, and the log has ended")
        read = judge_waiting(self.connection, self.findings, walk.subjects, size, count)
        judge_subjects(self.connection, walk.subjects, size)
        return read

    def _judge_checkpoints(self, walk: Walk, signers: Signers) -> CheckpointsAnew:
        signed = CheckpointsAnew(
            self.around.trust.origin,
            signers,
            walk.roots,
            walk.marks.state_times,
            walk.tree.size,
            self.findings,
        )
        for start in range(0, len(walk.sizes), CHECKPOINTS_AT_A_TIME):
            sizes = walk.sizes[start : start + CHECKPOINTS_AT_A_TIME]
            window = {"first": sizes[0], "last": sizes[-1]}
            cosignatures: dict[int, list[RawRow]] = {}
            for row in self.connection.execute(_COSIGNATURES, window).all():
                cosignatures.setdefault(row.size, []).append(row)
            for row in self.connection.execute(_CHECKPOINTS, window).all():
                signed.take(row, cosignatures.get(row.size, []))
        return signed

    def _collect(self, readings: Iterator[Read]) -> Read:
        sum_of_all = Read(0, self.findings)
        for each in readings:
            sum_of_all.add(each)
            self.progress(self.walked + sum_of_all.entries, self.total)
        return sum_of_all

    def _tell(self, size: int) -> None:
        self.walked = size
        self.progress(size, self.total)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Nothing here makes cycles, and to look for some among so many objects costs a sixth."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
