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


async def test_several_subjects_are_read_together_and_told_apart(grown, log):
    async with grown.begin() as connection:
        found = await log.histories_of(connection, ["cert_1", "nobody", "cert_0", "cert_1"])
        salts = await log.salts_of(connection, ["cert_1", "nobody", "cert_0"])
        alone = {name: await log.events_of(connection, name) for name in found}

    numbers = {name: [(each.index, each.number) for each in found[name]] for name in found}
    assert numbers == {
        "cert_1": [(1, 0), (4, 1), (7, 2)],
        "nobody": [],
        "cert_0": [(0, 0), (3, 1), (6, 2), (9, 3)],
    }
    assert found == alone
    assert sorted(salts) == ["cert_0", "cert_1"]


async def test_a_subject_may_have_any_name(engine, log):
    name = """'it"s\\, 数据 {1}"""
    async with engine.begin() as connection:
        await append(log, connection, name, seconds=1)
        events = await log.events_of(connection, name)
        salts = await log.salts_of(connection, [name])

    assert [each.number for each in events] == [0]
    assert [*salts] == [name]


async def test_nothing_is_read_of_no_subjects(grown, log):
    async with grown.begin() as connection:
        assert await log.histories_of(connection, []) == {}
        assert await log.salts_of(connection, []) == {}


async def test_the_position_is_the_number_of_entries(grown, log):
    async with grown.begin() as connection:
        assert await log.position(connection) == 10
