"""A round of sealing, from events to a published checkpoint, and what makes it fresh again."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.entry import Freeze, State, parse_entry
from ledger.formats.hashing import Hash
from ledger.formats.note import parse_note
from ledger.formats.proofs import check_consistency
from ledger.formats.state_map import Standing, check_presence, root_of
from ledger.keeping import store
from ledger.keeping.append import LogFrozenError, append_mark
from ledger.keeping.reading import (
    changed_since,
    entries_between,
    latest_published,
    published_note,
    read_head,
)
from ledger.keeping.state_map import prove, read_root
from ledger.signing.checkpoints import Cosignature, keep_cosignatures
from ledger.signing.faults import LogEndedError, NotSealedError
from ledger.signing.guard import GuardBusyError, LastSigned, Step
from tests.ledger.growing import ORIGIN, START
from tests.ledger.reference import consistency_path, tree_hash
from tests.ledger.sealing_log import (
    LOG_KEY,
    ML_DSA_KEY,
    TRUST,
    add_events,
    grow_sealed,
    sealing_of,
)


async def entries_of(engine):
    async with engine.begin() as connection:
        size = (await read_head(connection)).size
        return [row.entry for row in await entries_between(connection, 0, size)]


def pass_time(sealing, **span):
    sealing.transactions.now += timedelta(**span)


class Shelf:
    """Everything that was put out, in its order."""

    def __init__(self):
        self.put_out = []

    async def tiles(self, connection, old_size, new_size):
        assert (await read_head(connection)).size >= new_size
        self.put_out.append((old_size, new_size))

    async def checkpoint(self, text):
        self.put_out.append(text)


async def test_an_empty_log_has_nothing_to_be_sealed(sealing):
    assert await sealing.seal() is None
    assert sealing.guard.read() is None
    assert await entries_of(sealing.transactions.engine) == []


@pytest.mark.usefixtures("sealed")
async def test_the_last_leaf_of_a_checkpoint_says_what_all_before_it_amount_to(engine):
    entries = await entries_of(engine)
    states = {at: entry for at, entry in enumerate(map(parse_entry, entries)) if at in {3, 8, 12}}
    assert [type(entry) for entry in map(parse_entry, entries)].count(State) == 3
    async with engine.begin() as connection:
        rows = await entries_between(connection, 0, 13)
        for at, state in states.items():
            standings = await changed_since(connection, 0, at)
            values = {key: standing.digest() for key, standing in standings.items()}
            seconds = {3: 2, 8: 6, 12: 9}[at]
            time = int(START.timestamp()) + seconds
            assert state == State(rows[at - 1].chain, root_of(values), at, time)
        assert await read_root(connection) == states[12].map_root
    assert len(states) == 3


async def test_each_checkpoint_is_signed_by_both_keys_and_continues_the_one_before(sealing, engine):
    notes = await grow_sealed(sealing, sizes=(3, 7, 10))
    entries = await entries_of(engine)
    for note, size, seconds in zip(notes, (4, 9, 13), (2, 6, 9), strict=True):
        opened = TRUST.open(note)
        assert opened.checkpoint.origin == ORIGIN
        assert opened.checkpoint.tree_size == size
        assert opened.checkpoint.root == tree_hash(entries[:size])
        assert opened.as_of == int(START.timestamp()) + seconds
        assert [each.key_id for each in parse_note(note).signatures] == [
            LOG_KEY.verifying_key.id,
            ML_DSA_KEY.verifying_key.id,
        ]
    old, new = (TRUST.open(note).checkpoint for note in notes[1:])
    check_consistency(
        list(map(Hash, consistency_path(old.tree_size, entries))),
        old_size=old.tree_size,
        old_root=old.root,
        new_size=new.tree_size,
        new_root=new.root,
    )
    async with engine.begin() as connection:
        assert await published_note(connection) == (13, notes[-1])


async def test_the_map_that_is_kept_is_the_published_one(sealed, engine):
    await add_events(sealed)
    async with engine.begin() as connection:
        assert await latest_published(connection) == 13
        before = await changed_since(connection, 0, 12)
        for key, standing in before.items():
            proof = await prove(connection, key)
            check_presence(
                proof, key=key, value=standing.digest(), root=await read_root(connection)
            )
    await sealed.seal()
    async with engine.begin() as connection:
        [(key, after)] = (await changed_since(connection, 13)).items()
        assert before[key] == Standing(after.count - 1, before[key].last_index, before[key].head)
        check_presence(
            await prove(connection, key),
            key=key,
            value=after.digest(),
            root=await read_root(connection),
        )


async def test_the_guard_knows_what_was_signed(sealed):
    root = tree_hash(await entries_of(sealed.transactions.engine))
    assert sealed.guard.read() == LastSigned(ORIGIN, 13, root, Step.SIGNED)


async def test_nothing_new_is_sealed_again_before_its_time(sealed, engine):
    before = await entries_of(engine)
    for _ in range(3):
        assert await sealed.seal() is None
        pass_time(sealed, minutes=3)
    assert await entries_of(engine) == before


async def test_a_heartbeat_says_again_that_there_is_nothing_newer(sealed, engine):
    before = await entries_of(engine)
    async with engine.begin() as connection:
        _, old = await published_note(connection)
    pass_time(sealed, minutes=10)

    note = await sealed.seal()

    assert (TRUST.open(note).checkpoint, await entries_of(engine)) == (
        TRUST.open(old).checkpoint,
        before,
    )
    assert TRUST.open(note).as_of - TRUST.open(old).as_of == 600
    assert parse_note(note).signatures[0] == parse_note(old).signatures[0]
    assert await sealed.seal() is None
    async with engine.begin() as connection:
        assert await published_note(connection) == (13, note)


async def test_tiles_go_out_before_the_checkpoint_that_needs_them(engine, tmp_path):
    shelf = Shelf()
    sealing = sealing_of(engine, tmp_path, publisher=shelf)
    notes = await grow_sealed(sealing, sizes=(3, 7))
    assert shelf.put_out == [(0, 4), (4, 4), notes[0], (4, 9), (9, 9), notes[1]]

    await sealing.seal()
    assert len(shelf.put_out) == 6
    pass_time(sealing, minutes=10)
    fresh = await sealing.seal()
    assert shelf.put_out[6:] == [(9, 9), fresh]


async def test_what_is_published_is_put_out_again_after_a_start(sealed, engine, tmp_path):
    shelf = Shelf()
    again = sealing_of(engine, tmp_path, publisher=shelf, now=sealed.transactions.now)
    assert await again.seal() is None
    async with engine.begin() as connection:
        _, note = await published_note(connection)
    assert shelf.put_out == [(13, 13), note]


async def test_a_log_that_was_frozen_is_sealed_once_more_and_never_again(sealed, engine):
    shelf = Shelf()
    sealed.publisher = shelf
    async with sealed.transactions.deciding() as tx:
        await append_mark(tx.connection, Freeze("datatitle.example/log/2"), tx.now)

    note = await sealed.seal()

    entries = await entries_of(engine)
    assert TRUST.open(note).checkpoint.tree_size == len(entries) == 15
    assert parse_entry(entries[13]) == Freeze("datatitle.example/log/2")
    assert isinstance(parse_entry(entries[14]), State)
    for _ in range(2):
        pass_time(sealed, hours=1)
        with pytest.raises(LogEndedError, match="Go on in its successor"):
            await sealed.seal()
    assert shelf.put_out == [(13, 15), (15, 15), note]
    with pytest.raises(LogFrozenError):
        await add_events(sealed, seconds=10_000)


async def test_a_checkpoint_is_the_log_s_own_only_with_its_keys(sealed, engine, tmp_path):
    await add_events(sealed)
    before = await entries_of(engine)
    other = sealing_of(
        engine,
        tmp_path,
        now=sealed.transactions.now,
        signers=[type(LOG_KEY)(ORIGIN, LOG_KEY.algorithm, b"\x09" * 32)],
    )
    with pytest.raises(NotSealedError, match="put the log's own key back"):
        await other.seal()
    assert sealed.guard.read().size == 13
    assert (await entries_of(engine))[: len(before)] == before
    async with engine.begin() as connection:
        assert await latest_published(connection) == 13
        assert await count(connection, store.ledger_checkpoint) == 3


@pytest.mark.parametrize("key", [LOG_KEY, ML_DSA_KEY])
async def test_a_signature_that_came_out_wrong_is_not_used(sealed, engine, key):
    wrong = SimpleNamespace(
        verifying_key=key.verifying_key,
        sign=lambda text, at: key.sign(text.replace("\n15\n", "\n16\n"), at),
    )
    sealed.quorum.signers = lambda: [wrong, LOG_KEY]
    await add_events(sealed)
    with pytest.raises(NotSealedError, match="has just signed is no signature of its own"):
        await sealed.seal()
    async with engine.begin() as connection:
        assert await count(connection, store.ledger_checkpoint) == 3
    sealed.quorum.signers = lambda: [LOG_KEY, ML_DSA_KEY]
    assert TRUST.open(await sealed.seal()).checkpoint.tree_size == 15


async def test_of_each_key_the_newest_cosignature_is_kept(sealed, engine):
    _, text = await published(sealed)
    text = parse_note(text).text
    now = int(sealed.transactions.now.timestamp())
    for at in (now + 60, now + 30):
        async with sealed.transactions.deciding() as tx:
            line = Cosignature(ML_DSA_KEY.sign(text, at), at)
            await keep_cosignatures(tx.connection, 13, [line])
        assert TRUST.open((await published(sealed))[1]).as_of == now + 60
    async with engine.begin() as connection:
        assert await count(connection, store.ledger_cosignature) == 3


async def test_two_keys_sign_while_one_takes_over_from_the_other(sealed):
    new = type(LOG_KEY)(ORIGIN, LOG_KEY.algorithm, b"\x09" * 32)
    sealed.quorum.signers = lambda: [LOG_KEY, new, ML_DSA_KEY]
    await add_events(sealed)
    both = await sealed.seal()
    sealed.quorum.signers = lambda: [new, ML_DSA_KEY]
    await add_events(sealed, seconds=200)
    alone = await sealed.seal()

    ids = [[each.key_id for each in parse_note(note).signatures[:-1]] for note in (both, alone)]
    assert ids == [[LOG_KEY.verifying_key.id, new.verifying_key.id], [new.verifying_key.id]]


async def test_who_holds_the_guard_seals_alone(sealed):
    with sealed.guard.held(), pytest.raises(GuardBusyError):
        await sealed.seal()
    assert await sealed.seal() is None


async def test_a_thousand_events_are_sealed_at_once(sealing, engine):
    await add_events(sealing, 1000)
    note = await sealing.seal()
    entries = await entries_of(engine)
    assert len(entries) == 1001
    assert parse_checkpoint(parse_note(note).text).root == tree_hash(entries)


async def published(sealing):
    async with sealing.transactions.reading() as tx:
        return await published_note(tx.connection)


async def count(connection, table):
    return (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
