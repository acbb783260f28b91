"""Acts on offers, requests and licenses."""

from dataclasses import replace

from services.actors import TIME, Actor
from services.certificates.model import Certificate, Encumbrance, Scope
from services.certificates.store import (
    add_encumbrance,
    burdens_on,
    consume_consents,
    lift_encumbrance,
    lock_certificate,
    record_on_certificate,
)
from services.identifiers import Kind, new_id
from services.licensing.model import (
    GrantTerms,
    License,
    LicenseEvent,
    LicenseStatus,
    Negotiation,
    NegotiationEvent,
    NegotiationStatus,
    Offer,
    OfferEvent,
    OfferStatus,
    OfferTerms,
    RequestTerms,
    Situation,
    Wanted,
    not_before,
)
from services.licensing.rules import (
    refusals_to_grant_license,
    refusals_to_publish_offer,
    refusals_to_refuse_license,
    refusals_to_request_license,
    refusals_to_terminate_license,
    refusals_to_withdraw_license_request,
    refusals_to_withdraw_offer,
)
from services.licensing.store import (
    add_license,
    add_negotiation,
    add_offer,
    get_license,
    get_negotiation,
    get_offer,
    licenses_under,
    lock_certificate_of_license,
    lock_certificate_of_negotiation,
    lock_certificate_of_offer,
    mark_expired_license,
    open_negotiation,
    save_closed_negotiation,
    save_terminated_license,
    save_withdrawn_offer,
)
from services.licensing.views import NEGOTIATION, OFFER
from services.once import Once, answer_given, keep_answer
from services.reading.records import refuse_if_hidden
from services.recording import Facts, hash_of_text, spell
from services.refusals import found, raise_if_refused
from services.registry import Registry, Transaction
from services.retrying import retried


@retried
async def publish_offer(registry: Registry, actor: Actor, terms: OfferTerms, key: str) -> Offer:
    """Publish terms on which the holder will license (rule 7.1), open from now at the earliest."""
    once = Once.of(key, "offer-published", terms)
    async with registry.deciding() as tx:
        locked = await lock_certificate(tx, terms.certificate_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_offer(tx, earlier))
        certificate = found(locked, "certificate_id")
        burdens = await burdens_on(tx, certificate.id)
        terms = replace(terms, scope=not_before(terms.scope, tx.now))
        raise_if_refused(refusals_to_publish_offer(certificate, burdens, terms, actor, tx.now))

        offer = Offer(
            id=new_id(Kind.OFFER), terms=terms, status=OfferStatus.PUBLISHED, published_at=tx.now
        )
        await add_offer(tx, offer)
        await consume_consents(tx, burdens.consents_used(terms.attempt, tx.now), offer.id)
        await record_on_certificate(
            tx,
            actor,
            certificate,
            once.act,
            public={"offer": offer.id, "license_kind": terms.kind, **_facts_of(terms.scope)},
            private={"price": terms.price},
        )
        await keep_answer(tx, actor, once, offer.id)
        return offer


@retried
async def withdraw_offer(registry: Registry, actor: Actor, offer_id: str) -> Offer:
    """Close an offer to requests and grants (rule 7.2). Licenses granted under it stay."""
    async with registry.deciding() as tx:
        certificate = await lock_certificate_of_offer(tx, offer_id)
        await refuse_if_hidden(tx, actor, OFFER, offer_id, "offer_id")
        situation = await _situation(tx, found(certificate), offer_id)
        raise_if_refused(refusals_to_withdraw_offer(situation, actor, tx.now))

        withdrawn = found(situation.offer).after(OfferEvent.WITHDRAWN, tx.now)
        await save_withdrawn_offer(tx, withdrawn)
        await record_on_certificate(
            tx, actor, situation.certificate, "offer-withdrawn", public={"offer": withdrawn.id}
        )
        return withdrawn


