"""Erasing through the acts: what goes, what stays, what is recorded, and what is in the files."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ledger.keeping.vacuum import DatabaseInUseError, vacuum
from services.actors import Role
from services.certificates.actions import place_freeze
from services.certificates.model import FreezeKind, FreezeTerms
from services.certificates.store import get_certificate
from services.erasures.actions import erase_facts
from services.erasures.model import ErasureTerms
from services.refusals import RefusalCode, Refused
from tests.conftest import on_sqlite
from tests.databases import file_of
from tests.founding import a_key, enter_party
from tests.ledger_counts import put_in_order, size_of_ledger

AUTHORITY, INSTRUMENT = "绝密样例法院9d1c", "INSTRUMENT-77a1f0"


@pytest.fixture
async def frozen(registry, office, certificate):
    """The certificate, frozen by an order whose authority and number stand in event 1."""
    terms = FreezeTerms(
        certificate_id=certificate.id,
        kind=FreezeKind.COURT_PRESERVATION,
        authority=AUTHORITY,
        instrument_number=INSTRUMENT,
        until=registry.clock.now() + timedelta(days=30),
    )
    await place_freeze(registry, office, terms, a_key())
    await put_in_order(registry)
    return certificate


async def history(registry, subject):
    async with registry.reading() as tx:
        return await tx.log.events_of(tx.connection, subject)


async def refused(registry, actor, terms):
    before = await size_of_ledger(registry)
    with pytest.raises(Refused) as refusal:
        await erase_facts(registry, actor, terms)
    assert await size_of_ledger(registry) == before
    return [each.code for each in refusal.value.refusals]


async def test_what_is_erased_cannot_be_read_and_all_else_can(registry, office, frozen):
    before = await history(registry, frozen.number)
    terms = ErasureTerms(frozen.number, 1, frozenset({"authority", "instrument"}))
    assert await erase_facts(registry, office, terms) == terms.names

    after = await history(registry, frozen.number)
    kept = {k: v for k, v in before[1].private.items() if k not in terms.names}
    assert before[1].private.keys() == kept.keys() | terms.names
    assert after[0] == before[0]
    assert after[1] == replace(before[1], private=kept)


async def test_that_something_was_erased_is_recorded_and_nothing_of_what(registry, office, frozen):
    terms = ErasureTerms(frozen.number, 1, frozenset({"authority"}))
    await erase_facts(registry, office, terms)
    *_, before, last = await history(registry, frozen.number)
    standing = {name: before.public[name] for name in ("status", "holder", "effective_end")}
    assert last.kind == "openings-erased"
    assert standing.items() <= last.public.items()
    assert last.private == {"actor": office.subject, "party": office.party_id}
    async with registry.reading() as tx:
        raised = await get_certificate(tx, frozen.id)
    assert raised.version == last.number + 1


async def test_of_a_record_that_is_no_certificate_facts_are_erased_too(registry, office):
    party = await enter_party(registry, office, "样例机构", Role.LENDER)
    terms = ErasureTerms(party.party_id, 0, frozenset({"name"}))
    assert await erase_facts(registry, office, terms) == {"name"}
    first, _, last = await history(registry, party.party_id)
    assert "name" not in first.private
    assert (last.kind, dict(last.public)) == ("openings-erased", {})


async def test_erasing_again_changes_nothing(registry, office, frozen):
    terms = ErasureTerms(frozen.number, 1, frozenset({"authority"}))
    await erase_facts(registry, office, terms)
    before = await history(registry, frozen.number)
    assert await erase_facts(registry, office, terms) == frozenset()
    assert await history(registry, frozen.number) == before
    both = replace(terms, names=frozenset({"authority", "instrument"}))
    assert await erase_facts(registry, office, both) == {"instrument"}


@pytest.mark.parametrize(
    ("number", "names", "expected"),
    [
        (1, ["kind"], [RefusalCode.FACT_MUST_STAY]),
        (1, ["at", "authority"], [RefusalCode.FACT_MUST_STAY]),
        (1, ["status"], [RefusalCode.FACT_MUST_STAY]),
        (1, ["holder"], [RefusalCode.FACT_MUST_STAY]),
        (1, ["effective_end"], [RefusalCode.FACT_MUST_STAY]),
        (1, ["amount"], [RefusalCode.FACT_NOT_RECORDED]),
        (2, ["authority"], [RefusalCode.RECORD_NOT_FOUND]),
    ],
)
async def test_what_may_not_be_erased_is_refused_and_stays(
    registry, office, frozen, number, names, expected
):
    before = await history(registry, frozen.number)
    terms = ErasureTerms(frozen.number, number, frozenset(names))
    assert await refused(registry, office, terms) == expected
    assert await history(registry, frozen.number) == before


async def test_a_holder_cannot_have_it_erased_alone(registry, holder, frozen):
    terms = ErasureTerms(frozen.number, 1, frozenset({"authority"}))
    assert await refused(registry, holder, terms) == [RefusalCode.NOT_AUTHORISED]


@on_sqlite
async def test_after_the_vacuum_nothing_of_it_is_in_the_files(registry, office, frozen, database):
    path = file_of(database)
    markers = [AUTHORITY.encode(), INSTRUMENT.encode()]
    salts = await salts_of(registry, frozen.number, 1, ["authority", "instrument"])
    terms = ErasureTerms(frozen.number, 1, frozenset({"authority", "instrument"}))
    await erase_facts(registry, office, terms)
    await forget_in_tables(registry)
    with pytest.raises(DatabaseInUseError):
        vacuum(path)
    assert found_in(path, markers) == markers  # In older pages, which the -wal file keeps.

    await registry.engine.dispose()
    vacuum(path)
    assert found_in(path, [*markers, *salts]) == []
    assert (await history(registry, frozen.number))[1].kind == "freeze-placed"


async def salts_of(registry, subject, number, names):
    query = sa.text(
        "SELECT salt FROM ledger_opening JOIN ledger_entry ON ledger_entry.id = entry_id "
        "WHERE subject = :subject AND number = :number AND name IN (:one, :other)"
    )
    named = {"subject": subject, "number": number, "one": names[0], "other": names[1]}
    async with registry.reading() as tx:
        return list((await tx.connection.execute(query, named)).scalars())


async def forget_in_tables(registry):
    """The business table of freezes holds the same facts, for its own purposes."""
    async with registry.deciding() as tx:
        forget = sa.text("UPDATE freezes SET authority = '', instrument_number = ''")
        await tx.connection.execute(forget)


def found_in(path, markers):
    files = [path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")]
    contents = [each.read_bytes() for each in files if each.exists()]
    return [marker for marker in markers if any(marker in content for content in contents)]
