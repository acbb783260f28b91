"""What a database spells is, byte for byte, what the printers of the schema and orjson spell."""

from datetime import UTC, date, datetime

import orjson
import pytest
import sqlalchemy as sa

from schema.reading.printers import NAMES as PRINTERS
from services.certificates.model import CertificateStatus
from services.reading.selections import Printed, Spelled, Unless, Within
from services.reading.spelling import WORDS, text_of
from services.registry import open_engine
from services.tables import EPOCH, MICROSECOND, Names, UtcInstant, one_of

STATUS = one_of(CertificateStatus)
TEXTS = ["", "样例", 'a "b" \\ /c', "".join(map(chr, range(1, 32))), "\x7f\u2028\u2029 😀", "100%s"]
INSTANTS = [
    datetime(2026, 1, 5, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 5, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 1, 5, 0, 0, 0, 100, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
]


def microseconds(instant):
    return (instant - EPOCH) // MICROSECOND


PRINTED = [
    *(("", sa.Text(), text, text) for text in TEXTS),
    *(
        ("Instant", UtcInstant(), each, PRINTERS["instant"](microseconds(each)))
        for each in INSTANTS
    ),
    *(("", sa.Integer(), number, number) for number in (0, -1, 2**31 - 1)),
    *(("BigInt", sa.BigInteger(), number, str(number)) for number in (0, -5, 2**63 - 1)),
    *(("Boolean", sa.Boolean(), truth, truth) for truth in (True, False)),
    ("", STATUS, CertificateStatus.ACTIVE, "ACTIVE"),
    ("[]", Names(), frozenset(), []),
    ("[]", Names(), frozenset({"CN-31"}), ["CN-31"]),
    ("[]", Names(), frozenset({'a "quoted" \\ use', "风控"}), ['a "quoted" \\ use', "风控"]),
    ("Day", sa.Date(), date(2026, 1, 5), "2026-01-05"),
]


@pytest.fixture
async def spell(database):
    """The text that the database makes of pieces with these values, each of a type."""
    engine = open_engine(database)
    words = WORDS[engine.dialect.name]

    async def spelled(pieces, *typed):
        columns = [sa.Column(f"c{n}", kind) for n, (kind, _) in enumerate(typed)]
        table = sa.Table("said", sa.MetaData(), *columns)
        values = {column.name: value for column, (_, value) in zip(columns, typed, strict=True)}
        async with engine.connect() as connection:
            await connection.execution_options(decides=True)
            async with connection.begin():
                await connection.run_sync(table.create)
                await connection.execute(table.insert().values(values))
                return await connection.scalar(sa.select(text_of(pieces, [*table.c], words)))

    yield spelled
    await engine.dispose()


@pytest.mark.parametrize(("prints", "kind", "value", "printed"), PRINTED)
async def test_a_value_is_spelled_as_it_is_printed(spell, prints, kind, value, printed):
    text = await spell((Printed(0, prints),), (kind, value))
    assert text == orjson.dumps(printed).decode()


@pytest.mark.parametrize(
    ("prints", "kind"),
    [
        ("", sa.Text()),
        ("", sa.Integer()),
        ("", STATUS),
        ("Instant", UtcInstant()),
        ("BigInt", sa.BigInteger()),
        ("Boolean", sa.Boolean()),
        ("Day", sa.Date()),
        ("[]", Names()),
    ],
)
async def test_what_is_null_is_spelled_null(spell, prints, kind):
    assert await spell((Printed(0, prints),), (kind, None)) == "null"


async def test_words_stand_around_a_value_within_its_quotes(spell):
    text = await spell((Spelled(0, "it's \\", '" %s'),), (sa.Text(), "样"))
    assert text == orjson.dumps("it's \\样\" %s").decode()


@pytest.mark.parametrize(("value", "text"), [(None, "[null]"), (7, '[{"a":"7"}]')])
async def test_what_is_told_unless_a_value_is_null(spell, value, text):
    pieces = ("[", Unless(0, ('{"a":', Printed(0, "BigInt"), "}")), "]")
    assert await spell(pieces, (sa.BigInteger(), value)) == text


@pytest.mark.parametrize(("value", "text"), [(None, "null"), ("{}", "{}")])
async def test_an_object_within_that_is_not_there_is_null(spell, value, text):
    assert await spell((Within(0),), (sa.Text(), value)) == text


@pytest.mark.parametrize("many", [1, 29, 30, 31, 100, 101, 1_000])
async def test_pieces_may_be_more_than_a_function_takes(spell, many):
    pieces = tuple(Printed(0) if n % 2 else f"{n}'" for n in range(many))
    text = await spell(pieces, (sa.Integer(), 5))
    assert text == "".join("5" if n % 2 else f"{n}'" for n in range(many))
