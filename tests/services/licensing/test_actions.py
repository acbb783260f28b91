"""Acts of licensing: done, refused, raced."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.actors import Role
from services.applications.model import RefusalGround
from services.certificates.actions import give_consent, revoke_certificate
from services.certificates.model import EncumbranceKind, Operation
from services.certificates.store import add_encumbrance, burdens_on, get_consent
from services.licensing.actions import (
    grant_license,
    publish_offer,
    refuse_license,
    request_license,
    terminate_license,
    withdraw_license_request,
    withdraw_offer,
)
from services.licensing.model import (
    GrantTerms,
    LicenseKind,
    LicenseStatus,
    NegotiationStatus,
    OfferStatus,
    RequestTerms,
)
from services.licensing.store import get_license, get_negotiation, get_offer, licenses, negotiations
from services.refusals import RefusalCode, Refused
from tests.builders.certificates import an_encumbrance, consent_terms
from tests.founding import a_key, enter_party
from tests.ledger_counts import kinds_on, size_of_ledger
from tests.licenses import (
    PRICE,
    YEAR,
    a_year_from_now,
    ask,
    grant,
    license_under,
    publish,
    version_of,
)

HOUR = timedelta(hours=1)
EXCLUSIVE, SOLE, NON_EXCLUSIVE = LicenseKind


async def kept(registry, get, record):
    async with registry.reading() as tx:
        return await get(tx, record.id)


async def rows(registry, table):
    async with registry.reading() as tx:
        query = sa.select(sa.func.count()).select_from(table)
        return (await tx.connection.execute(query)).scalar_one()


async def burdens(registry, certificate):
    async with registry.reading() as tx:
        return await burdens_on(tx, certificate.id)


async def pledged(registry, certificate, bank):
    """A pledge's encumbrance, put there without the pledge: pledges stand beside licensing."""
    burden = an_encumbrance(
        certificate_id=certificate.id, protects=bank.party_id, since=registry.clock.now()
    )
    async with registry.deciding() as tx:
        await add_encumbrance(tx, burden)
    return burden


async def refused(attempt):
    with pytest.raises(Refused) as caught:
        await attempt
    return [refusal.code for refusal in caught.value.refusals]


async def test_a_license_is_offered_asked_for_and_granted(registry, certificate, holder, licensee):
    offer = await publish(registry, holder, certificate, territories=frozenset({"CN"}))
    registry.clock.advance(HOUR)
    negotiation = await ask(registry, licensee, offer, territories=frozenset({"CN-SH"}))
    registry.clock.advance(HOUR)
    granted = await grant(registry, holder, negotiation, certificate.version + 2)

    assert await kept(registry, get_offer, offer) == offer
    assert await kept(registry, get_license, granted) == granted
    assert granted.price == PRICE
    assert granted.licensee_id == licensee.party_id
    assert granted.scope.territories == frozenset({"CN-SH"})
    assert granted.scope.begin == granted.granted_at == registry.clock.now()
    assert granted.scope.end == offer.terms.scope.end
    closed = await kept(registry, get_negotiation, negotiation)
    assert (closed.status, closed.closed_at) == (NegotiationStatus.FINALIZED, granted.granted_at)
    assert await kinds_on(registry, certificate.number) == [
        "certificate-issued",
        "offer-published",
        "license-requested",
        "license-granted",
    ]
    assert (await burdens(registry, certificate)).encumbrances == []


@pytest.mark.parametrize(
    ("kind", "burden"),
    [
        (EXCLUSIVE, EncumbranceKind.EXCLUSIVE_LICENSE),
        (SOLE, EncumbranceKind.SOLE_LICENSE),
    ],
)
async def test_a_license_that_excludes_others_burdens_its_certificate_from_begin_to_end(
    registry, certificate, holder, licensee, kind, burden
):
    begin = registry.clock.now() + HOUR
    offer = await publish(registry, holder, certificate, kind, fields_of_use=frozenset({"风控"}))
    granted = await license_under(registry, holder, licensee, offer, begin=begin)

    (laid,) = (await burdens(registry, certificate)).active(registry.clock.now())
    assert (laid.kind, laid.instrument_id, laid.protects) == (
        burden, granted.id, licensee.party_id,
    )  # fmt: skip
    assert (laid.since, laid.until) == (begin, granted.scope.end)
    assert laid.fields_of_use == frozenset({"风控"})


async def test_a_license_to_come_already_closes_its_scope(registry, certificate, holder, licensee):
    start = registry.clock.now() + HOUR
    offer = await publish(registry, holder, certificate, EXCLUSIVE)
    await license_under(registry, holder, licensee, offer, begin=start)
    assert await refused(publish(registry, holder, certificate)) == [
        RefusalCode.ENCUMBRANCE_FORBIDS
    ]
    before = await publish(registry, holder, certificate, end=start)
    assert before.status is OfferStatus.PUBLISHED


