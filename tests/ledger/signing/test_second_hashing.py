"""The second implementation of all hashes agrees with the first, and with published vectors."""

import random
from hashlib import sha256

import pytest

from ledger.formats.hashing import (
    EMPTY_TREE_HASH,
    chain_hash,
    leaf_hash,
    map_leaf_hash,
    standing_hash,
)
from ledger.formats.spelling import Malformed
from ledger.formats.state_map import parse_map_proof, prove_among, root_of
from ledger.formats.tree import Tile, extend, fold
from ledger.signing.faults import LogDamagedError
from ledger.signing.second_map import SecondMap, WrongProof, hash_standing
from ledger.signing.second_tree import (
    SecondTree,
    hash_entry,
    hash_link,
    stored_root,
    tiles_under,
    whole_parts,
)

SIZES = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 777]


def leaves_of(size):
    return [leaf_hash(b"entry %d" % number) for number in range(size)]


def grown(leaves):
    """The tiles and the root that the first implementation gives."""
    tiles = {}
    edge, kept = extend([], 0, leaves)
    for tile, hashes in kept:
        tiles[tile] = tiles.get(tile, b"") + hashes
    return tiles, fold(edge)


def reader(tiles):
    return lambda level, number: tiles[Tile(level, number)]


def test_the_hashes_of_entries_links_and_standings_are_the_same():
    one, other = leaf_hash(b"one"), leaf_hash(b"other")
    assert hash_entry(b"one") == one
    assert hash_link(one, other) == chain_hash(one, other)
    assert hash_standing(3, 2**40, one) == standing_hash(3, 2**40, one)


def test_the_published_roots_are_computed(vectors):
    tree = vectors["rfc6962_tree"]
    leaves = [hash_entry(bytes.fromhex(leaf)) for leaf in tree["leaves_hex"]]
    for size, root in enumerate(tree["roots_by_size"][1:], 1):
        assert SecondTree(0, leaves[:size], reader({})).hash_of(0, size).hex() == root


@pytest.mark.parametrize("size", SIZES)
def test_from_wherever_it_starts_the_root_and_all_that_is_kept_are_the_same(size):
    leaves = leaves_of(size)
    tiles, root = grown(leaves)
    assert stored_root(size, reader(tiles)) == root
    for start in {0, 1, size // 3, 255, 256, 300, size - 1} & set(range(size)):
        before, _ = grown(leaves[:start])
        tree = SecondTree(start, leaves[start:], reader(before))
        assert tree.hash_of(0, size) == root
        again = {tile: bytearray(hashes) for tile, hashes in before.items()}
        for level, number, place, hashed in tree.stored_from_start():
            hashes = again.setdefault(Tile(level, number), bytearray())
            assert len(hashes) == place * 32
            hashes += hashed
        assert again == tiles


def test_what_is_stored_of_a_whole_part_is_found_in_one_tile():
    for size in range(1, 70_000, 997):
        parts = list(whole_parts(size))
        assert [end - first for first, end in parts] == [
            1 << bit for bit in reversed(range(17)) if size >> bit & 1
        ]
        assert len(tiles_under(size)) <= 3


def test_a_tile_that_lacks_a_hash_is_named():
    tiles, _ = grown(leaves_of(300))
    tiles[Tile(0, 1)] = tiles[Tile(0, 1)][:-32]
    with pytest.raises(LogDamagedError, match="Tile 1 of level 0 is too short"):
        stored_root(300, reader(tiles))


def pairs(count, seed=7):
    source = random.Random(seed)
    return {source.randbytes(32): source.randbytes(32) for _ in range(count)}


def steps_to(values, key):
    """The steps to a key, or to what stands where it would, and that other pair."""
    keys = sorted(values)
    steps, at = prove_among([(each, map_leaf_hash(each, values[each])) for each in keys], key)
    return steps, None if keys[at] == key else (keys[at], values[keys[at]])


@pytest.mark.parametrize("before", [0, 1, 2, 3, 50, 400])
@pytest.mark.parametrize("changed", [1, 2, 40])
def test_a_map_of_which_only_the_changing_part_is_known_gets_the_same_root(before, changed):
    values = pairs(before)
    second = SecondMap(root_of(values))
    moved = dict.fromkeys(list(values)[:changed], b"n" * 32)
    for key in moved:
        second.reveal(key, values[key], steps_to(values, key)[0])
    for key in (added := pairs(changed, seed=8)):
        second.reveal_missing(key, *(steps_to(values, key) if values else ((), None)))
    for key, value in {**moved, **added}.items():
        second.put(key, value)
    assert second.root() == root_of({**values, **moved, **added})


def test_the_published_proofs_reveal_and_changed_ones_do_not(vectors):
    for vector in vectors["status_map_mpt"]["vectors"]:
        root = bytes.fromhex(vector["root"])
        for each in vector["proofs"]:
            key, written = bytes.fromhex(each["key"]), bytes.fromhex(each["proof"])
            value = each["val"] and bytes.fromhex(each["val"])
            assert reveals(root, key, value, written)
            assert not reveals(sha256(root).digest(), key, value, written)
            if value:
                assert not reveals(root, key, sha256(value).digest(), written)
            for at in range(len(written)):
                assert not reveals(root, key, value, changed_at(written, at))


def reveals(root, key, value, written):
    second = SecondMap(root)
    try:
        proof = parse_map_proof(written)
        if value is not None:
            second.reveal(key, value, proof.steps)
        else:
            second.reveal_missing(key, proof.steps, proof.other)
            second.put(key, key)
    except (Malformed, WrongProof):
        return False
    return True


def changed_at(written, at):
    return written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :]


def test_a_key_is_put_only_where_the_way_is_known():
    values = pairs(20)
    key, other = list(values)[:2]
    second = SecondMap(root_of(values))
    with pytest.raises(WrongProof):
        second.put(key, b"n" * 32)
    second.reveal(key, values[key], steps_to(values, key)[0])
    with pytest.raises(WrongProof):
        second.put(other, b"n" * 32)


def test_a_key_that_the_map_holds_is_not_missing():
    values = pairs(20)
    key = next(iter(values))
    steps, _ = steps_to(values, key)
    for other in (None, (key, values[key])):
        with pytest.raises(WrongProof):
            SecondMap(root_of(values)).reveal_missing(key, steps, other)


def test_nothing_is_missing_from_what_is_not_empty():
    assert SecondMap().root() == EMPTY_TREE_HASH
    SecondMap().reveal_missing(b"k" * 32, (), None)
    with pytest.raises(WrongProof):
        SecondMap(b"r" * 32).reveal_missing(b"k" * 32, (), None)
