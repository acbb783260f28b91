"""What can be opened of every event, held against what the event commits to."""

import re
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa

from ledger.formats.entry import EVENT, State, parse_mark
from ledger.formats.fields import AT, KIND, SLOTS
from ledger.formats.hashing import HASH_SIZE, SALT_SIZE
from ledger.formats.spelling import Malformed, format_instant
from ledger.inspecting.raw_rows import fetch, raw_between, raw_query
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

# Entry, slot, name, salt, value, whether public, when erased.
Opening = tuple[int, int, bytes, bytes | None, bytes | None, int, int | None]

_opening = store.ledger_opening
_ENTRIES = raw_between(
    store.ledger_entry, store.ledger_entry.c.idx, "id", "kind", "entry", "digests"
)
_OPENINGS = raw_between(_opening, _opening.c.entry_id).order_by(_opening.c.slot)
_INSTANT_BEFORE = (
    raw_query(_opening, "value")
    .where(_opening.c.entry_id < sa.bindparam("index"), _opening.c.slot == AT_SLOT)
    .order_by(None)
    .order_by(_opening.c.entry_id.desc())
    .limit(1)
)


@dataclass(slots=True)
class OpeningsAnew:
    """How many openings there are, the erased among them, and the last instant they told."""

    findings: Findings
    read: int = 0
    erased: int = 0
    last_at: bytes = b""

    def take_all(self, connection: sa.Connection, start: int, end: int) -> None:
        """Those of the entries from index `start` up to, and not including, `end`."""
        self.last_at = instant_before(connection, start)
        for first in range(start, end, ENTRIES_AT_A_TIME):
            last = min(first + ENTRIES_AT_A_TIME, end) - 1
            openings = fetch(connection, _OPENINGS, first, last)
            by_entry = {each: list(rows) for each, rows in groupby(openings, itemgetter(0))}
            self.read += len(openings)
            for index, kind, entry, digests in fetch(connection, _ENTRIES, first, last):
                rows = by_entry.pop(index, [])
                if kind == _EVENT:
                    self._take(index, entry, digests or b"", rows)
                else:
                    self._take_mark(index, entry, digests, rows)
            for index in by_entry:
                self._find(index, "there is no entry that it is of")

    def _take(self, index: int, entry: bytes, digests: bytes, rows: Sequence[Opening]) -> None:
        if entry[COMMITTED] != _commitment_to(digests):
            self.findings.add(index, ENTRY, "its digests are not what it commits to")
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
        elif at < self.last_at:
            self._find(index, "it is older than the entry before")
        else:
            self.last_at = at

    def _take_mark(
        self, index: int, entry: bytes, digests: bytes | None, rows: Sequence[Opening]
    ) -> None:
        """A state tells its second: what is before is not newer, and what follows not older."""
        if digests is not None:
            self.findings.add(index, ENTRY, "only an event has digests")
        if rows:
            self._find(index, "only an event has facts")
        try:
            mark = parse_mark(entry)
        except Malformed:
            return  # It is found where marks are judged.
        if not isinstance(mark, State):
            return
        at = format_instant(datetime.fromtimestamp(mark.time, UTC)).encode()
        if at[TO_THE_SECOND] < self.last_at[TO_THE_SECOND]:
            self.findings.add(index, ENTRY, "it is older than the entry before")
        self.last_at = max(self.last_at, at)

    def _find(self, index: int, problem: str) -> None:
        self.findings.add(index, PLACE, problem)


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


def instant_before(connection: sa.Connection, index: int) -> bytes:
    """What the last event before this index says of its instant."""
    said: bytes | None = connection.execute(_INSTANT_BEFORE, {"index": index}).scalar()
    return said or b""
