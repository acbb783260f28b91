"""Before anything is signed: what was stored since the last checkpoint is read and hashed anew.

One bit flipped between hashing and storing would otherwise be signed, and no entries could ever
be shown again that fit the signature. A public log was lost to that in 2021.

All hashes are computed by a second implementation, `second_tree` and `second_map`. It starts from
the state leaf of the published checkpoint, which stands under the root the guard knows, and which
says the chain and the map up to there; so nothing is believed of the database that it was not
signed for.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.entry import Entry, Event, State, parse_entry
from ledger.formats.hashing import NO_HASH, Hash
from ledger.formats.proofs import ProofFailed, check_consistency
from ledger.formats.spelling import Malformed
from ledger.keeping.reading import read_head
from ledger.keeping.state_map import prove_each
from ledger.keeping.tiles import TileCache
from ledger.signing.faults import LogDamagedError
from ledger.signing.guard import LastSigned
from ledger.signing.rereading import (
    AT_A_TIME,
    RereadEntry,
    reread_entries,
    reread_last_indexes,
    reread_tiles,
)
from ledger.signing.second_map import EMPTY, SecondMap, WrongProof, hash_standing
from ledger.signing.second_tree import (
    BITS_PER_LEVEL,
    PER_TILE,
    WIDTH,
    SecondTree,
    hash_entry,
    hash_link,
    tiles_under,
    whole_parts,
)


@dataclass(slots=True)
class _Change:
    """What became of one subject: what its first event here builds on, and its last event."""

    number: int
    previous: Hash
    count: int
    last_index: int
    head: Hash


@dataclass(slots=True)
class _Reread:
    """The entries from `start` on, hashed anew: from the published state on, or all of them."""

    published: int
    leaves: list[bytes] = field(default_factory=list)
    chain: bytes = NO_HASH
    before: State | None = None
    after: State | None = None
    changes: dict[Hash, _Change] = field(default_factory=dict)

    @property
    def start(self) -> int:
        return max(self.published - 1, 0)

    @property
    def size(self) -> int:
        return self.start + len(self.leaves)

    def take(self, row: RereadEntry) -> None:
        index, entry, leaf = self.size, _parsed(row), hash_entry(row.entry)
        if row.index != index:
            raise LogDamagedError(f"Entry {index} is missing.")
        if index < self.published:
            self._begin(entry)
        if isinstance(entry, State):
            if (entry.size, entry.chain) != (index, self.chain):
                raise LogDamagedError(f"The state at {index} is not that of what is before it.")
            self.after = entry
        elif isinstance(entry, Event):
            if row.number != entry.number:
                raise LogDamagedError(f"Event {index} is not kept under its own number.")
            self._change(entry, index, Hash(leaf))
        self.chain = hash_link(self.chain, leaf)
        if (row.leaf, row.chain) != (leaf, self.chain):
            raise LogDamagedError(f"Entry {index} is not as it was appended.")
        self.leaves.append(leaf)

    def _begin(self, entry: Entry) -> None:
        """What the published state says is believed: it stands under the root that was signed."""
        if not isinstance(entry, State):
            raise LogDamagedError(f"The entry at {self.start} is not the state it should be.")
        self.before, self.chain = entry, entry.chain

    def _change(self, event: Event, index: int, leaf: Hash) -> None:
        change = self.changes.get(event.key)
        if change is None:
            is_begun = (event.number == 0) == (event.previous == NO_HASH)
            if not is_begun or (self.before is None and event.number > 0):
                raise LogDamagedError(f"Event {index} follows none of its subject's events.")
            change = _Change(event.number, event.previous, event.number, index, event.previous)
            self.changes[event.key] = change
        if (event.number, event.previous) != (change.count, change.head):
            raise LogDamagedError(f"Event {index} does not follow its subject's event before.")
        change.count, change.last_index, change.head = event.number + 1, index, leaf


async def read_back(
    connection: AsyncConnection,
    origin: str,
    last: LastSigned | None,
    *,
    published: int,
    size: int,
) -> Checkpoint:
    """The checkpoint of `size` entries, if all that follows the last one is as it was appended.

    The entry before `size` is a state; `published` is the size of the newest published
    checkpoint, 0 when there is none, whose map is the one kept. Raises `LogDamagedError`.
    """
    reread = _Reread(published)
    async for row in reread_entries(connection, reread.start, size):
        reread.take(row)
    if reread.size != size:
        raise LogDamagedError(f"Entry {reread.size} is missing.")
    if reread.after is None or reread.after.size != size - 1:
        raise LogDamagedError(f"The entry before {size} is not a state of the log.")
    tree = await _regrown(connection, reread)
    await asyncio.to_thread(_check_tree, tree, last)
    await _check_head(connection, tree, reread)
    await _check_map(connection, reread)
    new = Checkpoint(origin, size, Hash(await asyncio.to_thread(tree.hash_of, 0, size)))
    await _check_growth(connection, last, new)
    return new


async def _regrown(connection: AsyncConnection, reread: _Reread) -> SecondTree:
    wanted = tiles_under(reread.start)
    level = 0
    while reread.size >> BITS_PER_LEVEL * level:
        first, end = (at >> BITS_PER_LEVEL * level for at in (reread.start, reread.size))
        wanted |= {(level, n) for n in range(first // PER_TILE, -(-end // PER_TILE))}
        level += 1
    return SecondTree(reread.start, reread.leaves, await reread_tiles(connection, wanted))


def _check_tree(tree: SecondTree, last: LastSigned | None) -> None:
    if last is not None and tree.hash_of(0, last.size) != last.root:
        raise LogDamagedError("The entries do not lead to the tree that was signed last.")
    for level, number, place, hashed in tree.stored_from_start():
        stored = tree.read_tile(level, number)
        if stored[place * WIDTH : (place + 1) * WIDTH] != hashed:
            raise LogDamagedError(f"Tile {number} of level {level} is damaged.")


async def _check_head(connection: AsyncConnection, tree: SecondTree, reread: _Reread) -> None:
    """The next entry is built on the head; it can be judged while nothing has been built on it."""
    head = await read_head(connection)
    if head.size != tree.size:
        return
    edge = tuple(tree.hash_of(*part) for part in whole_parts(tree.size))
    if (head.edge, head.chain) != (edge, reread.chain):
        raise LogDamagedError("The entries do not lead to the head of the log.")


async def _check_map(connection: AsyncConnection, reread: _Reread) -> None:
    """The state's map is the published one with what has happened since, and nothing else."""
    assert reread.after is not None
    second = SecondMap(EMPTY if reread.before is None else reread.before.map_root)
    try:
        if reread.before is not None:
            await _reveal(connection, reread, second)
        root = await asyncio.to_thread(_changed, second, reread.changes)
    except WrongProof:
        raise LogDamagedError("The map that is kept is not the one that was published.") from None
    if root != reread.after.map_root:
        raise LogDamagedError("The map of the new state is not that of the entries before it.")


