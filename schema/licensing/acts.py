"""The acts on offers, requests and licenses: inputs, payloads, mutations."""

import strawberry

from schema.acts import Payload, act
from schema.context import Info
from schema.licensing.records import License, Negotiation, Offer
from schema.licensing.scopes import ScopedInput
from schema.money import MoneyInput
from schema.reading.kinds import shown
from services.licensing import actions, model
from services.licensing.views import LICENSE, NEGOTIATION, OFFER

KEY = "Chosen by the caller; see README."


@strawberry.input(description="Terms on which the holder will license.")
class PublishOfferInput(ScopedInput):
    idempotency_key: str = strawberry.field(description=KEY)
    certificate_id: strawberry.ID = strawberry.field(description="The certificate.")
    kind: model.LicenseKind = strawberry.field(description="What kind of license is offered.")
    name: str = strawberry.field(description="What the holder calls it.")
    description: str = strawberry.field(description="The terms in words.")
    price: MoneyInput = strawberry.field(description="What one license under it costs.")

    def to_terms(self) -> model.OfferTerms:
        return model.OfferTerms(
            certificate_id=self.certificate_id,
            kind=self.kind,
            scope=self.to_scope(),
            price=self.price.to_money(),
            name=self.name,
            description=self.description,
        )


@strawberry.input(description="Which offer is withdrawn.")
class WithdrawOfferInput:
    offer_id: strawberry.ID = strawberry.field(description="The offer.")


@strawberry.input(description="What a licensee wants under an offer.")
class RequestLicenseInput(ScopedInput):
    idempotency_key: str = strawberry.field(description=KEY)
    offer_id: strawberry.ID = strawberry.field(description="The offer.")

    def to_terms(self) -> model.RequestTerms:
        return model.RequestTerms(offer_id=self.offer_id, scope=self.to_scope())


@strawberry.input(description="Which request is granted.")
class GrantLicenseInput:
    idempotency_key: str = strawberry.field(description=KEY)
    negotiation_id: strawberry.ID = strawberry.field(description="The request.")
    expected_version: int = strawberry.field(
        description="The version of the certificate the licensor has looked at."
    )

    def to_terms(self) -> model.GrantTerms:
        return model.GrantTerms(
            negotiation_id=self.negotiation_id, expected_version=self.expected_version
        )


@strawberry.input(description="Which request is refused, and why.")
class RefuseLicenseInput:
    negotiation_id: strawberry.ID = strawberry.field(description="The request.")
    reasons: str = strawberry.field(description="Why, in words.")


@strawberry.input(description="Which request is taken back.")
class WithdrawLicenseRequestInput:
    negotiation_id: strawberry.ID = strawberry.field(description="The request.")


@strawberry.input(description="Which license is ended, and why.")
class TerminateLicenseInput:
    license_id: strawberry.ID = strawberry.field(description="The license.")
    reasons: str = strawberry.field(description="Why, in words.")


@strawberry.type(description="The offer, or why nothing was done.")
class OfferPayload(Payload):
    offer: Offer | None = strawberry.field(default=None, description="The offer.")


@strawberry.type(description="The negotiation, or why nothing was done.")
class NegotiationPayload(Payload):
    negotiation: Negotiation | None = strawberry.field(default=None, description="The negotiation.")


@strawberry.type(description="The license, or why nothing was done.")
class LicensePayload(Payload):
    license: License | None = strawberry.field(default=None, description="The license.")


@strawberry.type
class LicensingMutations:
    @act("Publish terms on which the holder will license (rule 7.1).")
    async def publish_offer(self, info: Info, input: PublishOfferInput) -> OfferPayload:
        context = info.context
        offer = await actions.publish_offer(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return await _offer(info, offer.id)

    @act("Close an offer to requests and grants (rule 7.2).")
    async def withdraw_offer(self, info: Info, input: WithdrawOfferInput) -> OfferPayload:
        context = info.context
        offer = await actions.withdraw_offer(context.registry, context.signed_in, input.offer_id)
        return await _offer(info, offer.id)

    @act("Ask for a license inside an offer (rule 7.3).")
    async def request_license(self, info: Info, input: RequestLicenseInput) -> NegotiationPayload:
        context = info.context
        negotiation = await actions.request_license(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return await _negotiation(info, negotiation.id)

    @act("Grant what a licensee has asked for (rule 7.4).")
    async def grant_license(self, info: Info, input: GrantLicenseInput) -> LicensePayload:
        context = info.context
        granted = await actions.grant_license(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return await _license(info, granted.id)

    @act("Refuse what a licensee has asked for (rule 7.5).")
    async def refuse_license(self, info: Info, input: RefuseLicenseInput) -> NegotiationPayload:
        context = info.context
        negotiation = await actions.refuse_license(
            context.registry, context.signed_in, input.negotiation_id, input.reasons
        )
        return await _negotiation(info, negotiation.id)

    @act("Take back a request that has not been answered (rule 7.6).")
    async def withdraw_license_request(
        self, info: Info, input: WithdrawLicenseRequestInput
    ) -> NegotiationPayload:
        context = info.context
        negotiation = await actions.withdraw_license_request(
            context.registry, context.signed_in, input.negotiation_id
        )
        return await _negotiation(info, negotiation.id)

    @act("End a license before its time (rule 7.7).")
    async def terminate_license(self, info: Info, input: TerminateLicenseInput) -> LicensePayload:
        context = info.context
        terminated = await actions.terminate_license(
            context.registry, context.signed_in, input.license_id, input.reasons
        )
        return await _license(info, terminated.id)


async def _offer(info: Info, offer_id: str) -> OfferPayload:
    return OfferPayload(offer=shown(OFFER, await info.context.one(OFFER, offer_id)))


async def _negotiation(info: Info, negotiation_id: str) -> NegotiationPayload:
    record = await info.context.one(NEGOTIATION, negotiation_id)
    return NegotiationPayload(negotiation=shown(NEGOTIATION, record))


async def _license(info: Info, license_id: str) -> LicensePayload:
    return LicensePayload(license=shown(LICENSE, await info.context.one(LICENSE, license_id)))
