"""Every hash of the ledger, each with its own first byte so that none can pass for another."""

from hashlib import sha256
from typing import NewType

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
