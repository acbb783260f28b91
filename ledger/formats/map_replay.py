"""The whole state map in memory, brought up to date again and again: for those who replay a log."""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from ledger.formats.hashing import Hash
from ledger.formats.state_map import EMPTY_MAP_HASH, fold_leaves

# Keys in a bucket on the average, at most: fewer are more nodes above, more are slower to fold.
KEYS_TO_A_BUCKET = 2


class ReplayedMap:
    """A state map that takes changes in batches, and hashes again only what they touch.

    All keys that begin with the same `_depth` bits are in one bucket. Above the buckets stands
    the hash of every shorter beginning: of bits b at `1b` read as a binary number, empty bytes
    where no key begins so. A node with an empty side is its other side. When buckets get full
    each is parted into two, and everything above stays as it is.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._buckets: list[dict[Hash, Hash]] = [{}]
        self._nodes = [b"", b""]
        self._count = 0

    @property
    def root(self) -> Hash:
        return Hash(self._nodes[1]) if self._count else EMPTY_MAP_HASH

    def update(self, changed: Mapping[Hash, Hash]) -> None:
        """Set the values of these keys, new ones or known ones."""
        touched = set()
        for key, value in changed.items():
            at = self._bucket_of(key)
            bucket = self._buckets[at]
            self._count += key not in bucket
            bucket[key] = Hash(sha256(key + value).digest())
            touched.add(at)
        while self._count > KEYS_TO_A_BUCKET << self._depth:
            self._part_buckets()
            touched = {half for at in touched for half in (2 * at, 2 * at + 1)}
        first = 1 << self._depth
        for at in touched:
            self._nodes[first + at] = _fold(self._buckets[at])
        self._hash_above({first + at for at in touched})

    def _bucket_of(self, key: Hash) -> int:
        return int.from_bytes(key[:8]) >> 64 - self._depth

    def _part_buckets(self) -> None:
        self._depth += 1
        parted: list[dict[Hash, Hash]] = []
        for bucket in self._buckets:
            halves: tuple[dict[Hash, Hash], dict[Hash, Hash]] = {}, {}
            for key, leaf in bucket.items():
                halves[self._bucket_of(key) & 1][key] = leaf
            parted += halves
        self._buckets = parted
        self._nodes += map(_fold, parted)

    def _hash_above(self, below: Iterable[int]) -> None:
        nodes = self._nodes
        for depth in reversed(range(self._depth)):
            bit = depth.to_bytes(1)
            below = {at >> 1 for at in below}
            for at in below:
                left, right = nodes[2 * at], nodes[2 * at + 1]
                nodes[at] = sha256(left + right + bit).digest() if left and right else left or right


def _fold(bucket: dict[Hash, Hash]) -> bytes:
    if len(bucket) > 1:
        return fold_leaves(sorted(bucket.items()))
    return next(iter(bucket.values()), b"")
