"""One proof for several leaves of a complete tree: the hashes of the brothers they do not have.

From the leaves up, level by level and on each from left to right, every node without a brother
takes the next hash for one. For a single leaf that is the path of RFC 9162 section 2.1.3.1.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from ledger.formats.hashing import Hash
from ledger.formats.proofs import ProofFailed
from ledger.formats.tree import Span, Subtree, subtrees

# A node by its height above the leaves, and its place among those of this height: as `Subtree`.
Node = tuple[int, int]


def brothers_before(end: int, leaves: Sequence[int]) -> list[Node]:
    """The brothers these leaves need up to the complete trees into which the first `end` fall."""
    needed = list[Node]()
    for height, position in subtrees(Span(0, end)):
        within = [leaf for leaf in leaves if leaf >> height == position]
        if within:
            needed += brothers(height, within)
    return needed


def brothers(height: int, leaves: Iterable[int]) -> list[Node]:
    """The brothers these leaves need to lead to the root of the tree of this height over them."""
    needed, places = list[Node](), sorted(leaves)
    for level in range(height):
        parents, before = list[int](), -1
        for place in places:
            if place >> 1 == before:
                # It is the brother of the one before, which needs no other.
                needed.pop()
                continue
            before = place >> 1
            parents.append(before)
            needed.append((level, place ^ 1))
        places = parents
    return needed


def check_leaves(
    proof: Iterator[Hash], *, whole: Subtree, root: Hash, leaves: Mapping[int, Hash]
) -> None:
    """Raise `ProofFailed` unless the subtree with this root has these leaves.

    Takes from `proof` as many hashes as that needs. There is one leaf at least.
    """
    nodes: list[tuple[int, bytes]] = sorted(leaves.items())
    if not nodes or {nodes[at][0] >> whole.height for at in (0, -1)} != {whole.position}:
        raise ProofFailed
    for _ in range(whole.height):
        nodes = _parents(nodes, proof)
    if nodes[0][1] != root:
        raise ProofFailed


def _parents(nodes: Sequence[tuple[int, bytes]], proof: Iterator[bytes]) -> list[tuple[int, bytes]]:
    """As `node_hash` has them, which would be a call more for each of hundreds."""
    parents, at = [], 0
    try:
        while at < len(nodes):
            place, node = nodes[at]
            if place & 1:
                pair = next(proof) + node
            elif at + 1 < len(nodes) and nodes[at + 1][0] == place + 1:
                at += 1
                pair = node + nodes[at][1]
            else:
                pair = node + next(proof)
            parents.append((place >> 1, sha256(b"\x01" + pair).digest()))
            at += 1
    except StopIteration:
        raise ProofFailed from None
    return parents
