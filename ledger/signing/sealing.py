"""One round of sealing: from the last entry appended to a checkpoint that everybody can fetch.

Each step is durable before the next one begins, and a round that was interrupted anywhere is
taken up by the next:

 1. what waits gets its place, and a state leaf closes the log: it says the chain and the map of
    all before it;
 2. everything since the last round is read back and hashed by a second implementation;
 3. what is to be signed continues what was signed last, by the guard's word;
 4. the guard is told, before the first signature can exist;
 5. the log's keys sign, and the checkpoint is kept: from now on it is the only one of its size;
 6. tiles and entries go out to where they are fetched from, since they bind nobody;
 7. witnesses cosign; without a quorum the checkpoint of before stays the published one;
 8. the map is brought up to the checkpoint, which is marked as published;
 9. the checkpoint goes out, last of all.

When nothing happens the same checkpoint is cosigned again from time to time: that it is the newest
is worth as much as it is fresh. A log that was frozen is closed, signed and published once more
and then never again, so that proofs out of it grow stale.

One process seals at a time, by holding the guard. Should two be at it all the same, nothing is
signed or published twice: the head has one state of each size, the guard is swapped by one of
them, and a checkpoint is kept, and marked as published, once.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.entry import STATE, State, parse_entry
from ledger.keeping.append import append_mark
from ledger.keeping.reading import (
    changed_since,
    entries_between,
    latest_published,
    lock_head,
    published_note,
    read_head,
)
from ledger.keeping.sequencing import is_waiting, sequence
from ledger.keeping.state_map import MapUpdate, apply, plan_update
from ledger.signing.against_guard import check_against_guard
from ledger.signing.checkpoints import keep_cosignatures, keep_signed, mark_published, newest_signed
from ledger.signing.faults import LogDamagedError, LogEndedError, NotSealedError
from ledger.signing.guard import Guard, GuardBusyError, HeldGuard, LastSigned, Step
from ledger.signing.ports import Publisher, Transactions
from ledger.signing.quorum import Quorum
from ledger.signing.read_back import read_back

MICROSECONDS = 1_000_000  # Of a second.


@dataclass(frozen=True, slots=True)
class _Planned:
    """A change of the map that is not written yet, and the checkpoints it leads from and to."""

    published: int
    size: int
    update: MapUpdate


@dataclass(slots=True)
class Sealing:
    """Seals one log, whose origin the guard knows.

    Without a `publisher` the checkpoint in the database is all there is. `heartbeat` is how old
    cosignatures may become.
    """

    transactions: Transactions
    guard: Guard
    quorum: Quorum
    publisher: Publisher | None
    heartbeat: timedelta
    _mark: LastSigned | None = field(init=False, default=None)
    _planned: _Planned | None = field(init=False, default=None)
    _shown: str | None = field(init=False, default=None)
    _fresh_until: float = field(init=False, default=0.0)

    async def seal(self) -> str | None:
        """Do one round; the note that was newly published, `None` when there was nothing to do.

        Raises `NotSealedError` for what a person has to know, and `GuardBusyError` when another
        process is at it.
        """
        with self.guard.held() as held:
            self._mark = await asyncio.to_thread(held.read)
            try:
                return await self._seal(held, self._mark)
            except NotSealedError:
                # What is wrong with a database that another process has just moved on?
                if await asyncio.to_thread(held.read) != self._mark:
                    raise GuardBusyError from None
                raise

    async def _seal(self, held: HeldGuard, last: LastSigned | None) -> str | None:
        async with self.transactions.reading() as tx:
            await check_against_guard(tx.connection, self.guard, last)
            head = await read_head(tx.connection)
            has_more = await is_waiting(tx.connection)
            signed = await newest_signed(tx.connection)
            published = await latest_published(tx.connection) or 0
        if head.size == 0 and not has_more:
            return None
        if signed is not None and not signed.is_published:
            return await self._publish(signed.size, published)
        if head.size == published and not has_more:
            return await self._republish(published, is_ended=head.is_frozen)
        size = await self._close(published)
        await self._sign(held, last, published, size)
        return await self._publish(size, published)

    async def _close(self, published: int) -> int:
        """Make sure that the last entry is a state; the size there is then."""
        async with self.transactions.deciding() as tx:
            await sequence(tx.connection)
            await lock_head(tx.connection)
            head = await read_head(tx.connection)
            if head.last_kinds[:1] == (STATE,):
                return head.size
            changed = await changed_since(tx.connection, published)
            update = await plan_update(tx.connection, changed)
            # Whoever recorded the last event may have a clock that is a little ahead of ours.
            time = max(int(tx.now.timestamp()), head.last_at // MICROSECONDS)
            state = State(head.chain, update.root, head.size, time)
            size = await append_mark(tx.connection, state, tx.now) + 1
        self._planned = _Planned(published, size, update)
        return size

    async def _sign(
        self, held: HeldGuard, last: LastSigned | None, published: int, size: int
    ) -> None:
        origin = self.guard.origin
        async with self.transactions.reading() as tx:
            before = await published_note(tx.connection)
            checkpoint = await read_back(
                tx.connection, origin, last, published=published, size=size
            )
            at = int(tx.now.timestamp())
        if before is not None:
            self.quorum.require_own(before[1])
        signing = LastSigned(origin, size, checkpoint.root, Step.SIGNING)
        await self._swap(held, last, signing)
        note, cosignatures = await asyncio.to_thread(self.quorum.sign, checkpoint.text(), at)
        async with self.transactions.deciding() as tx:
            if not await keep_signed(tx.connection, checkpoint, note, tx.now):
                raise GuardBusyError
            await keep_cosignatures(tx.connection, size, cosignatures)
        await self._swap(held, signing, replace(signing, step=Step.SIGNED))

    async def _swap(self, held: HeldGuard, expected: LastSigned | None, new: LastSigned) -> None:
        await asyncio.to_thread(held.swap, expected, new)
        self._mark = new

    async def _publish(self, size: int, published: int) -> str:
        await self._put_out_tiles(published, size)
        await self.quorum.require(size)
        async with self.transactions.deciding() as tx:
            if await mark_published(tx.connection, size, tx.now):
                await apply(tx.connection, await self._update(tx.connection, published, size))
        self._planned = None
        return await self._show()

    async def _update(self, connection: AsyncConnection, published: int, size: int) -> MapUpdate:
        """The change of the map that was planned when the log was closed, or the same again."""
        planned = self._planned
        if planned is not None and (planned.published, planned.size) == (published, size):
            return planned.update
        update = await plan_update(connection, await changed_since(connection, published, size - 1))
        [closing] = await entries_between(connection, size - 1, size)
        state = parse_entry(closing.entry)
        if not isinstance(state, State) or state.map_root != update.root:
            raise LogDamagedError(f"The map is not what the state at {size - 1} says it is.")
        return update

    async def _republish(self, size: int, *, is_ended: bool) -> str | None:
        """Nothing has happened: see that the checkpoint is out, and fresh."""
        text = await self._show()
        if is_ended:
            raise LogEndedError(
                "The log is frozen: its last checkpoint is published, and nothing is recorded or "
                "signed here any more. Go on in its successor."
            )
        async with self.transactions.reading() as tx:
            now = tx.now
        if now.timestamp() < self._fresh_until:
            return None
        await self.quorum.sign_anew(size)
        try:
            await self.quorum.require(size, not_before=int((now - self.heartbeat).timestamp()))
        finally:
            # Where witnesses are missing, too, what is fresh of it counts, and is asked for again.
            fresher = await self._show()
            self._fresh_until = 0.0
        self._fresh_until = self._from(now.timestamp())
        return fresher if fresher != text else None

    def _from(self, as_of: float | None) -> float:
        """Until when, in unix time, is fresh enough what was so at that time."""
        return (as_of or 0) + self.heartbeat.total_seconds()

    async def _show(self) -> str:
        """Put out the newest published checkpoint with all lines there are, if it is not out."""
        async with self.transactions.reading() as tx:
            published, now = await published_note(tx.connection), tx.now
        assert published is not None
        size, text = published
        if text != self._shown:
            self.quorum.require_own(text)
            if self.publisher is not None:
                await self._put_out_tiles(size, size)
                await self.publisher.checkpoint(text)
            # What has just come, from here or from another process, is fresh. Of what was there
            # before, the note says so itself, by clocks that may not be ours.
            as_of = self.quorum.as_of(text) if self._shown is None else now.timestamp()
            self._fresh_until = self._from(as_of)
            self._shown = text
        return text

    async def _put_out_tiles(self, old_size: int, new_size: int) -> None:
        if self.publisher is not None:
            async with self.transactions.reading() as tx:
                await self.publisher.tiles(tx.connection, old_size, new_size)
