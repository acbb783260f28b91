"""Handing the log on from one Ed25519 key to the next: both sign for it, in the log itself."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import KEY, KeyChange, key_change_text, parse_entry
from ledger.formats.keys import Algorithm, VerifyingKey
from ledger.formats.note import parse_note
from ledger.keeping.append import append_mark
from ledger.keeping.reading import lock_head
from ledger.keeping.store import ledger_checkpoint, ledger_entry
from ledger.signing.key_file import Signer


def sign_key_change(origin: str, old: Signer, new: Signer) -> KeyChange:
    """The entry that both keys sign, with raw Ed25519 over the same text."""
    keys = old.verifying_key, new.verifying_key
    assert {key.algorithm for key in keys} == {Algorithm.ED25519}, keys
    assert {key.name for key in keys} == {origin}, keys
    vkeys = keys[0].vkey(), keys[1].vkey()
    text = key_change_text(origin, *vkeys)
    by_old, by_new = (signer.sign(text, 0).signature for signer in (old, new))
    return KeyChange(vkeys[0], by_old, vkeys[1], by_new)


@dataclass(frozen=True, slots=True)
class Handover:
    """How far a change of keys has come."""

    index: int
    is_published: bool
    """Whether a published checkpoint over it bears the signatures of both keys."""


async def hand_on(
    connection: AsyncConnection, origin: str, old: Signer, new: Signer, at: datetime
) -> int:
    """Record the change, once; the index of its entry. Raises `LogFrozenError`."""
    await lock_head(connection)
    known = await handover(connection, old.verifying_key, new.verifying_key)
    if known is not None:
        return known.index
    return await append_mark(connection, sign_key_change(origin, old, new), at)


async def handover(
    connection: AsyncConnection, old: VerifyingKey, new: VerifyingKey
) -> Handover | None:
    """Where the log says that it is handed on from one key to another, if it does."""
    query = sa.select(ledger_entry.c.idx, ledger_entry.c.entry).where(ledger_entry.c.kind == KEY)
    for index, entry in await connection.execute(query.order_by(ledger_entry.c.idx.desc())):
        change = parse_entry(entry)
        assert isinstance(change, KeyChange), index
        if (change.old, change.new) == (old.vkey(), new.vkey()):
            return Handover(index, await _is_published(connection, index, {old.id, new.id}))
    return None


async def _is_published(connection: AsyncConnection, index: int, ids: set[bytes]) -> bool:
    columns = ledger_checkpoint.c
    query = sa.select(columns.note).where(columns.size > index, columns.published_at.is_not(None))
    newest = (await connection.scalars(query.order_by(columns.size.desc()).limit(1))).one_or_none()
    if newest is None:
        return False
    return ids <= {signature.key_id for signature in parse_note(newest).signatures}