async def test_the_same_key_grants_once(registry, certificate, holder, licensee):
    offer = await publish(registry, holder, certificate)
    negotiation = await ask(registry, licensee, offer)
    terms = GrantTerms(negotiation_id=negotiation.id, expected_version=certificate.version + 2)
    key = a_key()
    first = await grant_license(registry, holder, terms, key)
    size = await size_of_ledger(registry)
    assert await grant_license(registry, holder, terms, key) == first
    assert await size_of_ledger(registry) == size


async def test_the_same_key_offers_and_asks_once(registry, certificate, holder, licensee):
    offer = await publish(registry, holder, certificate)
    key = a_key()
    again = [await publish_offer(registry, holder, offer.terms, key) for _ in range(2)]
    assert again[0] == again[1]
    terms = RequestTerms(offer_id=offer.id, scope=offer.terms.scope)
    asked = [await request_license(registry, licensee, terms, key) for _ in range(2)]
    assert asked[0] == asked[1]


async def test_a_refused_grant_leaves_no_trace(registry, certificate, holder, licensee, bank):
    offer = await publish(registry, holder, certificate)
    negotiation = await ask(registry, licensee, offer)
    await pledged(registry, certificate, bank)
    size = await size_of_ledger(registry)

    seen = await version_of(registry, certificate.id)
    attempt = grant(registry, holder, negotiation, seen)
    assert await refused(attempt) == [RefusalCode.CONSENT_MISSING]
    assert await size_of_ledger(registry) == size
    assert await rows(registry, licenses) == 0
    assert (await kept(registry, get_negotiation, negotiation)).is_open
    assert await version_of(registry, certificate.id) == seen


async def test_a_pledgees_consent_opens_one_grant_and_is_used_up(
    registry, certificate, holder, licensee, bank
):
    offer = await publish(registry, holder, certificate)
    negotiation = await ask(registry, licensee, offer)
    burden = await pledged(registry, certificate, bank)
    terms = consent_terms(
        encumbrance_id=burden.id, operation=Operation.LICENSE, counterparty_id=licensee.party_id
    )
    consent = await give_consent(registry, bank, terms, a_key())

    seen = await version_of(registry, certificate.id)
    granted = await grant(registry, holder, negotiation, seen)
    used = await kept(registry, get_consent, consent)
    assert (used.consumed_at, used.consumed_by) == (granted.granted_at, granted.id)
    again = await ask(registry, licensee, offer)
    seen = await version_of(registry, certificate.id)
    assert await refused(grant(registry, holder, again, seen)) == [RefusalCode.CONSENT_MISSING]


async def test_a_consent_to_an_offer_is_used_up_by_the_offer(registry, certificate, holder, bank):
    burden = await pledged(registry, certificate, bank)
    assert await refused(publish(registry, holder, certificate)) == [RefusalCode.CONSENT_MISSING]
    terms = consent_terms(encumbrance_id=burden.id, operation=Operation.PUBLISH_OFFER)
    consent = await give_consent(registry, bank, terms, a_key())
    offer = await publish(registry, holder, certificate)
    used = await kept(registry, get_consent, consent)
    assert (used.consumed_at, used.consumed_by) == (offer.published_at, offer.id)


async def test_a_grant_rests_on_the_certificate_as_the_licensor_saw_it(
    registry, certificate, holder, licensee
):
    offer = await publish(registry, holder, certificate)
    negotiation = await ask(registry, licensee, offer)
    seen = await version_of(registry, certificate.id)
    await publish(registry, holder, certificate)
    assert await refused(grant(registry, holder, negotiation, seen)) == [
        RefusalCode.CERTIFICATE_HAS_MOVED_ON
    ]


async def test_a_terminated_exclusive_license_frees_its_scope_at_once(
    registry, certificate, holder, licensee
):
    offer = await publish(registry, holder, certificate, EXCLUSIVE)
    granted = await license_under(registry, holder, licensee, offer)
    registry.clock.advance(HOUR)
    ended = await terminate_license(registry, licensee, granted.id, "样例理由")

    assert await kept(registry, get_license, ended) == ended
    assert (ended.status, ended.terminated_at) == (LicenseStatus.TERMINATED, registry.clock.now())
    assert (await burdens(registry, certificate)).active(registry.clock.now()) == []
    assert (await kinds_on(registry, certificate.number))[-1] == "license-terminated"
    again = await license_under(registry, holder, licensee, offer)
    assert again.scope.begin == registry.clock.now()


