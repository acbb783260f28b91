"""Appending: an event takes the next number of its subject, and every entry the next index."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import ENTRY_SIZE_MAX, EVENT, FREEZE, Event, Freeze, Mark, Origin, State
from ledger.formats.fields import AT, KIND, commitment_of, salt_fields
from ledger.formats.hashing import NO_HASH, SALT_SIZE, Hash, leaf_hash, subject_key
from ledger.formats.proof_file import is_subject
from ledger.formats.spelling import format_instant
from ledger.keeping.outbox import has_outbox, record
from ledger.keeping.placing import Unplaced, place
from ledger.keeping.reading import (
    Head,
    Subject,
    last_head,
    locked_head,
    subjects_named,
)
from ledger.keeping.sequencing import emptied, place_mark
from ledger.keeping.store import ledger_subject, microseconds
from ledger.keeping.together import Ask, Conversation, Statement, together
from ledger.keeping.triggers_postgresql import LOG_HAS_ENDED

_INSERT_SUBJECT = Statement(
    ledger_subject.insert(), "subject", "salt", "key", "next_number", "head_leaf", "last_at"
)
_UPDATE_SUBJECT = Statement(
    ledger_subject.update().where(ledger_subject.c.subject == sa.bindparam("name")),
    "next_number",
    "head_leaf",
    "last_at",
    "name",
)


class LogFrozenError(Exception):
    """The log has ended; what happens from now on is recorded by its successor."""


class ClockBehindError(Exception):
    """Something is recorded already as having happened later, `behind` after this.

    Clocks of several machines differ a little, and any clock may be set back.
    """

    def __init__(self, behind: timedelta) -> None:
        super().__init__(f"The clock is behind what is recorded by {behind}.")
        self.behind = behind


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What happened to a subject, with at most 15 facts in all.

    Two of the public ones are always `kind` and `at` (RFC 3339, UTC, microseconds). `at` must
    not be older than the subject's event before it; on SQLite, than the entry before it in the
    log. `begins`: the caller knows that nothing has happened to the subject yet.
    """

    subject: str
    kind: str
    at: datetime
    public: Mapping[str, str]
    private: Mapping[str, str]
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an event went. Both its index in the log and its number on its subject count
    from 0 and leave no gap.

    On PostgreSQL it gets its index later, and `None` stands here; `id` is the row's in
    `ledger_entry` from the beginning.
    """

    id: int
    index: int | None
    subject: str
    number: int
    leaf: Hash


async def append_events(connection: AsyncConnection, events: Sequence[NewEvent]) -> list[Recorded]:
    """Record events one after another.

    The transaction must hold the right to write already on SQLite, where it began IMMEDIATE; on
    PostgreSQL it holds the events' subjects from here on. Raises `ClockBehindError`, and
    `LogFrozenError` when the log has ended: PostgreSQL then lets the transaction do no more.
    """
    if not events:
        return []
    if not has_outbox(connection):
        return await together(connection, _append_events(events), is_short=len(events) == 1)
    try:
        return await together(connection, _send_events(events))
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == LOG_HAS_ENDED:
            raise LogFrozenError from error
        raise


async def append_mark(connection: AsyncConnection, entry: Mark, at: datetime) -> int:
    """Record an entry that is no event, and give its index in the log.

    A `State` says the size and the chain of all before it; an `Origin` has nothing before it. A
    `Freeze` comes after all events: on PostgreSQL it waits for those that are being written.
    Raises `LogFrozenError` when the log has ended; one `State` may still follow its `Freeze`.
    Raises `ClockBehindError` on SQLite; elsewhere several clocks tell the time.
    """
    append = _append_mark_at_once if has_outbox(connection) else _append_mark
    return await together(connection, append(entry, microseconds(at)))


def _append_events(events: Sequence[NewEvent]) -> Conversation[list[Recorded]]:
    head = yield from last_head()
    if head.is_frozen:
        raise LogFrozenError
    instants = [microseconds(event.at) for event in events]
    _require_order([head.last_at, *instants])
    known = yield from subjects_named(_to_be_read(events))
    new, now = _draft_all(events, known)
    yield Ask(_INSERT_SUBJECT, [now[name] for name in now if name not in known])
    yield from place(head, [entry for entry, _ in new], instants[-1])
    yield Ask(_UPDATE_SUBJECT, [(*now[name][3:], name) for name in known])
    return [
        Recorded(place, place, subject.name, subject.next_number - 1, entry.leaf)
        for place, (entry, subject) in enumerate(new, head.size)
    ]


def _send_events(events: Sequence[NewEvent]) -> Conversation[list[Recorded]]:
    """The same where the events wait for their places."""
    assert all(is_subject(event.subject) for event in events), events
    known = yield from subjects_named(_to_be_read(events), locked=True)
    new, now = _draft_all(events, known)
    begun = [now[name] for name in now if name not in known]
    ids = yield from record(begun, [now[name] for name in known], [entry for entry, _ in new])
    return [
        Recorded(row, None, subject.name, subject.next_number - 1, entry.leaf)
        for row, (entry, subject) in zip(ids, new, strict=True)
    ]


def _append_mark(entry: Mark, at: int) -> Conversation[int]:
    head = yield from last_head()
    _require_order([head.last_at, at])
    yield from place(head, [_spell(entry, head)], at)
    return head.size


def _append_mark_at_once(entry: Mark, at: int) -> Conversation[int]:
    """The same on PostgreSQL, ahead of the events that wait."""
    if isinstance(entry, Freeze):
        yield from emptied()
    head = yield from locked_head()
    yield from place_mark(head, _spell(entry, head), at)
    return head.size


def _spell(entry: Mark, head: Head) -> Unplaced:
    if head.is_frozen and not (isinstance(entry, State) and head.last_kinds[0] == FREEZE):
        raise LogFrozenError
    if isinstance(entry, State):
        assert (entry.size, entry.chain) == (head.size, head.chain), (entry, head)
    assert not (isinstance(entry, Origin) and head.size), head
    spelt = entry.encode()
    assert len(spelt) <= ENTRY_SIZE_MAX, len(spelt)
    return Unplaced(entry.kind, spelt, leaf_hash(spelt))


def _draft_all(
    events: Sequence[NewEvent], known: Mapping[str, Subject]
) -> tuple[list[tuple[Unplaced, Subject]], dict[str, Subject]]:
    """The entries of events, each with its subject as it stands then; and all subjects at last."""
    new, now = list[tuple[Unplaced, Subject]](), dict(known)
    for event in events:
        before, at = now.get(event.subject) or _begin(event.subject), microseconds(event.at)
        _require_order([before.last_at, at])
        entry = _draft(event, before)
        now[event.subject] = before._replace(
            next_number=before.next_number + 1, head_leaf=entry.leaf, last_at=at
        )
        new.append((entry, now[event.subject]))
    return new, now


def _to_be_read(events: Sequence[NewEvent]) -> list[str]:
    """The subjects that may stand somewhere already."""
    return list({event.subject: None for event in events if not event.begins})


def _require_order(instants: Iterable[int]) -> None:
    for before, at in pairwise(instants):
        if at < before:
            raise ClockBehindError(timedelta(microseconds=before - at))


def _begin(name: str) -> Subject:
    assert is_subject(name), name
    salt = secrets.token_bytes(SALT_SIZE)
    return Subject(name, salt, subject_key(salt, name.encode()), 0, NO_HASH)


def _draft(event: NewEvent, before: Subject) -> Unplaced:
    always = {KIND: event.kind, AT: format_instant(event.at)}
    assert not always.keys() & event.public.keys(), event.public
    fields = salt_fields({**always, **event.public}, event.private)
    entry = Event(
        commitment=commitment_of(fields.digests),
        key=before.key,
        number=before.next_number,
        previous=before.head_leaf,
    ).encode()
    return Unplaced(EVENT, entry, leaf_hash(entry), before.name, before.next_number, fields)
