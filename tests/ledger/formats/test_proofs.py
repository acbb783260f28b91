"""Inclusion and consistency: vectors, the naive oracle, and each byte of a proof spoilt."""

from functools import cache

import pytest

from ledger.formats.hashing import leaf_hash
from ledger.formats.proofs import (
    ProofFailed,
    check_consistency,
    check_inclusion,
    consistency_spans,
    inclusion_spans,
    prove_consistency,
    prove_inclusion,
)
from ledger.formats.tree import span_hash
from tests.ledger.formats.test_tree import tiles_over
from tests.ledger.reference import consistency_path, inclusion_path, tree_hash

LARGEST = 300
ENTRIES = [n.to_bytes(2) for n in range(LARGEST)]
ROOTS = [tree_hash(ENTRIES[:n]) for n in range(LARGEST + 1)]
READ_TILE = tiles_over(ENTRIES)[0].__getitem__


@cache
def hash_of(span):
    """Remembered: all trees of up to 300 entries are made of the same few parts."""
    return span_hash(span, READ_TILE)


def holds(check, proof, **statement):
    try:
        check(proof, **statement)
    except ProofFailed:
        return False
    return True


def hashes(path):
    return [bytes.fromhex(each) for each in path]


def included(index, size):
    return {
        "tree_size": size,
        "root": ROOTS[size],
        "index": index,
        "leaf": leaf_hash(ENTRIES[index]),
    }


def consistent(old, new):
    return {"old_size": old, "old_root": ROOTS[old], "new_size": new, "new_root": ROOTS[new]}


def spoilt(proof):
    """The proof with each byte changed in turn, each hash left out, doubled, or cut."""
    for n, each in enumerate(proof):
        for at in range(len(each)):
            changed = each[:at] + bytes([each[at] ^ 1]) + each[at + 1 :]
            yield [*proof[:n], changed, *proof[n + 1 :]]
        yield [*proof[:n], *proof[n + 1 :]]
        yield [*proof[:n], each, each, *proof[n + 1 :]]
        yield [*proof[:n], each[:-1], *proof[n + 1 :]]
        yield [*proof[:n], b"", *proof[n:]]
    yield [*proof, bytes(32)]
    yield [bytes(32), *proof]


def test_published_inclusion_proofs_hold_or_fail_as_published(vectors):
    found = {
        vector["file"]: holds(
            check_inclusion,
            hashes(vector["path"]),
            tree_size=vector["size"],
            root=bytes.fromhex(vector["root"]),
            index=vector["index"],
            leaf=bytes.fromhex(vector["leaf_hash"]),
        )
        for vector in vectors["inclusion_proofs"]["vectors"]
    }

    assert len(found) == vectors["inclusion_proofs"]["count"] == 98
    assert found == {v["file"]: v["valid"] for v in vectors["inclusion_proofs"]["vectors"]}


def test_published_consistency_proofs_hold_or_fail_as_published(vectors):
    found = {
        vector["file"]: holds(
            check_consistency,
            hashes(vector["path"]),
            old_size=vector["from"],
            old_root=bytes.fromhex(vector["root1"]),
            new_size=vector["to"],
            new_root=bytes.fromhex(vector["root2"]),
        )
        for vector in vectors["consistency_proofs"]["vectors"]
    }

    assert len(found) == vectors["consistency_proofs"]["count"] == 98
    assert found == {
        # The one exception has roots of 12 bytes, which are no hashes.
        vector["file"]: vector["valid"] and "exception" not in vector
        for vector in vectors["consistency_proofs"]["vectors"]
    }


def test_the_published_tree_has_these_proofs(vectors):
    tree = vectors["rfc6962_tree"]
    tiles, _ = tiles_over([bytes.fromhex(each) for each in tree["leaves_hex"]])

    for each in tree["inclusion"]:
        proof = prove_inclusion(each["index"], each["size"], tiles.__getitem__)
        assert proof == hashes(each["path"])
    for each in tree["consistency"]:
        proof = prove_consistency(each["from"], each["to"], tiles.__getitem__)
        assert proof == hashes(each["path"])


def test_every_leaf_of_every_tree_is_proven_as_the_rfc_does():
    for size in range(1, LARGEST + 1):
        for index in range(size):
            proof = [hash_of(span) for span in inclusion_spans(index, size)]
            assert proof == inclusion_path(index, ENTRIES[:size])
            check_inclusion(proof, **included(index, size))


