"""Whatever is changed in whichever column, the audit finds it and names the first bad index."""

import re

import pytest

from ledger.formats.spelling import Malformed
from ledger.inspecting.fsck import audit
from ledger.keeping import store
from tests.ledger.growing import ORIGIN, append, grow_log
from tests.ledger.keeping.test_log import tamper


async def audited(engine, vkey, origin=ORIGIN):
    async with engine.begin() as connection:
        return await audit(connection, origin=origin, vkeys=[vkey])


async def test_a_sound_log_has_no_findings(engine, log, signer, vkey):
    await grow_log(engine, log, signer, sizes=(1, 2, 255, 256, 300))
    async with engine.begin() as connection:
        await append(log, connection, "unsigned", seconds=400)
    report = await audited(engine, vkey)

    assert report.findings == ()
    assert (report.size, report.checkpoints, report.is_sound) == (301, 5, True)
    assert report.first_bad_index is None


async def test_an_empty_log_is_sound(engine, vkey):
    report = await audited(engine, vkey)

    assert (report.size, report.checkpoints, report.findings) == (0, 0, ())


async def test_a_log_is_audited_with_its_own_key_and_name(grown, vkey, vectors):
    stranger = vectors["tessera_test_log"]["vkey"]

    assert (await audited(grown, stranger)).first_bad_index == 2
    assert (await audited(grown, vkey, origin="other.example/log")).first_bad_index == 2
    with pytest.raises(Malformed):
        await audited(grown, "no key")


# A log of ten events on three subjects in turn, signed at 3, 7 and 10: what the audit names, and
# what was done. `flip` changes the 21st byte.
TAMPERED = """
head       4   UPDATE event SET idx = 50 WHERE idx = 4
head       9   UPDATE event SET idx = 50 WHERE idx = 9
head       4   UPDATE event SET idx = 'four' WHERE idx = 4
subject    4   UPDATE event SET subject = 'cert_2', number = 9 WHERE idx = 4
subject    4   UPDATE event SET subject = 'nobody' WHERE idx = 4
event      4   UPDATE event SET number = 9 WHERE idx = 4
event      4   UPDATE event SET number = 'one' WHERE idx = 4
event      4   UPDATE event SET entry = flip(entry) WHERE idx = 4
event      4   UPDATE event SET entry = 'text' WHERE idx = 4
event      4   UPDATE event SET entry = x'' WHERE idx = 4
event      4   UPDATE event SET leaf = flip(leaf) WHERE idx = 4
event      4   UPDATE event SET leaf = hex(zeroblob(16)) WHERE idx = 4
event      4   UPDATE event SET chain = flip(chain) WHERE idx = 4
event      4   UPDATE event SET digests = flip(digests) WHERE idx = 4
event      4   UPDATE event SET digests = x'00' WHERE idx = 4
head       4   DELETE FROM event WHERE idx = 4
head       9   DELETE FROM event WHERE idx = 9
head       0   DELETE FROM event
event      10  INSERT INTO event SELECT 10, subject, 9, entry, leaf, chain, '' FROM event LIMIT 1
opening    10  UPDATE opening SET idx = 50 WHERE idx = 4 AND slot = 3
opening    3   UPDATE opening SET idx = 3, slot = 4, name = 'x' WHERE idx = 4 AND slot = 3
opening    4   UPDATE opening SET slot = 4 WHERE idx = 4 AND slot = 3
opening    4   UPDATE opening SET slot = 99 WHERE idx = 4 AND slot = 3
opening    4   UPDATE opening SET name = 'numbers' WHERE idx = 4 AND slot = 3
opening    4   UPDATE opening SET name = 'at_all' WHERE idx = 4 AND slot = 1
opening    4   UPDATE opening SET salt = zeroblob(16) WHERE idx = 4 AND slot = 15
opening    4   UPDATE opening SET salt = x'00' WHERE idx = 4 AND slot = 15
opening    4   UPDATE opening SET value = '500001' WHERE idx = 4 AND slot = 15
opening    4   UPDATE opening SET value = x'ff' WHERE idx = 4 AND slot = 1
opening    4   UPDATE opening SET value = CAST(x'ff' AS TEXT) WHERE idx = 4 AND slot = 1
opening    4   UPDATE opening SET value = 'cert_2' WHERE idx = 4 AND slot = 2
opening    4   UPDATE opening SET is_public = 1 WHERE idx = 4 AND slot = 14
opening    4   UPDATE opening SET is_public = 0 WHERE idx = 4 AND slot = 3
opening    4   DELETE FROM opening WHERE idx = 4 AND slot = 0
tile       0   UPDATE tile SET hashes = flip(hashes)
tile       4   UPDATE tile SET hashes = CAST(substr(hashes, 1, 128) || zeroblob(192) AS BLOB)
tile       10  UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB)
tile       0   UPDATE tile SET n = 1
tile       0   UPDATE tile SET level = 1
tile       0   DELETE FROM tile
tile       10  INSERT INTO tile VALUES (1, 0, zeroblob(32))
subject    1   UPDATE subject SET subject = 'x' WHERE subject = 'cert_1'
subject    1   UPDATE subject SET salt = zeroblob(16) WHERE subject = 'cert_1'
subject    10  UPDATE subject SET next_number = 9 WHERE subject = 'cert_1'
subject    7   UPDATE subject SET head_leaf = zeroblob(32) WHERE subject = 'cert_1'
subject    10  INSERT INTO subject VALUES ('x', zeroblob(16), 1, zeroblob(32))
subject    1   DELETE FROM subject WHERE subject = 'cert_1'
head       9   UPDATE head SET size = 9
head       9   UPDATE head SET size = 'ten'
head       9   UPDATE head SET edge = x''
head       9   UPDATE head SET chain = zeroblob(32)
head       9   UPDATE head SET last_at = last_at - 1
head       10  DELETE FROM head
checkpoint 5   UPDATE checkpoint SET size = 6 WHERE size = 7
checkpoint 10  UPDATE checkpoint SET size = 50 WHERE size = 7
checkpoint 6   UPDATE checkpoint SET note = replace(note, '7', '8') WHERE size = 7
checkpoint 6   UPDATE checkpoint SET note = (SELECT min(note) FROM checkpoint) WHERE size = 7
checkpoint 6   UPDATE checkpoint SET note = x'ff' WHERE size = 7
checkpoint 6   UPDATE checkpoint SET signed_at = 0 WHERE size = 7
"""


