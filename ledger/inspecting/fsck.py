"""Recompute the log from its stored events, and compare it with all that was kept or signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.hashing import NO_HASH
from ledger.formats.note import PublicKey, SignatureFailed, open_note, parse_vkey
from ledger.formats.spelling import Malformed
from ledger.inspecting.raw_rows import count_rows, raw_events, raw_table, raw_tile
from ledger.inspecting.recompute import Finding, Recomputation, SubjectState
from ledger.keeping import store


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How much was read, and what is wrong with it, from the lowest index up."""

    size: int
    checkpoints: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        return not self.findings

    @property
    def first_bad_index(self) -> int | None:
        return self.findings[0].index if self.findings else None


async def audit(connection: AsyncConnection, *, origin: str, vkeys: Sequence[str]) -> AuditReport:
    """Read every row of the ledger inside one transaction of the caller's.

    Entries are hashed to leaves, leaves to tiles and to the root at every signed checkpoint;
    the chain, the subjects' chains, the openings and the signatures by these keys are checked.
    Raises only for keys that are none (`Malformed`). Holds all subjects and checkpoints in
    memory, and events a few at a time.
    """
    keys = [parse_vkey(vkey) for vkey in vkeys]
    subjects = await raw_table(connection, store.ledger_subject)
    checkpoints = await raw_table(connection, store.ledger_checkpoint)
    log = Recomputation({row.subject: row.salt for row in subjects})
    signed = _SignedLog(log, origin, keys, list(reversed(checkpoints)))
    full_tiles = 0
    async for event, openings in raw_events(connection):
        log.add(event, openings)
        signed.judge_reached()
        for tile, hashes in log.take_full_tiles():
            log.judge_tile(tile, hashes, await raw_tile(connection, tile))
            full_tiles += 1
    _judge_head(log, await raw_table(connection, store.ledger_head))
    for tile, hashes in log.tiles.items():
        log.judge_tile(tile, hashes, await raw_tile(connection, tile))
    await _judge_counts(connection, log, full_tiles + len(log.tiles))
    signed.judge_unreached()
    _judge_subjects(log, subjects)
    findings = sorted(log.findings, key=lambda finding: finding.index)
    return AuditReport(log.size, len(checkpoints), tuple(findings))


@dataclass(slots=True)
class _SignedLog:
    """The log beside the checkpoints still to be reached, the smallest of them last."""

    log: Recomputation
    origin: str
    keys: Sequence[PublicKey]
    unreached: list[Any]
    agreed_size: int = 0

    def judge_reached(self) -> None:
        while self.unreached and self.unreached[-1].size <= self.log.size:
            self._judge(self.unreached.pop())

    def judge_unreached(self) -> None:
        for row in reversed(self.unreached):
            self._find(self.log.size, f"there are not {row.size} events under it")

    def _judge(self, row: Any) -> None:
        last = self.log.size - 1
        try:
            checkpoint = parse_checkpoint(open_note(row.note.decode(), self.keys))
        except (Malformed, SignatureFailed, UnicodeDecodeError):
            self._find(last, "its signed note is not good")
            return
        if (checkpoint.origin, checkpoint.tree_size) != (self.origin, row.size):
            self._find(last, "it is not of this log at this size")
        elif checkpoint.root == self.log.root:
            self.agreed_size = row.size
        elif not any(found.index < row.size for found in self.log.findings):
            # Everything agrees but the signature: it was all rewritten since the one before.
            self._find(self.agreed_size, f"the events do not lead to the root at {row.size}")
        if self.log.last_at is not None and row.signed_at < store.microseconds(self.log.last_at):
            self._find(last, "it was signed before its last event")

    def _find(self, index: int, problem: str) -> None:
        self.log.findings.append(Finding(index, "ledger_checkpoint", problem))


async def _judge_counts(connection: AsyncConnection, log: Recomputation, tiles: int) -> None:
    """Nothing stands in the tables beside what was reached from the first event on."""
    expected = {
        store.ledger_event: (log.size, "an index is missing, or rows stand outside the log"),
        store.ledger_opening: (log.openings, "openings stand outside the log"),
        store.ledger_tile: (tiles, "tiles stand outside the log"),
        store.ledger_head: (min(log.size, 1), "a log has one head"),
    }
    for table, (count, problem) in expected.items():
        if await count_rows(connection, table) != count:
            log.findings.append(Finding(log.size, table.name, problem))


def _judge_head(log: Recomputation, rows: Sequence[Any]) -> None:
    last_at = 0 if log.last_at is None else store.microseconds(log.last_at)
    expected = (log.size, b"".join(log.edge), log.chain, last_at)
    for row in rows:
        if (row.size, row.edge, row.chain, row.last_at) != expected:
            # A head beyond the events names the first that is missing.
            index = log.size if row.size > log.size else max(log.size - 1, 0)
            problem = "it does not stand where the events end"
            log.findings.append(Finding(index, "ledger_head", problem))


def _judge_subjects(log: Recomputation, rows: Sequence[Any]) -> None:
    nothing = SubjectState(0, NO_HASH, log.size)
    for row in rows:
        state = log.subjects.get(row.subject, nothing)
        if (row.next_number, row.head_leaf) != (state.next_number, state.head_leaf):
            index = log.size if row.next_number > state.next_number else state.index
            problem = "it does not stand where its events end"
            log.findings.append(Finding(index, "ledger_subject", problem))
