"""Acts on certificates: done, refused, raced."""

import asyncio
from datetime import date, timedelta

import pytest

from services.applications.model import ApplicationStatus, RefusalGround
from services.applications.store import get_application
from services.certificates.actions import (
    cancel_certificate,
    give_consent,
    issue_certificate,
    lift_freeze,
    place_freeze,
    revoke_certificate,
    revoke_consent,
)
from services.certificates.model import CertificateStatus, Limit, Operation
from services.certificates.store import add_encumbrance, burdens_on, get_certificate
from services.periods import end_of
from services.refusals import RefusalCode, Refused
from tests.builders.certificates import an_encumbrance, consent_terms, freeze_terms
from tests.founding import a_key
from tests.ledger_counts import kinds_on, size_of_ledger
from tests.titles import ANNOUNCEMENT, announce, certify, terms_of

YEAR = timedelta(days=365)


async def stored(registry, certificate):
    async with registry.reading() as tx:
        return await get_certificate(tx, certificate.id)


async def burdened(registry, certificate, bank, **changes):
    """A pledge's encumbrance, put there without the pledge: pledges stand above certificates."""
    burden = an_encumbrance(
        certificate_id=certificate.id,
        protects=bank.party_id,
        since=registry.clock.now(),
        **changes,
    )
    async with registry.deciding() as tx:
        await add_encumbrance(tx, burden)
    return burden


async def test_an_issued_certificate_is_numbered_chained_and_ends_the_application(
    registry, certificate, holder
):
    assert await stored(registry, certificate) == certificate
    assert certificate.number == "20260131000000001"
    assert certificate.version == 1
    assert certificate.is_held_by(holder.party_id)
    assert await kinds_on(registry, certificate.number) == ["certificate-issued"]
    async with registry.reading() as tx:
        application = await get_application(tx, certificate.application_id)
    assert application.status is ApplicationStatus.REGISTERED
    assert application.registered_until == certificate.effective_end


@pytest.mark.usefixtures("certificate")
async def test_the_second_certificate_gets_the_next_number(registry, office, holder):
    second = await certify(registry, office, holder, terms_of("另一产品"))
    assert second.number == "20260231000000002"


async def test_a_source_that_ends_earlier_caps_the_certificate(registry, office, holder):
    last_day = date(2026, 12, 31)
    capped = await certify(registry, office, holder, terms_of("公交数据", last_day))
    assert capped.effective_end == end_of(last_day)
    assert capped.binding_limit is Limit.SOURCE_AUTHORISATION


async def test_one_product_gets_one_certificate_however_many_issue_it(registry, office, holder):
    application = await announce(registry, office, holder, terms_of("样例产品"))
    registry.clock.advance(ANNOUNCEMENT)
    before = await size_of_ledger(registry)

    attempts = [issue_certificate(registry, office, application.id, a_key()) for _ in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)

    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert [r.refusals[0].code for r in refused] == [RefusalCode.PRODUCT_ALREADY_CERTIFIED] * 7
    assert await size_of_ledger(registry) == before + 1


async def test_no_certificate_is_issued_while_the_announcement_runs(registry, office, holder):
    application = await announce(registry, office, holder, terms_of("样例产品"))
    before = await size_of_ledger(registry)

    with pytest.raises(Refused) as refused:
        await issue_certificate(registry, office, application.id, a_key())

    assert [r.code for r in refused.value.refusals] == [RefusalCode.ANNOUNCEMENT_RUNNING]
    assert await size_of_ledger(registry) == before


async def test_an_application_one_may_not_see_is_not_there(registry, office, holder, stranger):
    application = await announce(registry, office, holder, terms_of("样例产品"))
    for hidden in (application.id, "application_unknown"):
        with pytest.raises(Refused) as refused:
            await issue_certificate(registry, stranger, hidden, a_key())
        assert [r.code for r in refused.value.refusals] == [RefusalCode.RECORD_NOT_FOUND]


async def test_what_is_revoked_stays_revoked(registry, office, certificate):
    ground = RefusalGround.OWNERSHIP_DISPUTED
    revoked = await revoke_certificate(registry, office, certificate.id, ground, "judgment")

    assert revoked.status is CertificateStatus.REVOKED
    assert await stored(registry, certificate) == revoked
    assert await kinds_on(registry, certificate.number) == [
        "certificate-issued",
        "certificate-revoked",
    ]
    with pytest.raises(Refused) as refused:
        await revoke_certificate(registry, office, certificate.id, ground, "again")
    assert [r.code for r in refused.value.refusals] == [RefusalCode.ILLEGAL_TRANSITION]


async def test_the_holder_surrenders_a_free_certificate(registry, holder, certificate):
    cancelled = await cancel_certificate(registry, holder, certificate.id, "no longer offered")
    assert cancelled.status is CertificateStatus.CANCELLED
    assert (await stored(registry, certificate)).binding_limit is Limit.CANCELLATION


async def test_a_surrender_uses_up_the_pledgees_consent(registry, holder, bank, certificate):
    burden = await burdened(registry, certificate, bank)
    with pytest.raises(Refused) as refused:
        await cancel_certificate(registry, holder, certificate.id, "paid")
    assert [r.code for r in refused.value.refusals] == [RefusalCode.CONSENT_MISSING]

    terms = consent_terms(encumbrance_id=burden.id, operation=Operation.CANCEL)
    consent = await give_consent(registry, bank, terms, a_key())
    await cancel_certificate(registry, holder, certificate.id, "paid")

    async with registry.reading() as tx:
        (used,) = (await burdens_on(tx, certificate.id)).consents
    assert (used.id, used.consumed_by) == (consent.id, certificate.id)


async def test_a_consent_taken_back_opens_nothing(registry, holder, bank, certificate):
    burden = await burdened(registry, certificate, bank)
    terms = consent_terms(encumbrance_id=burden.id, operation=Operation.CANCEL)
    consent = await give_consent(registry, bank, terms, a_key())
    await revoke_consent(registry, bank, consent.id)

    with pytest.raises(Refused) as refused:
        await cancel_certificate(registry, holder, certificate.id, "paid")
    assert [r.code for r in refused.value.refusals] == [RefusalCode.CONSENT_MISSING]


async def test_a_freeze_stops_the_holder_until_it_is_lifted(registry, office, holder, certificate):
    until = registry.clock.now() + YEAR
    terms = freeze_terms(certificate_id=certificate.id, until=until)
    freeze = await place_freeze(registry, office, terms, a_key())
    with pytest.raises(Refused) as refused:
        await cancel_certificate(registry, holder, certificate.id, "no longer offered")
    assert [r.code for r in refused.value.refusals] == [RefusalCode.ENCUMBRANCE_FORBIDS]

    await lift_freeze(registry, office, freeze.id)
    cancelled = await cancel_certificate(registry, holder, certificate.id, "no longer offered")
    assert cancelled.version == 4


async def test_a_freeze_ends_by_itself(registry, office, holder, certificate):
    until = registry.clock.now() + YEAR
    terms = freeze_terms(certificate_id=certificate.id, until=until)
    await place_freeze(registry, office, terms, a_key())
    registry.clock.advance_to(until)
    cancelled = await cancel_certificate(registry, holder, certificate.id, "no longer offered")
    assert cancelled.status is CertificateStatus.CANCELLED


async def test_eight_rivals_surrender_once(registry, holder, certificate):
    attempts = [cancel_certificate(registry, holder, certificate.id, "x") for _ in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert [r.refusals[0].code for r in refused] == [RefusalCode.CERTIFICATE_NOT_ACTIVE] * 7