def read(line):
    table, index, statement = line.split(maxsplit=2)
    written = re.sub(
        r"\b(event|opening|tile|subject|head|checkpoint)\b(?= SET| VALUES| SELECT)"
        r"|(?<=FROM )\w+",
        r"ledger_\g<0>",
        statement,
    )
    flipped = r"CAST(substr(\1, 1, 20) || x'2a' || substr(\1, 22) AS BLOB)"
    return f"ledger_{table}", int(index), re.sub(r"flip\((\w+)\)", flipped, written)


CASES = [read(line) for line in TAMPERED.strip().splitlines()]


@pytest.mark.parametrize(("table", "index", "statement"), CASES)
async def test_the_first_bad_index_is_named(grown, vkey, database, table, index, statement):
    tamper(database, statement)
    report = await audited(grown, vkey)

    assert (report.findings[0].table, report.first_bad_index) == (table, index)
    assert not report.is_sound


def test_every_column_is_tampered_with():
    written = {statement for _, _, statement in CASES}
    untouched = [
        f"{table.name}.{column.name}"
        for table in store.metadata.sorted_tables
        for column in table.c
        if not any(s.startswith(f"UPDATE {table.name} SET {column.name} ") for s in written)
    ]

    # The head has one row, whose id a CHECK holds at 1.
    assert untouched == ["ledger_head.id"]


async def test_a_log_rewritten_throughout_still_does_not_fit_what_was_signed(
    engine, log, signer, vkey, database
):
    """Somebody with the database but not the key replaces the events from the first signed on."""
    await grow_log(engine, log, signer, sizes=(3, 7, 10))
    async with engine.begin() as connection:
        notes = (await connection.execute(store.ledger_checkpoint.select())).all()
    tamper(database, *(f"DELETE FROM {table.name}" for table in store.metadata.sorted_tables))
    await grow_log(engine, log, signer, sizes=(3, 7, 10))
    async with engine.begin() as connection:
        await connection.execute(store.ledger_checkpoint.delete())
        for row in notes:
            await store.insert_checkpoint(connection, *row)
    report = await audited(engine, vkey)

    assert report.first_bad_index == 0
    assert [finding.table for finding in report.findings] == ["ledger_checkpoint"]


@pytest.mark.parametrize(
    ("before", "seconds", "table", "index"),
    [
        ("UPDATE ledger_head SET last_at = 0", 0, "ledger_opening", 10),
        ("UPDATE ledger_subject SET head_leaf = zeroblob(32)", 20, "ledger_event", 10),
        ("UPDATE ledger_subject SET next_number = 9", 20, "ledger_event", 10),
        ("UPDATE ledger_subject SET salt = zeroblob(16)", 20, "ledger_subject", 0),
    ],
)
async def test_what_was_appended_to_a_tampered_state_is_found(
    grown, log, vkey, database, before, seconds, table, index
):
    """Everything stored agrees with the event itself, which does not continue what was there."""
    tamper(database, before)
    async with grown.begin() as connection:
        await append(log, connection, "cert_0", seconds=seconds)
    found = (await audited(grown, vkey)).findings

    appended = [each for each in found if each.table == table and each.index == index]
    assert len(appended) == 1


async def test_a_damaged_full_tile_names_the_first_leaf_below_the_damage(
    engine, log, signer, vkey, database
):
    await grow_log(engine, log, signer, sizes=(600,))
    tamper(
        database,
        "UPDATE ledger_tile SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) AS BLOB)"
        " WHERE level = 1",
        "UPDATE ledger_tile SET hashes = CAST(substr(hashes, 1, 8160) || zeroblob(32) AS BLOB)"
        " WHERE level = 0 AND n = 1",
    )
    report = await audited(engine, vkey)

    assert [(finding.table, finding.index) for finding in report.findings] == [
        ("ledger_tile", 256),
        ("ledger_tile", 511),
    ]
