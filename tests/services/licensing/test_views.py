"""What SQL says of offers and licenses is what the model says; and who sees how much."""

from datetime import timedelta

import pytest

from services.actors import Role
from services.applications.model import RefusalGround
from services.certificates.actions import revoke_certificate
from services.certificates.model import Operation
from services.certificates.store import get_certificate
from services.licensing.actions import terminate_license, withdraw_offer
from services.licensing.model import LicenseKind, OfferStatus
from services.licensing.store import get_license, get_offer
from services.licensing.views import (
    LICENSE,
    NEGOTIATION,
    OFFER,
    GrantabilityQuestion,
    assess_license,
    is_in_license,
    is_in_negotiation,
)
from services.reading.records import Wanted, read_one, read_page
from services.refusals import RefusalCode
from tests.collateral import consented, registered
from tests.founding import enter_party
from tests.licenses import PRICE, YEAR, a_year_from_now, ask, license_under, publish
from tests.titles import certify, terms_of

MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)
EXCLUSIVE, SOLE, NON_EXCLUSIVE = LicenseKind


@pytest.fixture
async def stage(registry, office, holder, licensee):
    """Two certificates, one revoked later; offers withdrawn and not; licenses of every fate."""
    sound = await certify(registry, office, holder, terms_of("存续"))
    lost = await certify(registry, office, holder, terms_of("撤销"))
    offers = [
        await publish(registry, holder, sound),
        await publish(registry, holder, sound, end=sound.effective_end),
        await publish(registry, holder, lost),
        await publish(registry, holder, sound),
    ]
    later = registry.clock.now() + 10 * DAY
    licenses = [
        await license_under(registry, holder, licensee, offers[0]),
        await license_under(registry, holder, licensee, offers[1], begin=later),
        await license_under(registry, holder, licensee, offers[2]),
        await license_under(registry, holder, licensee, offers[3]),
    ]
    registry.clock.advance(DAY)
    await withdraw_offer(registry, holder, offers[3].id)
    await terminate_license(registry, holder, licenses[3].id, "样例理由")
    ground = RefusalGround.OTHER_NON_COMPLIANCE
    registry.clock.advance(DAY)
    await revoke_certificate(registry, office, lost.id, ground, "样例理由")
    return offers, licenses


async def test_the_views_agree_with_the_model_before_at_and_after_each_limit(
    registry, office, stage
):
    offers, licenses = stage
    limits = {edge for each in licenses for edge in (each.scope.begin, each.scope.end)}
    moments = {limit + shift for limit in limits for shift in (-MOMENT, 0 * MOMENT, MOMENT)}
    seen = set()
    for moment in sorted(m for m in moments if m > registry.clock.now()):
        registry.clock.advance_to(moment)
        async with registry.reading() as tx:
            for offer in offers:
                row = await read_one(tx, office, OFFER, id=offer.id)
                model = await get_offer(tx, offer.id)
                certificate = await get_certificate(tx, offer.terms.certificate_id)
                assert row["effective_status"] is model.effective_status(certificate, moment)
                seen.add(row["effective_status"])
            for granted in licenses:
                row = await read_one(tx, office, LICENSE, id=granted.id)
                model = await get_license(tx, granted.id)
                certificate = await get_certificate(tx, granted.certificate_id)
                assert row["effective_status"] is model.effective_status(certificate, moment)
                assert row["effective_end"] == model.effective_end(certificate)
                assert row["binding_limit"] == model.binding_limit(certificate)
                seen.add(row["effective_status"])
    assert seen == {
        "PUBLISHED", "WITHDRAWN", "EXPIRED", "VOIDED",
        "ACTIVE", "TERMINATED", "PENDING_EFFECT", "IMPAIRED",
    }  # fmt: skip


async def test_a_license_is_public_but_not_its_licensee_nor_its_price(
    registry, holder, licensee, office, stranger, stage
):
    _, (*_, terminated) = stage
    private = ("licensee_id", "price_minor", "price_currency", "negotiation_id",
               "terminated_because")  # fmt: skip
    known = (licensee.party_id, PRICE.amount_minor, PRICE.currency, terminated.negotiation_id,
             "样例理由")  # fmt: skip
    async with registry.reading() as tx:
        for asker in (None, stranger):
            row = await read_one(tx, asker, LICENSE, id=terminated.id)
            assert [row[name] for name in private] == [None] * 5
            assert row["kind"] is NON_EXCLUSIVE
        for asker in (holder, licensee, office):
            row = await read_one(tx, asker, LICENSE, id=terminated.id)
            assert tuple(row[name] for name in private) == known


async def test_a_negotiation_is_open_to_its_parties_and_the_office(
    registry, holder, licensee, office, stranger, stage
):
    _, licenses = stage
    async with registry.reading() as tx:
        for asker in (None, stranger):
            key = licenses[0].negotiation_id
            assert await read_one(tx, asker, NEGOTIATION, id=key) is None
        for asker in (holder, licensee, office):
            row = await read_one(tx, asker, NEGOTIATION, id=licenses[0].negotiation_id)
            assert row["license_id"] == licenses[0].id


async def test_a_withdrawn_offer_is_open_to_those_who_had_to_do_with_it(
    registry, holder, licensee, office, stranger, stage
):
    (*_, withdrawn), _ = stage
    async with registry.reading() as tx:
        shown = [
            await read_one(tx, asker, OFFER, id=withdrawn.id)
            for asker in (None, stranger, holder, licensee, office)
        ]
    assert [row and row["lifecycle"] for row in shown] == [None, None] + [OfferStatus.WITHDRAWN] * 3


