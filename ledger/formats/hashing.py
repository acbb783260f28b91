"""Every hash of the ledger, each with its own first byte so that none can pass for another."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NewType, cast

Hash = NewType("Hash", bytes)

HASH_SIZE = 32
SALT_SIZE = 16

# RFC 9162 section 2.1.1: the hash of an empty list is the hash of an empty string.
EMPTY_TREE_HASH = Hash(sha256(b"").digest())

# Stands where there is no hash before: the first event of a subject, the first link of the chain.
NO_HASH = Hash(bytes(HASH_SIZE))


def leaf_hash(entry: bytes) -> Hash:
    # RFC 9162 section 2.1.1: SHA-256(0x00 || entry).
    return Hash(sha256(b"\x00" + entry).digest())


def node_hash(left: Hash, right: Hash) -> Hash:
    # RFC 9162 section 2.1.1: SHA-256(0x01 || left || right).
    assert len(left) == HASH_SIZE
    assert len(right) == HASH_SIZE
    return Hash(sha256(b"\x01" + left + right).digest())


def leaf_hashes(entries: Iterable[bytes]) -> list[Hash]:
    """`leaf_hash` of many, in the time hashing itself takes."""
    # A cast costs nothing, and `Hash` a call for each.
    return cast(list[Hash], [sha256(b"\x00" + entry).digest() for entry in entries])


def node_hashes(nodes: Sequence[Hash]) -> list[Hash]:
    """`node_hash` of the first and second, of the third and fourth, and so on; a last one alone
    is left out.
    """
    pairs = zip(nodes[::2], nodes[1::2], strict=False)
    return cast(list[Hash], [sha256(b"\x01" + left + right).digest() for left, right in pairs])


def chain_hash(previous: Hash, leaf: Hash) -> Hash:
    # Ours: SHA-256(0x02 || previous || leaf), the linear check beside the tree.
    assert len(previous) == HASH_SIZE
    assert len(leaf) == HASH_SIZE
    return Hash(sha256(b"\x02" + previous + leaf).digest())


def field_hash(salt: bytes, name: bytes, value: bytes) -> Hash:
    # Ours: SHA-256(0x05 || salt || one byte of name length || name || value).
    assert len(salt) == SALT_SIZE
    return Hash(sha256(b"\x05" + salt + len(name).to_bytes(1) + name + value).digest())


def subject_key(salt: bytes, subject: bytes) -> Hash:
    # Ours: SHA-256(0x06 || salt || subject). Without the salt nobody can tell whose key it is.
    assert len(salt) == SALT_SIZE
    return Hash(sha256(b"\x06" + salt + subject).digest())


def standing_hash(count: int, last_index: int, head: Hash) -> Hash:
    # Ours: SHA-256(0x07 || number of events || index of the last || its leaf hash), u64 big-endian.
    assert len(head) == HASH_SIZE
    return Hash(sha256(b"\x07" + count.to_bytes(8) + last_index.to_bytes(8) + head).digest())


def map_leaf_hash(key: Hash, value: Hash) -> Hash:
    # rsc.io/tmp/mpt: SHA-256(key || value).
    assert len(key) == HASH_SIZE
    assert len(value) == HASH_SIZE
    return Hash(sha256(key + value).digest())


def map_node_hash(left: Hash, right: Hash, bit: int) -> Hash:
    # rsc.io/tmp/mpt: SHA-256(left || right || the bit the two sides differ in, as one byte).
    assert len(left) == HASH_SIZE
    assert len(right) == HASH_SIZE
    return Hash(sha256(left + right + bit.to_bytes(1)).digest())
