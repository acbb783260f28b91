"""The events that wait for their places: no damage, if each goes on from its subject's last one."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from ledger.formats.entry import EVENT
from ledger.formats.hashing import Hash
from ledger.inspecting.openings import WAITING, WAITING_ENTRIES, OpeningsAnew
from ledger.inspecting.raw_rows import ROWS_AT_A_TIME, fetch, raw
from ledger.inspecting.report import Findings
from ledger.inspecting.stretches import Read
from ledger.inspecting.subjects import ENTRY, SubjectsAnew

AFTER_ALL = b"~"  # No instant is settled yet.

_entry = WAITING_ENTRIES.c
_ENTRIES = (
    sa.select(*map(raw, (_entry.kind, _entry.subject, _entry.number, _entry.entry, _entry.leaf)))
    .add_columns(raw(_entry.chain))
    .where(_entry.idx.between(sa.bindparam("first"), sa.bindparam("last")))
    .order_by(_entry.idx)
)


def judge_waiting(
    connection: sa.Connection,
    findings: Findings,
    subjects: SubjectsAnew,
    size: int,
    count: int,
) -> Read:
    """Follow `count` events in the order in which they will come after the log of this size.

    `subjects` stand where the log ends, and afterwards where all their events end.
    """
    for first in range(0, count, ROWS_AT_A_TIME):
        last = min(first + ROWS_AT_A_TIME, count) - 1
        rows = fetch(connection, _ENTRIES, first, last)
        for index, row in enumerate(rows, size + first):
            _judge_row(index, row, findings)
        columns = list(zip(*rows, strict=True))
        leaves = [Hash(sha256(b"\x00" + entry).digest()) for entry in columns[3]]
        subjects.take(size + first, columns[1], columns[2], columns[3], leaves)
    openings = OpeningsAnew(findings, WAITING, begin=size, settled=AFTER_ALL)
    openings.take_all(connection, 0, count)
    return Read(0, openings=openings.read, erased=openings.erased)


def _judge_row(index: int, row: Sequence[Any], findings: Findings) -> None:
    kind, _, _, entry, leaf, chain = row
    agrees = {
        "what is no event waits for its place": kind == EVENT.encode(),
        "its leaf is not the hash of its entry": leaf == sha256(b"\x00" + entry).digest(),
        "it has a chain, and no place": chain is None,
    }
    for problem in (problem for problem, does_agree in agrees.items() if not does_agree):
        findings.add(index, ENTRY, problem)
