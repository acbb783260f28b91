"""Giving the events in the outbox of PostgreSQL their places in the log.

It is done by whoever holds the head of the log, one at a time. The events that wait are known by
having no index, never by an id above the last one: ids are committed out of their order. Events of
one subject keep theirs, for each waits for the one before to be committed.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.spelling import parse_instant
from ledger.keeping.outbox import columns, has_outbox
from ledger.keeping.placing import Unplaced, chained, grow
from ledger.keeping.reading import Head, locked_head
from ledger.keeping.store import microseconds
from ledger.keeping.together import Ask, Conversation, PostgresqlStatement, together
from ledger.keeping.triggers_postgresql import APPENDING

CHANNEL = "datatitle_log"
AT_ONCE = 1000

_IS_ANY_WAITING = PostgresqlStatement("SELECT EXISTS (SELECT FROM ledger_entry WHERE idx IS NULL)")
_READ_WAITING = PostgresqlStatement(
    """
SELECT id, leaf, (SELECT value FROM ledger_opening WHERE entry_id = id AND slot = 1)
FROM ledger_entry WHERE idx IS NULL ORDER BY id LIMIT $1::bigint
"""
)
_PLACE = PostgresqlStatement(
    """
UPDATE ledger_entry SET idx = p.idx, chain = p.chain
FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS p (id, idx, chain)
WHERE ledger_entry.id = p.id
"""
)
_INSERT_MARK = PostgresqlStatement(
    "INSERT INTO ledger_entry (id, idx, kind, entry, leaf, chain)"
    " VALUES (nextval('ledger_entry_id'), $1, $2, $3, $4, $5)"
)
_END_APPENDING = PostgresqlStatement(f"SELECT pg_advisory_xact_lock({APPENDING})")
_WAKE = PostgresqlStatement(f"SELECT pg_notify('{CHANNEL}', $1::text)")


async def is_waiting(connection: AsyncConnection) -> bool:
    """Whether any event has no place in the log yet."""
    return has_outbox(connection) and await together(connection, _is_waiting())


async def sequence(connection: AsyncConnection, most: int = AT_ONCE) -> int:
    """Give the events that wait, at most so many, their places at the end of the log.

    Gives how many got one; on SQLite none ever waits. The transaction must decide (READ
    COMMITTED); several at once take turns. Those who listen for `datatitle_log` hear the new
    size of the log once it is committed.
    """
    return await together(connection, placed(most)) if has_outbox(connection) else 0


async def wake(connection: AsyncConnection, size: int) -> None:
    """Let those who listen for `datatitle_log` hear a size when the transaction is committed."""
    if has_outbox(connection):
        await together(connection, _woken(size))


def placed(most: int) -> Conversation[int]:
    """As `sequence`, to be part of a longer conversation."""
    if not (yield from _is_waiting()):
        return 0
    head = yield from locked_head()
    waiting = yield Ask(_READ_WAITING, [(most,)])
    if not waiting:
        return 0
    ids, leaves, instants = columns(waiting, 3)
    chains = chained(head.chain, leaves)
    size = head.size + len(ids)
    yield Ask(_PLACE, [(ids, list(range(head.size, size)), chains)])
    last_at = microseconds(parse_instant(max(instants)))
    yield from grow(head, leaves, chains[-1], max(head.last_at, last_at))
    yield from _woken(size)
    return len(ids)


def place_mark(head: Head, mark: Unplaced, at: int) -> Conversation[None]:
    """Write an entry that is no event where the log ends. The head must be locked."""
    (chain,) = chained(head.chain, [mark.leaf])
    yield Ask(_INSERT_MARK, [(head.size, mark.kind, mark.entry, mark.leaf, chain)])
    yield from grow(head, [mark.leaf], chain, max(head.last_at, at))


def emptied() -> Conversation[None]:
    """Wait until no event is being written, let none follow, and place all that wait."""
    yield Ask(_END_APPENDING)
    while (yield from placed(AT_ONCE)):
        pass


def _is_waiting() -> Conversation[bool]:
    ((is_any,),) = yield Ask(_IS_ANY_WAITING)
    return bool(is_any)


def _woken(size: int) -> Conversation[None]:
    yield Ask(_WAKE, [(str(size),)])
