"""However many records an answer holds, either reader asks the database the same few times."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from schema import schema
from schema.context import Context
from schema.reading.reader import CompiledReader
from services.actors import Actor, Role
from services.certificates.actions import issue_certificate
from services.certificates.proofs import histories_of, lookup_salts_of
from services.clock import ManualClock
from services.listings.actions import request_listing
from services.listings.model import ListingTerms, TradeMode
from services.reading.answering import answerer_of
from services.reading.questions import Answerer, Question, Row
from services.registry import Registry
from tests.collateral import registered
from tests.conftest import START
from tests.databases import rows
from tests.founding import a_key, create_tables, enter_party, open_office, registry_on
from tests.licenses import publish
from tests.titles import ANNOUNCEMENT, announce, terms_of

FEW, MANY = 3, 30
OF_CERTIFICATES = """
query ($first: Int!) { certificates(first: $first) { nodes {
  number
  holder { name }
  encumbrances { kind }
  pledges { status pledgee { name } }
  listings { mode }
  offers(first: 2) { nodes { kind } totalCount }
} } }
"""
OF_LISTINGS = """
query ($first: Int!) { myListings(first: $first) { totalCount nodes {
  exchange { name members { id } }
  certificate { number history { kind } lookupSalt }
} } }
"""
# Certificates, holders, encumbrances, pledges, pledgees, listings, pages of offers, their totals.
TO_READ_CERTIFICATES = 8
# Of histories, places and openings; and salts.
TO_READ_THE_LEDGER = 3


@dataclass(frozen=True)
class Made:
    address: str
    holder: Actor
    now: datetime


async def make(databases, folder) -> Made:
    """Certificates of one holder, each offered, to be listed, and pledged."""
    address = databases.create(folder)
    await create_tables(address)
    registry = registry_on(address, folder, ManualClock(START))
    office = await open_office(registry)
    holder = await enter_party(registry, office, "样例数据公司", Role.REGISTRANT)
    banks = [await enter_party(registry, office, f"银行{at}", Role.LENDER) for at in range(FEW)]
    exchange = await enter_party(registry, office, "样例交易所", Role.EXCHANGE)
    cases = [await announce(registry, office, holder, terms_of(f"产品{at}")) for at in range(MANY)]
    registry.clock.advance(ANNOUNCEMENT)
    for place, case in enumerate(cases):
        registry.clock.advance(timedelta(minutes=1))  # Their order is that of the banks.
        certificate = await issue_certificate(registry, office, case.id, a_key())
        await publish(registry, holder, certificate)
        listing = ListingTerms(
            certificate_id=certificate.id, exchange_id=exchange.party_id, mode=TradeMode.LICENSING
        )
        await request_listing(registry, holder, listing, a_key())
        await registered(registry, certificate, holder, banks[place % FEW])
    await registry.close()
    return Made(address, holder, registry.clock.now())


@pytest.fixture(scope="session")
def made(databases, tmp_path_factory):
    made = asyncio.run(make(databases, tmp_path_factory.mktemp("counted")))
    yield made
    databases.drop(made.address)


@pytest.fixture
async def registry(made, tmp_path):
    registry = registry_on(made.address, tmp_path, ManualClock(made.now))
    yield registry
    await registry.close()


@pytest.fixture
def heard(registry):
    """The statements that read, as the database is told them."""
    statements: list[str] = []

    def hear(text):
        if text.lstrip().startswith("SELECT"):
            statements.append(text)

    def hear_logged(logged):
        hear(logged.query)

    def hear_executed(_connection, _cursor, statement, *_):
        hear(statement)

    def listen(connection, _record, _proxy):
        if on_file:
            connection.run_async(lambda driver: driver.set_trace_callback(hear))
        else:
            connection.driver_connection.add_query_logger(hear_logged)

    engine = registry.engine.sync_engine
    on_file = engine.dialect.name == "sqlite"
    sa.event.listen(engine, "checkout", listen)
    if not on_file:  # Its driver does not log what was prepared, as all of SQLAlchemy's is.
        sa.event.listen(engine, "before_cursor_execute", hear_executed)
    return statements


@dataclass
class Counted:
    """Asks as the reader under it does, and keeps what was asked."""

    answerer: Answerer
    asked: list[Question] = field(default_factory=list)

    async def ask(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row]:
        self.asked.append(question)
        return await self.answerer.ask(question, arguments)

    async def close(self) -> None:
        await self.answerer.close()


async def by_reference(registry: Registry, holder: Actor, document: str, first: int) -> Any:
    context = Context(registry=registry, actor=holder)
    result = await schema.execute(document, {"first": first}, context)
    assert result.errors is None
    return result.data


async def test_the_reference_reader_asks_once_for_what_siblings_want(registry, made, heard):
    await by_reference(registry, made.holder, OF_CERTIFICATES, 1)
    for first in (FEW, MANY):
        heard.clear()
        data = await by_reference(registry, made.holder, OF_CERTIFICATES, first)

        found = data["certificates"]["nodes"]
        banks = Counter(one["pledgee"]["name"] for each in found for one in each["pledges"])
        assert banks == {f"银行{at}": first // FEW for at in range(FEW)}
        assert len(heard) == TO_READ_CERTIFICATES, heard


@pytest.mark.parametrize("document", [OF_CERTIFICATES, OF_LISTINGS])
async def test_the_compiled_reader_asks_once_for_a_field_at_the_root(registry, made, document):
    counted = Counted(answerer_of(registry))
    reader = CompiledReader(registry, counted, schema)
    for first in (FEW, MANY):
        counted.asked.clear()
        answer = await reader.answer(document, {"first": first}, None, made.holder)

        data = await by_reference(registry, made.holder, document, first)
        assert answer == orjson.dumps({"data": data})
        assert len(counted.asked) == 1


async def test_what_the_ledger_says_of_many_is_read_together(registry, made, heard):
    numbers = [row[0] for row in rows(made.address, "SELECT number FROM certificates")]
    for many in (1, FEW, MANY):
        heard.clear()
        histories = await histories_of(registry, numbers[:many])
        salts = await lookup_salts_of(registry, numbers[:many])

        assert [each[0].kind for each in histories.values()] == ["certificate-issued"] * many
        assert [*histories] == numbers[:many]
        assert sorted(salts) == sorted(numbers[:many])
        assert len(heard) == TO_READ_THE_LEDGER, heard
