"""Where the hashes of a Merkle tree are kept, and how those of any part of it are put together.

Hashes are kept in tiles (C2SP tlog-tiles, height 8): tile `n` of level `l` holds up to 256 hashes,
the `i`th of which is that of the complete subtree over the leaves from (n * 256 + i) * 256**l.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ledger.formats.hashing import EMPTY_TREE_HASH, HASH_SIZE, Hash, node_hash, node_hashes

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT


class Span(NamedTuple):
    """The leaves from `start` up to, and not including, `end`."""

    start: int
    end: int


class Subtree(NamedTuple):
    """The complete subtree over the 2**height leaves from position * 2**height."""

    height: int
    position: int


class Tile(NamedTuple):
    level: int
    number: int


TileReader = Callable[[Tile], bytes]


def largest_power_of_two_below(n: int) -> int:
    """The k with k < n <= 2k: where RFC 9162 section 2.1.1 splits a tree of n leaves."""
    assert n > 1, n
    return 1 << (n - 1).bit_length() - 1


def subtrees(span: Span) -> list[Subtree]:
    """The complete subtrees a span falls into, from the largest on its left to the smallest.

    The span must begin where a subtree as large as its largest part may begin, as all spans
    of the RFC's trees and proofs do.
    """
    parts = []
    start, end = span
    while start < end:
        height = (end - start).bit_length() - 1
        assert start % (1 << height) == 0, span
        parts.append(Subtree(height, start >> height))
        start += 1 << height
    return parts


def fold(hashes: Sequence[Hash]) -> Hash:
    """The root over hashes of complete subtrees that stand from the largest to the smallest."""
    if not hashes:
        return EMPTY_TREE_HASH
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def extend(
    edge: Sequence[Hash], size: int, leaves: Sequence[Hash]
) -> tuple[list[Hash], list[tuple[Tile, bytes]]]:
    """Add leaves from number `size` on to a tree given by its edge, which is `subtrees(0, size)`.

    Gives the new edge, and the hashes to be kept: runs of them, each with the tile at whose end
    it belongs.
    """
    assert len(edge) == size.bit_count(), size
    larger, smaller = list(edge), list[Hash]()
    kept = list[tuple[Tile, bytes]]()
    nodes, height = leaves, 0
    while nodes:
        first = size >> height
        if height % TILE_HEIGHT == 0:
            kept += _into_tiles(height // TILE_HEIGHT, first, nodes)
        if first % 2:
            nodes = [larger.pop(), *nodes]
        if len(nodes) % 2:
            smaller.append(nodes[-1])
        nodes = node_hashes(nodes)
        height += 1
    return [*larger, *reversed(smaller)], kept


def _into_tiles(level: int, first: int, nodes: Sequence[Hash]) -> Iterator[tuple[Tile, bytes]]:
    end = first + len(nodes)
    for number in range(first // TILE_WIDTH, (end - 1) // TILE_WIDTH + 1):
        start, stop = number * TILE_WIDTH - first, (number + 1) * TILE_WIDTH - first
        yield Tile(level, number), b"".join(nodes[max(start, 0) : stop])


def tiles_of(spans: Iterable[Span]) -> set[Tile]:
    """The tiles in which everything stands that `span_hash` needs for these spans."""
    return {_place(subtree)[0] for span in spans for subtree in subtrees(span)}


def span_hash(span: Span, read_tile: TileReader) -> Hash:
    return fold([subtree_hash(subtree, read_tile) for subtree in subtrees(span)])


def subtree_hash(subtree: Subtree, read_tile: TileReader) -> Hash:
    tile, first, count = _place(subtree)
    stored = read_tile(tile)[first * HASH_SIZE : (first + count) * HASH_SIZE]
    assert len(stored) == count * HASH_SIZE, subtree
    level = split_hashes(stored)
    while len(level) > 1:
        level = node_hashes(level)
    return level[0]


def split_hashes(stored: bytes) -> list[Hash]:
    assert len(stored) % HASH_SIZE == 0, len(stored)
    return [Hash(stored[at : at + HASH_SIZE]) for at in range(0, len(stored), HASH_SIZE)]


def _place(subtree: Subtree) -> tuple[Tile, int, int]:
    """The tile a subtree's hashes stand in, the place of the first, and how many there are."""
    level, above = divmod(subtree.height, TILE_HEIGHT)
    count = 1 << above
    number, first = divmod(subtree.position * count, TILE_WIDTH)
    return Tile(level, number), first, count