@retried
async def request_license(
    registry: Registry, actor: Actor, terms: RequestTerms, key: str
) -> Negotiation:
    """Ask for a license inside an offer (rule 7.3)."""
    once = Once.of(key, "license-requested", terms)
    async with registry.deciding() as tx:
        certificate = await lock_certificate_of_offer(tx, terms.offer_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_negotiation(tx, earlier))
        await refuse_if_hidden(tx, actor, OFFER, terms.offer_id, "offer_id")
        situation = await _situation(tx, found(certificate), terms.offer_id)
        negotiation = Negotiation(
            id=new_id(Kind.NEGOTIATION),
            licensee_id=actor.party_id,
            terms=replace(terms, scope=not_before(terms.scope, tx.now)),
            status=NegotiationStatus.REQUESTED,
            requested_at=tx.now,
        )
        wanted = negotiation.wanted(found(situation.offer), tx.now)
        open_already = await open_negotiation(tx, terms.offer_id, actor.party_id)
        raise_if_refused(
            refusals_to_request_license(situation, wanted, open_already, actor, tx.now)
        )

        await add_negotiation(tx, negotiation)
        await record_on_certificate(
            tx,
            actor,
            situation.certificate,
            once.act,
            public={"offer": terms.offer_id},
            private={"negotiation": negotiation.id, **_facts_of(wanted.scope)},
        )
        await keep_answer(tx, actor, once, negotiation.id)
        return negotiation


@retried
async def grant_license(registry: Registry, actor: Actor, terms: GrantTerms, key: str) -> License:
    """Grant what a licensee has asked for (rule 7.4), judged anew at this instant.

    An exclusive or sole license lies on the certificate as a burden from its begin to its end.
    """
    once = Once.of(key, "license-granted", terms)
    async with registry.deciding() as tx:
        certificate = await lock_certificate_of_negotiation(tx, terms.negotiation_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_license(tx, earlier))
        negotiation = await _negotiation(tx, actor, terms.negotiation_id)
        situation = await _situation(tx, found(certificate), negotiation.terms.offer_id)
        wanted = negotiation.wanted(found(situation.offer), tx.now)
        raise_if_refused(
            refusals_to_grant_license(
                situation,
                negotiation,
                wanted,
                actor,
                tx.now,
                expected_version=terms.expected_version,
            )
        )

        granted = _granted(tx, situation.certificate, negotiation, wanted)
        await save_closed_negotiation(tx, negotiation.after(NegotiationEvent.GRANTED, tx.now))
        await add_license(tx, granted)
        await _burden(tx, granted)
        used = situation.burdens.consents_used(wanted.attempt, tx.now)
        await consume_consents(tx, used, granted.id)
        await record_on_certificate(
            tx,
            actor,
            situation.certificate,
            once.act,
            public={
                "license": granted.id,
                "license_kind": granted.kind,
                **_facts_of(granted.scope),
            },
            private={"licensee": granted.licensee_id, "price": granted.price},
        )
        await keep_answer(tx, actor, once, granted.id)
        return granted


@retried
async def refuse_license(
    registry: Registry, actor: Actor, negotiation_id: str, reasons: str
) -> Negotiation:
    """Refuse what a licensee has asked for (rule 7.5)."""
    async with registry.deciding() as tx:
        locked = await lock_certificate_of_negotiation(tx, negotiation_id)
        negotiation, certificate = await _negotiation(tx, actor, negotiation_id), found(locked)
        raise_if_refused(refusals_to_refuse_license(certificate, negotiation, actor, reasons))

        refused = negotiation.after(NegotiationEvent.REFUSED, tx.now, reasons)
        await save_closed_negotiation(tx, refused)
        facts = {"negotiation": refused.id, "reasons_hash": hash_of_text(reasons)}
        await record_on_certificate(tx, actor, certificate, "license-refused", private=facts)
        return refused


