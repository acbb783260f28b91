"""The state map: where every subject stands, under one hash, and the proofs that lead to it.

A Merkle Patricia map as rsc.io/tmp/mpt describes it: a node stands for all keys that begin with
the same bits, and parts them by the first bit in which they differ. Bits count from 0, the most
significant one of the first byte. So the keys alone decide the shape, whatever came first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from ledger.formats.hashing import (
    EMPTY_TREE_HASH,
    HASH_SIZE,
    Hash,
    map_leaf_hash,
    map_node_hash,
    standing_hash,
)
from ledger.formats.proofs import ProofFailed
from ledger.formats.spelling import Malformed

KEY_BITS = HASH_SIZE * 8
STEP_SIZE = 1 + HASH_SIZE

# rsc.io/tmp/mpt: the hash of an empty map is the hash of an empty string.
EMPTY_MAP_HASH = EMPTY_TREE_HASH

MapLeaf = tuple[Hash, Hash]  # A key, and the hash of it and its value.


@dataclass(frozen=True, slots=True)
class Standing:
    """How many events a subject has, the log's index of the last one, and its leaf hash."""

    count: int
    last_index: int
    head: Hash

    def digest(self) -> Hash:
        """The value the map holds for the subject's key."""
        return standing_hash(self.count, self.last_index, self.head)


class MapStep(NamedTuple):
    """One node on the way up: the bit its two sides differ in, and the hash of the other side."""

    bit: int
    sibling: Hash


@dataclass(frozen=True, slots=True)
class MapProof:
    """The steps from a leaf up to the root.

    The leaf is that of the key in question, or, where the proof shows that the map does not hold
    this key, that of the `other` key and value that stand where it would. Without steps and
    without another key it fits a map that holds nothing else, or nothing at all.
    """

    steps: tuple[MapStep, ...] = ()
    other: tuple[Hash, Hash] | None = None

    def encode(self) -> bytes:
        """The other key and value if there are any (32 + 32), then bit and sibling (1 + 32)
        for each step: the bytes of rsc.io/tmp/mpt.
        """
        steps = [step.bit.to_bytes(1) + step.sibling for step in self.steps]
        return b"".join([*(self.other or ()), *steps])


def parse_map_proof(data: bytes) -> MapProof:
    """Any proof is written in one way only: the lengths of the two kinds never coincide."""
    other, steps = None, data
    if len(data) % STEP_SIZE != 0:
        other = Hash(data[:HASH_SIZE]), Hash(data[HASH_SIZE : 2 * HASH_SIZE])
        steps = data[2 * HASH_SIZE :]
    if len(steps) % STEP_SIZE != 0 or (other and len(other[1]) != HASH_SIZE):
        raise Malformed(f"Each step of a map proof has {STEP_SIZE} bytes, and nothing follows.")
    starts = range(0, len(steps), STEP_SIZE)
    proof = MapProof(tuple(_parse_step(steps[at : at + STEP_SIZE]) for at in starts), other)
    if not _bits_fall(proof.steps):
        raise Malformed("The bits of a map proof fall from the leaf up.")
    return proof


def check_presence(proof: MapProof, *, key: Hash, value: Hash, root: Hash) -> None:
    """Raise `ProofFailed` unless the map with this root holds this value for this key."""
    _require_hashes(key, value, root)
    _require_form(proof)
    if proof.other is not None:
        raise ProofFailed("This map proof shows where a key is missing, not what stands for it.")
    if _implied_root(proof.steps, key, value) != root:
        raise ProofFailed("The state map does not hold this value for this key.")


def check_absence(proof: MapProof, *, key: Hash, root: Hash) -> None:
    """Raise `ProofFailed` unless the map with this root holds nothing for this key."""
    _require_hashes(key, root)
    _require_form(proof)
    if proof.other is None:
        if proof.steps or root != EMPTY_MAP_HASH:
            raise ProofFailed("This map proof does not show that the key is missing.")
        return
    other_key, other_value = proof.other
    if other_key == key:
        raise ProofFailed("This map proof shows that the map holds the very key.")
    if any(bit_of(key, step.bit) != bit_of(other_key, step.bit) for step in proof.steps):
        raise ProofFailed("This map proof leads to a place where the key would not stand.")
    if _implied_root(proof.steps, other_key, other_value) != root:
        raise ProofFailed("The state map does not hold what this map proof says it holds instead.")


