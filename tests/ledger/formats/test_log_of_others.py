"""A log that another program published, made anew from its entries: each file byte for byte."""

from hashlib import sha256

import pytest

from ledger.formats.bundles import format_bundle, parse_bundle
from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.keys import parse_vkey
from ledger.formats.note import open_note
from ledger.formats.spelling import format_bytes
from ledger.formats.tile_paths import entries_path, tile_path, tile_width
from ledger.formats.tree import Tile, fold
from ledger.signing.key_file import parse_secret
from tests.ledger.formats.test_tree import tiles_over
from tests.ledger.growing import signed

SIZES = range(1, 16)


@pytest.fixture(scope="module")
def published(vectors):
    return vectors["tessera_test_log"]


@pytest.fixture(scope="module")
def entries(published):
    return [entry.encode() for entry in published["entries"]]


@pytest.fixture(scope="module")
def roots(entries):
    return [fold(edge) for edge in tiles_over(entries)[1]]


def test_every_root_is_the_published_one(published, roots):
    assert [format_bytes(root) for root in roots] == published["roots_b64"]


def test_every_checkpoint_is_signed_alike(published, roots):
    signer = parse_secret(published["skey"])
    reproduced = {
        str(size): signed(Checkpoint(signer.name, size, root).text(), signer)
        for size, root in enumerate(roots)
    }

    assert reproduced == published["checkpoints"]
    assert len(reproduced) == 16
    assert signer.verifying_key.vkey() == published["vkey"]
    assert signer.secret() == published["skey"]


def test_every_checkpoint_opens_with_the_published_key(published, roots):
    key = parse_vkey(published["vkey"])
    opened = [
        parse_checkpoint(open_note(published["checkpoints"][str(size)], [key]).text)
        for size in range(16)
    ]

    assert opened == [Checkpoint(key.name, size, root) for size, root in enumerate(roots)]


def test_every_tile_holds_the_leaves_of_its_size(entries):
    tiles = {}
    for size in SIZES:
        made, _ = tiles_over(entries[:size])
        [(tile, hashes)] = made.items()
        tiles[tile_path(tile, tile_width(tile, size))] = hashes

    assert tiles == {
        f"tile/0/000.p/{size}": b"".join(
            sha256(b"\x00" + entry).digest() for entry in entries[:size]
        )
        for size in SIZES
    }


def test_every_bundle_holds_the_entries_of_its_size(published, entries):
    whole = bytes.fromhex(published["entry_bundle_15_hex"])
    bundles = {
        entries_path(0, tile_width(Tile(0, 0), size)): format_bundle(entries[:size])
        for size in SIZES
    }
    # Each begins the one of the next size; the published one is the last.
    ends = [sum(2 + len(entry) for entry in entries[:size]) for size in SIZES]

    assert bundles == {
        f"tile/entries/000.p/{size}": whole[:end] for size, end in zip(SIZES, ends, strict=True)
    }
    assert bundles["tile/entries/000.p/15"] == whole
    assert parse_bundle(whole) == entries
