"""A new guard for a log that was signed before, once everything says its database is the newest."""

import asyncio
from dataclasses import dataclass

from ledger.signing.against_guard import root_of
from ledger.signing.checkpoints import newest_signed, note_of
from ledger.signing.faults import LogDamagedError, NotSealedError
from ledger.signing.guard import HeldGuard, LastSigned, Step
from ledger.signing.sealing import Sealing


@dataclass(frozen=True, slots=True)
class Adoptable:
    """What the guard would say; the witnesses that have seen nothing newer, and why it is not
    known of the others.
    """

    before: LastSigned | None
    after: LastSigned
    witnesses: tuple[str, ...]
    silence: str


async def find_adoptable(sealing: Sealing, held: HeldGuard) -> Adoptable:
    """The newest signed checkpoint, if nothing here or at the witnesses is known to be newer.

    Raises `NotSealedError` when something is, or when the guard is as it should be.
    """
    before = held.read()
    async with sealing.transactions.reading() as tx:
        signed = await newest_signed(tx.connection)
        if signed is None:
            raise NotSealedError("Nothing was ever signed here: the guard is made when it is.")
        if before is not None and before.size >= signed.size:
            raise NotSealedError(
                f"The guard knows of {before.size} entries and the database holds no signed "
                f"checkpoint of more than {signed.size}: there is nothing to adopt. A guard that "
                "knows more than the database is right, and the database is not the newest."
            )
        if await root_of(tx.connection, signed.size) != signed.root:
            raise LogDamagedError("The tree in the database is not the one that was signed.")
        sealing.quorum.require_own(await note_of(tx.connection, signed.size))
        if sealing.publisher is not None:
            # It refuses what is older than what lies in its place.
            await sealing.publisher.tiles(tx.connection, signed.size, signed.size)
    witnesses = await sealing.quorum.ask_witnesses(signed.size)
    after = LastSigned(sealing.guard.origin, signed.size, signed.root, Step.SIGNED)
    return Adoptable(before, after, tuple(sorted(witnesses)), sealing.quorum.silence())


async def adopt(held: HeldGuard, found: Adoptable) -> None:
    """Write the guard. From now on the database must hold what was found."""
    await asyncio.to_thread(held.swap, found.before, found.after)