def _changed(second: SecondMap, changes: Mapping[Hash, _Change]) -> bytes:
    for key, change in changes.items():
        second.put(key, hash_standing(change.count, change.last_index, change.head))
    return second.root()


async def _reveal(connection: AsyncConnection, reread: _Reread, second: SecondMap) -> None:
    keys = list(reread.changes)
    last_indexes = await reread_last_indexes(connection, keys)
    for first in range(0, len(keys), AT_A_TIME):
        proofs = await prove_each(connection, keys[first : first + AT_A_TIME])
        for key, proof in proofs.items():
            change = reread.changes[key]
            if change.number == 0:
                second.reveal_missing(key, proof.steps, proof.other)
            else:
                last_index = last_indexes.get(key, 0)
                value = hash_standing(change.number, last_index, change.previous)
                second.reveal(key, value, proof.steps)


async def _check_growth(
    connection: AsyncConnection, last: LastSigned | None, new: Checkpoint
) -> None:
    """Say it once more as witnesses will: by a consistency proof, from the first implementation."""
    if last is None:
        return
    proof = await TileCache().prove_consistency(connection, last.size, new.tree_size)
    try:
        check_consistency(
            proof,
            old_size=last.size,
            old_root=last.root,
            new_size=new.tree_size,
            new_root=new.root,
        )
    except ProofFailed:
        raise LogDamagedError("The log does not continue what was signed last.") from None


def _parsed(row: RereadEntry) -> Entry:
    try:
        entry = parse_entry(row.entry)
    except Malformed:
        raise LogDamagedError(f"Entry {row.index} is no entry of a log.") from None
    if entry.kind != row.kind:
        raise LogDamagedError(f"Entry {row.index} is not of the kind it is kept as.")
    return entry
