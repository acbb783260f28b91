"""Who decides about a thing keeps others from it first, and only then looks how it stands.

On SQLite the whole database is one's own from BEGIN IMMEDIATE on, and nothing of this is asked.
On PostgreSQL what is read before a lock is had may have changed when it is had.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from services.registry import Transaction

Key = str | sa.ScalarSelect[Any]


async def lock_row(tx: Transaction, column: sa.Column[Any], key: Key) -> None:
    """Wait until no other act has the row with this key, if there is one.

    `key` may be a subquery for a reference that never changes, like the certificate of a pledge.
    """
    if tx.has_everything:
        return
    row = sa.select(column).where(column == key).with_for_update(key_share=True)
    await tx.connection.execute(row)
    tx.look_at_the_clock()


async def lock_rows(tx: Transaction, column: sa.Column[Any], keys: Iterable[str]) -> None:
    """The same for several rows of a table, always in one order."""
    for key in sorted(set(keys)):
        await lock_row(tx, column, key)


async def lock_name(tx: Transaction, kind: str, name: str) -> None:
    """Wait until no other act has this name of its kind: for what has no row yet."""
    if tx.has_everything:
        return
    digest = sha256(f"{kind}\n{name}".encode()).digest()
    number = int.from_bytes(digest[:8], signed=True)
    await tx.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
    tx.look_at_the_clock()
