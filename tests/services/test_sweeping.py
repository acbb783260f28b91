"""What time has decided is recorded, once, however often and by however many it is looked for."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from ledger.formats.entry import Freeze
from ledger.keeping.append import append_mark
from services.announcements.actions import decide_objection
from services.announcements.model import Decision, DecisionTerms
from services.applications.actions import request_correction
from services.applications.model import RefusalGround
from services.certificates.actions import cancel_certificate, lift_freeze, place_freeze
from services.certificates.actions import revoke_certificate as revoke
from services.certificates.model import CertificateStatus
from services.certificates.store import certificates, get_certificate
from services.licensing.actions import terminate_license
from services.registry import open_engine
from services.sweeping import sweep
from services.tables import MICROSECOND
from tests.builders.announcements import announce, object_to
from tests.builders.applications import examine_substance
from tests.builders.certificates import freeze_terms
from tests.founding import a_key
from tests.ledger_counts import kinds_on, size_of_ledger
from tests.licenses import license_under, publish
from tests.titles import certify, terms_of

DAY = timedelta(days=1)


async def swept(registry, most=100):
    """What the sweep found to record, of each event how many."""
    recorded = await sweep(registry, most)
    return {event: count for event, count in recorded.items() if count}


async def stored(registry, certificate):
    async with registry.reading() as tx:
        return await get_certificate(tx, certificate.id)


async def last_event(registry, subject):
    async with registry.reading() as tx:
        return (await tx.log.events_of(tx.connection, subject))[-1]


async def test_a_certificate_that_has_run_out_is_recorded_as_expired_once(
    registry, certificate, clock
):
    clock.advance_to(certificate.effective_end - MICROSECOND)
    assert await swept(registry) == {}
    clock.advance(MICROSECOND)
    assert await swept(registry) == {"certificate-expired": 1}
    clock.advance(DAY)
    assert await swept(registry) == {}

    assert await kinds_on(registry, certificate.number) == [
        "certificate-issued",
        "certificate-expired",
    ]


async def test_an_expiry_tells_how_the_certificate_stands_and_changes_nothing(
    registry, certificate, clock
):
    clock.advance_to(certificate.effective_end + DAY)
    await sweep(registry)

    expired = await stored(registry, certificate)
    assert expired == replace(
        certificate, version=certificate.version + 1, expiry_recorded_at=clock.now()
    )
    assert expired.status is CertificateStatus.ACTIVE
    assert expired.effective_status(clock.now()) is CertificateStatus.EXPIRED
    event = await last_event(registry, certificate.number)
    end = certificate.effective_end.isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert (event.kind, event.at, event.public) == (
        "certificate-expired",
        clock.now(),
        {
            "status": "ACTIVE",
            "holder": certificate.holder_id,
            "effective_end": end,
            "pledges": "0",
            "burdened_until": "none",
            "limit": "VALIDITY",
        },
    )
    assert event.private == {"actor": "time", "party": "time"}


async def test_a_certificate_that_lost_its_source_has_expired_by_that(
    registry, office, holder, clock
):
    terms = terms_of("样例产品", source_authorised_until=date(2026, 6, 30))
    certificate = await certify(registry, office, holder, terms)
    clock.advance_to(certificate.effective_end)

    assert await swept(registry) == {"certificate-expired": 1}
    event = await last_event(registry, certificate.number)
    assert event.public["limit"] == "SOURCE_AUTHORISATION"


async def test_a_certificate_that_was_ended_does_not_expire(registry, office, holder, clock):
    cancelled = await certify(registry, office, holder, terms_of("注销产品"))
    revoked = await certify(registry, office, holder, terms_of("撤销产品"))
    await cancel_certificate(registry, holder, cancelled.id, "done")
    await revoke(registry, office, revoked.id, RefusalGround.OWNERSHIP_DISPUTED, "judgment")
    clock.advance_to(revoked.valid_until)

    assert await swept(registry) == {}


async def test_a_certificate_can_still_be_revoked_when_its_expiry_is_recorded(
    registry, office, certificate, clock
):
    clock.advance_to(certificate.effective_end)
    await sweep(registry)
    ground = RefusalGround.OWNERSHIP_DISPUTED
    revoked = await revoke(registry, office, certificate.id, ground, "judgment")

    assert revoked.status is CertificateStatus.REVOKED
    assert await swept(registry) == {}


async def test_many_who_sweep_at_once_record_it_once(registry, database, office, holder, clock):
    issued = [await certify(registry, office, holder, terms_of(f"产品{n}")) for n in range(5)]
    clock.advance_to(issued[-1].effective_end)
    other = replace(registry, engine=open_engine(database))
    found = await asyncio.gather(*(swept(door) for door in [registry, other] * 4))
    await other.close()

    assert sum(each.get("certificate-expired", 0) for each in found) == len(issued)
    for certificate in issued:
        assert await kinds_on(registry, certificate.number) == [
            "certificate-issued",
            "certificate-expired",
        ]


async def test_the_database_says_it_a_second_time(registry, certificate, clock):
    clock.advance_to(certificate.effective_end)
    await sweep(registry)

    async def record_it_at(instant):
        async with registry.deciding() as tx:
            update = certificates.update().values(expiry_recorded_at=instant)
            await tx.connection.execute(update)

    for instant in (None, clock.now() + DAY):
        with pytest.raises(sa.exc.IntegrityError, match="an expiry is recorded once"):
            await record_it_at(instant)


async def test_a_sweep_records_no_more_than_it_is_told(registry, office, holder, clock):
    for number in range(3):
        certificate = await certify(registry, office, holder, terms_of(f"产品{number}"))
    clock.advance_to(certificate.effective_end)

    assert await swept(registry, most=2) == {"certificate-expired": 2}
    assert await swept(registry, most=2) == {"certificate-expired": 1}
    assert await swept(registry, most=2) == {}


async def test_a_freeze_that_ended_by_itself_is_recorded_and_one_that_was_lifted_is_not(
    registry, office, certificate, clock
):
    until = clock.now() + 30 * DAY
    for number in ("1", "2"):
        terms = freeze_terms(certificate_id=certificate.id, until=until, instrument_number=number)
        freeze = await place_freeze(registry, office, terms, a_key())
    await lift_freeze(registry, office, freeze.id)
    clock.advance_to(until - MICROSECOND)
    assert await swept(registry) == {}
    clock.advance(MICROSECOND)

    assert await swept(registry) == {"freeze-lapsed": 1}
    assert await swept(registry) == {}
    event = await last_event(registry, certificate.number)
    assert (event.kind, event.public["burdened_until"]) == ("freeze-lapsed", "none")


async def test_a_license_at_its_agreed_end_is_recorded_and_one_that_was_ended_is_not(
    registry, holder, licensee, certificate, clock
):
    end = clock.now() + 30 * DAY
    offer = await publish(registry, holder, certificate, end=end)
    kept = await license_under(registry, holder, licensee, offer)
    ended = await license_under(registry, holder, licensee, offer)
    await terminate_license(registry, holder, ended.id, "done")
    clock.advance_to(end - MICROSECOND)
    assert await swept(registry) == {}
    clock.advance(MICROSECOND)

    assert await swept(registry) == {"license-expired": 1}
    assert await swept(registry) == {}
    event = await last_event(registry, certificate.number)
    assert (event.kind, event.public["license"]) == ("license-expired", kept.id)


@pytest.mark.parametrize(
    ("objected", "outcome"), [(False, "CLOSED_CLEAR"), (True, "CLOSED_CONTESTED")]
)
async def test_an_announcement_that_has_closed_is_recorded(
    registry, office, holder, stranger, clock, objected, outcome
):
    announcement = await announce(registry, holder, office)
    if objected:
        objection = await object_to(registry, stranger, announcement)
        finding = DecisionTerms(
            objection_id=objection.id, decision=Decision.DISMISSED, reasons="Examined."
        )
    clock.advance_to(announcement.closes_at - MICROSECOND)
    assert await swept(registry) == {}
    clock.advance(MICROSECOND)

    assert await swept(registry) == {"announcement-closed": 1}
    assert await swept(registry) == {}
    event = await last_event(registry, announcement.application_id)
    assert (event.kind, event.public["outcome"]) == ("announcement-closed", outcome)
    if objected:
        await decide_objection(registry, office, finding)
        assert await swept(registry) == {}


async def test_an_application_whose_correction_is_overdue_is_recorded(
    registry, office, holder, clock
):
    examined = await examine_substance(registry, holder, office)
    requested = await request_correction(registry, office, examined.id, "Explain.")
    clock.advance_to(requested.correction_due_at - MICROSECOND)
    assert await swept(registry) == {}
    clock.advance(MICROSECOND)

    assert await swept(registry) == {"application-lapsed": 1}
    assert await swept(registry) == {}
    assert (await kinds_on(registry, examined.id))[-1] == "application-lapsed"


async def test_a_ledger_that_has_ended_takes_no_more(registry, certificate, clock):
    async with registry.deciding() as tx:
        await append_mark(tx.connection, Freeze("register.test/log/2"), tx.now)
    before = await size_of_ledger(registry)
    clock.advance_to(certificate.effective_end)

    assert await swept(registry) == {}
    assert await size_of_ledger(registry) == before
    assert await stored(registry, certificate) == certificate
