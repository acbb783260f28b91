"""Acts on certificates: issue, revoke, cancel, freeze, and consents to what burdens close."""

from dataclasses import replace

from services.actors import TIME, Actor
from services.announcements.store import announcement_of, objections_to
from services.applications.model import Application, ApplicationEvent, RefusalGround, content_hash
from services.applications.store import (
    documents_of_application,
    lock_application,
    save_application,
)
from services.applications.views import APPLICATION
from services.certificates.model import (
    Certificate,
    CertificateEvent,
    CertificateStatus,
    Consent,
    ConsentTerms,
    Encumbrance,
    EncumbranceKind,
    Freeze,
    FreezeTerms,
    certificate_number,
)
from services.certificates.rules import (
    CANCELLING,
    refusals_to_cancel_certificate,
    refusals_to_give_consent,
    refusals_to_issue_certificate,
    refusals_to_lift_freeze,
    refusals_to_place_freeze,
    refusals_to_revoke_certificate,
    refusals_to_revoke_consent,
)
from services.certificates.store import (
    add_certificate,
    add_consent,
    add_encumbrance,
    add_freeze,
    burdens_on,
    certificate_of_application,
    consume_consents,
    get_certificate,
    get_consent,
    get_encumbrance,
    get_freeze,
    lift_encumbrance,
    lift_freeze_row,
    lock_certificate,
    lock_certificate_of_consent,
    lock_certificate_of_encumbrance,
    lock_certificate_of_freeze,
    mark_lapsed_freeze,
    next_serial,
    record_on_certificate,
    revoke_consent_row,
    save_certificate,
)
from services.certificates.views import CONSENT
from services.identifiers import Kind, new_id
from services.once import Once, answer_given, keep_answer
from services.parties.store import get_party
from services.periods import after_months, end_of
from services.profiles import PROFILES
from services.reading.records import refuse_if_hidden
from services.recording import Facts, hash_of_text
from services.refusals import found, raise_if_refused
from services.registry import Registry, Transaction
from services.retrying import retried


@retried
async def issue_certificate(
    registry: Registry, actor: Actor, application_id: str, key: str
) -> Certificate:
    """Certify a product whose announcement has closed without a standing objection (rule 5.1)."""
    once = Once.of_text(key, "certificate-issued", application_id)
    async with registry.deciding() as tx:
        locked = await lock_application(tx, application_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_certificate(tx, earlier))
        await refuse_if_hidden(tx, actor, APPLICATION, application_id, "application_id")
        application = found(locked, "application_id")
        announcement = found(await announcement_of(tx, application.id), "application_id")
        objections = await objections_to(tx, announcement.id)
        existing = await certificate_of_application(tx, application.id)
        raise_if_refused(
            refusals_to_issue_certificate(
                application, announcement, objections, existing, actor, tx.now
            )
        )

        certificate = await _issued(tx, application)
        await add_certificate(tx, certificate)
        registered = application.after(ApplicationEvent.REGISTERED)
        await save_application(tx, replace(registered, registered_until=certificate.effective_end))
        facts: Facts = {
            "application": application.id,
            "certificate_hash": certificate.certificate_hash,
            "content_hash": certificate.content_hash,
            "valid_until": certificate.valid_until,
        }
        certificate = await record_on_certificate(tx, actor, certificate, once.act, public=facts)
        await keep_answer(tx, actor, once, certificate.id)
        return certificate


@retried
async def revoke_certificate(
    registry: Registry, actor: Actor, certificate_id: str, ground: RefusalGround, reasons: str
) -> Certificate:
    """Revoke a certificate on a ground of Art. 7 (rule 5.10). What rests on it is impaired."""
    async with registry.deciding() as tx:
        certificate = found(await lock_certificate(tx, certificate_id), "certificate_id")
        raise_if_refused(refusals_to_revoke_certificate(certificate, actor, reasons))

        revoked = certificate.after(CertificateEvent.REVOKED, tx.now, reasons)
        await _save_ended(tx, revoked)
        return await record_on_certificate(
            tx,
            actor,
            revoked,
            "certificate-revoked",
            public={"ground": ground, "reasons_hash": hash_of_text(reasons)},
        )


