"""Values are kept, compared and sorted alike on every kind of database."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from services.licensing.model import LicenseKind
from services.registry import open_engine
from services.tables import Names, UtcInstant, each_name, earliest, one_of

ANY = sa.MetaData()
kept = sa.Table(
    "kept",
    ANY,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("text", sa.String(200)),
    sa.Column("at", UtcInstant),
    sa.Column("kind", one_of(LicenseKind)),
    sa.Column("amount", sa.BigInteger),
    sa.Column("names", Names),
)
AT = datetime(2026, 1, 5, 2, tzinfo=UTC)
# In ascending order: of code points, of time to the microsecond, of the values of an enum.
ASCENDING = {
    "text": ["", " a", "A", "Z", "_", "a", "ab", "b", "É", "é", "样例", "样本", "\U0001f600"],
    "at": [AT - timedelta(days=60_000), AT, AT + timedelta(microseconds=1), AT + timedelta(1)],
    "kind": sorted(LicenseKind),
    "amount": [-(2**63), -1, 0, 9, 10, 2**53 + 1, 2**63 - 1],
    "names": [frozenset(), frozenset({"CN", "US"}), frozenset({"CN"}), frozenset({"风控"})],
}
ASCENDING["names"].sort(key=lambda names: ",".join(sorted(names)))


@pytest.fixture
async def connection(database):
    engine = open_engine(database)
    async with engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            await connection.run_sync(ANY.create_all)
            yield connection
    await engine.dispose()


@pytest.mark.parametrize("name", ASCENDING)
async def test_a_value_comes_back_in_its_order(connection, name):
    values = ASCENDING[name]
    rows = [{name: value} for value in reversed(values)]
    await connection.execute(kept.insert(), rows)
    column = kept.c[name]
    assert list(await connection.scalars(sa.select(column).order_by(column))) == values
    for lower, higher in pairwise(values):
        below = sa.select(column).where(column < higher).order_by(column.desc()).limit(1)
        assert await connection.scalar(below) == lower


async def test_nothing_is_the_same_as_a_value_and_no_value_is_too_long(connection):
    await connection.execute(kept.insert(), {"text": "é" * 200, "names": None})
    assert await connection.scalar(sa.select(kept.c.text)) == "é" * 200
    assert await connection.scalar(sa.select(kept.c.names)) is None


@pytest.mark.parametrize("names", [set(), {"CN"}, {"CN-SH", "US"}, {'a "quoted" \\ use', "风控"}])
async def test_each_name_is_a_row(connection, names):
    await connection.execute(kept.insert(), {"names": frozenset(names)})
    each = each_name(kept.c.names, "each")
    found = await connection.scalars(
        sa.select(each.c.value).select_from(kept.join(each, sa.true()))
    )
    assert {*found} - {""} == names


@pytest.mark.parametrize(
    ("others", "earliest_of_all"),
    [((None, None), 5), ((9, None), 5), ((3, None), 3), ((None, 4), 4), ((7, 2), 2), ((1, 2), 1)],
)
async def test_the_earliest_of_several_instants_some_of_which_there_are_not(
    connection, others, earliest_of_all
):
    first, *rest = (
        sa.literal(None if days is None else AT + timedelta(days), UtcInstant)
        for days in (5, *others)
    )
    found = await connection.scalar(sa.select(earliest(first, *rest)))
    assert found == AT + timedelta(earliest_of_all)
