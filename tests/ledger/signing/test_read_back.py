"""Nothing is signed that is not stored as it was appended, whoever changed it, and when."""

from dataclasses import replace

import pytest

import ledger.keeping.append
import ledger.keeping.placing
from ledger.formats.hashing import Hash
from ledger.formats.state_map import Standing
from ledger.keeping.reading import latest_published
from ledger.keeping.sequencing import sequence
from ledger.keeping.tiles import TileCache
from ledger.signing import sealing as sealing_module
from ledger.signing.checkpoints import newest_signed
from ledger.signing.faults import LogDamagedError
from tests.databases import is_sqlite
from tests.ledger.sealing_log import add_events
from tests.ledger.tampering import tamper

NOT_THERE = Hash(b"x" * 32)


def flip(data, bit=0):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return Hash(bytes(changed))


async def refused(sealing):
    """What is said when it is to be sealed; and that neither guard nor database changed sides."""
    before = sealing.guard.read()
    with pytest.raises(LogDamagedError) as told:
        await sealing.seal()
    assert sealing.guard.read() == before
    async with sealing.transactions.reading() as tx:
        assert (await newest_signed(tx.connection)).size == 13
        assert await latest_published(tx.connection) == 13
    return str(told.value).removesuffix(
        " Nothing is signed, since it could never be taken back: run `datatitle ledger fsck`, and "
        "put a sound copy of the newest database back."
    )


async def place_what_waits(sealing):
    async with sealing.transactions.deciding() as tx:
        await sequence(tx.connection)


async def closed(sealing):
    """The log with six events and the state leaf that is about to be signed."""
    await add_events(sealing, 6)
    assert await sealing._close(13) == 20
    return sealing


@pytest.mark.parametrize("bit", [0, 77, 255])
async def test_a_leaf_hash_flipped_before_it_is_stored_is_not_signed(sealed, monkeypatch, bit):
    right = ledger.keeping.append.leaf_hash
    flips = iter([False, True, False, False, False, False])

    def wrong(entry):
        return flip(right(entry), bit) if next(flips) else right(entry)

    with monkeypatch.context() as broken:
        broken.setattr(ledger.keeping.append, "leaf_hash", wrong)
        await add_events(sealed, 6)
    assert await refused(sealed) == "Entry 14 is not as it was appended."


async def test_the_same_of_the_state_leaf(sealed, monkeypatch):
    await add_events(sealed, 6)
    right = ledger.keeping.append.leaf_hash
    with monkeypatch.context() as broken:
        broken.setattr(ledger.keeping.append, "leaf_hash", lambda entry: flip(right(entry)))
        assert await refused(sealed) == "Entry 19 is not as it was appended."
    assert await refused(sealed) == "Entry 19 is not as it was appended."


async def test_a_chain_flipped_before_it_is_stored_is_not_signed(sealed, monkeypatch):
    right = ledger.keeping.placing.chain_hash
    with monkeypatch.context() as broken:
        broken.setattr(ledger.keeping.placing, "chain_hash", lambda *both: flip(right(*both)))
        await add_events(sealed, count=1)
        await place_what_waits(sealed)
    assert await refused(sealed) == "Entry 13 is not as it was appended."


@pytest.mark.parametrize("at", range(13, 20))
async def test_a_hash_flipped_on_its_way_into_a_tile_is_not_signed(sealed, monkeypatch, at):
    right = ledger.keeping.placing.extend

    def wrong(edge, size, leaves):
        edge, [(tile, hashes)] = right(edge, size, leaves)
        place = at - size
        if place in range(len(leaves)):
            hashes = flip(hashes, place * 256)
        return edge, [(tile, hashes)]

    with monkeypatch.context() as broken:
        broken.setattr(ledger.keeping.placing, "extend", wrong)
        assert await refused(await closed(sealed)) == "Tile 0 of level 0 is damaged."


async def test_an_edge_that_was_folded_wrongly_is_not_signed(sealed, monkeypatch):
    right = ledger.keeping.placing.extend

    def wrong(edge, size, leaves):
        edge, kept = right(edge, size, leaves)
        return [NOT_THERE, *edge[1:]], kept

    with monkeypatch.context() as broken:
        broken.setattr(ledger.keeping.placing, "extend", wrong)
        await closed(sealed)
    assert await refused(sealed) == "The entries do not lead to the head of the log."


async def test_a_map_root_that_was_computed_wrongly_is_not_signed(sealed, monkeypatch):
    right = sealing_module.plan_update

    async def wrong(connection, changed):
        planned = await right(connection, changed)
        return replace(planned, root=flip(planned.root))

    monkeypatch.setattr(sealing_module, "plan_update", wrong)
    await add_events(sealed, 6)
    assert await refused(sealed) == "The map of the new state is not that of the entries before it."


@pytest.mark.parametrize("left_out", range(5))
async def test_a_map_that_leaves_out_what_happened_is_not_signed(sealed, monkeypatch, left_out):
    right = sealing_module.changed_since

    async def wrong(*arguments):
        changed = dict(await right(*arguments))
        del changed[sorted(changed)[left_out]]
        return changed

    monkeypatch.setattr(sealing_module, "changed_since", wrong)
    await add_events(sealed, 6)
    assert await refused(sealed) == "The map of the new state is not that of the entries before it."


