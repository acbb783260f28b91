"""Acts on pledges: done, refused, and what they leave behind."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services.certificates.actions import cancel_certificate, place_freeze
from services.certificates.model import EncumbranceKind, Operation
from services.pledges.actions import (
    confirm_pledge,
    decline_pledge,
    place_pledge,
    release_pledge,
    withdraw_pledge,
)
from services.pledges.model import PledgeStatus, PledgeTerms, ReleaseReason
from services.pledges.store import get_pledge, pledges
from services.refusals import RefusalCode, Refused
from tests.builders.certificates import freeze_terms
from tests.builders.pledges import DEBT, DUE
from tests.collateral import burdens_of, consented, placed, registered, version_of
from tests.founding import a_key
from tests.ledger_counts import kinds_on, size_of_ledger


async def codes_of(attempt) -> list[RefusalCode]:
    with pytest.raises(Refused) as refused:
        await attempt
    return [refusal.code for refusal in refused.value.refusals]


async def test_a_placed_pledge_waits_for_its_pledgee_and_burdens_nothing(
    registry, certificate, holder, bank
):
    pledge = await placed(registry, certificate, holder, bank)

    async with registry.reading() as tx:
        assert await get_pledge(tx, pledge.id) == pledge
    assert pledge.status is PledgeStatus.SUBMITTED
    assert (pledge.pledgor_id, pledge.pledgee_id) == (holder.party_id, bank.party_id)
    assert (await burdens_of(registry, certificate)).encumbrances == []
    assert await kinds_on(registry, certificate.number) == ["certificate-issued", "pledge-placed"]


async def test_a_confirmed_pledge_is_registered_and_burdens_the_certificate(
    registry, certificate, holder, bank
):
    pledge = await registered(registry, certificate, holder, bank)

    async with registry.reading() as tx:
        assert await get_pledge(tx, pledge.id) == pledge
    assert pledge.status is PledgeStatus.REGISTERED
    assert (pledge.sequence, pledge.registered_at) == (1, registry.clock.now())
    (burden,) = (await burdens_of(registry, certificate)).encumbrances
    assert (burden.kind, burden.instrument_id) == (EncumbranceKind.PLEDGE, pledge.id)
    assert (burden.protects, burden.since) == (bank.party_id, registry.clock.now())
    kinds = await kinds_on(registry, certificate.number)
    assert kinds == ["certificate-issued", "pledge-placed", "pledge-registered"]


async def test_the_ledger_opens_the_registration_but_not_the_debt(
    registry, certificate, holder, bank
):
    pledge = await registered(registry, certificate, holder, bank)

    async with registry.reading() as tx:
        *_, event = await tx.log.events_of(tx.connection, certificate.number)
    assert (event.public["pledge"], event.public["sequence"]) == (pledge.id, "1")
    assert event.private["secured_amount"] == "500000000 CNY"
    assert {"pledgee", "secured_amount", "matures_on"}.isdisjoint(event.public)


async def test_the_same_key_places_one_pledge(registry, certificate, holder, bank):
    terms = PledgeTerms(
        certificate_id=certificate.id,
        pledgee_id=bank.party_id,
        secured_amount=DEBT,
        matures_on=DUE,
        expected_version=1,
    )
    key = a_key()
    first = await place_pledge(registry, holder, terms, key)
    assert await place_pledge(registry, holder, terms, key) == first
    other = replace(terms, expected_version=2)
    assert await codes_of(place_pledge(registry, holder, other, key)) == [
        RefusalCode.IDEMPOTENCY_KEY_REUSED
    ]


async def test_a_declined_or_withdrawn_pledge_leaves_the_certificate_free(
    registry, certificate, holder, bank
):
    first = await placed(registry, certificate, holder, bank)
    second = await placed(registry, certificate, holder, bank)

    declined = await decline_pledge(registry, bank, first.id)
    withdrawn = await withdraw_pledge(registry, holder, second.id)

    assert (declined.status, withdrawn.status) == (PledgeStatus.REFUSED, PledgeStatus.WITHDRAWN)
    assert (declined.ended_at, declined.sequence) == (registry.clock.now(), None)
    assert (await burdens_of(registry, certificate)).encumbrances == []
    kinds = await kinds_on(registry, certificate.number)
    assert kinds[-2:] == ["pledge-declined", "pledge-withdrawn"]


async def test_a_released_pledge_frees_the_certificate_and_its_place_is_not_given_again(
    registry, certificate, holder, bank, rival_bank
):
    first = await registered(registry, certificate, holder, bank)
    released = await release_pledge(registry, bank, first.id, ReleaseReason.PAID)
    second = await registered(registry, certificate, holder, rival_bank)

    assert released.status is PledgeStatus.DISCHARGED
    assert (released.release_reason, released.sequence) == (ReleaseReason.PAID, 1)
    assert second.sequence == 2
    burdens = await burdens_of(registry, certificate)
    assert [e.instrument_id for e in burdens.active(registry.clock.now())] == [second.id]


async def test_a_release_needs_no_certificate_in_force(registry, certificate, holder, bank):
    pledge = await registered(registry, certificate, holder, bank)
    registry.clock.advance(timedelta(days=1200))
    released = await release_pledge(registry, bank, pledge.id, ReleaseReason.COLLATERAL_LOST)
    assert released.status is PledgeStatus.DISCHARGED


async def test_a_second_pledge_is_refused_at_once_without_the_first_pledgees_consent(
    registry, certificate, holder, bank, rival_bank
):
    await registered(registry, certificate, holder, bank)
    attempt = placed(registry, certificate, holder, rival_bank)
    assert await codes_of(attempt) == [RefusalCode.CONSENT_MISSING]


async def test_a_consent_is_used_up_by_the_registration_of_the_junior_pledge(
    registry, certificate, holder, bank, rival_bank
):
    senior = await registered(registry, certificate, holder, bank)
    consent = await consented(registry, senior, bank, Operation.PLACE_PLEDGE)
    junior = await placed(registry, certificate, holder, rival_bank)
    assert [c.consumed_at for c in (await burdens_of(registry, certificate)).consents] == [None]

    version = await version_of(registry, certificate)
    junior = await confirm_pledge(registry, rival_bank, junior.id, version)

    assert junior.sequence == 2
    (used,) = (await burdens_of(registry, certificate)).consents
    assert (used.id, used.consumed_by) == (consent.id, junior.id)
    third = placed(registry, certificate, holder, rival_bank)
    assert await codes_of(third) == [RefusalCode.CONSENT_MISSING, RefusalCode.CONSENT_MISSING]


async def test_what_has_come_between_is_seen_when_the_pledge_is_confirmed(
    registry, office, certificate, holder, bank
):
    pledge = await placed(registry, certificate, holder, bank)
    seen = await version_of(registry, certificate)
    freeze = freeze_terms(
        certificate_id=certificate.id, until=registry.clock.now() + timedelta(days=9)
    )
    await place_freeze(registry, office, freeze, a_key())

    assert await codes_of(confirm_pledge(registry, bank, pledge.id, seen)) == [
        RefusalCode.ENCUMBRANCE_FORBIDS,
        RefusalCode.CERTIFICATE_HAS_MOVED_ON,
    ]


async def test_a_pledged_certificate_is_not_surrendered_behind_its_pledgees_back(
    registry, certificate, holder, bank
):
    await registered(registry, certificate, holder, bank)
    attempt = cancel_certificate(registry, holder, certificate.id, "no longer needed")
    assert await codes_of(attempt) == [RefusalCode.CONSENT_MISSING]


async def test_a_stranger_does_not_learn_of_a_pledge_that_is_not_registered(
    registry, certificate, holder, bank, rival_bank
):
    pledge = await placed(registry, certificate, holder, bank)
    for attempt in (
        confirm_pledge(registry, rival_bank, pledge.id, 2),
        decline_pledge(registry, rival_bank, pledge.id),
        withdraw_pledge(registry, rival_bank, pledge.id),
        release_pledge(registry, rival_bank, "pledge_none", ReleaseReason.PAID),
    ):
        assert await codes_of(attempt) == [RefusalCode.RECORD_NOT_FOUND]


@pytest.mark.parametrize("missing", ["certificate_id", "pledgee_id"])
async def test_what_is_not_on_the_register_cannot_be_pledged(
    registry, certificate, holder, bank, missing
):
    attempt = placed(registry, certificate, holder, bank, **{missing: "nothing_1"})
    with pytest.raises(Refused) as refused:
        await attempt
    assert [(r.code, r.path) for r in refused.value.refusals] == [
        (RefusalCode.RECORD_NOT_FOUND, (missing,))
    ]


async def test_a_refused_act_leaves_no_trace(registry, certificate, stranger, bank):
    before = await size_of_ledger(registry)
    attempt = placed(registry, certificate, stranger, bank)
    assert await codes_of(attempt) == [RefusalCode.NOT_THE_HOLDER]

    assert await size_of_ledger(registry) == before
    async with registry.reading() as tx:
        query = sa.select(sa.func.count()).select_from(pledges)
        assert (await tx.connection.execute(query)).scalar_one() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 0},
        {"sequence": None},
        {"registered_at": None},
        {"status": PledgeStatus.IMPAIRED},
        {"status": PledgeStatus.SUBMITTED},
        {"status": PledgeStatus.DISCHARGED},
        {"release_reason": ReleaseReason.PAID},
    ],
)
async def test_the_database_says_it_a_second_time(registry, certificate, holder, bank, change):
    pledge = await registered(registry, certificate, holder, bank)
    update = pledges.update().where(pledges.c.id == pledge.id).values(**change)
    async with registry.deciding() as tx:
        with pytest.raises(IntegrityError):
            await tx.connection.execute(update)


async def test_the_database_gives_a_place_to_one_pledge_only(
    registry, certificate, holder, bank, rival_bank
):
    senior = await registered(registry, certificate, holder, bank)
    await consented(registry, senior, bank, Operation.PLACE_PLEDGE)
    junior = await registered(registry, certificate, holder, rival_bank)
    update = pledges.update().where(pledges.c.id == junior.id).values(sequence=1)
    async with registry.deciding() as tx:
        with pytest.raises(IntegrityError):
            await tx.connection.execute(update)