async def test_a_license_is_not_ended_by_strangers_nor_twice(
    registry, certificate, holder, licensee, stranger
):
    offer = await publish(registry, holder, certificate)
    granted = await license_under(registry, holder, licensee, offer)
    assert await refused(terminate_license(registry, stranger, granted.id, "样例")) == [
        RefusalCode.NOT_A_PARTY_TO_THE_LICENSE
    ]
    await terminate_license(registry, holder, granted.id, "样例")
    assert await refused(terminate_license(registry, holder, granted.id, "样例")) == [
        RefusalCode.LICENSE_NOT_IN_FORCE
    ]


async def test_a_withdrawn_offer_grants_nothing_more_and_is_hidden_from_newcomers(
    registry, certificate, holder, licensee, office
):
    offer = await publish(registry, holder, certificate)
    negotiation = await ask(registry, licensee, offer)
    withdrawn = await withdraw_offer(registry, holder, offer.id)
    assert await kept(registry, get_offer, offer) == withdrawn
    assert (await kinds_on(registry, certificate.number))[-1] == "offer-withdrawn"

    seen = await version_of(registry, certificate.id)
    assert await refused(grant(registry, holder, negotiation, seen)) == [RefusalCode.OFFER_NOT_OPEN]
    assert await refused(ask(registry, licensee, offer)) == [
        RefusalCode.OFFER_NOT_OPEN,
        RefusalCode.NEGOTIATION_ALREADY_OPEN,
    ]
    newcomer = await enter_party(registry, office, "样例新公司", Role.LICENSEE)
    assert await refused(ask(registry, newcomer, offer)) == [RefusalCode.RECORD_NOT_FOUND]


async def test_a_request_is_refused_by_the_licensor_or_withdrawn_by_the_licensee(
    registry, certificate, holder, licensee
):
    offer = await publish(registry, holder, certificate)
    first = await ask(registry, licensee, offer)
    declined = await refuse_license(registry, holder, first.id, "样例理由")
    second = await ask(registry, licensee, offer)
    withdrawn = await withdraw_license_request(registry, licensee, second.id)

    assert await kept(registry, get_negotiation, first) == declined
    assert (declined.status, declined.closed_because) == (NegotiationStatus.TERMINATED, "样例理由")
    assert await kept(registry, get_negotiation, second) == withdrawn
    assert withdrawn.status is NegotiationStatus.TERMINATED
    assert (await kinds_on(registry, certificate.number))[-4:] == [
        "license-requested",
        "license-refused",
        "license-requested",
        "license-request-withdrawn",
    ]


async def test_what_one_may_not_see_one_cannot_act_on(
    registry, certificate, holder, licensee, stranger
):
    negotiation = await ask(registry, licensee, await publish(registry, holder, certificate))
    hidden = [RefusalCode.RECORD_NOT_FOUND]
    assert await refused(grant(registry, stranger, negotiation, 3)) == hidden
    assert await refused(refuse_license(registry, stranger, negotiation.id, "样例")) == hidden
    assert await refused(withdraw_license_request(registry, stranger, negotiation.id)) == hidden
    assert await refused(terminate_license(registry, stranger, "license_0", "样例")) == hidden
    closed = (await publish(registry, holder, certificate)).id
    await withdraw_offer(registry, holder, closed)
    assert await refused(withdraw_offer(registry, stranger, closed)) == hidden


async def test_a_revoked_certificate_grants_nothing(
    registry, certificate, holder, licensee, office
):
    negotiation = await ask(registry, licensee, await publish(registry, holder, certificate))
    ground = RefusalGround.OTHER_NON_COMPLIANCE
    registry.clock.advance(HOUR)
    revoked = await revoke_certificate(registry, office, certificate.id, ground, "样例")
    assert await refused(grant(registry, holder, negotiation, revoked.version)) == [
        RefusalCode.CERTIFICATE_NOT_ACTIVE,
        RefusalCode.LICENSE_OUTLIVES_CERTIFICATE,
    ]


async def test_eight_requests_of_one_licensee_open_one_negotiation(
    registry, certificate, holder, licensee
):
    offer = await publish(registry, holder, certificate)
    attempts = [ask(registry, licensee, offer) for _ in range(8)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    lost = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert [r.refusals[0].code for r in lost] == [RefusalCode.NEGOTIATION_ALREADY_OPEN] * 7
    assert await rows(registry, negotiations) == 1


async def test_an_offer_cannot_outlive_its_certificate(registry, certificate, holder):
    attempt = publish(registry, holder, certificate, end=certificate.effective_end + HOUR)
    assert await refused(attempt) == [RefusalCode.LICENSE_OUTLIVES_CERTIFICATE]
    scope = a_year_from_now(registry, begin=certificate.issued_at - YEAR)
    offer = await publish(registry, holder, certificate, begin=scope.begin)
    assert offer.terms.scope.begin == registry.clock.now()
