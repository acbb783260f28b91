"""One proof for several leaves: every choice of leaves in small trees, and each byte spoilt."""

from hashlib import sha256
from itertools import combinations

import pytest

from ledger.formats.fields import SLOTS, Field, commitment_of
from ledger.formats.hashing import leaf_hash
from ledger.formats.multiproof import brothers, brothers_before, check_leaves
from ledger.formats.proofs import ProofFailed, inclusion_spans
from ledger.formats.slots import check_opened, close_slots
from ledger.formats.tree import Span, Subtree, subtrees
from tests.ledger.reference import inclusion_path, tree_hash

ENTRIES = [f"entry {n}".encode() for n in range(64)]
FIELDS = [Field(n, f"fact{n}", bytes([n]) * 16, f"value {n}") for n in range(SLOTS)]
DIGESTS = [field.digest() for field in FIELDS]


def hash_over(part):
    height, position = part
    return tree_hash(ENTRIES[position << height : (position + 1) << height])


def check(proof, tree, leaves):
    rest = iter(proof)
    check_leaves(
        rest,
        whole=tree,
        root=hash_over(tree),
        leaves={at: leaf_hash(ENTRIES[at]) for at in leaves},
    )
    assert list(rest) == []


def choices(places):
    return [chosen for count in range(1, len(places) + 1) for chosen in combinations(places, count)]


@pytest.mark.parametrize("height", range(4))
@pytest.mark.parametrize("position", [0, 1, 3])
def test_any_leaves_of_a_complete_tree_are_proven_together(height, position):
    tree = Subtree(height, position)
    start = position << height
    for leaves in choices(range(start, start + (1 << height))):
        check([hash_over(part) for part in brothers(height, leaves)], tree, leaves)


def test_no_hash_more_is_needed_than_there_are_parts_without_a_leaf():
    assert list(brothers(3, [0, 1, 2, 3, 4, 5, 6, 7])) == []
    assert list(brothers(3, [2, 5])) == [
        Subtree(0, 3),
        Subtree(0, 4),
        Subtree(1, 0),
        Subtree(1, 3),
    ]
    assert list(brothers(0, [7])) == []


def test_the_proof_of_one_leaf_is_that_of_the_standard():
    for leaf in range(16):
        path = [hash_over(part) for part in brothers(4, [leaf])]
        assert path == inclusion_path(leaf, ENTRIES[:16])


@pytest.mark.parametrize("size", range(1, 20))
def test_all_pairs_are_led_to_what_proves_the_last_entry(size):
    """The brothers end where the path of the last entry goes on: at the trees before it."""
    trees = subtrees(Span(0, size - 1))
    assert [Span(t.position << t.height, (t.position + 1) << t.height) for t in trees] == (
        inclusion_spans(size - 1, size)[::-1]
    )
    for leaves in [*combinations(range(size - 1), 1), *combinations(range(size - 1), 2)]:
        rest = iter([hash_over(part) for part in brothers_before(size - 1, leaves)])
        for tree in trees:
            within = [at for at in leaves if at >> tree.height == tree.position]
            if within:
                hashes = {at: leaf_hash(ENTRIES[at]) for at in within}
                check_leaves(rest, whole=tree, root=hash_over(tree), leaves=hashes)
        assert list(rest) == []


def test_no_other_leaf_place_or_hash_is_believed():
    tree, leaves = Subtree(3, 1), (8, 11, 15)
    proof = [hash_over(part) for part in brothers(3, leaves)]
    check(proof, tree, leaves)

    spoilt = [
        [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]]
        for at in range(len(proof))
    ]
    cases = [(each, leaves) for each in [*spoilt, proof[1:], proof[:-1], [], proof[::-1]]]
    cases += [(proof, other) for other in [(8, 11), (8, 11, 14), (0, 3, 7), (16, 19, 23), ()]]
    for hashes, places in cases:
        with pytest.raises(ProofFailed):
            check(hashes, tree, places)


def test_any_facts_of_an_event_are_opened_together():
    for opened in choices(range(SLOTS))[::7]:
        rest = close_slots(DIGESTS, opened)
        check_opened([FIELDS[slot] for slot in opened], rest, commitment_of(DIGESTS))


def test_public_facts_in_front_need_few_hashes():
    assert [len(close_slots(DIGESTS, range(count))) for count in range(1, 16)] == [
        *[4, 3, 3, 2, 3, 2, 2, 1, 3, 2, 2, 1, 2, 1, 1]
    ]


def changed(**change):
    return Field(**({"slot": 3, "name": "fact3", "salt": bytes([3]) * 16, "value": "v"} | change))


def test_no_other_fact_is_believed():
    opened = FIELDS[:4]
    rest, commitment = close_slots(DIGESTS, range(4)), commitment_of(DIGESTS)
    check_opened(opened, rest, commitment)

    others = [
        *(changed(value=value) for value in ("value 4", "value 3 ", "")),
        changed(value="value 3", name="fact4"),
        changed(value="value 3", salt=bytes(16)),
        changed(value="value 3", slot=4),
        changed(value="value 3", slot=16),
        opened[2],
    ]
    for other in others:
        with pytest.raises(ProofFailed):
            check_opened([*opened[:3], other], rest, commitment)
    for hashes in (rest[:-1], (*rest, rest[0]), rest[::-1], ()):
        with pytest.raises(ProofFailed):
            check_opened(opened, hashes, commitment)
    with pytest.raises(ProofFailed):
        check_opened(opened, rest, sha256(b"").digest())
    with pytest.raises(ProofFailed):
        check_opened([], rest, commitment)