@retried
async def withdraw_license_request(
    registry: Registry, actor: Actor, negotiation_id: str
) -> Negotiation:
    """Take back a request that has not been answered (rule 7.6)."""
    async with registry.deciding() as tx:
        locked = await lock_certificate_of_negotiation(tx, negotiation_id)
        negotiation, certificate = await _negotiation(tx, actor, negotiation_id), found(locked)
        raise_if_refused(refusals_to_withdraw_license_request(negotiation, actor))

        withdrawn = negotiation.after(NegotiationEvent.WITHDRAWN, tx.now)
        await save_closed_negotiation(tx, withdrawn)
        await record_on_certificate(
            tx,
            actor,
            certificate,
            "license-request-withdrawn",
            private={"negotiation": withdrawn.id},
        )
        return withdrawn


@retried
async def terminate_license(
    registry: Registry, actor: Actor, license_id: str, reasons: str
) -> License:
    """End a license before its time (rule 7.7). The scope it excluded others from is free."""
    async with registry.deciding() as tx:
        certificate = found(await lock_certificate_of_license(tx, license_id), "license_id")
        granted = found(await get_license(tx, license_id), "license_id")
        raise_if_refused(
            refusals_to_terminate_license(certificate, granted, actor, reasons, tx.now)
        )

        terminated = granted.after(LicenseEvent.TERMINATED, tx.now, reasons)
        await save_terminated_license(tx, terminated)
        if terminated.kind.excludes_others:
            await lift_encumbrance(tx, terminated.id)
        await record_on_certificate(
            tx,
            actor,
            certificate,
            "license-terminated",
            public={"license": terminated.id},
            private={"reasons_hash": hash_of_text(reasons)},
        )
        return terminated


@retried
async def record_license_expiry(registry: Registry, license_id: str) -> bool:
    """Write down that a license has come to its agreed end; False if not, or if it is recorded."""
    async with registry.deciding() as tx:
        certificate = found(await lock_certificate_of_license(tx, license_id))
        if not await mark_expired_license(tx, license_id):
            return False

        facts: Facts = {"license": license_id}
        await record_on_certificate(tx, TIME, certificate, "license-expired", public=facts)
        return True


async def _situation(tx: Transaction, certificate: Certificate, offer_id: str) -> Situation:
    """What acts under an offer of a certificate are judged by."""
    return Situation(
        certificate=certificate,
        offer=found(await get_offer(tx, offer_id), "offer_id"),
        burdens=await burdens_on(tx, certificate.id),
        licenses=await licenses_under(tx, certificate.id),
    )


async def _negotiation(tx: Transaction, actor: Actor, negotiation_id: str) -> Negotiation:
    await refuse_if_hidden(tx, actor, NEGOTIATION, negotiation_id, "negotiation_id")
    return found(await get_negotiation(tx, negotiation_id), "negotiation_id")


def _granted(
    tx: Transaction, certificate: Certificate, negotiation: Negotiation, wanted: Wanted
) -> License:
    assert wanted.price is not None, negotiation.id  # An offer names its price.
    return License(
        id=new_id(Kind.LICENSE),
        certificate_id=certificate.id,
        negotiation_id=negotiation.id,
        licensee_id=negotiation.licensee_id,
        kind=wanted.kind,
        scope=wanted.scope,
        price=wanted.price,
        status=LicenseStatus.ACTIVE,
        granted_at=tx.now,
    )


async def _burden(tx: Transaction, granted: License) -> None:
    """Lay a license that excludes others on its certificate, before it has even begun."""
    if granted.kind.burden is None:
        return
    burden = Encumbrance(
        id=new_id(Kind.ENCUMBRANCE),
        certificate_id=granted.certificate_id,
        kind=granted.kind.burden,
        instrument_id=granted.id,
        protects=granted.licensee_id,
        since=granted.scope.begin,
        until=granted.scope.end,
        territories=granted.scope.territories,
        fields_of_use=granted.scope.fields_of_use,
    )
    await add_encumbrance(tx, burden)


def _facts_of(scope: Scope) -> Facts:
    """Its period as in ISO 8601; a hash over places and uses, which may be longer than a fact."""
    names = [",".join(sorted(scope.territories)), ",".join(sorted(scope.fields_of_use))]
    return {
        "period": f"{spell(scope.begin)}/{spell(scope.end)}",
        "scope_hash": hash_of_text("\n".join(names)),
    }
