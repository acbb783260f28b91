"""The acts on certificates: issue, revoke, cancel, freeze, consent."""

from datetime import datetime

import strawberry

from schema.acts import Payload, act
from schema.certificates.burdens import Consent, Freeze
from schema.certificates.title import Certificate
from schema.context import Info
from schema.money import MoneyInput
from schema.reading.kinds import shown
from services.applications.model import RefusalGround
from services.certificates import actions, model
from services.certificates.views import CERTIFICATE, CONSENT, FREEZE


@strawberry.input(description="Which product is to be certified.")
class IssueCertificateInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    application_id: strawberry.ID = strawberry.field(description="The announced application.")


@strawberry.input(description="Which certificate is revoked, and why.")
class RevokeCertificateInput:
    certificate_id: strawberry.ID = strawberry.field(description="The certificate.")
    ground: RefusalGround = strawberry.field(description="The ground of Art. 7 that was found.")
    reasons: str = strawberry.field(description="The finding in words.")


@strawberry.input(description="Which certificate is surrendered, and why.")
class CancelCertificateInput:
    certificate_id: strawberry.ID = strawberry.field(description="The certificate.")
    reasons: str = strawberry.field(description="Why, in words.")


@strawberry.input(description="An authority's order.")
class PlaceFreezeInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    certificate_id: strawberry.ID = strawberry.field(description="The certificate frozen.")
    kind: model.FreezeKind = strawberry.field(description="Why it is frozen.")
    authority: str = strawberry.field(description="Who ordered it.")
    instrument_number: str = strawberry.field(description="The number of the order.")
    until: datetime = strawberry.field(description="When it ends by itself.")

    def to_terms(self) -> model.FreezeTerms:
        return model.FreezeTerms(
            certificate_id=self.certificate_id,
            kind=self.kind,
            authority=self.authority,
            instrument_number=self.instrument_number,
            until=self.until,
        )


@strawberry.input(description="Which freeze is lifted.")
class LiftFreezeInput:
    freeze_id: strawberry.ID = strawberry.field(description="The freeze.")


@strawberry.input(description="What is consented to, and on which conditions.")
class GiveConsentInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    encumbrance_id: strawberry.ID = strawberry.field(description="The encumbrance to be opened.")
    operation: model.Operation = strawberry.field(description="The act consented to.")
    standing: bool = strawberry.field(
        default=False, description="Whether it serves any number of acts, not one."
    )
    counterparty_id: strawberry.ID | None = strawberry.field(
        default=None, description="The only party it serves."
    )
    longest_months: int | None = strawberry.field(
        default=None, description="The longest term consented to."
    )
    lowest_price: MoneyInput | None = strawberry.field(
        default=None, description="The lowest price consented to."
    )
    proceeds_to: str | None = strawberry.field(
        default=None, description="The account that is to get the proceeds."
    )
    until: datetime | None = strawberry.field(default=None, description="When it ends by itself.")

    def to_terms(self) -> model.ConsentTerms:
        return model.ConsentTerms(
            encumbrance_id=self.encumbrance_id,
            operation=self.operation,
            standing=self.standing,
            counterparty_id=self.counterparty_id,
            longest_months=self.longest_months,
            lowest_price=self.lowest_price.to_money() if self.lowest_price else None,
            proceeds_to=self.proceeds_to,
            until=self.until,
        )


@strawberry.input(description="Which consent is taken back.")
class RevokeConsentInput:
    consent_id: strawberry.ID = strawberry.field(description="The consent.")


@strawberry.type(description="The certificate, or why nothing was done.")
class CertificatePayload(Payload):
    certificate: Certificate | None = strawberry.field(default=None, description="The certificate.")


@strawberry.type(description="The freeze, or why nothing was done.")
class FreezePayload(Payload):
    freeze: Freeze | None = strawberry.field(default=None, description="The freeze.")


@strawberry.type(description="The consent, or why nothing was done.")
class ConsentPayload(Payload):
    consent: Consent | None = strawberry.field(default=None, description="The consent.")


@strawberry.type
class CertificateMutations:
    @act("Certify a product whose announcement has closed (rule 5.1).")
    async def issue_certificate(
        self, info: Info, input: IssueCertificateInput
    ) -> CertificatePayload:
        context = info.context
        issued = await actions.issue_certificate(
            context.registry, context.signed_in, input.application_id, input.idempotency_key
        )
        return await _certificate(info, issued.id)

    @act("Revoke a certificate on a ground of Art. 7 (rule 5.10).")
    async def revoke_certificate(
        self, info: Info, input: RevokeCertificateInput
    ) -> CertificatePayload:
        context = info.context
        revoked = await actions.revoke_certificate(
            context.registry, context.signed_in, input.certificate_id, input.ground, input.reasons
        )
        return await _certificate(info, revoked.id)

    @act("Surrender a certificate (rule 5.9).")
    async def cancel_certificate(
        self, info: Info, input: CancelCertificateInput
    ) -> CertificatePayload:
        context = info.context
        cancelled = await actions.cancel_certificate(
            context.registry, context.signed_in, input.certificate_id, input.reasons
        )
        return await _certificate(info, cancelled.id)

    @act("Enter an authority's order that stops the holder's acts (rule 5.11).")
    async def place_freeze(self, info: Info, input: PlaceFreezeInput) -> FreezePayload:
        context = info.context
        freeze = await actions.place_freeze(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return FreezePayload(freeze=shown(FREEZE, await context.one(FREEZE, freeze.id)))

    @act("Lift a freeze before its end (rule 5.12).")
    async def lift_freeze(self, info: Info, input: LiftFreezeInput) -> FreezePayload:
        context = info.context
        freeze = await actions.lift_freeze(context.registry, context.signed_in, input.freeze_id)
        return FreezePayload(freeze=shown(FREEZE, await context.one(FREEZE, freeze.id)))

    @act("Consent to an act that one's encumbrance closes (rule 5.13).")
    async def give_consent(self, info: Info, input: GiveConsentInput) -> ConsentPayload:
        context = info.context
        consent = await actions.give_consent(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return ConsentPayload(consent=shown(CONSENT, await context.one(CONSENT, consent.id)))

    @act("Take back a consent that no act has used up (rule 5.14).")
    async def revoke_consent(self, info: Info, input: RevokeConsentInput) -> ConsentPayload:
        context = info.context
        consent = await actions.revoke_consent(
            context.registry, context.signed_in, input.consent_id
        )
        return ConsentPayload(consent=shown(CONSENT, await context.one(CONSENT, consent.id)))


async def _certificate(info: Info, certificate_id: str) -> CertificatePayload:
    record = await info.context.one(CERTIFICATE, certificate_id)
    return CertificatePayload(certificate=shown(CERTIFICATE, record))
