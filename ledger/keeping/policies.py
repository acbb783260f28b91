"""By which policies the log is kept: `policy` entries, in force until the next of their name."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import EVENT, POLICY, PolicyInForce, parse_entry
from ledger.formats.hashing import Hash
from ledger.keeping.append import append_mark
from ledger.keeping.reading import lock_head, read_head
from ledger.keeping.store import ledger_entry


async def unrecorded(
    connection: AsyncConnection, digests: Mapping[str, Hash]
) -> list[PolicyInForce]:
    """Those of these policies, given by name, of which the log does not say that they hold.

    None when the log has ended: it says nothing any more.
    """
    if (await read_head(connection)).is_frozen:
        return []
    recorded = await _recorded(connection)
    return [
        PolicyInForce(name, digest)
        for name, digest in digests.items()
        if recorded.get(name) != digest
    ]


async def record_policies(
    connection: AsyncConnection, digests: Mapping[str, Hash], at: datetime
) -> None:
    """Record those, in the order they are given."""
    if not await unrecorded(connection, digests):
        return
    await lock_head(connection)
    for policy in await unrecorded(connection, digests):
        await append_mark(connection, policy, at)


async def _recorded(connection: AsyncConnection) -> dict[str, Hash]:
    kind = ledger_entry.c.kind
    # The first condition is that of the index, so that millions of events are not looked at.
    query = (
        sa.select(ledger_entry.c.entry)
        .where(kind != sa.literal_column(f"'{EVENT}'"), kind == POLICY)
        .order_by(ledger_entry.c.idx)
    )
    entries = [parse_entry(entry) for entry in await connection.scalars(query)]
    return {entry.name: entry.digest for entry in entries if isinstance(entry, PolicyInForce)}
