"""Acts on listings: done, refused, raced."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services.actors import Role
from services.certificates.actions import place_freeze, revoke_consent
from services.certificates.model import Operation
from services.listings.actions import (
    admit_listing,
    delist,
    reject_listing,
    request_listing,
    resume_listing,
    suspend_listing,
    withdraw_listing_request,
)
from services.listings.model import ListingStatus, ListingTerms, TradeMode
from services.listings.store import get_listing, listings
from services.refusals import RefusalCode, Refused
from tests.builders.certificates import freeze_terms
from tests.collateral import burdens_of, consented, registered
from tests.founding import a_key, enter_party
from tests.ledger_counts import kinds_on, size_of_ledger

MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def rival_exchange(registry, office):
    return await enter_party(registry, office, "样例对手交易所", Role.EXCHANGE)


async def requested(registry, certificate, holder, exchange, mode=TradeMode.LICENSING):
    terms = ListingTerms(certificate_id=certificate.id, exchange_id=exchange.party_id, mode=mode)
    return await request_listing(registry, holder, terms, a_key())


async def listed(registry, certificate, holder, exchange, mode=TradeMode.LICENSING):
    listing = await requested(registry, certificate, holder, exchange, mode)
    return await admit_listing(registry, exchange, listing.id)


async def codes_of(attempt) -> list[RefusalCode]:
    with pytest.raises(Refused) as refused:
        await attempt
    return [refusal.code for refusal in refused.value.refusals]


async def stored(registry, listing):
    async with registry.reading() as tx:
        return await get_listing(tx, listing.id)


async def test_a_listing_is_requested_admitted_suspended_resumed_and_delisted(
    registry, certificate, holder, exchange
):
    asked = await requested(registry, certificate, holder, exchange)
    admitted = await admit_listing(registry, exchange, asked.id)
    suspended = await suspend_listing(registry, exchange, asked.id, "under review")
    resumed = await resume_listing(registry, exchange, asked.id)
    ended = await delist(registry, holder, asked.id, "sold out")

    assert [step.status for step in (asked, admitted, suspended, resumed, ended)] == [
        ListingStatus.SUBMITTED,
        ListingStatus.LISTED,
        ListingStatus.SUSPENDED,
        ListingStatus.LISTED,
        ListingStatus.DELISTED,
    ]
    assert await stored(registry, asked) == ended
    assert await kinds_on(registry, certificate.number) == [
        "certificate-issued",
        "listing-requested",
        "listing-admitted",
        "listing-suspended",
        "listing-resumed",
        "delisted",
    ]


async def test_a_request_is_rejected_or_withdrawn_and_may_be_made_again(
    registry, certificate, holder, exchange
):
    first = await requested(registry, certificate, holder, exchange)
    rejected = await reject_listing(registry, exchange, first.id, "no scenario")
    second = await requested(registry, certificate, holder, exchange)
    withdrawn = await withdraw_listing_request(registry, holder, second.id)
    third = await requested(registry, certificate, holder, exchange)

    assert (rejected.status, rejected.reasons) == (ListingStatus.REJECTED, "no scenario")
    assert withdrawn.status is ListingStatus.WITHDRAWN
    assert third.status is ListingStatus.SUBMITTED
    kinds = await kinds_on(registry, certificate.number)
    assert kinds[2:5:2] == ["listing-rejected", "listing-request-withdrawn"]


async def test_the_ledger_opens_that_it_was_listed_but_not_the_request(
    registry, certificate, holder, exchange
):
    listing = await listed(registry, certificate, holder, exchange)
    async with registry.reading() as tx:
        _, asked, admitted = await tx.log.events_of(tx.connection, certificate.number)
    assert {"listing", "mode", "exchange"}.isdisjoint(asked.public)
    assert asked.private["listing"] == listing.id
    assert (admitted.public["listing"], admitted.public["mode"]) == (listing.id, "LICENSING")


async def test_the_same_key_requests_one_listing(registry, certificate, holder, exchange):
    terms = ListingTerms(
        certificate_id=certificate.id, exchange_id=exchange.party_id, mode=TradeMode.LICENSING
    )
    key = a_key()
    first = await request_listing(registry, holder, terms, key)
    assert await request_listing(registry, holder, terms, key) == first


async def test_a_certificate_is_listed_once_on_an_exchange_in_a_mode(
    registry, certificate, holder, exchange, rival_exchange
):
    await requested(registry, certificate, holder, exchange)
    again = requested(registry, certificate, holder, exchange)
    assert await codes_of(again) == [RefusalCode.ALREADY_LISTED]
    elsewhere = await requested(registry, certificate, holder, rival_exchange)
    otherwise = await requested(registry, certificate, holder, exchange, TradeMode.TITLE_SALE)
    assert {elsewhere.status, otherwise.status} == {ListingStatus.SUBMITTED}


async def test_a_title_is_shown_for_sale_in_one_place_until_it_is_delisted(
    registry, certificate, holder, exchange, rival_exchange
):
    waiting = await requested(registry, certificate, holder, rival_exchange, TradeMode.TITLE_SALE)
    shown = await listed(registry, certificate, holder, exchange, TradeMode.TITLE_SALE)
    admission = admit_listing(registry, rival_exchange, waiting.id)
    assert await codes_of(admission) == [RefusalCode.TITLE_SALE_ELSEWHERE]

    await delist(registry, exchange, shown.id, "moved")
    admitted = await admit_listing(registry, rival_exchange, waiting.id)
    assert admitted.status is ListingStatus.LISTED


async def test_a_pledged_certificate_is_listed_with_its_pledgees_consent_which_is_used_up(
    registry, certificate, holder, bank, exchange, rival_exchange
):
    pledge = await registered(registry, certificate, holder, bank)
    attempt = requested(registry, certificate, holder, exchange)
    assert await codes_of(attempt) == [RefusalCode.CONSENT_MISSING]

    await consented(registry, pledge, bank, Operation.LIST_FOR_LICENSING)
    listing = await requested(registry, certificate, holder, exchange)
    waiting = await requested(registry, certificate, holder, rival_exchange)
    await admit_listing(registry, exchange, listing.id)

    (consent,) = (await burdens_of(registry, certificate)).consents
    assert consent.consumed_by == listing.id
    second = admit_listing(registry, rival_exchange, waiting.id)
    assert await codes_of(second) == [RefusalCode.CONSENT_MISSING]


async def test_a_consent_taken_back_before_admission_is_missing_again(
    registry, certificate, holder, bank, exchange
):
    pledge = await registered(registry, certificate, holder, bank)
    consent = await consented(registry, pledge, bank, Operation.LIST_FOR_LICENSING)
    listing = await requested(registry, certificate, holder, exchange)
    await revoke_consent(registry, bank, consent.id)
    admission = admit_listing(registry, exchange, listing.id)
    assert await codes_of(admission) == [RefusalCode.CONSENT_MISSING]


async def test_a_listing_that_a_later_pledge_suspends_is_resumed_with_a_consent(
    registry, certificate, holder, bank, exchange
):
    listing = await listed(registry, certificate, holder, exchange)
    registry.clock.advance(MOMENT)
    pledge = await registered(registry, certificate, holder, bank)
    resumption = resume_listing(registry, exchange, listing.id)
    assert await codes_of(resumption) == [RefusalCode.CONSENT_MISSING]

    consent = await consented(registry, pledge, bank, Operation.LIST_FOR_LICENSING)
    resumed = await resume_listing(registry, exchange, listing.id)

    assert (resumed.status, resumed.listed_at) == (ListingStatus.LISTED, registry.clock.now())
    (used,) = (await burdens_of(registry, certificate)).consents
    assert (used.id, used.consumed_by) == (consent.id, listing.id)


async def test_what_is_on_the_list_and_free_has_nothing_to_resume(
    registry, certificate, holder, exchange
):
    listing = await listed(registry, certificate, holder, exchange)
    resumption = resume_listing(registry, exchange, listing.id)
    assert await codes_of(resumption) == [RefusalCode.ILLEGAL_TRANSITION]


async def test_a_frozen_certificate_is_neither_admitted_nor_resumed(
    registry, office, certificate, holder, exchange, rival_exchange
):
    shown = await listed(registry, certificate, holder, exchange)
    waiting = await requested(registry, certificate, holder, rival_exchange)
    until = registry.clock.now() + timedelta(days=30)
    order = freeze_terms(certificate_id=certificate.id, until=until)
    await place_freeze(registry, office, order, a_key())

    admission = admit_listing(registry, rival_exchange, waiting.id)
    assert await codes_of(admission) == [RefusalCode.ENCUMBRANCE_FORBIDS]
    resumption = resume_listing(registry, exchange, shown.id)
    assert await codes_of(resumption) == [RefusalCode.ENCUMBRANCE_FORBIDS]


async def test_an_expired_certificate_is_not_listed(registry, certificate, holder, exchange):
    waiting = await requested(registry, certificate, holder, exchange)
    registry.clock.advance_to(certificate.effective_end)
    admission = admit_listing(registry, exchange, waiting.id)
    assert await codes_of(admission) == [RefusalCode.CERTIFICATE_EXPIRED]


async def test_what_has_fallen_with_its_certificate_is_neither_suspended_nor_delisted(
    registry, certificate, holder, exchange
):
    shown = await listed(registry, certificate, holder, exchange)
    registry.clock.advance_to(certificate.effective_end)
    for attempt in (
        suspend_listing(registry, exchange, shown.id, "x"),
        delist(registry, exchange, shown.id, "x"),
    ):
        assert await codes_of(attempt) == [RefusalCode.ILLEGAL_TRANSITION]


async def test_a_stranger_does_not_learn_of_a_request(
    registry, certificate, holder, exchange, stranger, rival_exchange
):
    listing = await requested(registry, certificate, holder, exchange)
    for attempt in (
        admit_listing(registry, rival_exchange, listing.id),
        reject_listing(registry, stranger, listing.id, "x"),
        withdraw_listing_request(registry, stranger, listing.id),
    ):
        assert await codes_of(attempt) == [RefusalCode.RECORD_NOT_FOUND]


async def test_a_bank_is_not_an_exchange(registry, certificate, holder, bank):
    attempt = requested(registry, certificate, holder, bank)
    assert await codes_of(attempt) == [RefusalCode.NOT_AN_EXCHANGE]


async def test_a_refused_act_leaves_no_trace(registry, certificate, stranger, exchange):
    before = await size_of_ledger(registry)
    attempt = requested(registry, certificate, stranger, exchange)
    assert await codes_of(attempt) == [RefusalCode.NOT_THE_HOLDER]

    assert await size_of_ledger(registry) == before
    async with registry.reading() as tx:
        query = sa.select(sa.func.count()).select_from(listings)
        assert (await tx.connection.execute(query)).scalar_one() == 0


async def test_one_of_eight_exchanges_shows_a_title_for_sale(registry, office, certificate, holder):
    venues = [
        await enter_party(registry, office, f"样例交易所{n}", Role.EXCHANGE) for n in range(8)
    ]
    waiting = [
        await requested(registry, certificate, holder, venue, TradeMode.TITLE_SALE)
        for venue in venues
    ]

    outcomes = await asyncio.gather(
        *(
            admit_listing(registry, venue, listing.id)
            for venue, listing in zip(venues, waiting, strict=True)
        ),
        return_exceptions=True,
    )

    refused = [o for o in outcomes if isinstance(o, Refused)]
    assert [[r.code for r in o.refusals] for o in refused] == [
        [RefusalCode.TITLE_SALE_ELSEWHERE]
    ] * 7


@pytest.mark.parametrize(
    "change",
    [
        {"status": ListingStatus.SUBMITTED},
        {"status": ListingStatus.REJECTED},
        {"status": ListingStatus.DELISTED},
        {"listed_at": None},
    ],
)
async def test_the_database_says_it_a_second_time(registry, certificate, holder, exchange, change):
    listing = await listed(registry, certificate, holder, exchange)
    update = listings.update().where(listings.c.id == listing.id).values(**change)
    async with registry.deciding() as tx:
        with pytest.raises(IntegrityError):
            await tx.connection.execute(update)


async def test_the_database_shows_a_title_in_one_place(
    registry, certificate, holder, exchange, rival_exchange
):
    waiting = await requested(registry, certificate, holder, rival_exchange, TradeMode.TITLE_SALE)
    shown = await listed(registry, certificate, holder, exchange, TradeMode.TITLE_SALE)
    rows = listings.update().where(listings.c.id == waiting.id)
    for change in (
        {"status": ListingStatus.LISTED, "listed_at": registry.clock.now()},
        {"exchange_id": shown.exchange_id},
    ):
        async with registry.deciding() as tx:
            with pytest.raises(IntegrityError):
                await tx.connection.execute(rows.values(**change))
