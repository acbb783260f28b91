"""Making sure that what was erased is not in the tables of a PostgreSQL database any more.

An erased value stands in the older version of its row until the table is written anew. That
removes it from the database's own files. It stays where the server has written it before, and no
statement reaches: in WAL that is archived or still kept, in backups, and on a replica until that
has followed.
"""

import asyncio
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

TABLE = "ledger_opening"
LOOKS, BETWEEN_LOOKS = 50, 0.1  # Seconds.
PROGRAM = "datatitle"

_FILE = sa.text("SELECT pg_relation_filenode(CAST(:name AS regclass))")
_SIZE = sa.text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
# A version of a row is kept as long as anybody in this database may have to see it.
_THIS_MOMENT = "SELECT CAST(CAST(pg_current_xact_id() AS xid) AS text)"
_HOLDERS = sa.text("""
SELECT DISTINCT who FROM (
    SELECT unnest(ARRAY[backend_xid, backend_xmin]), 'process ' || pid || ' ' || application_name
    FROM pg_stat_activity WHERE datname = current_database() OR backend_type = 'walsender'
    UNION ALL
    SELECT xmin, 'replication slot ' || slot_name FROM pg_replication_slots
    UNION ALL
    SELECT transaction, 'prepared transaction ' || gid FROM pg_prepared_xacts
    WHERE database = current_database()
) AS held (at, who)
WHERE age(at) > age(CAST(CAST(:moment AS text) AS xid)) ORDER BY who
""")
_CONNECTED = sa.text("""
SELECT application_name FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
AND application_name LIKE :program || '%' ORDER BY application_name
""")


class Vacuumed(NamedTuple):
    """How many bytes the table took before and after."""

    before: int
    after: int


class HeldBackError(Exception):
    """Somebody may still see rows as they were; `holders` says who."""

    def __init__(self, holders: list[str]) -> None:
        super().__init__(", ".join(holders))
        self.holders = holders


class NotOwnerError(Exception):
    """The role of this connection may not write the table anew."""


async def connected(connection: AsyncConnection) -> list[str]:
    """What other processes of the register call themselves that are connected."""
    found = await connection.scalars(_CONNECTED, {"program": PROGRAM})
    return list(found)


async def vacuum_openings(connection: AsyncConnection) -> Vacuumed:
    """Write the table of openings anew. The connection must commit every statement by itself.

    Nobody reads or writes openings meanwhile. Needs as much free space as the table takes.
    Raises `NotOwnerError`, and `HeldBackError` when others do not come to an end within some
    seconds.
    """
    moment = (await connection.exec_driver_sql(_THIS_MOMENT)).scalar_one()
    for _ in range(LOOKS):
        holders = list(await connection.scalars(_HOLDERS, {"moment": moment}))
        if not holders:
            break
        await asyncio.sleep(BETWEEN_LOOKS)
    else:
        raise HeldBackError(holders)
    before, file = await _size(connection), await _file(connection)
    await connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {TABLE}")
    # A server that refuses it says so in a warning only.
    if await _file(connection) == file:
        raise NotOwnerError
    return Vacuumed(before, await _size(connection))


async def _file(connection: AsyncConnection) -> int:
    file: int = (await connection.execute(_FILE, {"name": TABLE})).scalar_one()
    return file


async def _size(connection: AsyncConnection) -> int:
    size: int = (await connection.execute(_SIZE, {"name": TABLE})).scalar_one()
    return size
