"""Proofs out of memory are those of the RFC, whatever is kept, forgotten or rolled back."""

import random

import pytest

import ledger.keeping.tiles
from ledger.formats.hashing import leaf_hashes
from ledger.formats.tree import extend
from ledger.keeping.store import ledger_tile
from ledger.keeping.tiles import TileCache
from ledger.keeping.together import together
from tests.ledger.reference import consistency_path, inclusion_path

ENTRIES = [f"entry {n}".encode() for n in range(700)]
TILES_SIZE = 17_000  # Bytes, about those of one full tile.


@pytest.fixture
async def stored(engine):
    """An engine whose tables hold the tiles of 700 entries, and a count of what is asked of it."""
    _, kept = extend([], 0, leaf_hashes(ENTRIES))
    rows = [{"level": tile.level, "n": tile.number, "hashes": hashes} for tile, hashes in kept]
    async with engine.begin() as connection:
        await connection.execute(ledger_tile.insert(), rows)
    return engine


def visits_of(monkeypatch):
    visits = []

    async def counted(connection, conversation):
        visits.append(conversation)
        return await together(connection, conversation)

    monkeypatch.setattr(ledger.keeping.tiles, "together", counted)
    return visits


@pytest.mark.parametrize("bytes_max", [0, TILES_SIZE, 2 * TILES_SIZE, 64 << 20])
async def test_every_proof_is_that_of_the_rfc(stored, bytes_max):
    chance = random.Random(3)
    cache = TileCache(bytes_max)
    sizes = [1, 2, 3, 255, 256, 257, 300, 511, 512, 513, 700]
    sizes += [chance.randrange(1, 701) for _ in range(30)]
    chance.shuffle(sizes)
    async with stored.begin() as connection:
        for size in sizes:
            for index in {0, size - 1, size // 2, chance.randrange(size)}:
                proof = await cache.prove_inclusion(connection, index, size)
                assert proof == inclusion_path(index, ENTRIES[:size])
                old = index + 1
                proof = await cache.prove_consistency(connection, old, size)
                assert proof == consistency_path(old, ENTRIES[:size])
            assert cache.bytes_kept <= bytes_max


async def test_warm_proofs_do_not_ask_the_database(stored, monkeypatch):
    cache = TileCache()
    indexes = [0, 100, 300, 699]
    async with stored.begin() as connection:
        visits = visits_of(monkeypatch)
        cold = await cache.prove_inclusions(connection, indexes, 700)
        assert len(visits) == 1
        warm = await cache.prove_inclusions(connection, indexes, 700)
        await cache.prove_consistency(connection, 300, 700)
        assert len(visits) == 1
        # A smaller tree needs nothing that a larger one has not.
        await cache.prove_inclusion(connection, 620, 650)
        assert len(visits) == 1

    assert cold == warm == [inclusion_path(index, ENTRIES) for index in indexes]


async def test_the_tiles_used_last_are_kept(stored, monkeypatch):
    cache = TileCache(2 * TILES_SIZE + 5_000)
    async with stored.begin() as connection:
        for index in (0, 300, 1):
            await cache.prove_inclusion(connection, index, 512)
        visits = visits_of(monkeypatch)
        await cache.prove_inclusion(connection, 2, 256)
        await cache.prove_inclusion(connection, 301, 512)
        assert visits == []
        await cache.prove_inclusion(connection, 600, 700)
        await cache.prove_inclusion(connection, 302, 512)
        assert len(visits) == 1
        await cache.prove_inclusion(connection, 3, 256)
        assert len(visits) == 2


async def test_what_a_larger_tree_holds_is_not_kept_under_a_smaller_one(engine):
    """The end of the log was read, then rolled back, then written otherwise."""
    cache = TileCache()
    for ending in (b"first", b"second"):
        entries = [*ENTRIES[:600], *(b"%b %d" % (ending, n) for n in range(100))]
        async with engine.connect() as connection, connection.begin() as transaction:
            _, kept = extend([], 0, leaf_hashes(entries))
            rows = [{"level": t.level, "n": t.number, "hashes": hashes} for t, hashes in kept]
            await connection.execute(ledger_tile.insert(), rows)
            for size in (600, 520):
                proof = await cache.prove_inclusion(connection, 515, size)
                assert proof == inclusion_path(515, entries[:size])
            if ending == b"second":
                proof = await cache.prove_inclusion(connection, 650, 700)
                assert proof == inclusion_path(650, entries)
            await transaction.rollback()


async def test_a_tile_that_is_not_there_is_a_fault(stored):
    async with stored.begin() as connection:
        with pytest.raises(KeyError):
            await TileCache().prove_inclusion(connection, 5, 800)
