"""The tree over the entries grown anew, a tile at a time, and compared with what is stored."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from ledger.formats.hashing import HASH_SIZE, Hash
from ledger.formats.tree import TILE_HEIGHT, TILE_WIDTH, Span, Tile, fold, subtrees
from ledger.inspecting.report import Findings

PLACE = "ledger_tile"


@dataclass(slots=True)
class TreeAnew:
    """The tree over the leaves given so far, and what of the stored tiles does not agree with it.

    Holds one hash for each full tile, 32 bytes for 256 entries.
    """

    findings: Findings
    leaves: list[Hash] = field(default_factory=list)  # Those that no full tile holds yet.
    above: dict[Tile, bytes] = field(default_factory=lambda: defaultdict(bytes))
    tiles: int = 0
    _full: int = 0
    _edge: list[Hash] = field(default_factory=list)  # Over the hashes of the full tiles.

    @property
    def size(self) -> int:
        return self._full * TILE_WIDTH + len(self.leaves)

    @property
    def edge(self) -> list[Hash]:
        return [*self._edge, *_edge_of(_levels_over(self.leaves), len(self.leaves))]

    def take(self, leaves: Sequence[Hash], stored: bytes, sizes: Iterable[int]) -> dict[int, Hash]:
        """Add the leaves of the next tile, whole unless it is the last one of the log.

        `stored` is what the database holds of that tile. Gives the root at each of these sizes,
        which lie beyond the size before and not beyond the size after.
        """
        assert not self.leaves, "only the last tile may be partial"
        self.judge_tile(Tile(0, self._full), b"".join(leaves), stored)
        start, levels = self.size, _levels_over(leaves)
        roots = {size: fold([*self._edge, *_edge_of(levels, size - start)]) for size in sizes}
        if len(leaves) < TILE_WIDTH:
            self.leaves = list(leaves)
            return roots
        self._grow(levels[-1][0])
        return roots

    def _grow(self, node: Hash) -> None:
        """Put the hash of a full tile at the end of the edge, and keep it for the tiles above."""
        height, position = 0, self._full
        self._keep(1, position, node)
        while position % 2:
            node = Hash(sha256(b"\x01" + self._edge.pop() + node).digest())
            height, position = height + 1, position // 2
            if height % TILE_HEIGHT == 0:
                self._keep(1 + height // TILE_HEIGHT, position, node)
        self._edge.append(node)
        self._full += 1

    def _keep(self, level: int, position: int, node: Hash) -> None:
        self.above[Tile(level, position // TILE_WIDTH)] += node

    def judge_tile(self, tile: Tile, hashes: bytes, stored: bytes) -> None:
        """Compare a tile hash by hash; the first wrong one names the first leaf below it."""
        self.tiles += 1
        if hashes == stored:
            return
        places = range(0, max(len(hashes), len(stored)), HASH_SIZE)
        wrong = (at for at in places if hashes[at : at + HASH_SIZE] != stored[at : at + HASH_SIZE])
        position = tile.number * TILE_WIDTH + next(wrong) // HASH_SIZE
        problem = f"tile {tile.number} of level {tile.level} does not hold its hashes"
        self.findings.add(position << tile.level * TILE_HEIGHT, PLACE, problem)


def _levels_over(leaves: Sequence[Hash]) -> list[Sequence[Hash]]:
    """The hashes of all complete subtrees of at most a tile's height, the leaves first."""
    levels = [leaves]
    for _ in range(TILE_HEIGHT):
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)  # One that has no sibling stays.
        levels.append([Hash(sha256(b"\x01" + left + right).digest()) for left, right in pairs])
    return levels


def _edge_of(levels: Sequence[Sequence[Hash]], count: int) -> list[Hash]:
    return [levels[part.height][part.position] for part in subtrees(Span(0, count))]