async def test_everyone_pages_through_their_own(registry, holder, licensee, stranger, stage):
    _, licenses = stage
    newest_first = [granted.id for granted in reversed(licenses)]
    async with registry.reading() as tx:
        for asker, expected in [(holder, 4), (licensee, 4), (stranger, 0), (None, 0)]:
            page = await read_page(tx, asker, LICENSE, Wanted(conditions=[is_in_license]), first=10)
            assert len(page.records) == expected
            asked = await read_page(
                tx, asker, NEGOTIATION, Wanted(conditions=[is_in_negotiation]), first=10
            )
            assert len(asked.records) == expected
        page = await read_page(tx, holder, LICENSE, Wanted(conditions=[is_in_license]), first=10)
    assert sorted(row["id"] for row in page.records) == sorted(newest_first)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["北", "上", "全"]),
        ({"territory": "CN-SH"}, ["北", "上", "全"]),
        ({"territory": "CN-BJ"}, ["北", "全"]),
        ({"territory": "CN"}, ["北", "全"]),
        ({"territory": "cn"}, ["全"]),
        ({"territory": "US-CA"}, ["全"]),
        ({"field_of_use": "风控"}, ["上", "全"]),
        ({"field_of_use": "风"}, ["全"]),
        ({"field_of_use": "%"}, ["全"]),
        ({"kind": SOLE}, ["北"]),
        ({"certificate_id": "certificate_0"}, []),
        ({"holder_id": "party_0"}, []),
        ({"territory": "CN-BJ", "kind": NON_EXCLUSIVE}, ["全"]),
    ],
)
async def test_a_filter_gives_the_offers_that_cover_what_is_wanted(
    registry, holder, certificate, wanted, names
):
    scopes = {
        "全": {},
        "上": {"territories": frozenset({"CN-SH"}), "fields_of_use": frozenset({"风控", "营销"})},
        "北": {"territories": frozenset({"CN"}), "fields_of_use": frozenset({"科研"})},
    }
    made = {}
    for name, scope in scopes.items():
        registry.clock.advance(MOMENT)
        kind = SOLE if name == "北" else NON_EXCLUSIVE
        made[(await publish(registry, holder, certificate, kind, **scope)).id] = name
    async with registry.reading() as tx:
        page = await read_page(tx, None, OFFER, Wanted(criteria=wanted), first=10)
    assert [made[record["id"]] for record in page.records] == names


async def test_grantability_needs_no_offer_and_says_what_binds(registry, certificate, licensee):
    late = certificate.effective_end + MOMENT
    scope = a_year_from_now(registry, end=late)
    question = GrantabilityQuestion(scope=scope, certificate_id=certificate.id)
    answer = await assess_license(registry, licensee, question)
    assert [refusal.code for refusal in answer.refusals] == [
        RefusalCode.LICENSE_OUTLIVES_CERTIFICATE
    ]
    assert answer.certificate.version == certificate.version
    assert answer.as_of == registry.clock.now()


async def test_grantability_is_silent_on_what_the_asker_may_not_know(
    registry, certificate, office, holder, licensee, stranger
):
    rival = await enter_party(registry, office, "样例竞争者", Role.LICENSEE)
    scope = a_year_from_now(registry)
    about_the_licensee = GrantabilityQuestion(
        scope=scope, certificate_id=certificate.id, licensee_id=licensee.party_id
    )
    answers = [
        await assess_license(registry, asker, about_the_licensee)
        for asker in (None, rival, stranger, licensee, holder, office)
    ]
    assert [answer is None for answer in answers] == [True] * 3 + [False] * 3

    offer = await publish(registry, holder, certificate)
    await ask(registry, licensee, offer)
    await withdraw_offer(registry, holder, offer.id)
    about_the_offer = GrantabilityQuestion(scope=scope, offer_id=offer.id)
    assert await assess_license(registry, rival, about_the_offer) is None
    answer = await assess_license(registry, licensee, about_the_offer)
    assert [refusal.code for refusal in answer.refusals] == [RefusalCode.OFFER_NOT_OPEN]
    nowhere = GrantabilityQuestion(scope=scope, certificate_id="certificate_0")
    assert await assess_license(registry, holder, nowhere) is None


async def test_a_lapsed_offer_is_still_shown_but_not_as_grantable(registry, holder, certificate):
    offer = await publish(registry, holder, certificate)
    registry.clock.advance(YEAR)
    async with registry.reading() as tx:
        row = await read_one(tx, None, OFFER, id=offer.id)
    assert (row["effective_status"], row["grantable"]) == (OfferStatus.EXPIRED, False)


async def test_a_consent_to_one_kind_of_license_makes_no_offer_of_another_grantable(
    registry, holder, certificate, bank
):
    offers = [await publish(registry, holder, certificate, k) for k in (NON_EXCLUSIVE, SOLE)]
    pledge = await registered(registry, certificate, holder, bank)
    await consented(registry, pledge, bank, Operation.LICENSE)
    async with registry.reading() as tx:
        rows = [await read_one(tx, None, OFFER, id=offer.id) for offer in offers]
    assert [row["grantable"] for row in rows] == [True, False]
