"""What can be opened of every event, held against what the event commits to."""

import re
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa

from ledger.formats.entry import EVENT, State, parse_mark
from ledger.formats.fields import AT, KIND, SLOTS
from ledger.formats.hashing import HASH_SIZE, SALT_SIZE
from ledger.formats.spelling import Malformed, format_instant, parse_instant
from ledger.inspecting.raw_rows import fetch, raw
from ledger.inspecting.report import Findings
from ledger.inspecting.subjects import ENTRY
from ledger.keeping import store

PLACE = "ledger_opening"
ENTRIES_AT_A_TIME = 1000
ALWAYS = [KIND.encode(), AT.encode()]
AT_SLOT = 1

COMMITTED = slice(len('{"c":"'), len('{"c":"') + 44)
TO_THE_SECOND = slice(len("2026-01-05T02:00:00"))
_INSTANT = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_FROM_FIRST = list(range(SLOTS))
_EVENT = EVENT.encode()
_LENGTHS = [bytes([length]) for length in range(256)]

# Index, slot, name, salt, value, whether public, when erased.
Opening = tuple[int, int, bytes, bytes | None, bytes | None, int, int | None]

# Events of several subjects may come into the log a little out of order: whoever decides first may
# be done last, and clocks differ.
TOLERATED = timedelta(seconds=60)
LOOKED_BACK = 100

_opening = store.ledger_opening


class Source(NamedTuple):
    """Where entries stand from :first to :last, what opens them, what was told before them."""

    entries: sa.Select[Any]
    openings: sa.Select[Any]
    of_subjects_before: sa.Select[Any]


def _source(entry: sa.FromClause) -> Source:
    of_entry = _opening.c.entry_id == entry.c.id
    before = store.ledger_entry.alias("before")
    is_before = sa.and_(before.c.subject == entry.c.subject, before.c.number == entry.c.number - 1)
    tells_instant = sa.and_(_opening.c.entry_id == before.c.id, _opening.c.slot == AT_SLOT)
    facts = [column for column in _opening.c if column is not _opening.c.entry_id]
    within = entry.c.idx.between(sa.bindparam("first"), sa.bindparam("last"))
    said = [entry.c.kind, entry.c.entry, entry.c.digests]
    place = raw(entry.c.idx) if isinstance(entry.c.idx, sa.Column) else entry.c.idx
    return Source(
        sa.select(place, *map(raw, said)).where(within).order_by(entry.c.idx),
        sa.select(place, *map(raw, facts))
        .join_from(entry, _opening, of_entry)
        .where(within)
        .order_by(entry.c.idx, _opening.c.slot),
        sa.select(place, raw(_opening.c.value))
        .join_from(entry, before, is_before)
        .join(_opening, tells_instant)
        .where(within),
    )


LOG = _source(store.ledger_entry)
# Those that have no place yet are counted from 0, in the order in which they will get one.
WAITING_ENTRIES = (
    sa.select(
        (sa.func.row_number().over(order_by=store.ledger_entry.c.id) - 1).label("idx"),
        *(column for column in store.ledger_entry.c if column.name != "idx"),
    )
    .where(store.ledger_entry.c.idx.is_(None))
    .subquery("waiting")
)
WAITING = _source(WAITING_ENTRIES)

_INSTANTS_BEFORE = (
    sa.select(raw(_opening.c.value))
    .join_from(store.ledger_entry, _opening, _opening.c.entry_id == store.ledger_entry.c.id)
    .where(store.ledger_entry.c.idx < sa.bindparam("index"), _opening.c.slot == AT_SLOT)
    .order_by(store.ledger_entry.c.idx.desc())
    .limit(LOOKED_BACK)
)


