"""RFC 9162 section 2.1 written down as it stands there, slowly: the oracle for tree and proofs."""

from functools import cache
from hashlib import sha256


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def tree_hash(entries):
    """MTH(D_n). Remembered, so that all trees up to some hundreds of entries can be looked at."""
    return _tree_hash(tuple(entries))


@cache
def _tree_hash(entries):
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + _tree_hash(entries[:k]) + _tree_hash(entries[k:])).digest()


def inclusion_path(m, entries):
    """PATH(m, D_n)."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*inclusion_path(m, entries[:k]), tree_hash(entries[k:])]
    return [*inclusion_path(m - k, entries[k:]), tree_hash(entries[:k])]


def consistency_path(m, entries):
    """PROOF(m, D_n), for 0 < m <= n."""
    return subproof(m, entries, is_whole=True)


def subproof(m, entries, *, is_whole):
    """SUBPROOF(m, D_n, b)."""
    if m == len(entries):
        return [] if is_whole else [tree_hash(entries)]
    k = split(len(entries))
    if m <= k:
        return [*subproof(m, entries[:k], is_whole=is_whole), tree_hash(entries[k:])]
    return [*subproof(m - k, entries[k:], is_whole=False), tree_hash(entries[:k])]
