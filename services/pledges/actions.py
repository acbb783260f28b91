"""Acts on pledges: place, confirm or decline, withdraw, release."""

from datetime import date

from services.actors import Actor
from services.certificates.model import Certificate, Encumbrance, EncumbranceKind
from services.certificates.store import (
    add_encumbrance,
    consume_consents,
    lift_encumbrance,
    lock_certificate,
    record_on_certificate,
)
from services.identifiers import Kind, new_id
from services.money import Money
from services.once import Once, answer_given, keep_answer
from services.parties.store import get_party
from services.pledges.model import Pledge, PledgeEvent, PledgeStatus, PledgeTerms, ReleaseReason
from services.pledges.rules import (
    refusals_to_confirm_pledge,
    refusals_to_decline_pledge,
    refusals_to_place_pledge,
    refusals_to_release_pledge,
    refusals_to_withdraw_pledge,
)
from services.pledges.store import (
    add_pledge,
    collateral_of,
    get_pledge,
    lock_certificate_of_pledge,
    next_sequence,
    save_pledge,
)
from services.pledges.views import PLEDGE
from services.reading.records import refuse_if_hidden
from services.refusals import found, raise_if_refused
from services.registry import Registry, Transaction
from services.retrying import retried


@retried
async def place_pledge(registry: Registry, actor: Actor, terms: PledgeTerms, key: str) -> Pledge:
    """Offer a certificate to a lender as collateral (rule 8.1). The pledgee has yet to confirm."""
    once = Once.of(key, "pledge-placed", terms)
    async with registry.deciding() as tx:
        locked = await lock_certificate(tx, terms.certificate_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_pledge(tx, earlier))
        certificate = found(locked, "certificate_id")
        pledgee = found(await get_party(tx, terms.pledgee_id), "pledgee_id")
        collateral = await collateral_of(tx, certificate)
        raise_if_refused(refusals_to_place_pledge(collateral, pledgee, terms, actor, tx.now))

        pledge = Pledge(
            id=new_id(Kind.PLEDGE),
            certificate_id=certificate.id,
            pledgor_id=certificate.holder_id,
            pledgee_id=pledgee.id,
            secured_amount=terms.secured_amount,
            matures_on=terms.matures_on,
            status=PledgeStatus.SUBMITTED,
            placed_at=tx.now,
        )
        await add_pledge(tx, pledge)
        facts = {"pledge": pledge.id, **_debt_of(pledge)}
        await record_on_certificate(tx, actor, certificate, once.act, private=facts)
        await keep_answer(tx, actor, once, pledge.id)
        return pledge


@retried
async def confirm_pledge(
    registry: Registry, actor: Actor, pledge_id: str, expected_version: int
) -> Pledge:
    """Register a pledge: it comes into being now, in this rank (rule 8.5; Civil Code 444)."""
    async with registry.deciding() as tx:
        pledge, certificate = await _pledge(tx, actor, pledge_id)
        collateral = await collateral_of(tx, certificate)
        raise_if_refused(
            refusals_to_confirm_pledge(pledge, collateral, expected_version, actor, tx.now)
        )

        attempt = collateral.attempt(pledge.pledgee_id, pledge.matures_on, tx.now)
        await consume_consents(tx, collateral.burdens.consents_used(attempt, tx.now), pledge.id)
        registered = pledge.registered(await next_sequence(tx, certificate.id), tx.now)
        await save_pledge(tx, pledge, registered)
        await add_encumbrance(tx, _burden_of(registered))
        await record_on_certificate(
            tx,
            actor,
            certificate,
            "pledge-registered",
            public={"pledge": registered.id, "sequence": registered.sequence},
            private=_debt_of(registered),
        )
        return registered


@retried
async def decline_pledge(registry: Registry, actor: Actor, pledge_id: str) -> Pledge:
    """Decline a pledge that was placed in one's favour (rule 8.6)."""
    async with registry.deciding() as tx:
        pledge, certificate = await _pledge(tx, actor, pledge_id)
        raise_if_refused(refusals_to_decline_pledge(pledge, actor))

        declined = pledge.ended(PledgeEvent.DECLINED, tx.now)
        await save_pledge(tx, pledge, declined)
        await _record_privately(tx, actor, certificate, declined, "pledge-declined")
        return declined


@retried
async def withdraw_pledge(registry: Registry, actor: Actor, pledge_id: str) -> Pledge:
    """Withdraw a pledge before its pledgee has confirmed it (rule 8.7)."""
    async with registry.deciding() as tx:
        pledge, certificate = await _pledge(tx, actor, pledge_id)
        raise_if_refused(refusals_to_withdraw_pledge(pledge, actor))

        withdrawn = pledge.ended(PledgeEvent.WITHDRAWN, tx.now)
        await save_pledge(tx, pledge, withdrawn)
        await _record_privately(tx, actor, certificate, withdrawn, "pledge-withdrawn")
        return withdrawn


@retried
async def release_pledge(
    registry: Registry, actor: Actor, pledge_id: str, reason: ReleaseReason
) -> Pledge:
    """Release a registered pledge; those behind it move up (rule 8.8; Civil Code 393)."""
    async with registry.deciding() as tx:
        pledge, certificate = await _pledge(tx, actor, pledge_id)
        raise_if_refused(refusals_to_release_pledge(pledge, actor))

        released = pledge.ended(PledgeEvent.RELEASED, tx.now, reason)
        await save_pledge(tx, pledge, released)
        await lift_encumbrance(tx, pledge.id)
        await record_on_certificate(
            tx,
            actor,
            certificate,
            "pledge-released",
            public={"pledge": released.id, "reason": reason},
        )
        return released


async def _pledge(tx: Transaction, actor: Actor, pledge_id: str) -> tuple[Pledge, Certificate]:
    certificate = await lock_certificate_of_pledge(tx, pledge_id)
    await refuse_if_hidden(tx, actor, PLEDGE, pledge_id, "pledge_id")
    return found(await get_pledge(tx, pledge_id), "pledge_id"), found(certificate)


async def _record_privately(
    tx: Transaction, actor: Actor, certificate: Certificate, pledge: Pledge, act: str
) -> None:
    """What happened to a pledge that never came into being: nothing of it is public."""
    await record_on_certificate(tx, actor, certificate, act, private={"pledge": pledge.id})


def _debt_of(pledge: Pledge) -> dict[str, str | Money | date]:
    return {
        "pledgee": pledge.pledgee_id,
        "secured_amount": pledge.secured_amount,
        "matures_on": pledge.matures_on,
    }


def _burden_of(pledge: Pledge) -> Encumbrance:
    assert pledge.registered_at is not None, pledge
    return Encumbrance(
        id=new_id(Kind.ENCUMBRANCE),
        certificate_id=pledge.certificate_id,
        kind=EncumbranceKind.PLEDGE,
        instrument_id=pledge.id,
        protects=pledge.pledgee_id,
        since=pledge.registered_at,
    )