@retried
async def cancel_certificate(
    registry: Registry, actor: Actor, certificate_id: str, reasons: str
) -> Certificate:
    """Surrender a certificate (rule 5.9), with the consent of all whose rights rest on it."""
    async with registry.deciding() as tx:
        certificate = found(await lock_certificate(tx, certificate_id), "certificate_id")
        burdens = await burdens_on(tx, certificate.id)
        raise_if_refused(
            refusals_to_cancel_certificate(certificate, burdens, actor, reasons, tx.now)
        )

        cancelled = certificate.after(CertificateEvent.CANCELLED, tx.now, reasons)
        await _save_ended(tx, cancelled)
        used = burdens.consents_used(CANCELLING, tx.now)
        await consume_consents(tx, used, certificate.id)
        return await record_on_certificate(
            tx,
            actor,
            cancelled,
            "certificate-cancelled",
            public={"reasons_hash": hash_of_text(reasons)},
        )


@retried
async def place_freeze(registry: Registry, actor: Actor, terms: FreezeTerms, key: str) -> Freeze:
    """Enter an authority's order that stops the holder's acts (rule 5.11)."""
    once = Once.of(key, "freeze-placed", terms)
    async with registry.deciding() as tx:
        locked = await lock_certificate(tx, terms.certificate_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_freeze(tx, earlier))
        certificate = found(locked, "certificate_id")
        raise_if_refused(refusals_to_place_freeze(certificate, terms, actor, tx.now))

        freeze = Freeze(id=new_id(Kind.FREEZE), terms=terms, placed_at=tx.now)
        await add_freeze(tx, freeze)
        await add_encumbrance(tx, _burden_of(freeze))
        await record_on_certificate(
            tx,
            actor,
            certificate,
            once.act,
            public={"freeze_kind": terms.kind, "until": terms.until},
            private={"authority": terms.authority, "instrument": terms.instrument_number},
        )
        await keep_answer(tx, actor, once, freeze.id)
        return freeze


@retried
async def lift_freeze(registry: Registry, actor: Actor, freeze_id: str) -> Freeze:
    """Release a certificate from a freeze before its end (rule 5.12)."""
    async with registry.deciding() as tx:
        certificate = found(await lock_certificate_of_freeze(tx, freeze_id), "freeze_id")
        freeze = found(await get_freeze(tx, freeze_id))
        raise_if_refused(refusals_to_lift_freeze(freeze, actor, tx.now))

        await lift_freeze_row(tx, freeze.id)
        await lift_encumbrance(tx, freeze.id)
        await record_on_certificate(tx, actor, certificate, "freeze-lifted")
        return replace(freeze, lifted_at=tx.now)


@retried
async def give_consent(registry: Registry, actor: Actor, terms: ConsentTerms, key: str) -> Consent:
    """Consent to one act, or to a class of acts, that one's encumbrance closes (rule 5.13)."""
    once = Once.of(key, "consent-given", terms)
    async with registry.deciding() as tx:
        locked = await lock_certificate_of_encumbrance(tx, terms.encumbrance_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_consent(tx, earlier))
        certificate = found(locked, "encumbrance_id")
        burden = found(await get_encumbrance(tx, terms.encumbrance_id))
        if terms.counterparty_id is not None:
            found(await get_party(tx, terms.counterparty_id), "counterparty_id")
        raise_if_refused(refusals_to_give_consent(burden, terms, actor, tx.now))

        consent = Consent(
            id=new_id(Kind.CONSENT),
            certificate_id=certificate.id,
            given_by=actor.party_id,
            given_at=tx.now,
            terms=terms,
        )
        await add_consent(tx, consent)
        await record_on_certificate(
            tx,
            actor,
            certificate,
            once.act,
            private={
                "consents_to": f"{terms.operation}, {'standing' if terms.standing else 'once'}",
                "counterparty": terms.counterparty_id,
                "longest_months": terms.longest_months,
                "lowest_price": terms.lowest_price,
                "proceeds_to": terms.proceeds_to,
                "until": terms.until,
            },
        )
        await keep_answer(tx, actor, once, consent.id)
        return consent


