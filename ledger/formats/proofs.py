"""Inclusion and consistency: `prove_` is run by the log, `check_` by whoever does not trust it."""

from collections.abc import Sequence

from ledger.formats.hashing import HASH_SIZE, Hash, node_hash
from ledger.formats.tree import Span, TileReader, largest_power_of_two_below, span_hash


class ProofFailed(Exception):  # noqa: N818 - what a checker finds, not a fault of ours.
    """The proof does not prove what it should. At most the step that failed is named."""


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The spans whose hashes prove that entry `index` is in the tree of `size`.

    The leaf's sibling comes first. RFC 9162 section 2.1.3.1, PATH(m, D_n).
    """
    assert 0 <= index < size, (index, size)
    spans = []
    start, end = 0, size
    while end - start > 1:
        split = start + largest_power_of_two_below(end - start)
        if index < split:
            spans.append(Span(split, end))
            end = split
        else:
            spans.append(Span(start, split))
            start = split
    return spans[::-1]


def consistency_spans(old_size: int, new_size: int) -> list[Span]:
    """The spans whose hashes prove that the tree of `new_size` begins with that of `old_size`.

    RFC 9162 section 2.1.4.1, PROOF(m, D_n). An empty tree begins everything and proves nothing.
    """
    assert 0 <= old_size <= new_size, (old_size, new_size)
    if old_size in {0, new_size}:
        return []
    spans = []
    start, end = 0, new_size
    while old_size != end:
        split = start + largest_power_of_two_below(end - start)
        if old_size <= split:
            spans.append(Span(split, end))
            end = split
        else:
            spans.append(Span(start, split))
            start = split
    if start > 0:
        # The old tree is not itself a node the checker knows: its last part has to be given.
        spans.append(Span(start, end))
    return spans[::-1]


def prove_inclusion(index: int, size: int, read_tile: TileReader) -> list[Hash]:
    return [span_hash(span, read_tile) for span in inclusion_spans(index, size)]


def prove_consistency(old_size: int, new_size: int, read_tile: TileReader) -> list[Hash]:
    return [span_hash(span, read_tile) for span in consistency_spans(old_size, new_size)]


def check_inclusion(
    proof: Sequence[Hash], *, tree_size: int, root: Hash, index: int, leaf: Hash
) -> None:
    """Raise `ProofFailed` unless `leaf` is entry `index` of the tree with this root."""
    _require_hashes([*proof, root, leaf])
    if not 0 <= index < tree_size:
        raise ProofFailed
    if implied_root(proof, tree_size, index, leaf) != root:
        raise ProofFailed


def check_consistency(
    proof: Sequence[Hash], *, old_size: int, old_root: Hash, new_size: int, new_root: Hash
) -> None:
    """Raise `ProofFailed` unless the new tree begins with all the entries of the old one.

    An old size of 0 fails: that something begins with nothing is never evidence.
    """
    _require_hashes([*proof, old_root, new_root])
    if not 0 < old_size <= new_size:
        raise ProofFailed
    if implied_roots(proof, old_size, new_size, old_root) != (old_root, new_root):
        raise ProofFailed


def implied_root(proof: Sequence[Hash], size: int, index: int, leaf: Hash) -> Hash:
    """The root that a proof leads to from a leaf."""
    if size == 1:
        # At the leaf: a proof with hashes to spare proves something else.
        if proof:
            raise ProofFailed
        return leaf
    if not proof:
        raise ProofFailed
    split = largest_power_of_two_below(size)
    if index < split:
        return node_hash(implied_root(proof[:-1], split, index, leaf), proof[-1])
    return node_hash(proof[-1], implied_root(proof[:-1], size - split, index - split, leaf))


def implied_roots(
    proof: Sequence[Hash], old_size: int, new_size: int, old_root: Hash | None
) -> tuple[Hash, Hash]:
    """The two roots that a consistency proof leads to.

    `old_root` stands for the old tree where the old tree is a node of the new one; it is None
    below a split that the old tree reaches across, where the proof brings that node itself.
    """
    if old_size == new_size:
        if old_root is not None:
            if proof:
                raise ProofFailed
            return old_root, old_root
        if len(proof) != 1:
            raise ProofFailed
        return proof[0], proof[0]
    if not proof:
        raise ProofFailed
    split = largest_power_of_two_below(new_size)
    if old_size <= split:
        old, new = implied_roots(proof[:-1], old_size, split, old_root)
        return old, node_hash(new, proof[-1])
    old, new = implied_roots(proof[:-1], old_size - split, new_size - split, None)
    return node_hash(proof[-1], old), node_hash(proof[-1], new)


def _require_hashes(hashes: Sequence[Hash]) -> None:
    if any(len(each) != HASH_SIZE for each in hashes):
        raise ProofFailed