@pytest.mark.parametrize("new", [False, True])
async def test_a_map_that_changes_what_did_not_happen_is_not_signed(sealed, monkeypatch, new):
    right = sealing_module.changed_since

    async def wrong(connection, *others):
        changed = dict(await right(connection, *others))
        everything = await right(connection, 0)
        [key] = [Hash(bytes(32))] if new else sorted(everything.keys() - changed.keys())[:1]
        return {**changed, key: Standing(9, 3, Hash(bytes(32)))}

    monkeypatch.setattr(sealing_module, "changed_since", wrong)
    await add_events(sealed, count=2)
    assert await refused(sealed) == "The map of the new state is not that of the entries before it."


CHANGES = {
    "UPDATE ledger_entry SET entry = zeroblob(200) WHERE idx = 15": (
        "Entry 15 is no entry of a log."
    ),
    "UPDATE ledger_entry SET entry = (SELECT entry FROM ledger_entry WHERE idx = 14) "
    "WHERE idx = 15": "Event 15 does not follow its subject's event before.",
    "UPDATE ledger_entry SET kind = 'policy', subject = NULL, number = NULL, digests = NULL "
    "WHERE idx = 15": "Entry 15 is not of the kind it is kept as.",
    "UPDATE ledger_entry SET number = 77 WHERE idx = 15": (
        "Event 15 is not kept under its own number."
    ),
    "UPDATE ledger_entry SET leaf = zeroblob(32) WHERE idx = 15": (
        "Entry 15 is not as it was appended."
    ),
    "UPDATE ledger_entry SET chain = zeroblob(32) WHERE idx = 15": (
        "Entry 15 is not as it was appended."
    ),
    "UPDATE ledger_entry SET entry = (SELECT entry FROM ledger_entry WHERE idx = 8) "
    "WHERE idx = 12": "The state at 12 is not that of what is before it.",
    "UPDATE ledger_head SET chain = zeroblob(32)": (
        "The entries do not lead to the head of the log."
    ),
    "UPDATE ledger_state SET last_idx = last_idx + 1": (
        "The map that is kept is not the one that was published."
    ),
    "UPDATE ledger_state SET head_leaf = zeroblob(32)": (
        "The map that is kept is not the one that was published."
    ),
    "DELETE FROM ledger_state": "The map that is kept is not the one that was published.",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_changed_in_the_database_before_it_is_signed(sealed, database, change):
    await closed(sealed)
    tamper(database, change)
    assert await refused(sealed) == CHANGES[change]


async def test_an_entry_that_is_missing_is_named(sealed, database):
    await closed(sealed)
    tamper(
        database,
        "UPDATE ledger_opening SET entry_id = 99 WHERE entry_id = 15",
        "UPDATE ledger_entry SET idx = 99, id = 99 WHERE idx = 15",
    )
    assert await refused(sealed) == "Entry 15 is missing."


async def test_a_subject_s_events_that_do_not_follow_one_another_are_not_signed(
    sealed, monkeypatch
):
    right = ledger.keeping.append.subjects_named

    def wrong(names, **how):
        found = yield from right(names, **how)
        return {name: each._replace(head_leaf=flip(each.head_leaf)) for name, each in found.items()}

    with monkeypatch.context() as broken:
        broken.setattr(ledger.keeping.append, "subjects_named", wrong)
        await add_events(sealed, count=1)
    assert await refused(sealed) == "The map that is kept is not the one that was published."


async def test_a_log_of_which_nothing_is_published_is_read_back_from_its_beginning(
    sealing, monkeypatch
):
    right = ledger.keeping.append.leaf_hash
    with monkeypatch.context() as broken:
        broken.setattr(ledger.keeping.append, "leaf_hash", lambda entry: flip(right(entry)))
        await add_events(sealing, count=1)
    await add_events(sealing, count=300)
    with pytest.raises(LogDamagedError, match="Entry 0 is not as it was appended"):
        await sealing.seal()
    assert sealing.guard.read() is None


async def test_a_first_event_that_builds_on_another_is_not_signed(sealed, monkeypatch):
    right = ledger.keeping.append._begin
    with monkeypatch.context() as broken:
        broken.setattr(
            ledger.keeping.append, "_begin", lambda name: right(name)._replace(head_leaf=NOT_THERE)
        )
        await add_events(sealed, 4)
    assert await refused(sealed) == "Event 16 follows none of its subject's events."


async def test_a_first_event_that_is_not_the_first_is_not_signed(sealing, database, monkeypatch):
    await add_events(sealing)
    if is_sqlite(database):
        tamper(database)
    else:
        tamper(database, "ALTER TABLE ledger_entry DISABLE TRIGGER USER")
    right = ledger.keeping.append._begin
    with monkeypatch.context() as broken:
        broken.setattr(
            ledger.keeping.append,
            "_begin",
            lambda name: right(name)._replace(next_number=3, head_leaf=NOT_THERE),
        )
        await add_events(sealing, 2)
    with pytest.raises(LogDamagedError, match="Event 2 follows none of its subject's events"):
        await sealing.seal()


async def test_a_proof_of_growth_that_witnesses_would_refuse_is_not_signed(sealed, monkeypatch):
    right = TileCache.prove_consistency

    async def wrong(*arguments):
        first, *others = await right(*arguments)
        return [flip(first), *others]

    await add_events(sealed)
    monkeypatch.setattr(TileCache, "prove_consistency", wrong)
    assert await refused(sealed) == "The log does not continue what was signed last."
