"""Before anything is signed: what was stored since the last checkpoint is read and hashed anew.

One bit flipped between hashing and storing would otherwise be signed, and no entries could ever
be shown again that fit the signature. A public log was lost to that in 2021.
"""

from collections import defaultdict

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.hashing import Hash, chain_hash, leaf_hash
from ledger.formats.proofs import (
    ProofFailed,
    check_consistency,
    consistency_spans,
    prove_consistency,
)
from ledger.formats.tree import Span, Tile, fold, grow, subtree_hash, subtrees, tiles_of
from ledger.keeping import store


class LogDamagedError(Exception):
    """What is stored is not what was appended or signed. Nothing is signed; call for `audit`."""


async def read_back(connection: AsyncConnection, last: Checkpoint, head: store.Head) -> Checkpoint:
    """The checkpoint at the head, if all that follows the last one is as it was appended."""
    before = Span(0, last.tree_size)
    read_tile = await store.read_tiles(connection, tiles_of([before]))
    edge = [subtree_hash(subtree, read_tile) for subtree in subtrees(before)]
    if fold(edge) != last.root:
        raise LogDamagedError("The tiles do not lead to the last checkpoint.")
    grown, kept = await _append_anew(connection, edge, last.tree_size, head)
    if tuple(grown) != head.edge:
        raise LogDamagedError("The entries do not lead to the head.")
    await _compare_tiles(connection, kept)
    new = Checkpoint(last.origin, head.size, fold(grown))
    await _check_growth(connection, last, new)
    return new


async def _append_anew(
    connection: AsyncConnection, edge: list[Hash], size: int, head: store.Head
) -> tuple[list[Hash], dict[Tile, bytes]]:
    kept: dict[Tile, bytes] = defaultdict(bytes)
    chain = await store.chain_at(connection, size)
    async for event in store.events_between(connection, size, head.size):
        leaf = leaf_hash(event.entry)
        chain = chain_hash(chain, leaf)
        if (event.index, event.leaf, event.chain) != (size, leaf, chain):
            raise LogDamagedError(f"Event {size} is not as it was appended.")
        edge, hashes = grow(edge, size, leaf)
        for tile, each in hashes:
            kept[tile] += each
        size += 1
    if (size, chain) != (head.size, head.chain):
        raise LogDamagedError("The events do not lead to the head.")
    return edge, kept


async def _compare_tiles(connection: AsyncConnection, kept: dict[Tile, bytes]) -> None:
    read_tile = await store.read_tiles(connection, kept)
    for tile, hashes in kept.items():
        if not read_tile(tile).endswith(hashes):
            raise LogDamagedError(f"Tile {tile.number} of level {tile.level} is damaged.")


async def _check_growth(connection: AsyncConnection, last: Checkpoint, new: Checkpoint) -> None:
    """Say it a second way, as any monitor of the log will: by a consistency proof."""
    if last.tree_size == 0:
        return
    spans = consistency_spans(last.tree_size, new.tree_size)
    read_tile = await store.read_tiles(connection, tiles_of(spans))
    try:
        check_consistency(
            prove_consistency(last.tree_size, new.tree_size, read_tile),
            old_size=last.tree_size,
            old_root=last.root,
            new_size=new.tree_size,
            new_root=new.root,
        )
    except ProofFailed:
        raise LogDamagedError("The log does not continue its last checkpoint.") from None
