"""The state map a second time, from its definition, sharing no code with `state_map`.

Only the part that changes is known here: the ways from the root down to each key in question,
shown by proofs under the old root. What these leave out is a hash, and stays what it was; so the
new root says of every key that is not named here that nothing has happened to it.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

EMPTY = sha256(b"").digest()
BITS = 256


class WrongProof(Exception):  # noqa: N818 - a finding about stored data, not a fault of ours.
    """A proof does not lead to the root, or not to the place of its key."""


@dataclass(slots=True)
class Leaf:
    key: bytes
    value: bytes


@dataclass(slots=True)
class Fork:
    bit: int
    sides: list["Node"]


Node = Leaf | Fork | bytes


# From the leaf up: the bit, and the hash of the other side.
Steps = Iterable[tuple[int, bytes]]
Pair = tuple[bytes, bytes]


class SecondMap:
    """The map under a root, of which nothing is known at first."""

    def __init__(self, root: bytes = EMPTY) -> None:
        self._root = root
        self._top: Node = root

    def reveal(self, key: bytes, value: bytes, steps: Steps) -> None:
        """Learn the way to a key that has this value. Raises `WrongProof`."""
        self._learn(key, Leaf(key, value), steps)

    def reveal_missing(self, key: bytes, steps: Steps, other: Pair | None) -> None:
        """Learn the way to where a key is missing: another stands there, or nothing at all."""
        if other is not None and other[0] != key:
            self._learn(key, Leaf(*other), steps)
        elif other is not None or self._root != EMPTY:
            raise WrongProof

    def _learn(self, key: bytes, leaf: Leaf, steps: Steps) -> None:
        way: Node = leaf
        for bit, sibling in steps:
            way = Fork(bit, [sibling, way] if _bit(key, bit) else [way, sibling])
        if hash_of(way) != self._root:
            raise WrongProof
        self._top = _both(self._top, way)

    def put(self, key: bytes, value: bytes) -> None:
        """Give a key, whose place was revealed, this value."""
        if self._top == EMPTY:
            self._top = Leaf(key, value)
            return
        found = self._leaf_towards(key)
        if found.key == key:
            found.value = value
            return
        differing = int.from_bytes(key) ^ int.from_bytes(found.key)
        self._part(BITS - differing.bit_length(), Leaf(key, value))

    def root(self) -> bytes:
        return hash_of(self._top)

    def _leaf_towards(self, key: bytes) -> Leaf:
        node = self._top
        while isinstance(node, Fork):
            node = node.sides[_bit(key, node.bit)]
        if not isinstance(node, Leaf):
            raise WrongProof
        return node

    def _part(self, bit: int, new: Leaf) -> None:
        above: Fork | None = None
        node = self._top
        while isinstance(node, Fork) and node.bit < bit:
            above, node = node, node.sides[_bit(new.key, node.bit)]
        parted = Fork(bit, [node, new] if _bit(new.key, bit) else [new, node])
        if above is None:
            self._top = parted
        else:
            above.sides[_bit(new.key, above.bit)] = parted


def hash_standing(count: int, last_index: int, head: bytes) -> bytes:
    """The value of a key: how many events, the index of the last one and its leaf hash."""
    return sha256(struct.pack(">BQQ", 7, count, last_index) + head).digest()


def hash_of(node: Node) -> bytes:
    match node:
        case Leaf(key, value):
            return sha256(key + value).digest()
        case Fork(bit, [left, right]):
            return sha256(hash_of(left) + hash_of(right) + bytes([bit])).digest()
        case bytes():
            return node
    raise AssertionError(node)


def _both(one: Node, other: Node) -> Node:
    """What two views of the same subtree know together."""
    if isinstance(one, Fork) and isinstance(other, Fork):
        one.sides = [_both(*sides) for sides in zip(one.sides, other.sides, strict=True)]
        return one
    return other if isinstance(one, bytes) else one


def _bit(key: bytes, bit: int) -> int:
    return int.from_bytes(key) >> (BITS - 1 - bit) & 1