def test_every_pair_of_trees_is_proven_as_the_rfc_does():
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            proof = [hash_of(span) for span in consistency_spans(old, new)]
            assert proof == consistency_path(old, ENTRIES[:new])
            check_consistency(proof, **consistent(old, new))


def test_a_proof_is_read_from_the_tiles():
    for new in range(1, LARGEST + 1, 7):
        for old in range(1, new + 1):
            inclusion, consistency = inclusion_spans(old - 1, new), consistency_spans(old, new)
            assert prove_inclusion(old - 1, new, READ_TILE) == list(map(hash_of, inclusion))
            assert prove_consistency(old, new, READ_TILE) == list(map(hash_of, consistency))


@pytest.mark.parametrize("size", [1, 2, 7, 8, 13, 64, 299])
def test_no_spoilt_proof_of_inclusion_holds(size):
    for index in range(size):
        statement = included(index, size)
        for proof in spoilt(prove_inclusion(index, size, READ_TILE)):
            assert not holds(check_inclusion, proof, **statement)


@pytest.mark.parametrize("new", [1, 2, 7, 8, 13, 64, 299])
def test_no_spoilt_proof_of_consistency_holds(new):
    for old in range(1, new + 1):
        statement = consistent(old, new)
        for proof in spoilt(prove_consistency(old, new, READ_TILE)):
            assert not holds(check_consistency, proof, **statement)


@pytest.mark.parametrize("size", [0, 1, 12, 31, 33, 64])
def test_only_hashes_of_32_bytes_are_looked_at(size):
    bad = b"h" * size
    assert not holds(check_inclusion, [], tree_size=1, root=bad, index=0, leaf=bad)
    assert not holds(check_consistency, [], old_size=1, old_root=bad, new_size=1, new_root=bad)
    for name in ("root", "leaf"):
        proof = prove_inclusion(5, 13, READ_TILE)
        assert not holds(check_inclusion, proof, **included(5, 13) | {name: bad})
    for name in ("old_root", "new_root"):
        proof = prove_consistency(6, 13, READ_TILE)
        assert not holds(check_consistency, proof, **consistent(6, 13) | {name: bad})


def test_a_tree_is_consistent_with_itself_without_a_proof():
    assert holds(check_consistency, [], **consistent(13, 13))
    assert not holds(check_consistency, [ROOTS[13]], **consistent(13, 13))
    assert not holds(check_consistency, [], **consistent(13, 13) | {"new_root": ROOTS[12]})


def test_a_smaller_tree_does_not_continue_a_larger_one():
    for old, new in ((13, 6), (2, 1), (1, 0), (-1, 3), (3, -1)):
        proof = prove_consistency(min(old, new), max(old, new), READ_TILE) if new > 0 < old else []
        assert not holds(check_consistency, proof, **consistent(old, new))


def test_proofs_of_trees_beyond_all_sizes_are_refused_without_a_fault():
    far = included(5, 13) | {"tree_size": 2**200, "index": 2**199}
    assert not holds(check_inclusion, [bytes(32)] * 200, **far)
    apart = consistent(6, 13) | {"old_size": 2**199 + 1, "new_size": 2**200}
    assert not holds(check_consistency, [bytes(32)] * 200, **apart)


def test_a_proof_of_inclusion_holds_for_one_leaf_at_one_index_of_one_tree():
    proof = prove_inclusion(5, 13, READ_TILE)
    true = included(5, 13)
    for index in range(-1, 14):
        assert holds(check_inclusion, proof, **true | {"index": index}) is (index == 5)
    for entry in range(LARGEST):
        leaf = leaf_hash(ENTRIES[entry])
        assert holds(check_inclusion, proof, **true | {"leaf": leaf}) is (entry == 5)
    for size in range(LARGEST + 1):
        assert holds(check_inclusion, proof, **true | {"root": ROOTS[size]}) is (size == 13)


def test_a_proof_of_consistency_holds_for_one_pair_of_roots():
    proof = prove_consistency(6, 13, READ_TILE)
    true = consistent(6, 13)
    for size in range(LARGEST + 1):
        assert holds(check_consistency, proof, **true | {"old_root": ROOTS[size]}) is (size == 6)
        assert holds(check_consistency, proof, **true | {"new_root": ROOTS[size]}) is (size == 13)


def test_that_a_log_begins_with_nothing_is_no_evidence():
    assert prove_consistency(0, 13, READ_TILE) == []
    assert not holds(check_consistency, [], **consistent(0, 13))
    assert not holds(check_consistency, [], **consistent(0, 0))
