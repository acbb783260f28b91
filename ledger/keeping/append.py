"""Appending: an event takes the next number of its subject, and every entry the next index."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import ENTRY_SIZE_MAX, EVENT, FREEZE, Event, Mark, Origin, State
from ledger.formats.fields import AT, KIND, commitment_of, salt_fields
from ledger.formats.hashing import NO_HASH, SALT_SIZE, Hash, leaf_hash, subject_key
from ledger.formats.proof_file import is_subject
from ledger.formats.spelling import format_instant
from ledger.keeping.placing import Unplaced, place
from ledger.keeping.reading import Subject, last_head, subjects_named
from ledger.keeping.store import ledger_subject, microseconds
from ledger.keeping.together import Ask, Conversation, Statement, together

_INSERT_SUBJECT = Statement(
    ledger_subject.insert(), "subject", "salt", "key", "next_number", "head_leaf"
)
_UPDATE_SUBJECT = Statement(
    ledger_subject.update().where(ledger_subject.c.subject == sa.bindparam("name")),
    "next_number",
    "head_leaf",
    "name",
)


class LogFrozenError(Exception):
    """The log has ended; what happens from now on is recorded by its successor."""


class ClockBehindError(Exception):
    """What is to be recorded would have happened before what was recorded last.

    Clocks of several machines differ by a little: it can be told when this one has caught up.
    """


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What happened to a subject, with at most 15 facts in all.

    Two of the public ones are always `kind` and `at` (RFC 3339, UTC, microseconds). `at` must
    not be older than the entry before it in the log.
    """

    subject: str
    kind: str
    at: datetime
    public: Mapping[str, str]
    private: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where an event went. Both its index in the log and its number on its subject count
    from 0 and leave no gap.
    """

    index: int
    subject: str
    number: int
    leaf: Hash


async def append_events(connection: AsyncConnection, events: Sequence[NewEvent]) -> list[Recorded]:
    """Record events one after another.

    The transaction must hold the right to write already: on SQLite it began IMMEDIATE. Raises
    `LogFrozenError` when the log has ended.
    """
    return await together(connection, _append_events(events)) if events else []


async def append_mark(connection: AsyncConnection, entry: Mark, at: datetime) -> int:
    """Record an entry that is no event, and give its index in the log.

    A `State` says the size and the chain of all before it; an `Origin` has nothing before it.
    Raises `LogFrozenError` when the log has ended; one `State` may still follow its `Freeze`.
    """
    return await together(connection, _append_mark(entry, microseconds(at)))


def _append_events(events: Sequence[NewEvent]) -> Conversation[list[Recorded]]:
    head = yield from last_head()
    if head.is_frozen:
        raise LogFrozenError
    known = yield from subjects_named({event.subject: None for event in events})
    now, new, recorded = dict(known), list[Unplaced](), list[Recorded]()
    last_at = head.last_at
    for index, event in enumerate(events, head.size):
        at = microseconds(event.at)
        assert at >= last_at, (at, last_at)
        last_at = at
        before = now.get(event.subject) or _begin(event.subject)
        entry = _draft(event, before)
        now[event.subject] = before._replace(
            next_number=before.next_number + 1, head_leaf=entry.leaf
        )
        new.append(entry)
        recorded.append(Recorded(index, event.subject, before.next_number, entry.leaf))
    yield Ask(_INSERT_SUBJECT, [now[name] for name in now if name not in known])
    yield from place(head, new, last_at)
    yield Ask(
        _UPDATE_SUBJECT, [(now[name].next_number, now[name].head_leaf, name) for name in known]
    )
    return recorded


def _append_mark(entry: Mark, at: int) -> Conversation[int]:
    head = yield from last_head()
    if head.is_frozen and not (isinstance(entry, State) and head.last_kinds[0] == FREEZE):
        raise LogFrozenError
    assert at >= head.last_at, (at, head.last_at)
    if isinstance(entry, State):
        assert (entry.size, entry.chain) == (head.size, head.chain), (entry, head)
    assert not (isinstance(entry, Origin) and head.size), head
    spelt = entry.encode()
    assert len(spelt) <= ENTRY_SIZE_MAX, len(spelt)
    yield from place(head, [Unplaced(entry.kind, spelt, leaf_hash(spelt))], at)
    return head.size


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
