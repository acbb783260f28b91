"""Offers, negotiations and licenses as the contract shows them."""

from datetime import datetime

import strawberry

from schema.certificates import Certificate
from schema.licensing.scopes import PLACES, USES
from schema.money import Money
from schema.node import Node
from schema.parties import Party
from schema.reading.fields import amount, many, one
from schema.reading.kinds import shows
from services.certificates.views import CERTIFICATE
from services.identifiers import Kind
from services.licensing import model
from services.licensing.views import LICENSE, NEGOTIATION, NEGOTIATIONS_OF_OFFER, OFFER
from services.money import Currency
from services.parties.views import PARTY
from services.views import ToOne

strawberry.enum(
    model.LicenseKind,
    description="EXCLUSIVE: the licensee alone. SOLE: the licensee and the holder. "
    "NON_EXCLUSIVE: whoever else is granted a license too.",
)
strawberry.enum(
    model.OfferStatus,
    description="PUBLISHED, WITHDRAWN by its licensor, EXPIRED with its own period, or VOIDED "
    "with its certificate.",
)
strawberry.enum(
    model.NegotiationStatus,
    description="REQUESTED by the licensee, FINALIZED in a license, or TERMINATED without one.",
)
strawberry.enum(
    model.LicenseStatus,
    description="PENDING_EFFECT before it begins, ACTIVE, EXPIRED at its agreed end, TERMINATED "
    "by a party, or IMPAIRED because its certificate has ended.",
)
strawberry.enum(model.LicenseLimit, description="What decides when a license's effect ends.")


@shows(OFFER, kind=Kind.OFFER)
@strawberry.type(
    description="Terms on which a holder will license. Open to everybody while published, then "
    "to the holder, the office and those who asked for a license under it."
)
class Offer(Node):
    certificate_id: strawberry.Private[str]
    holder_id: strawberry.Private[str]
    price_minor: strawberry.Private[int]
    price_currency: strawberry.Private[Currency]
    kind: model.LicenseKind = strawberry.field(description="What kind of license is offered.")
    name: str = strawberry.field(description="What the holder calls it.")
    description: str = strawberry.field(description="The terms in words.")
    begins_at: datetime = strawberry.field(description="No license under it begins earlier.")
    ends_at: datetime = strawberry.field(description="No license under it ends later.")
    territories: list[str] = strawberry.field(description=PLACES)
    fields_of_use: list[str] = strawberry.field(description=USES)
    lifecycle: model.OfferStatus = strawberry.field(
        description="What acts have made of it. See `effectiveStatus`."
    )
    effective_status: model.OfferStatus = strawberry.field(
        description="What it is at `asOf`, time and its certificate included."
    )
    grantable: bool = strawberry.field(
        description="Whether nothing stands against licensing all of it at `asOf`. For a part of "
        "it, or if a consent limits the term, ask `licenseGrantability`."
    )
    published_at: datetime = strawberry.field(description="When it was published.")
    withdrawn_at: datetime | None = strawberry.field(description="When it was withdrawn.")
    as_of: datetime = strawberry.field(description="The instant this answer is about.")

    price: Money | None = amount(
        "What one license under it costs, whatever part it takes.", "price_minor", "price_currency"
    )

    certificate: Certificate | None = one(
        "The certificate it rests on.", ToOne(CERTIFICATE, "certificate_id")
    )

    licensor: Party | None = one(
        "The licensor: whoever holds the certificate.", ToOne(PARTY, "holder_id")
    )

    negotiations: list["Negotiation"] = many(
        "The requests made under it that the asker may see.", NEGOTIATIONS_OF_OFFER
    )


@shows(NEGOTIATION, kind=Kind.NEGOTIATION)
@strawberry.type(
    description="A request for a license and what has become of it. Open to licensor, licensee "
    "and the office."
)
class Negotiation(Node):
    offer_id: strawberry.Private[str]
    certificate_id: strawberry.Private[str]
    licensee_id: strawberry.Private[str]
    license_id: strawberry.Private[str | None]
    begins_at: datetime = strawberry.field(description="When the license is to begin.")
    ends_at: datetime = strawberry.field(description="When it is to end.")
    territories: list[str] = strawberry.field(description=PLACES)
    fields_of_use: list[str] = strawberry.field(description=USES)
    status: model.NegotiationStatus = strawberry.field(description="How far it has come.")
    requested_at: datetime = strawberry.field(description="When the licensee asked.")
    closed_at: datetime | None = strawberry.field(description="When it came to its end.")
    closed_because: str | None = strawberry.field(description="Why the licensor refused.")

    offer: Offer | None = one("The offer it is about.", ToOne(OFFER, "offer_id"))

    certificate: Certificate | None = one(
        "The certificate the license would rest on.", ToOne(CERTIFICATE, "certificate_id")
    )

    licensee: Party | None = one("Who asks for a license.", ToOne(PARTY, "licensee_id"))

    license: "License | None" = one(
        "The license it came to, if it did.", ToOne(LICENSE, "license_id")
    )


@shows(LICENSE, kind=Kind.LICENSE)
@strawberry.type(
    description="Permission under a certificate. Everybody sees what it covers; licensee, price, "
    "negotiation and reasons are for its parties and the office."
)
class License(Node):
    certificate_id: strawberry.Private[str]
    holder_id: strawberry.Private[str]
    negotiation_id: strawberry.Private[str | None]
    licensee_id: strawberry.Private[str | None]
    price_minor: strawberry.Private[int | None]
    price_currency: strawberry.Private[Currency | None]
    kind: model.LicenseKind = strawberry.field(description="Whom it excludes.")
    begins_at: datetime = strawberry.field(description="When it begins.")
    ends_at: datetime = strawberry.field(description="The end agreed. See `effectiveEnd`.")
    territories: list[str] = strawberry.field(description=PLACES)
    fields_of_use: list[str] = strawberry.field(description=USES)
    lifecycle: model.LicenseStatus = strawberry.field(
        description="What acts have made of it. See `effectiveStatus`."
    )
    effective_status: model.LicenseStatus = strawberry.field(
        description="What it is at `asOf`, time and its certificate included."
    )
    effective_end: datetime = strawberry.field(
        description="The earliest of the agreed end, a termination, and its certificate's end."
    )
    binding_limit: model.LicenseLimit = strawberry.field(
        description="Which of them `effectiveEnd` is."
    )
    granted_at: datetime = strawberry.field(description="When it was granted.")
    terminated_at: datetime | None = strawberry.field(description="When a party ended it.")
    terminated_because: str | None = strawberry.field(description="Why a party ended it.")
    as_of: datetime = strawberry.field(description="The instant this answer is about.")

    price: Money | None = amount(
        "What it costs; for its parties and the office.", "price_minor", "price_currency"
    )

    certificate: Certificate | None = one(
        "The certificate it rests on.", ToOne(CERTIFICATE, "certificate_id")
    )

    licensor: Party | None = one(
        "The licensor: whoever holds the certificate.", ToOne(PARTY, "holder_id")
    )

    licensee: Party | None = one(
        "The licensee; for its parties and the office.", ToOne(PARTY, "licensee_id")
    )

    negotiation: Negotiation | None = one(
        "The negotiation it came from; for its parties and the office.",
        ToOne(NEGOTIATION, "negotiation_id"),
    )
