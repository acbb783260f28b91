"""Inclusion and consistency: `prove_` is run by the log, `check_` by whoever does not trust it."""

from collections.abc import Sequence
from hashlib import sha256

from ledger.formats.hashing import HASH_SIZE, Hash
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
    height = _height_of_meeting(index, tree_size - 1)
    if len(proof) != height + (index >> height).bit_count():
        raise ProofFailed
    if _climb(leaf, index, proof[:height], proof[height:]) != root:
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
    if old_size == new_size:
        if proof or old_root != new_root:
            raise ProofFailed
        return
    # The way up begins at the last complete subtree of the old tree. Where that is the whole of
    # it, its root is known and the proof leaves it out.
    complete = old_size & -old_size
    known = [old_root, *proof] if old_size == complete else proof
    start, last = complete.bit_length() - 1, old_size - 1
    height = _height_of_meeting(last, new_size - 1)
    if len(known) != 1 + height - start + (last >> height).bit_count():
        raise ProofFailed
    seed, below, beyond = known[0], known[1 : height - start + 1], known[height - start + 1 :]
    # Of the siblings only those on the left are of the old tree.
    within_old = [each for step, each in enumerate(below, start) if last >> step & 1]
    old = _climb(seed, 0, [], [*within_old, *beyond])
    new = _climb(seed, last >> start, below, beyond)
    if (old, new) != (old_root, new_root):
        raise ProofFailed


def _height_of_meeting(index: int, last: int) -> int:
    """Where the way up from a leaf joins the right edge of the tree whose last leaf this is.

    Below, a sibling stands on either side, as the bits of the index say. From there on all
    stand on the left: one for each complete subtree before, which is each bit still set.
    """
    return (index ^ last).bit_length()


def _climb(node: Hash, position: int, below: Sequence[Hash], beyond: Sequence[Hash]) -> Hash:
    """The hash at the end of a way up. Hashed in place: it is what checking spends its time on."""
    climbed: bytes = node
    for sibling in below:
        left_right = sibling + climbed if position & 1 else climbed + sibling
        climbed = sha256(b"\x01" + left_right).digest()
        position >>= 1
    for sibling in beyond:
        climbed = sha256(b"\x01" + sibling + climbed).digest()
    return Hash(climbed)


def _require_hashes(hashes: Sequence[Hash]) -> None:
    for each in hashes:
        if len(each) != HASH_SIZE:
            raise ProofFailed
