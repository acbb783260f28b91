"""What can be asked of the ledger's tables."""

import pytest

from ledger.formats.hashing import NO_HASH, leaf_hash
from ledger.formats.state_map import Standing
from ledger.formats.tree import Tile, fold
from ledger.keeping.reading import (
    EMPTY_HEAD,
    changed_since,
    entries_between,
    latest_published,
    published_note,
    read_head,
    read_subject,
    read_tiles,
)
from ledger.keeping.sequencing import sequence
from ledger.keeping.store import ledger_checkpoint, ledger_cosignature
from tests.ledger.growing import append
from tests.ledger.reference import tree_hash
from tests.ledger.tampering import entries, rows


async def test_an_empty_log_has_an_empty_head(engine):
    async with engine.begin() as connection:
        assert await read_head(connection) == EMPTY_HEAD
        assert not EMPTY_HEAD.is_frozen
        assert await entries_between(connection, 0, 10) == []
        assert await changed_since(connection, 0) == {}


async def test_entries_are_read_in_their_order(grown, database):
    stored = entries(database)
    async with grown.begin() as connection:
        found = await entries_between(connection, 3, 9)
        head = await read_head(connection)

    assert [
        (each.index, each.kind, each.subject, each.number, each.entry, each.leaf) for each in found
    ] == [
        (n, "event", f"cert_{n % 3}", n // 3, stored[n], leaf_hash(stored[n])) for n in range(3, 9)
    ]
    assert [(each.chain,) for each in found] == rows(
        database, "SELECT chain FROM ledger_entry WHERE idx BETWEEN 3 AND 8 ORDER BY idx"
    )
    assert (head.size, fold(head.edge)) == (10, tree_hash(stored))


async def test_a_subject_is_read_by_its_name(grown, database):
    async with grown.begin() as connection:
        found = await read_subject(connection, "cert_0")
        assert await read_subject(connection, "nobody") is None

    assert (found.name, found.next_number) == ("cert_0", 4)
    assert found.head_leaf == leaf_hash(entries(database)[9])
    assert [(found.salt, found.key)] == rows(
        database, "SELECT salt, key FROM ledger_subject WHERE subject = 'cert_0'"
    )


async def test_tiles_are_read_as_they_stand(grown, database):
    async with grown.begin() as connection:
        read_tile = await read_tiles(connection, {Tile(0, 0), Tile(5, 5)})

    assert read_tile(Tile(0, 0)) == b"".join(map(leaf_hash, entries(database)))
    with pytest.raises(KeyError):
        read_tile(Tile(5, 5))


@pytest.mark.parametrize(("start", "end"), [(0, None), (0, 10), (0, 4), (4, 8), (8, None), (9, 10)])
async def test_changed_subjects_stand_where_their_last_event_within_left_them(
    grown, database, start, end
):
    stored = entries(database)
    keys = dict(rows(database, "SELECT subject, key FROM ledger_subject"))
    expected = {
        keys[f"cert_{n % 3}"]: Standing(n // 3 + 1, n, leaf_hash(stored[n]))
        for n in range(start, 10 if end is None else end)
    }
    async with grown.begin() as connection:
        assert await changed_since(connection, start, end) == expected


async def test_nothing_has_changed_where_nothing_happened(grown):
    async with grown.begin() as connection:
        assert await changed_since(connection, 10) == {}
        assert await changed_since(connection, 4, 4) == {}


async def test_the_note_that_everybody_may_see_is_the_newest_published(engine, log):
    async with engine.begin() as connection:
        for _ in range(3):
            await append(log, connection)
        await sequence(connection)
        assert await latest_published(connection) is None
        assert await published_note(connection) is None
        for size, published_at in [(1, 5), (2, 6), (3, None)]:
            row = (size, NO_HASH, f"note {size}\n\n— log line\n", 0, published_at)
            await connection.execute(ledger_checkpoint.insert().values(row))
        for size, name in [(1, "w"), (2, "w"), (2, "a"), (3, "w")]:
            row = (size, name, b"1234", 7, f"— {name} {size}")
            await connection.execute(ledger_cosignature.insert().values(row))

        assert await latest_published(connection) == 2
        assert await published_note(connection) == (2, "note 2\n\n— log line\n— a 2\n— w 2\n")
