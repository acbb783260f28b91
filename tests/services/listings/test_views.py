"""What may be read of listings: the status as the model has it, by whom, and eligibility."""

from datetime import timedelta

import pytest

from services.actors import Role
from services.applications.model import RefusalGround
from services.certificates.actions import place_freeze, revoke_certificate, revoke_consent
from services.certificates.model import Operation
from services.certificates.store import burdens_on, get_certificate
from services.listings.actions import admit_listing, delist, request_listing, suspend_listing
from services.listings.model import ListingStatus, ListingTerms, TradeMode
from services.listings.store import listings_of
from services.listings.views import LISTING, assess_listing, is_mine
from services.money import Currency, Money
from services.reading.records import Wanted, read_one, read_page
from services.refusals import RefusalCode
from services.verdicts import Verdict
from tests.builders.certificates import freeze_terms
from tests.collateral import consented, registered
from tests.founding import a_key, enter_party
from tests.titles import certify, terms_of

MOMENT = timedelta(microseconds=1)
DAY = timedelta(days=1)


@pytest.fixture
async def rival_exchange(registry, office):
    return await enter_party(registry, office, "样例对手交易所", Role.EXCHANGE)


async def requested(registry, certificate, holder, exchange, mode=TradeMode.LICENSING):
    terms = ListingTerms(certificate_id=certificate.id, exchange_id=exchange.party_id, mode=mode)
    return await request_listing(registry, holder, terms, a_key())


async def listed(registry, certificate, holder, exchange, mode=TradeMode.LICENSING):
    listing = await requested(registry, certificate, holder, exchange, mode)
    return await admit_listing(registry, exchange, listing.id)


async def statuses(registry, certificate, actor) -> list[ListingStatus]:
    """The status of each listing of a certificate, which view and model must agree on."""
    found = []
    async with registry.reading() as tx:
        title = await get_certificate(tx, certificate.id)
        burdens = await burdens_on(tx, certificate.id)
        for listing in await listings_of(tx, certificate.id):
            row = await read_one(tx, actor, LISTING, id=listing.id)
            assert row["status"] == listing.effective_status(title, burdens, tx.now), listing
            found.append(row["status"])
    return sorted(found)


async def test_a_listing_falls_when_its_certificate_ends(
    registry, certificate, holder, exchange, rival_exchange
):
    await listed(registry, certificate, holder, exchange)
    await requested(registry, certificate, holder, rival_exchange)
    found = []
    for moment in (certificate.effective_end - MOMENT, certificate.effective_end):
        registry.clock.advance_to(moment)
        found.append(await statuses(registry, certificate, holder))
    assert found == [
        [ListingStatus.LISTED, ListingStatus.SUBMITTED],
        [ListingStatus.DELISTED, ListingStatus.SUBMITTED],
    ]


async def test_a_listing_falls_when_its_certificate_is_revoked(
    registry, office, certificate, holder, exchange
):
    listing = await listed(registry, certificate, holder, exchange)
    await suspend_listing(registry, exchange, listing.id, "under review")
    ground = RefusalGround.OTHER_NON_COMPLIANCE
    await revoke_certificate(registry, office, certificate.id, ground, "found")
    assert await statuses(registry, certificate, holder) == [ListingStatus.DELISTED]


async def test_a_freeze_suspends_a_listing_until_it_ends(
    registry, office, certificate, holder, exchange
):
    await listed(registry, certificate, holder, exchange)
    until = registry.clock.now() + 30 * DAY
    order = freeze_terms(certificate_id=certificate.id, until=until)
    await place_freeze(registry, office, order, a_key())
    found = []
    for moment in (until - MOMENT, until):
        registry.clock.advance_to(moment)
        found.append(await statuses(registry, certificate, holder))
    assert found == [[ListingStatus.SUSPENDED], [ListingStatus.LISTED]]


