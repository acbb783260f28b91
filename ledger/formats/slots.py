"""One proof for all facts that are opened of an event: its sixteen slots are a complete tree."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from ledger.formats.fields import SLOTS, Field, root_over
from ledger.formats.hashing import Hash
from ledger.formats.multiproof import Node, brothers, check_leaves
from ledger.formats.proofs import ProofFailed
from ledger.formats.tree import Subtree

_ALL = Subtree(SLOTS.bit_length() - 1, 0)


def close_slots(digests: Sequence[Hash], opened: Sequence[int]) -> tuple[Hash, ...]:
    """The hashes that stand for all slots but the opened ones, of which there is one at least."""
    assert opened
    return tuple(
        root_over(digests[place << height : (place + 1) << height])
        for height, place in _closed_beside(tuple(opened))
    )


@lru_cache(maxsize=256)
def _closed_beside(opened: tuple[int, ...]) -> Sequence[Node]:
    """Most events open one of a few choices of slots."""
    return brothers(_ALL.height, opened)


def check_opened(opened: Sequence[Field], rest: Sequence[Hash], commitment: Hash) -> None:
    """Raise `ProofFailed` unless the commitment holds these fields, each in its slot."""
    leaves = {field.slot: _leaf_of(*field[1:]) for field in opened}
    if len(leaves) != len(opened):
        raise ProofFailed
    closed = iter(rest)
    check_leaves(closed, whole=_ALL, root=commitment, leaves=leaves)
    if next(closed, None) is not None:
        raise ProofFailed


def _leaf_of(name: str, salt: bytes, value: str) -> Hash:
    """As `leaf_hash` of `field_hash` has it, which would be five calls for each of a hundred."""
    said = b"\x05" + salt + bytes((len(name),)) + name.encode() + value.encode()
    return Hash(sha256(b"\x00" + sha256(said).digest()).digest())
