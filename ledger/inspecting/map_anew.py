"""The state map replayed from state to state, over keys that are all known beforehand."""

from collections.abc import Iterable
from hashlib import sha256

from ledger.formats.hashing import Hash
from ledger.formats.state_map import EMPTY_MAP_HASH, first_difference

NOWHERE = -1


class MapAnew:
    """The map that will hold all these keys, none of which has a value yet.

    The keys alone decide the shape of the map, and a node one side of which is still empty is
    its other side. So the shape is laid out once, leaves first and every node after those below
    it, and a batch of changes hashes each node above them once, in that order.
    Holds some 500 bytes for each key. Shares no code with the map that the log keeps.
    """

    def __init__(self, keys: Iterable[Hash]) -> None:
        ordered = sorted(set(keys))
        self.places = {key: place for place, key in enumerate(ordered)}
        self._hashes = [b""] * max(2 * len(ordered) - 1, 1)
        self._above = [NOWHERE] * len(self._hashes)
        self._below: list[tuple[int, int, bytes]] = []  # Left, right and bit of each inner node.
        self._lay_out(ordered)

    @property
    def root(self) -> Hash:
        return Hash(self._hashes[-1]) or EMPTY_MAP_HASH

    def update(self, leaves: Iterable[tuple[int, bytes]]) -> None:
        """Give the keys in these `places` their hashes, those of key and value together."""
        hashes, above = self._hashes, self._above
        touched = {NOWHERE}
        touch = touched.add
        for place, leaf in leaves:
            hashes[place] = leaf
            node = above[place]
            while node not in touched:
                touch(node)
                node = above[node]
        touched.remove(NOWHERE)
        self._hash_again(sorted(touched))

    def _hash_again(self, touched: Iterable[int]) -> None:
        hashes, below, first, hash_of = self._hashes, self._below, len(self.places), sha256
        for place in touched:
            left, right, bit = below[place - first]
            one, other = hashes[left], hashes[right]
            hashes[place] = hash_of(one + other + bit).digest() if one and other else one or other

    def _lay_out(self, ordered: list[Hash]) -> None:
        """Nodes nest by their bit, which grows towards the leaves (see `fold_leaves`)."""
        unfinished: list[tuple[int, int]] = []  # Bit and left side.
        node = 0
        for place in range(1, len(ordered)):
            bit = first_difference(ordered[place - 1], ordered[place])
            while unfinished and unfinished[-1][0] > bit:
                node = self._close(*unfinished.pop(), node)
            unfinished.append((bit, node))
            node = place
        while unfinished:
            node = self._close(*unfinished.pop(), node)

    def _close(self, bit: int, left: int, right: int) -> int:
        place = len(self.places) + len(self._below)
        self._below.append((left, right, bit.to_bytes(1)))
        self._above[left] = self._above[right] = place
        return place
