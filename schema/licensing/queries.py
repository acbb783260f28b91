"""What can be asked about licensing: offers, one's own negotiations and licenses, grantability."""

import strawberry

from schema.context import Info
from schema.licensing.records import License, Negotiation, Offer
from schema.licensing.scopes import ScopedInput
from schema.money import MoneyInput
from schema.paging import Connection
from schema.reading.fields import page
from schema.verdicts import Assessment
from services.licensing import model
from services.licensing.views import (
    LICENSE,
    NEGOTIATION,
    OFFER,
    GrantabilityQuestion,
    assess_license,
    is_in_license,
    is_in_negotiation,
)


@strawberry.input(description="Which offers; what is left out does not matter.")
class OfferFilterInput:
    certificate_id: strawberry.ID | None = strawberry.field(
        default=None, description="Under this certificate."
    )
    holder_id: strawberry.ID | None = strawberry.field(default=None, description="Of this holder.")
    kind: model.LicenseKind | None = strawberry.field(default=None, description="Of this kind.")
    territory: str | None = strawberry.field(
        default=None, description="Covering this ISO 3166 code, such as CN or CN-SH."
    )
    field_of_use: str | None = strawberry.field(default=None, description="Covering this use.")
    grantable: bool | None = strawberry.field(
        default=None, description="Whether nothing stands against licensing all of it now."
    )


@strawberry.input(one_of=True, description="What is to be licensed: exactly one of the two.")
class LicenseUnder:
    offer_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="A part of this offer."
    )
    certificate_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="Under this certificate, whether offered or not."
    )


@strawberry.input(description="A license somebody might want.")
class LicenseGrantabilityInput(ScopedInput):
    under: LicenseUnder = strawberry.field(description="What is to be licensed.")
    kind: model.LicenseKind | None = strawberry.field(
        default=None, description="The offer's if left out; without an offer NON_EXCLUSIVE."
    )
    price: MoneyInput | None = strawberry.field(
        default=None,
        description="The offer's if left out. Only the holder and the office may name another.",
    )
    licensee_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Who is to have it: the asker, if left out. Another party may be named by "
        "the holder and the office only.",
    )

    def to_question(self) -> GrantabilityQuestion:
        offer, certificate = self.under.offer_id, self.under.certificate_id
        return GrantabilityQuestion(
            scope=self.to_scope(),
            offer_id=offer.value if offer else None,
            certificate_id=certificate.value if certificate else None,
            kind=self.kind,
            price=self.price.to_money() if self.price else None,
            licensee_id=self.licensee_id,
        )


@strawberry.type
class LicensingQueries:
    offers: Connection[Offer] = page(
        "Offers to license, the newest first.", OFFER, filter=OfferFilterInput
    )

    my_licenses: Connection[License] = page(
        "The licenses the asker gave or has, the newest first.", LICENSE, is_in_license
    )

    my_negotiations: Connection[Negotiation] = page(
        "The requests the asker made or got, the newest first.", NEGOTIATION, is_in_negotiation
    )

    @strawberry.field(
        description="What the rule of a grant (7.8) finds for such a license now, whoever asks. "
        "Null when offer or certificate is not open to the asker, or another licensee is named."
    )
    async def license_grantability(
        self, info: Info, input: LicenseGrantabilityInput
    ) -> Assessment | None:
        context = info.context
        found = await assess_license(context.registry, context.actor, input.to_question())
        return Assessment.shown(found)
