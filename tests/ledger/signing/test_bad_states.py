"""What a log refuses to sign: a restored database, a lost guard, damage; and that it says why."""

from datetime import timedelta

import pytest

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.note import parse_note
from ledger.keeping.reading import read_head
from ledger.keeping.sequencing import sequence
from ledger.signing.against_guard import (
    DatabaseBehindError,
    DatabaseForkedError,
    GuardBehindError,
    check_against_guard,
)
from ledger.signing.faults import LogDamagedError, NotSealedError
from ledger.signing.guard import Step
from tests.ledger.conftest import open_engine
from tests.ledger.growing import START
from tests.ledger.sealing_log import add_events, grow_sealed, sealing_of
from tests.ledger.tampering import tamper


async def size_of(sealing):
    async with sealing.transactions.reading() as tx:
        return (await read_head(tx.connection)).size


@pytest.fixture
def newest():
    """The address of what `restored` was before, once it has been."""
    return []


@pytest.fixture
async def restored(tmp_path, databases, database, newest):
    """A log sealed at 4 and 9 entries, backed up, sealed at 13, and restored to the backup."""
    engine = open_engine(database)
    sealing = sealing_of(engine, tmp_path)
    await grow_sealed(sealing, sizes=(3, 7))
    await engine.dispose()
    backup = databases.copy(database, tmp_path)
    await add_events(sealing, 3, seconds=20)
    await sealing.seal()
    await engine.dispose()
    newest.append(databases.copy(database, tmp_path))
    databases.put_back(backup, database)
    engine = open_engine(database)
    yield sealing_of(engine, tmp_path, now=START + timedelta(seconds=30))
    await engine.dispose()


async def refused(sealing, reason):
    """What is said, and that nothing was changed by what was refused."""
    before = sealing.guard.read(), await size_of(sealing)
    for _ in range(2):
        with pytest.raises(reason) as told:
            await sealing.seal()
    assert (sealing.guard.read(), await size_of(sealing)) == before
    return str(told.value)


async def test_yesterday_s_backup_is_not_signed(restored):
    told = await refused(restored, DatabaseBehindError)
    assert told == (
        "The database is older than what was signed: it holds 9 entries, and the guard "
        f"{restored.guard.path} knows of 13. It was probably restored from a backup. Nothing is "
        "signed: stop the register and put the newest database back. If that is lost, this log "
        "can never go on, and a successor has to be begun (see `datatitle ledger --help`)."
    )


@pytest.mark.parametrize("count", [1, 3])
async def test_yesterday_s_backup_is_not_signed_when_it_grew_again(restored, count):
    await add_events(restored, count, seconds=30)
    assert "it holds" in await refused(restored, DatabaseBehindError)


@pytest.mark.parametrize("count", [4, 5, 300])
async def test_yesterday_s_backup_is_not_signed_when_it_outgrew_what_was_signed(restored, count):
    await add_events(restored, count, seconds=30)
    async with restored.transactions.deciding() as tx:
        await sequence(tx.connection)
    told = await refused(restored, DatabaseForkedError)
    assert told.startswith(
        "The database is not the one that was signed: its first 13 entries are others than those "
        f"the guard {restored.guard.path} knows. It was probably restored from a backup and "
        "written to since. Nothing is signed: stop the register and put the newest"
    )


async def test_a_backup_from_before_anything_was_signed_is_not_signed(
    restored, databases, database, templates
):
    databases.put_back(templates["empty"], database)
    assert "holds 0 entries" in await refused(restored, DatabaseBehindError)


async def test_the_newest_database_put_back_is_signed_again(restored, databases, database, newest):
    await refused(restored, DatabaseBehindError)
    await restored.transactions.engine.dispose()
    databases.put_back(newest[0], database)
    assert await restored.seal() is None
    await add_events(restored, 1, seconds=40)
    assert parse_checkpoint(parse_note(await restored.seal()).text).tree_size == 15


async def test_a_backup_taken_while_it_was_being_signed_gets_the_same_signature(
    sealed, databases, database, tmp_path
):
    await add_events(sealed, 1, seconds=20)
    size = await sealed._close(13)
    await sealed.transactions.engine.dispose()
    backup = databases.copy(database, tmp_path)
    note = await sealed.seal()
    await sealed.transactions.engine.dispose()
    databases.put_back(backup, database)

    engine, now = sealed.transactions.engine, sealed.transactions.now
    again = await sealing_of(engine, tmp_path, now=now).seal()

    assert parse_note(again).signatures[0] == parse_note(note).signatures[0]
    assert parse_checkpoint(parse_note(again).text).tree_size == size
    assert parse_note(again).text == parse_note(note).text


async def test_without_its_guard_a_log_that_was_signed_is_not(sealed):
    sealed.guard.path.unlink()
    told = await refused(sealed, GuardBehindError)
    assert told == (
        f"The guard {sealed.guard.path} is missing, and the database holds a signed checkpoint of "
        "13. Nobody can tell now whether this database is the newest, so nothing is signed: put "
        "the right guard back, or, if there can be no newer database, run `datatitle ledger guard "
        "--adopt`."
    )


async def test_with_an_older_guard_a_log_is_not_signed(sealed):
    older = sealed.guard.path.read_text()
    await add_events(sealed, 1, seconds=20)
    await sealed.seal()
    sealed.guard.path.write_text(older)
    assert "knows of 13 entries only" in await refused(sealed, GuardBehindError)


async def test_a_damaged_guard_is_not_replaced(sealed):
    text = sealed.guard.path.read_text()
    sealed.guard.path.write_text(text.replace("size 13", "size 013"))
    with pytest.raises(NotSealedError, match="cannot be understood"):
        await sealed.seal()
    sealed.guard.path.write_text(text)
    assert await sealed.seal() is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_tile SET hashes = zeroblob(length(hashes)) WHERE level = 0",
        "UPDATE ledger_tile SET hashes = substr(hashes, 1, 32)",
        "DELETE FROM ledger_tile",
    ],
)
async def test_tiles_that_no_longer_hold_what_was_signed_are_damage(sealed, database, change):
    tamper(database, change)
    told = await refused(sealed, LogDamagedError)
    assert "run `datatitle ledger fsck`" in told


async def test_a_checkpoint_that_is_not_the_guard_s_is_damage(sealed, database):
    tamper(database, "UPDATE ledger_checkpoint SET root = zeroblob(32) WHERE size = 13")
    assert "was signed" in await refused(sealed, LogDamagedError)


async def test_what_the_doctor_asks_is_what_sealing_asks(restored):
    async with restored.transactions.reading() as tx:
        with pytest.raises(DatabaseBehindError):
            await check_against_guard(tx.connection, restored.guard, restored.guard.read())
    assert restored.guard.read().step is Step.SIGNED
