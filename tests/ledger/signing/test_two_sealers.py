"""Several who seal one log at once, with a guard that keeps none of them waiting."""

import asyncio
from contextlib import contextmanager
from threading import Lock

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.entry import parse_entry
from ledger.formats.note import parse_note
from ledger.keeping.log import Log
from ledger.keeping.reading import read_head
from ledger.keeping.state_map import read_root
from ledger.signing.guard import GuardBusyError, assert_moves_on
from tests.conftest import on_postgresql
from tests.ledger.growing import ORIGIN, append
from tests.ledger.reference import tree_hash
from tests.ledger.sealing_log import sealing_of
from tests.ledger.tampering import entries, rows

SEALERS, ROUNDS = 3, 12


class SharedGuard:
    """As one in an object store: whoever swaps it first has it, and nobody holds it."""

    origin, place = ORIGIN, "the guard of this test"

    def __init__(self):
        self.mark, self.swaps, self._lock = None, 0, Lock()

    def read(self):
        return self.mark

    @contextmanager
    def held(self):
        yield self

    def swap(self, expected, new):
        with self._lock:
            if self.mark != expected:
                raise GuardBusyError
            assert_moves_on(expected, new, origin=ORIGIN)
            self.mark, self.swaps = new, self.swaps + 1


@on_postgresql
async def test_several_at_once_sign_one_tree_of_each_size(engine, database, tmp_path):
    guard, told = SharedGuard(), []
    sealers = [sealing_of(engine, tmp_path) for _ in range(SEALERS)]

    async def seal_all_the_time(number, sealing):
        sealing.guard = guard
        for _ in range(ROUNDS):
            async with sealing.transactions.deciding() as tx:
                await append(Log(ORIGIN), tx.connection, f"cert_{number}")
            try:
                told.append(await sealing.seal())
            except GuardBusyError:
                told.append(None)

    await asyncio.gather(*(seal_all_the_time(*each) for each in enumerate(sealers)))
    while await sealers[0].seal() is not None:
        pass

    log = entries(database)
    assert len([entry for entry in log if b'"t":"event"' in entry]) == SEALERS * ROUNDS
    kept = rows(database, "SELECT size, root, published_at IS NOT NULL FROM ledger_checkpoint")
    assert kept
    assert [each for each in kept if each[1:] != (tree_hash(log[: each[0]]), True)] == []
    published = [parse_checkpoint(parse_note(note).text) for note in told if note is not None]
    assert {(each.tree_size, each.root) for each in published} <= {row[:2] for row in kept}
    assert guard.swaps >= 2 * len(kept)
    await require_whole(engine, guard, log)


async def require_whole(engine, guard, log):
    async with engine.begin() as connection:
        assert (await read_head(connection)).size == len(log)
        assert await read_root(connection) == parse_entry(log[-1]).map_root
    assert (guard.mark.size, guard.mark.root) == (len(log), tree_hash(log))
