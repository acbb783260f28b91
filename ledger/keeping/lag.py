"""How far the log is behind what has happened, and its newest published checkpoint behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.fields import AT
from ledger.formats.spelling import parse_instant
from ledger.keeping.store import ledger_checkpoint, ledger_entry, ledger_head, ledger_opening
from ledger.keeping.together import Ask, Conversation, Row, Statement, together

COUNTED_AT_MOST = 10_000
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)

# SQLAlchemy gives SQLite an offset in any case, and else as a parameter.
_FROM_THE_FIRST: sa.ColumnElement[int] = sa.literal_column("0")

_e, _o = ledger_entry.c, ledger_opening.c
_some_waiting = (
    sa.select(_e.id)
    .where(_e.idx.is_(None))
    .limit(sa.literal_column(str(COUNTED_AT_MOST)))
    .offset(_FROM_THE_FIRST)
    .offset(sa.literal_column("0"))
)
_READ_WAITING = Statement(sa.select(sa.func.count()).select_from(_some_waiting.subquery()))
_READ_OLDEST = Statement(
    sa.select(_o.value)
    .join_from(ledger_entry, ledger_opening, _o.entry_id == _e.id)
    .where(_e.idx.is_(None), _o.name == sa.literal_column(f"'{AT}'"))
    .order_by(_e.id)
    .limit(sa.literal_column("1"))
    .offset(_FROM_THE_FIRST)
    .offset(sa.literal_column("0"))
)
_READ_SIZE = Statement(sa.select(ledger_head.c.size))
_READ_PUBLISHED = Statement(
    sa.select(ledger_checkpoint.c.size, ledger_checkpoint.c.published_at)
    .where(ledger_checkpoint.c.published_at.is_not(None))
    .order_by(ledger_checkpoint.c.size.desc())
    .limit(sa.literal_column("1"))
    .offset(_FROM_THE_FIRST)
    .offset(sa.literal_column("0"))
)


@dataclass(frozen=True, slots=True)
class Lag:
    """`waiting` events have no place in the log yet, counted to 10,000; the oldest is of
    `oldest_at`. The log has `size` entries, of which a checkpoint published at `published_at`
    covers `published_size`.
    """

    waiting: int
    oldest_at: datetime | None
    size: int
    published_size: int
    published_at: datetime | None


async def read_lag(connection: AsyncConnection) -> Lag:
    return await together(connection, _lag())


def _lag() -> Conversation[Lag]:
    ((waiting,),) = yield Ask(_READ_WAITING)
    oldest: Sequence[Row] = (yield Ask(_READ_OLDEST)) if waiting else ()
    size = yield Ask(_READ_SIZE)
    published = yield Ask(_READ_PUBLISHED)
    return Lag(
        waiting,
        parse_instant(oldest[0][0]) if oldest else None,
        size[0][0] if size else 0,
        published[0][0] if published else 0,
        _BEGIN + timedelta(microseconds=published[0][1]) if published else None,
    )