@dataclass(slots=True)
class OpeningsAnew:
    """How many openings there are, the erased among them, and the latest instant they told.

    An index counts from `begin` on. What is not before `settled` is not before anything earlier.
    """

    findings: Findings
    source: Source = LOG
    begin: int = 0
    read: int = 0
    erased: int = 0
    latest: bytes = b""
    settled: bytes = b""
    _unsettled: dict[int, bytes] = field(default_factory=dict)

    def take_all(self, connection: sa.Connection, start: int, end: int) -> None:
        """Those of the entries from index `start` up to, and not including, `end`."""
        for first in range(start, end, ENTRIES_AT_A_TIME):
            last = min(first + ENTRIES_AT_A_TIME, end) - 1
            openings = fetch(connection, self.source.openings, first, last)
            by_entry = {each: list(rows) for each, rows in groupby(openings, itemgetter(0))}
            self.read += len(openings)
            for index, kind, entry, digests in fetch(connection, self.source.entries, first, last):
                rows = by_entry.get(index, [])
                if kind == _EVENT:
                    self._take(index, entry, digests or b"", rows)
                else:
                    self._take_mark(index, entry, digests, rows)
            if self._unsettled:
                before = fetch(connection, self.source.of_subjects_before, first, last)
                self._judge_order(before)

    def take_log(self, connection: sa.Connection, start: int, end: int) -> None:
        """The same in the log, where entries come in about the order in which they happened."""
        self.latest = max(instants_before(connection, start), default=b"")
        self.settled = _tolerated_after(self.latest)
        self.take_all(connection, start, end)

    def _take(self, index: int, entry: bytes, digests: bytes, rows: Sequence[Opening]) -> None:
        if entry[COMMITTED] != _commitment_to(digests):
            self._find(index, "its digests are not what it commits to", ENTRY)
        public: list[int] = []
        private: list[int] = []
        for row in rows:
            _, slot, name, salt, value, is_public, erased_at = row
            (public if is_public == 1 else private).append(slot)
            if erased_at is None:
                is_sound = _opens(digests, slot, name, salt, value)
            else:
                is_sound = salt is None and value is None and erased_at > 0 and slot > AT_SLOT
                self.erased += 1
            if not is_sound or is_public not in {0, 1}:
                self._find(index, f"slot {slot} does not open what was committed to")
        first_private = SLOTS - len(private)
        if public != _FROM_FIRST[: len(public)] or private != _FROM_FIRST[first_private:]:
            self._find(index, "public and private facts are mixed up")
        if [row[2] for row in rows[: len(ALWAYS)]] != ALWAYS:
            self._find(index, "its kind and its instant are not there")
        else:
            self._take_instant(index, rows[AT_SLOT][4])

    def _take_instant(self, index: int, at: bytes | None) -> None:
        if at is None or not _is_instant(at):
            self._find(index, "its instant is not one")
            return
        if at < self.latest or at < self.settled:
            self._unsettled[index] = at
        if at >= self.latest:
            self.latest = at
        elif parse_instant(self.latest.decode()) - parse_instant(at.decode()) > TOLERATED:
            self._find(index, "it is older than an entry before, by more than a minute")

    def _judge_order(self, before: Sequence[tuple[int, bytes | None]]) -> None:
        """No event happened before the one before it of its subject."""
        for index, at_before in before:
            at = self._unsettled.get(index)
            if at is not None and at_before is not None and at < at_before:
                self._find(index, "it is older than the event before of its subject")
        self._unsettled.clear()

    def _take_mark(
        self, index: int, entry: bytes, digests: bytes | None, rows: Sequence[Opening]
    ) -> None:
        """A state tells its second: what is before is not newer, and what follows not older."""
        if digests is not None:
            self._find(index, "only an event has digests", ENTRY)
        if rows:
            self._find(index, "only an event has facts")
        try:
            mark = parse_mark(entry)
        except Malformed:
            return  # It is found where marks are judged.
        if not isinstance(mark, State):
            return
        at = format_instant(datetime.fromtimestamp(mark.time, UTC)).encode()
        if at[TO_THE_SECOND] < self.latest[TO_THE_SECOND]:
            self._find(index, "it is older than an entry before", ENTRY)
        self.latest = max(self.latest, at)

    def _find(self, index: int, problem: str, place: str = PLACE) -> None:
        self.findings.add(self.begin + index, place, problem)


def _commitment_to(digests: bytes) -> bytes:
    """The root over the slots (see `commitment_of`), as an entry spells it."""
    slots = range(0, len(digests), HASH_SIZE)
    level = [sha256(b"\x00" + digests[at : at + HASH_SIZE]).digest() for at in slots]
    if len(digests) != SLOTS * HASH_SIZE:
        return b""
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return b2a_base64(level[0], newline=False)


def _opens(digests: bytes, slot: int, name: bytes, salt: bytes | None, value: bytes | None) -> bool:
    """Whether the slot holds the hash of this field (see `field_hash`)."""
    if salt is None or value is None or len(salt) != SALT_SIZE or len(name) >= len(_LENGTHS):
        return False
    digest = sha256(b"\x05" + salt + _LENGTHS[len(name)] + name + value).digest()
    return digest == digests[slot * HASH_SIZE : (slot + 1) * HASH_SIZE]


def _is_instant(at: bytes) -> bool:
    if not _INSTANT.fullmatch(at):
        return False
    try:
        datetime.fromisoformat(at.decode())
    except ValueError:
        return False
    return True


def instants_before(connection: sa.Connection, index: int) -> list[bytes]:
    """The instants that the last hundred events before this index tell, the last first."""
    said = connection.execute(_INSTANTS_BEFORE, {"index": index}).scalars()
    return [at for at in said if at is not None and _is_instant(at)]


def _tolerated_after(at: bytes) -> bytes:
    try:
        return format_instant(parse_instant(at.decode()) + TOLERATED).encode()
    except (Malformed, OverflowError):
        return b""