@pytest.mark.parametrize(
    ("consent", "status"),
    [
        ({"standing": True}, ListingStatus.LISTED),
        ({"standing": True, "until": 5 * DAY}, ListingStatus.SUSPENDED),
        ({"standing": True, "until": 15 * DAY}, ListingStatus.LISTED),
        ({"standing": True, "longest_months": 12}, ListingStatus.SUSPENDED),
        ({"standing": True, "lowest_price": Money(1, Currency.CNY)}, ListingStatus.SUSPENDED),
        ({"standing": True, "counterparty_id": "exchange"}, ListingStatus.LISTED),
        ({"standing": True, "counterparty_id": "rival"}, ListingStatus.SUSPENDED),
        ({"standing": True, "operation": Operation.LICENSE}, ListingStatus.SUSPENDED),
        ({"standing": False}, ListingStatus.SUSPENDED),
    ],
)
async def test_a_later_pledge_suspends_a_listing_unless_a_standing_consent_covers_it(
    registry, certificate, holder, bank, exchange, rival_exchange, consent, status
):
    await listed(registry, certificate, holder, exchange)
    registry.clock.advance(MOMENT)
    pledge = await registered(registry, certificate, holder, bank)
    assert await statuses(registry, certificate, holder) == [ListingStatus.SUSPENDED]

    parties = {"exchange": exchange.party_id, "rival": rival_exchange.party_id}
    terms = {"operation": Operation.LIST_FOR_LICENSING} | consent
    if "until" in terms:
        terms["until"] += registry.clock.now()
    if "counterparty_id" in terms:
        terms["counterparty_id"] = parties[terms["counterparty_id"]]
    await consented(registry, pledge, bank, **terms)
    registry.clock.advance(10 * DAY)
    assert await statuses(registry, certificate, holder) == [status]


async def test_a_standing_consent_to_one_mode_keeps_no_listing_in_another_up(
    registry, certificate, holder, bank, exchange
):
    await listed(registry, certificate, holder, exchange)
    await listed(registry, certificate, holder, exchange, TradeMode.TITLE_SALE)
    registry.clock.advance(MOMENT)
    pledge = await registered(registry, certificate, holder, bank)
    await consented(registry, pledge, bank, Operation.LIST_FOR_TITLE_SALE, standing=True)
    assert await statuses(registry, certificate, holder) == [
        ListingStatus.LISTED,
        ListingStatus.SUSPENDED,
    ]


async def test_a_standing_consent_taken_back_no_longer_keeps_a_listing_up(
    registry, certificate, holder, bank, exchange
):
    await listed(registry, certificate, holder, exchange)
    registry.clock.advance(MOMENT)
    pledge = await registered(registry, certificate, holder, bank)
    operation = Operation.LIST_FOR_LICENSING
    consent = await consented(registry, pledge, bank, operation, standing=True)
    assert await statuses(registry, certificate, holder) == [ListingStatus.LISTED]
    await revoke_consent(registry, bank, consent.id)
    assert await statuses(registry, certificate, holder) == [ListingStatus.SUSPENDED]


async def test_a_pledge_that_was_there_when_it_was_admitted_does_not_suspend(
    registry, certificate, holder, bank, exchange
):
    pledge = await registered(registry, certificate, holder, bank)
    await consented(registry, pledge, bank, Operation.LIST_FOR_LICENSING)
    registry.clock.advance(MOMENT)
    await listed(registry, certificate, holder, exchange)
    assert await statuses(registry, certificate, holder) == [ListingStatus.LISTED]


async def test_a_request_is_seen_by_its_parties_and_a_listing_by_everybody(
    registry, office, certificate, holder, exchange, rival_exchange
):
    listing = await requested(registry, certificate, holder, exchange)

    async def seen(actor):
        async with registry.reading() as tx:
            return await read_one(tx, actor, LISTING, id=listing.id)

    assert [await seen(actor) for actor in (None, rival_exchange)] == [None, None]
    assert [(await seen(a))["status"] for a in (holder, exchange, office)] == [
        ListingStatus.SUBMITTED
    ] * 3
    await admit_listing(registry, exchange, listing.id)
    await suspend_listing(registry, exchange, listing.id, "under review")
    assert [(await seen(a))["reasons"] for a in (None, rival_exchange)] == [None, None]
    assert [(await seen(a))["reasons"] for a in (holder, exchange, office)] == ["under review"] * 3
    await delist(registry, exchange, listing.id, "over")
    assert (await seen(None))["status"] is ListingStatus.DELISTED