def root_of(values: Mapping[Hash, Hash]) -> Hash:
    """The root of the map of all these keys and values."""
    leaves = [(key, map_leaf_hash(key, value)) for key, value in sorted(values.items())]
    return fold_leaves(leaves) if leaves else EMPTY_MAP_HASH


def fold_leaves(leaves: Iterable[MapLeaf]) -> Hash:
    """The hash over one or more leaves, given in the order of their keys.

    Nodes nest by their bit, which grows towards the leaves: one that is open is closed as soon
    as two neighbours differ in an earlier bit.
    """
    open_sides: list[tuple[int, bytes]] = []
    before, hash_so_far = 0, b""
    for key, leaf in leaves:
        number = int.from_bytes(key)
        if hash_so_far:
            bit = KEY_BITS - (number ^ before).bit_length()
            while open_sides and open_sides[-1][0] > bit:
                inner, left = open_sides.pop()
                hash_so_far = sha256(left + hash_so_far + inner.to_bytes(1)).digest()
            open_sides.append((bit, hash_so_far))
        before, hash_so_far = number, leaf
    while open_sides:
        inner, left = open_sides.pop()
        hash_so_far = sha256(left + hash_so_far + inner.to_bytes(1)).digest()
    return Hash(hash_so_far)


def prove_among(leaves: Sequence[MapLeaf], key: Hash) -> tuple[list[MapStep], int]:
    """The steps, from the leaf up, to the hash of `fold_leaves` over one or more leaves.

    They begin at the leaf of `key`, or at the one that stands where it would; its place among
    the leaves is given too.
    """
    numbers = [int.from_bytes(each) for each, _ in leaves]
    sought = int.from_bytes(key)
    steps = []
    start, end = 0, len(leaves)
    while end - start > 1:
        shift = (numbers[start] ^ numbers[end - 1]).bit_length() - 1
        split = next(at for at in range(start + 1, end) if numbers[at] >> shift & 1)
        is_right = sought >> shift & 1
        other = leaves[start:split] if is_right else leaves[split:end]
        steps.append(MapStep(KEY_BITS - 1 - shift, fold_leaves(other)))
        start, end = (split, end) if is_right else (start, split)
    return steps[::-1], start


def first_difference(one: Hash, other: Hash) -> int:
    """The first bit in which two different keys differ."""
    return KEY_BITS - (int.from_bytes(one) ^ int.from_bytes(other)).bit_length()


def bit_of(key: Hash, bit: int) -> int:
    return key[bit >> 3] >> (~bit & 7) & 1


def _implied_root(steps: Iterable[MapStep], key: Hash, value: Hash) -> Hash:
    node = map_leaf_hash(key, value)
    for bit, sibling in steps:
        left, right = (sibling, node) if bit_of(key, bit) else (node, sibling)
        node = map_node_hash(left, right, bit)
    return node


def _parse_step(data: bytes) -> MapStep:
    return MapStep(data[0], Hash(data[1:]))


def _bits_fall(steps: Sequence[MapStep]) -> bool:
    bits = [KEY_BITS, *(step.bit for step in steps), -1]
    return all(above > below for above, below in pairwise(bits))


def _require_form(proof: MapProof) -> None:
    """Refuse what `parse_map_proof` could not have given."""
    _require_hashes(*(step.sibling for step in proof.steps), *(proof.other or ()))
    if not _bits_fall(proof.steps):
        raise ProofFailed("The bits of a map proof fall from the leaf up.")


def _require_hashes(*hashes: Hash) -> None:
    if any(len(each) != HASH_SIZE for each in hashes):
        raise ProofFailed(f"A hash, a key and a value of the state map have {HASH_SIZE} bytes.")
