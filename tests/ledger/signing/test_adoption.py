"""A guard that was lost is made anew only from what nobody is known to have newer."""

import pytest

from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf
from ledger.signing.adoption import adopt, find_adoptable
from ledger.signing.faults import LogDamagedError, NotSealedError
from ledger.signing.key_file import SecretKey
from ledger.signing.witnesses import WitnessAheadError
from tests.ledger.growing import ORIGIN
from tests.ledger.sealing_log import LOG_KEY, add_events, grow_sealed, sealing_of
from tests.ledger.signing.town import SIZE, Town, answering, sealing_with, unreached
from tests.ledger.tampering import tamper


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path / "town")


async def found_by(sealing):
    with sealing.guard.held() as held:
        return await find_adoptable(sealing, held)


async def adopted_by(sealing):
    with sealing.guard.held() as held:
        await adopt(held, await find_adoptable(sealing, held))


async def test_a_lost_guard_is_made_from_the_newest_checkpoint_and_the_log_goes_on(sealed):
    before = sealed.guard.read()
    sealed.guard.path.unlink()
    await add_events(sealed)
    await adopted_by(sealed)
    assert sealed.guard.read() == before
    assert f"{ORIGIN}\n15\n" in await sealed.seal()


async def test_a_guard_that_knows_less_than_the_database_is_replaced(sealed):
    older = sealed.guard.path.read_text()
    await add_events(sealed)
    await sealed.seal()
    newer = sealed.guard.read()
    sealed.guard.path.write_text(older)
    await adopted_by(sealed)
    assert sealed.guard.read() == newer


async def test_a_guard_that_is_as_it_should_be_is_left_alone(sealed):
    with pytest.raises(NotSealedError, match="there is nothing to adopt"):
        await found_by(sealed)


async def test_there_is_nothing_to_adopt_before_anything_was_signed(sealing):
    await add_events(sealing)
    with pytest.raises(NotSealedError, match="Nothing was ever signed here"):
        await found_by(sealing)


async def test_a_guard_that_knows_more_is_never_replaced(sealed, databases, database, tmp_path):
    await sealed.transactions.engine.dispose()
    backup = databases.copy(database, tmp_path)
    await add_events(sealed)
    await sealed.seal()
    await sealed.transactions.engine.dispose()
    databases.put_back(backup, database)
    with pytest.raises(NotSealedError, match="the database is not the newest"):
        await found_by(sealed)


async def test_witnesses_are_asked_what_they_have_seen(town, engine):
    sealing = sealing_with(town, engine)
    await grow_sealed(sealing, sizes=(3,))
    sealing.guard.path.unlink()
    town.asked.clear()
    town.instead["b"] = unreached
    found = await found_by(sealing)
    assert sorted(town.asked) == [("a", 4), ("b", 4), ("c", 4)]
    assert found.witnesses == ("a", "c")
    assert found.silence == "b: it could not be reached (no route)"
    assert (found.before, found.after.size) == (None, 4)


async def test_nothing_is_adopted_that_a_witness_has_seen_more_of(town, engine):
    sealing = sealing_with(town, engine)
    await grow_sealed(sealing, sizes=(3,))
    sealing.guard.path.unlink()
    town.instead["b"] = answering(409, "5\n", SIZE)
    with pytest.raises(WitnessAheadError):
        await found_by(sealing)


async def test_nothing_is_adopted_that_is_older_than_what_is_published(
    engine, databases, database, tmp_path
):
    publisher = LogPublisher(FolderShelf(tmp_path / "public"))
    sealing = sealing_of(engine, tmp_path, publisher=publisher)
    await grow_sealed(sealing, sizes=(3,))
    await engine.dispose()
    backup = databases.copy(database, tmp_path)
    await add_events(sealing)
    await sealing.seal()
    await engine.dispose()
    databases.put_back(backup, database)
    sealing.guard.path.unlink()
    with pytest.raises(NotSealedError, match="A tree of 6 entries is published"):
        await found_by(sealing)


async def test_nothing_is_adopted_that_is_damaged_or_another_s(sealed, database, tmp_path):
    sealed.guard.path.unlink()
    other = sealing_of(
        sealed.transactions.engine,
        tmp_path,
        now=sealed.transactions.now,
        signers=[SecretKey(ORIGIN, LOG_KEY.algorithm, b"\x09" * 32)],
    )
    with pytest.raises(NotSealedError, match="put the log's own key back"):
        await found_by(other)
    tamper(database, "UPDATE ledger_tile SET hashes = zeroblob(length(hashes))")
    with pytest.raises(LogDamagedError):
        await found_by(sealed)
