"""The stored tree against the naive one: roots, edges, tiles and any part of it."""

from collections import defaultdict
from hashlib import sha256

import pytest

from ledger.formats.hashing import EMPTY_TREE_HASH, leaf_hash, leaf_hashes, node_hash
from ledger.formats.tree import (
    Span,
    Subtree,
    Tile,
    extend,
    fold,
    largest_power_of_two_below,
    span_hash,
    split_hashes,
    subtree_hash,
    subtrees,
    tiles_of,
)
from tests.ledger.reference import tree_hash

ENTRIES = [f"entry {n}".encode() for n in range(1100)]


def tiles_over(entries):
    """The tiles of a tree, and its edge at every size."""
    tiles, edges = defaultdict(bytes), [[]]
    for size, entry in enumerate(entries):
        edge, kept = extend(edges[-1], size, [leaf_hash(entry)])
        edges.append(edge)
        for tile, each in kept:
            tiles[tile] += each
    return dict(tiles), edges


def test_the_published_tree_has_these_leaves_nodes_and_roots(vectors):
    tree = vectors["rfc6962_tree"]
    entries = [bytes.fromhex(each) for each in tree["leaves_hex"]]
    levels = [[leaf_hash(entry).hex() for entry in entries]]
    while len(levels[-1]) > 1:
        below = [bytes.fromhex(each) for each in levels[-1]]
        levels.append(
            [node_hash(*pair).hex() for pair in zip(below[::2], below[1::2], strict=True)]
        )
    _, edges = tiles_over(entries)

    assert levels[0] == tree["leaf_hashes"]
    assert levels == tree["node_hashes_by_level"]
    assert [fold(edge).hex() for edge in edges] == tree["roots_by_size"]


def test_an_empty_tree_has_the_hash_of_nothing():
    assert fold([]) == EMPTY_TREE_HASH == sha256(b"").digest()


def test_the_edge_leads_to_the_root_at_every_size():
    _, edges = tiles_over(ENTRIES[:300])

    assert [fold(edge) for edge in edges] == [tree_hash(ENTRIES[:n]) for n in range(301)]


def test_tiles_hold_256_hashes_and_the_level_above_only_those_of_full_tiles():
    tiles, _ = tiles_over(ENTRIES[:1024])

    assert {tile: len(hashes) // 32 for tile, hashes in tiles.items()} == {
        Tile(0, 0): 256,
        Tile(0, 1): 256,
        Tile(0, 2): 256,
        Tile(0, 3): 256,
        Tile(1, 0): 4,
    }
    assert split_hashes(tiles[Tile(1, 0)]) == [
        tree_hash(ENTRIES[n : n + 256]) for n in range(0, 1024, 256)
    ]


@pytest.mark.parametrize("sizes", [[1100], [1, 1099], [3, 250, 3, 1, 511, 332], [255, 1, 256, 588]])
def test_many_leaves_at_once_are_the_same_as_one_by_one(sizes):
    tiles, edges = tiles_over(ENTRIES)
    edge, kept, size = [], defaultdict(bytes), 0
    for more in sizes:
        edge, runs = extend(edge, size, leaf_hashes(ENTRIES[size : size + more]))
        size += more
        assert edge == edges[size]
        for tile, run in runs:
            kept[tile] += run

    assert kept == tiles


def test_nothing_added_changes_nothing():
    _, edges = tiles_over(ENTRIES[:77])

    assert extend(edges[77], 77, []) == (edges[77], [])


@pytest.mark.parametrize("size", [1, 2, 3, 63, 64, 255, 256, 257, 511, 512, 513, 1023, 1025, 1100])
def test_a_root_can_be_read_from_the_tiles_of_a_larger_tree(size):
    tiles, edges = tiles_over(ENTRIES)

    assert span_hash(Span(0, size), tiles.__getitem__) == tree_hash(ENTRIES[:size])
    assert [subtree_hash(each, tiles.__getitem__) for each in subtrees(Span(0, size))] == edges[
        size
    ]


def test_tiles_of_names_all_tiles_that_are_read_and_no_others():
    tiles, _ = tiles_over(ENTRIES)
    for size in range(1, 1101):
        read = set()

        def read_tile(tile, read=read):
            read.add(tile)
            return tiles[tile]

        span_hash(Span(0, size), read_tile)
        assert tiles_of([Span(0, size)]) == read


def test_a_million_leaves_need_few_tiles():
    assert subtrees(Span(0, 70_000)) == [
        Subtree(16, 0),
        Subtree(12, 16),
        Subtree(8, 272),
        Subtree(6, 1092),
        Subtree(5, 2186),
        Subtree(4, 4374),
    ]
    assert tiles_of([Span(0, 70_000)]) == {Tile(2, 0), Tile(1, 1), Tile(0, 273)}


@pytest.mark.parametrize(
    ("n", "power"), [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (2**62 + 1, 2**62)]
)
def test_a_tree_is_split_at_the_largest_power_of_two_below_its_size(n, power):
    assert largest_power_of_two_below(n) == power