async def test_a_filter_gives_what_it_names(
    registry, office, holder, certificate, exchange, rival_exchange
):
    second = await certify(registry, office, holder, terms_of("另一产品"))
    a = await listed(registry, certificate, holder, exchange)
    b = await listed(registry, second, holder, rival_exchange, TradeMode.TITLE_SALE)
    await suspend_listing(registry, rival_exchange, b.id, "under review")
    for wanted, expected in (
        ({}, {a.id, b.id}),
        ({"exchange_id": exchange.party_id}, {a.id}),
        ({"certificate_id": second.id}, {b.id}),
        ({"mode": TradeMode.TITLE_SALE}, {b.id}),
        ({"status": ListingStatus.LISTED}, {a.id}),
        ({"exchange_id": exchange.party_id, "mode": TradeMode.TITLE_SALE}, set()),
    ):
        async with registry.reading() as tx:
            page = await read_page(tx, None, LISTING, Wanted(criteria=wanted), first=10)
        assert {record["id"] for record in page.records} == expected


async def test_my_listings_are_those_of_my_certificates_or_on_my_list(
    registry, certificate, holder, exchange, rival_exchange
):
    listing = await listed(registry, certificate, holder, exchange)
    async with registry.reading() as tx:
        pages = [
            await read_page(tx, actor, LISTING, Wanted(conditions=[is_mine]), first=10)
            for actor in (holder, exchange, rival_exchange, None)
        ]
    assert [[r["id"] for r in page.records] for page in pages] == [
        [listing.id],
        [listing.id],
        [],
        [],
    ]


async def eligibility(registry, actor, certificate, exchange, mode=TradeMode.LICENSING):
    async with registry.reading() as tx:
        by = {"number": certificate.number}
        return await assess_listing(tx, actor, by, exchange_id=exchange.party_id, mode=mode)


async def test_a_request_not_decided_does_not_stand_in_its_own_way(
    registry, certificate, holder, exchange
):
    await requested(registry, certificate, holder, exchange)
    found = await eligibility(registry, exchange, certificate, exchange)
    assert (found.verdict, found.refusals) == (Verdict.CLEAR, [])
    assert (found.certificate.id, found.certificate.version) == (certificate.id, 2)


async def test_eligibility_says_what_the_act_would_say(
    registry, certificate, holder, bank, exchange, rival_exchange
):
    await listed(registry, certificate, holder, exchange, TradeMode.TITLE_SALE)
    blocked = await eligibility(
        registry, rival_exchange, certificate, rival_exchange, TradeMode.TITLE_SALE
    )
    assert blocked.verdict is Verdict.BLOCKED
    assert [r.code for r in blocked.refusals] == [RefusalCode.TITLE_SALE_ELSEWHERE]

    await registered(registry, certificate, holder, bank)
    waiting = await eligibility(registry, holder, certificate, rival_exchange)
    assert waiting.verdict is Verdict.NEEDS_CONSENT
    assert [r.code for r in waiting.refusals] == [RefusalCode.CONSENT_MISSING]


async def test_nobody_else_learns_whether_a_consent_was_given_for_an_exchange(
    registry, office, certificate, exchange, rival_exchange, stranger
):
    askers = (exchange, office, rival_exchange, stranger)
    found = [await eligibility(registry, asker, certificate, exchange) for asker in askers]
    assert [answer is not None for answer in found] == [True, True, False, False]


async def test_there_is_no_eligibility_of_what_is_not_registered(registry, certificate, holder):
    mode = TradeMode.LICENSING
    async with registry.reading() as tx:
        unknown = await assess_listing(
            tx, holder, {"number": "1"}, exchange_id=holder.party_id, mode=mode
        )
        nowhere = await assess_listing(
            tx, holder, {"id": certificate.id}, exchange_id="x", mode=mode
        )
    assert (unknown, nowhere) == (None, None)
    not_one = await eligibility(registry, holder, certificate, holder)
    assert [r.code for r in not_one.refusals] == [RefusalCode.NOT_AN_EXCHANGE]
