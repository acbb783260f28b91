"""What burdens a certificate, and the consents that open it again, as the contract shows them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.context import Info
from schema.money import Money
from schema.node import Node, find_node, nodes_of, shown
from schema.parties import Party
from services.certificates import model
from services.certificates.views import CONSENT, ENCUMBRANCE, FREEZE
from services.identifiers import Kind
from services.money import Currency
from services.parties.views import PARTY

if TYPE_CHECKING:
    from schema.certificates.title import Certificate

strawberry.enum(model.EncumbranceKind, description="The kinds of burdens a certificate can bear.")
strawberry.enum(model.Operation, description="What a holder may want to do with a certificate.")
strawberry.enum(model.FreezeKind, description="Why an authority stops the holder's acts.")

LazyCertificate = Annotated["Certificate", strawberry.lazy("schema.certificates.title")]


@nodes_of(Kind.ENCUMBRANCE, ENCUMBRANCE)
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

    @strawberry.field(description="Whose consent opens it; null if nobody's, or not to be known.")
    async def protected_party(self, info: Info) -> Party | None:
        party: Party | None = shown(Party, await info.context.one(PARTY, self.protects))
        return party

    @strawberry.field(description="The certificate it lies on.")
    async def certificate(self, info: Info) -> LazyCertificate | None:
        certificate: Certificate | None = await find_node(info, self.certificate_id)
        return certificate


@nodes_of(Kind.CONSENT, CONSENT)
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

    @strawberry.field(description="Who gave it.")
    async def giver(self, info: Info) -> Party | None:
        party: Party | None = shown(Party, await info.context.one(PARTY, self.given_by))
        return party

    @strawberry.field(description="The only party it serves; null serves any.")
    async def counterparty(self, info: Info) -> Party | None:
        party: Party | None = shown(Party, await info.context.one(PARTY, self.counterparty_id))
        return party

    @strawberry.field(description="The lowest price consented to; null sets none.")
    def lowest_price(self) -> Money | None:
        return Money.of_columns(self.lowest_price_minor, self.lowest_price_currency)

    @strawberry.field(description="The encumbrance it opens.")
    async def encumbrance(self, info: Info) -> Encumbrance | None:
        record = await info.context.one(ENCUMBRANCE, self.encumbrance_id)
        burden: Encumbrance | None = shown(Encumbrance, record)
        return burden


@nodes_of(Kind.FREEZE, FREEZE)
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

    @strawberry.field(description="The certificate it lies on.")
    async def certificate(self, info: Info) -> LazyCertificate | None:
        certificate: Certificate | None = await find_node(info, self.certificate_id)
        return certificate