@retried
async def revoke_consent(registry: Registry, actor: Actor, consent_id: str) -> Consent:
    """Take back a consent that no act has used up (rule 5.14)."""
    async with registry.deciding() as tx:
        locked = await lock_certificate_of_consent(tx, consent_id)
        await refuse_if_hidden(tx, actor, CONSENT, consent_id, "consent_id")
        consent, certificate = found(await get_consent(tx, consent_id)), found(locked)
        raise_if_refused(refusals_to_revoke_consent(consent, actor, tx.now))

        await revoke_consent_row(tx, consent.id)
        await record_on_certificate(
            tx, actor, certificate, "consent-revoked", private={"consent": consent.id}
        )
        return replace(consent, revoked_at=tx.now)


@retried
async def record_expiry(registry: Registry, certificate_id: str) -> bool:
    """Write down that a certificate has run out; False if it has not, or if that is recorded."""
    async with registry.deciding() as tx:
        certificate = found(await lock_certificate(tx, certificate_id))
        is_recorded = certificate.expiry_recorded_at is not None
        if is_recorded or certificate.effective_status(tx.now) is not CertificateStatus.EXPIRED:
            return False

        await save_certificate(tx, replace(certificate, expiry_recorded_at=tx.now))
        facts: Facts = {"limit": certificate.binding_limit}
        await record_on_certificate(tx, TIME, certificate, "certificate-expired", public=facts)
        return True


@retried
async def record_lapse(registry: Registry, freeze_id: str) -> bool:
    """Write down that a freeze has ended by itself; False if it has not, or if that is recorded."""
    async with registry.deciding() as tx:
        certificate = found(await lock_certificate_of_freeze(tx, freeze_id))
        if not await mark_lapsed_freeze(tx, freeze_id):
            return False

        await record_on_certificate(tx, TIME, certificate, "freeze-lapsed")
        return True


async def _save_ended(tx: Transaction, certificate: Certificate) -> None:
    """A certificate that ends no longer keeps others from registering the product."""
    await save_certificate(tx, certificate)
    application = found(await lock_application(tx, certificate.application_id))
    await save_application(tx, replace(application, registered_until=certificate.effective_end))


async def _issued(tx: Transaction, application: Application) -> Certificate:
    """The certificate a product gets: numbered, for the profile's term, capped by its source."""
    profile = PROFILES[application.profile]
    documents = await documents_of_application(tx, application.id)
    serial = await next_serial(tx, f"certificates/{profile.registry_code}")
    source_end = application.source_authorised_until
    caps = profile.cap_by_source_authorisation and source_end is not None
    return Certificate(
        id=new_id(Kind.CERTIFICATE),
        number=certificate_number(tx.now, profile.registry_code, serial),
        application_id=application.id,
        holder_id=application.applicant_id,
        product_name=application.name,
        kind=application.kind,
        industry=application.industry,
        content_hash=content_hash(application, documents),
        profile=profile.name,
        status=CertificateStatus.ACTIVE,
        issued_at=tx.now,
        valid_until=after_months(tx.now, profile.validity_months),
        source_authorised_until=end_of(source_end) if caps and source_end else None,
    )


def _burden_of(freeze: Freeze) -> Encumbrance:
    return Encumbrance(
        id=new_id(Kind.ENCUMBRANCE),
        certificate_id=freeze.terms.certificate_id,
        kind=EncumbranceKind.FREEZE,
        instrument_id=freeze.id,
        protects=None,
        since=freeze.placed_at,
        until=freeze.terms.until,
    )
