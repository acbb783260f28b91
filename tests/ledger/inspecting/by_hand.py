"""A log put together by hand: of entries that nothing of ours would write, and signed anywhere."""

from datetime import timedelta

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.entry import State
from ledger.formats.hashing import leaf_hash
from ledger.formats.state_map import root_of
from ledger.formats.tree import fold
from ledger.inspecting.fsck import Surroundings, inspect_fully
from ledger.inspecting.signers import Trust
from ledger.keeping import store
from ledger.keeping.append import NewEvent, append_events
from ledger.keeping.placing import Unplaced, place
from ledger.keeping.reading import changed_since, last_head, read_head
from ledger.keeping.sequencing import place_mark, sequence
from ledger.keeping.together import together
from ledger.signing.file_guard import FileGuard
from ledger.signing.guard import LastSigned, Step
from tests.ledger.growing import ORIGIN, START, signed
from tests.ledger.sealing_log import LOG_KEY


class HandLog:
    """Nothing is ever published, so no map is stored. Each step is a second after the last.

    The triggers may be dropped: they are not what is looked at here.
    """

    def __init__(self, engine, folder):
        self.engine = engine
        self.guard = FileGuard(folder / "guard" / "log", ORIGIN)
        self.now = START

    async def events(self, *subjects):
        self.now += timedelta(seconds=1)
        events = [NewEvent(each, "something-happened", self.now, {}, {}) for each in subjects]
        async with self.engine.begin() as connection:
            await append_events(connection, events)
            await sequence(connection)

    async def mark(self, entry):
        """Append any entry at all, where nothing asks whether it may stand there."""
        self.now += timedelta(seconds=1)
        async with self.engine.begin() as connection:
            is_on_server = connection.dialect.name == "postgresql"
            if is_on_server:
                await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            put = _placed_on_server if is_on_server else _placed
            await together(connection, put(entry, store.microseconds(self.now)))

    async def state(self, *, map_root=None, time=None):
        """Append the state of what there is; or one that says something else."""
        async with self.engine.begin() as connection:
            head = await read_head(connection)
            standing = await changed_since(connection, 0)
        root = root_of({key: each.digest() for key, each in standing.items()})
        at = int(self.now.timestamp()) + 1 if time is None else time
        await self.mark(State(head.chain, map_root or root, head.size, at))

    async def sign(self, *keys, origin=ORIGIN):
        """Sign what there is, by the log's key or by these, and tell the guard."""
        async with self.engine.begin() as connection:
            head = await read_head(connection)
            root = fold(head.edge)
            note = signed(Checkpoint(origin, head.size, root).text(), *(keys or (LOG_KEY,)))
            await connection.execute(
                store.ledger_checkpoint.insert().values(
                    size=head.size, root=root, note=note, signed_at=store.microseconds(self.now)
                )
            )
        with self.guard.held() as held:
            held.swap(held.read(), LastSigned(ORIGIN, head.size, root, Step.SIGNED))

    async def findings(self, *keys, cosigners=()):
        trusted = tuple(key.verifying_key for key in keys or (LOG_KEY,))
        around = Surroundings(Trust(ORIGIN, trusted, cosigners), self.guard)
        async with self.engine.begin() as connection:
            report = await connection.run_sync(inspect_fully, around)
        found = [each for each in report.findings if each.place != "schema"]
        return [(each.index, each.place, each.problem) for each in found]


def _placed_on_server(entry, at):
    yield from place_mark((yield from last_head()), _spelt(entry), at)


def _placed(entry, at):
    yield from place((yield from last_head()), [_spelt(entry)], at)


def _spelt(entry):
    spelt = entry.encode()
    return Unplaced(entry.kind, spelt, leaf_hash(spelt))
