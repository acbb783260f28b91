"""What burdens a certificate, and the consents that open it again, as the contract shows them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.money import Money
from schema.node import Node
from schema.parties import Party
from schema.reading.fields import amount, one
from schema.reading.kinds import shows
from services.certificates import model
from services.certificates.views import CERTIFICATE, CONSENT, ENCUMBRANCE, FREEZE
from services.identifiers import Kind
from services.money import Currency
from services.parties.views import PARTY
from services.views import ToOne

if TYPE_CHECKING:
    from schema.certificates.title import Certificate

strawberry.enum(model.EncumbranceKind, description="The kinds of burdens a certificate can bear.")
strawberry.enum(model.Operation, description="What a holder may want to do with a certificate.")
strawberry.enum(model.FreezeKind, description="Why an authority stops the holder's acts.")

LazyCertificate = Annotated["Certificate", strawberry.lazy("schema.certificates.title")]


@shows(ENCUMBRANCE, kind=Kind.ENCUMBRANCE)
@strawberry.type(description="A burden on a certificate: it forbids acts or opens them by consent.")
class Encumbrance(Node):
    certificate_id: strawberry.Private[str]
    protects: strawberry.Private[str | None]
    kind: model.EncumbranceKind = strawberry.field(description="What kind of burden it is.")
    instrument_id: strawberry.ID = strawberry.field(
        description="The pledge, license or freeze behind it; open it with `node`."
    )
    since: datetime = strawberry.field(description="When it begins to bind.")
    until: datetime | None = strawberry.field(description="When it ends by itself, if it does.")
    territories: list[str] = strawberry.field(description="ISO 3166 codes; empty means all.")
    fields_of_use: list[str] = strawberry.field(description="Uses; empty means all.")
    lifted_at: datetime | None = strawberry.field(description="When it was lifted, if it was.")
    active: bool = strawberry.field(description="Whether it binds now.")

    protected_party: Party | None = one(
        "Whose consent opens it; null if nobody's, or not to be known.", ToOne(PARTY, "protects")
    )

    certificate: LazyCertificate | None = one(
        "The certificate it lies on.", ToOne(CERTIFICATE, "certificate_id")
    )


@shows(CONSENT, kind=Kind.CONSENT)
@strawberry.type(
    description="A consent of the party an encumbrance protects: to one act, or standing. "
    "Open to its giver, the holder, the counterparty named and the office."
)
class Consent(Node):
    certificate_id: strawberry.Private[str]
    encumbrance_id: strawberry.Private[str]
    given_by: strawberry.Private[str]
    counterparty_id: strawberry.Private[str | None]
    lowest_price_minor: strawberry.Private[int | None]
    lowest_price_currency: strawberry.Private[Currency | None]
    operation: model.Operation = strawberry.field(description="The act consented to.")
    standing: bool = strawberry.field(description="Whether it serves any number of acts.")
    longest_months: int | None = strawberry.field(description="The longest term consented to.")
    proceeds_to: str | None = strawberry.field(description="The account that gets the proceeds.")
    given_at: datetime = strawberry.field(description="When it was given.")
    until: datetime | None = strawberry.field(description="When it ends by itself, if it does.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken back.")
    consumed_at: datetime | None = strawberry.field(description="When an act used it up.")
    consumed_by: strawberry.ID | None = strawberry.field(description="The record that used it up.")

    giver: Party | None = one("Who gave it.", ToOne(PARTY, "given_by"))

    counterparty: Party | None = one(
        "The only party it serves; null serves any.", ToOne(PARTY, "counterparty_id")
    )

    lowest_price: Money | None = amount(
        "The lowest price consented to; null sets none.",
        "lowest_price_minor",
        "lowest_price_currency",
    )

    encumbrance: Encumbrance | None = one(
        "The encumbrance it opens.", ToOne(ENCUMBRANCE, "encumbrance_id")
    )


@shows(FREEZE, kind=Kind.FREEZE)
@strawberry.type(description="An authority's order that stops the holder's acts until its end.")
class Freeze(Node):
    certificate_id: strawberry.Private[str]
    kind: model.FreezeKind = strawberry.field(description="Why it was ordered.")
    authority: str = strawberry.field(description="Who ordered it.")
    instrument_number: str | None = strawberry.field(
        description="The number of the order; for the holder and the office."
    )
    until: datetime = strawberry.field(description="When it ends by itself.")
    placed_at: datetime = strawberry.field(description="When it was entered.")
    lifted_at: datetime | None = strawberry.field(description="When it was lifted before its end.")

    certificate: LazyCertificate | None = one(
        "The certificate it lies on.", ToOne(CERTIFICATE, "certificate_id")
    )
