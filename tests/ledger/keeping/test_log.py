"""The log's door: what services record, and read again."""

from datetime import timedelta

from ledger.keeping.sequencing import sequence
from tests.ledger.growing import START, append


async def test_all_facts_of_a_subject_can_be_read_again(engine, log):
    async with engine.begin() as connection:
        await append(log, connection, "a", seconds=1, public={"number": "1"}, private={"x": ""})
        await append(log, connection, "b", seconds=2)
        await append(log, connection, "a", seconds=3, public={}, private={})
        await sequence(connection)
        events = await log.events_of(connection, "a")

    found = [
        (each.index, each.number, each.kind, each.at, each.public, each.private) for each in events
    ]
    assert found == [
        (0, 0, "certificate-issued", START + timedelta(seconds=1), {"number": "1"}, {"x": ""}),
        (2, 1, "certificate-issued", START + timedelta(seconds=3), {}, {}),
    ]


async def test_what_was_erased_is_not_read_again(grown, log):
    erased = (
        "UPDATE ledger_opening SET salt = NULL, value = NULL, erased_at = 1"
        " WHERE name = 'holder' AND entry_id = 3"
    )
    async with grown.begin() as connection:
        await connection.exec_driver_sql(erased)
        events = await log.events_of(connection, "cert_0")

    assert [(each.index, sorted(each.private)) for each in events] == [
        (0, ["amount", "holder"]),
        (3, ["amount"]),
        (6, ["amount", "holder"]),
        (9, ["amount", "holder"]),
    ]


async def test_a_subject_nobody_knows_has_no_events(grown, log):
    async with grown.begin() as connection:
        assert await log.events_of(connection, "nobody") == []


async def test_the_position_is_the_number_of_entries(grown, log):
    async with grown.begin() as connection:
        assert await log.position(connection) == 10
