"""The tree and the chain a second time, from the RFC's own definition, sharing no code with `tree`.

A fault in the first implementation, or in the memory it ran in, would be repeated by whatever
uses it to check itself.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from ledger.signing.faults import LogDamagedError

# Tile `n` of level `l` holds the hashes of 256 subtrees over 256**l leaves each (C2SP tlog-tiles).
BITS_PER_LEVEL = 8
PER_TILE = 256
WIDTH = 32

ReadTile = Callable[[int, int], bytes]


def hash_entry(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def hash_link(chain: bytes, leaf: bytes) -> bytes:
    return sha256(b"\x02" + chain + leaf).digest()


class SecondTree:
    """A tree of which the leaf hashes from `start` on are given; the rest is read from tiles."""

    def __init__(self, start: int, leaves: Sequence[bytes], read_tile: ReadTile) -> None:
        self.start = start
        self.leaves = leaves
        self.size = start + len(leaves)
        self.read_tile = read_tile
        self._known: dict[tuple[int, int], bytes] = {}

    def hash_of(self, first: int, end: int) -> bytes:
        """MTH(D[first:end]) of RFC 9162 section 2.1.1."""
        if end <= self.start:
            return self._stored(first, end)
        if (first, end) not in self._known:
            self._known[first, end] = self._computed(first, end)
        return self._known[first, end]

    def stored_from_start(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Level, tile, place in it, and hash of all that tiles must hold from `start` on."""
        bits = 0
        while self.size >> bits:
            for node in range(self.start >> bits, self.size >> bits):
                tile, place = divmod(node, PER_TILE)
                hashed = self.hash_of(node << bits, (node + 1) << bits)
                yield bits // BITS_PER_LEVEL, tile, place, hashed
            bits += BITS_PER_LEVEL

    def _computed(self, first: int, end: int) -> bytes:
        count = end - first
        if first >= self.start and count <= PER_TILE and count & (count - 1) == 0:
            return _fold(self.leaves[first - self.start : end - self.start])
        half = 1
        while half * 2 < count:
            half *= 2
        left, right = self.hash_of(first, first + half), self.hash_of(first + half, end)
        return sha256(b"\x01" + left + right).digest()

    def _stored(self, first: int, end: int) -> bytes:
        level, tile, place, count = place_of(first, end)
        hashes = self.read_tile(level, tile)[place * WIDTH : (place + count) * WIDTH]
        if len(hashes) != count * WIDTH:
            raise LogDamagedError(f"Tile {tile} of level {level} is too short.")
        return _fold([hashes[at : at + WIDTH] for at in range(0, len(hashes), WIDTH)])


def stored_root(size: int, read_tile: ReadTile) -> bytes:
    """The root of a tree of at least one leaf, all of it from tiles."""
    tree = SecondTree(size, (), read_tile)
    *lefts, root = [tree.hash_of(*part) for part in whole_parts(size)]
    for left in reversed(lefts):
        root = sha256(b"\x01" + left + root).digest()
    return root


def whole_parts(size: int) -> Iterator[tuple[int, int]]:
    """The first leaf and the end of each whole subtree that a tree of this size falls into."""
    first = 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            yield first, first + (1 << bit)
            first += 1 << bit


def tiles_under(size: int) -> set[tuple[int, int]]:
    """Level and number of the tiles that hold what those whole subtrees are made of."""
    return {place_of(*part)[:2] for part in whole_parts(size)}


def place_of(first: int, end: int) -> tuple[int, int, int, int]:
    """Level, tile, place of the first hash in it, and count of those a whole subtree is made of."""
    bits = (end - first).bit_length() - 1
    level = bits // BITS_PER_LEVEL
    tile, place = divmod(first >> level * BITS_PER_LEVEL, PER_TILE)
    return level, tile, place, (end - first) >> level * BITS_PER_LEVEL


def _fold(hashes: Sequence[bytes]) -> bytes:
    row = list(hashes)
    while len(row) > 1:
        pairs = zip(row[::2], row[1::2], strict=True)
        row = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return row[0]
