"""Following the log: how far it is, and the events of numbered subjects in the log's own order.

A numbered subject is one whose name begins with a digit. They are found by an index of their own,
however many entries about other subjects lie between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from types import MappingProxyType
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.fields import AT, KIND
from ledger.formats.hashing import Hash
from ledger.formats.spelling import parse_instant
from ledger.keeping.store import (
    OF_NUMBERED_SUBJECTS,
    ledger_checkpoint,
    ledger_entry,
    ledger_head,
    ledger_opening,
)
from ledger.keeping.together import Ask, Conversation, Row, Statement, together

_e, _o = ledger_entry.c, ledger_opening.c

_SIZE = sa.select(ledger_head.c.size)
_PUBLISHED = sa.select(sa.func.max(ledger_checkpoint.c.size)).where(
    ledger_checkpoint.c.published_at.is_not(None)
)
_READ_EXTENT = Statement(sa.select(_SIZE.scalar_subquery(), _PUBLISHED.scalar_subquery()))
_page = (
    sa.select(_e.id, _e.idx, _e.subject, _e.number, _e.leaf)
    .where(_e.idx > sa.bindparam("after"), OF_NUMBERED_SUBJECTS)
    .order_by(_e.idx)
    .limit(sa.bindparam("most"))
    .offset(sa.literal_column("0"))
    .subquery("page")
)
_READ_PAGE = Statement(
    sa.select(_page.c.idx, _page.c.subject, _page.c.number, _page.c.leaf, _o.name, _o.value)
    .join_from(_page, ledger_opening, _o.entry_id == _page.c.id)
    .where(_o.is_public, _o.erased_at.is_(None))
    .order_by(_page.c.idx, _o.slot),
    "after",
    "most",
)
_READ_INDEX = Statement(
    sa.select(_e.idx).where(
        _e.subject == sa.bindparam("name"), _e.number == sa.bindparam("its_number")
    ),
    "name",
    "its_number",
)


class Extent(NamedTuple):
    """How many entries have their place, and how many of them a published checkpoint covers."""

    size: int
    published: int


@dataclass(frozen=True, slots=True)
class FollowedEvent:
    """An event in its place, with what everybody may know of it."""

    index: int
    subject: str
    number: int
    leaf: Hash
    kind: str
    at: datetime
    public: Mapping[str, str]


async def extent_of(connection: AsyncConnection) -> Extent:
    """How far the log is in this snapshot. All entries below are there, for good."""
    ((size, published),) = await together(connection, _once(_READ_EXTENT))
    return Extent(size or 0, published or 0)


async def followed_after(connection: AsyncConnection, index: int, most: int) -> list[FollowedEvent]:
    """The first `most` events of numbered subjects behind an index, in the log's order."""
    rows = await together(connection, _once(_READ_PAGE, index, most))
    return [
        _opened(event, {name: value for *_, name, value in facts})
        for event, facts in groupby(rows, key=lambda row: tuple(row[:4]))
    ]


async def index_of(connection: AsyncConnection, subject: str, number: int) -> int | None:
    """Where an event stands in the log; None before it has its place."""
    rows = await together(connection, _once(_READ_INDEX, subject, number))
    return rows[0][0] if rows else None


def _opened(event: tuple[Any, ...], facts: dict[str, str]) -> FollowedEvent:
    index, subject, number, leaf = event
    kind, at = facts.pop(KIND), parse_instant(facts.pop(AT))
    return FollowedEvent(index, subject, number, Hash(leaf), kind, at, MappingProxyType(facts))


def _once(statement: Statement, *parameters: Any) -> Conversation[Sequence[Row]]:
    return (yield Ask(statement, [parameters]))
