"""Listings in the contract: type, inputs, payloads, queries, mutations."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.acts import Payload, act
from schema.certificates import Certificate
from schema.certificates.title import CertificateBy
from schema.context import Info
from schema.node import Node
from schema.paging import Connection
from schema.parties import Party
from schema.reading.fields import find, one, page
from schema.reading.kinds import shown, shows
from schema.verdicts import Assessment
from services.certificates.views import CERTIFICATE
from services.identifiers import Kind
from services.listings import actions, model
from services.listings.views import LISTING, assess_listing, is_mine
from services.parties.views import PARTY
from services.views import ToOne

strawberry.enum(model.TradeMode, description="What an exchange lists a certificate for.")
strawberry.enum(model.ListingStatus, description="Where a listing is in its life.")


@shows(LISTING, kind=Kind.LISTING)
@strawberry.type(
    description="A certificate on the list of an exchange. Before it is admitted it is open to "
    "the holder, the exchange and the office only."
)
class Listing(Node):
    certificate_id: strawberry.Private[str]
    exchange_id: strawberry.Private[str]
    mode: model.TradeMode = strawberry.field(description="What it is listed for.")
    status: model.ListingStatus = strawberry.field(
        description="What it is now: it falls with its certificate, and is suspended while the "
        "certificate is frozen, or pledged since without the pledgee's standing consent."
    )
    requested_at: datetime = strawberry.field(description="When the holder asked for it.")
    listed_at: datetime | None = strawberry.field(
        description="When the exchange admitted it, or last resumed it."
    )
    ended_at: datetime | None = strawberry.field(description="When an act ended it.")
    reasons: str | None = strawberry.field(
        description="Why it was last suspended, rejected or delisted; for the parties to it."
    )

    certificate: Certificate | None = one(
        "The certificate listed.", ToOne(CERTIFICATE, "certificate_id")
    )

    exchange: Party | None = one("The exchange that lists it.", ToOne(PARTY, "exchange_id"))


@strawberry.input(description="Which listings; what is left out does not matter.")
class ListingFilterInput:
    exchange_id: strawberry.ID | None = strawberry.field(default=None, description="Listed by.")
    certificate_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this certificate."
    )
    mode: model.TradeMode | None = strawberry.field(default=None, description="Listed for this.")
    status: model.ListingStatus | None = strawberry.field(
        default=None, description="In this state now."
    )


@strawberry.input(description="What is to be listed where, and for what.")
class RequestListingInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    certificate_id: strawberry.ID = strawberry.field(description="The certificate.")
    exchange_id: strawberry.ID = strawberry.field(description="The exchange.")
    mode: model.TradeMode = strawberry.field(description="For licensing, or for sale of title.")

    def to_terms(self) -> model.ListingTerms:
        return model.ListingTerms(
            certificate_id=self.certificate_id, exchange_id=self.exchange_id, mode=self.mode
        )


@strawberry.input(description="Which listing.")
class ListingInput:
    listing_id: strawberry.ID = strawberry.field(description="The listing.")


@strawberry.input(description="Which listing, and why.")
class ListingReasonsInput:
    listing_id: strawberry.ID = strawberry.field(description="The listing.")
    reasons: str = strawberry.field(description="Why, in words.")


@strawberry.type(description="The listing, or why nothing was done.")
class ListingPayload(Payload):
    listing: Listing | None = strawberry.field(default=None, description="The listing.")


@strawberry.type
class ListingQueries:
    listing: Listing | None = find("The listing with this id, if it may be seen.", LISTING)

    listings: Connection[Listing] = page(
        "Listings the asker may see, the newest first.", LISTING, filter=ListingFilterInput
    )

    my_listings: Connection[Listing] = page(
        "Listings of the asker's certificates, or on its own list.", LISTING, is_mine
    )

    @strawberry.field(
        description="Whether the exchange could admit the certificate to its list now: for the "
        "exchange, the holder and the office; null for others, and for what is not registered."
    )
    async def listing_eligibility(
        self,
        info: Info,
        by: Annotated[CertificateBy, strawberry.argument(description="Which certificate.")],
        exchange_id: Annotated[strawberry.ID, strawberry.argument(description="The exchange.")],
        mode: Annotated[model.TradeMode, strawberry.argument(description="Listed for what.")],
    ) -> Assessment | None:
        actor = info.context.signed_in
        async with info.context.registry.reading() as tx:
            found = await assess_listing(tx, actor, by.fields(), exchange_id=exchange_id, mode=mode)
        return Assessment.shown(found)


@strawberry.type
class ListingMutations:
    @act("Ask an exchange to list a certificate (rule 6.2).")
    async def request_listing(self, info: Info, input: RequestListingInput) -> ListingPayload:
        context = info.context
        listing = await actions.request_listing(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return await _payload(info, listing.id)

    @act("Put a certificate on the exchange's list (rule 6.3).")
    async def admit_listing(self, info: Info, input: ListingInput) -> ListingPayload:
        context = info.context
        await actions.admit_listing(context.registry, context.signed_in, input.listing_id)
        return await _payload(info, input.listing_id)

    @act("Decline a request to list a certificate (rule 6.4).")
    async def reject_listing(self, info: Info, input: ListingReasonsInput) -> ListingPayload:
        context = info.context
        await actions.reject_listing(
            context.registry, context.signed_in, input.listing_id, input.reasons
        )
        return await _payload(info, input.listing_id)

    @act("Take a certificate off the exchange's list until it is resumed (rule 6.5).")
    async def suspend_listing(self, info: Info, input: ListingReasonsInput) -> ListingPayload:
        context = info.context
        await actions.suspend_listing(
            context.registry, context.signed_in, input.listing_id, input.reasons
        )
        return await _payload(info, input.listing_id)

    @act("Put a suspended certificate back on the exchange's list (rule 6.6).")
    async def resume_listing(self, info: Info, input: ListingInput) -> ListingPayload:
        context = info.context
        await actions.resume_listing(context.registry, context.signed_in, input.listing_id)
        return await _payload(info, input.listing_id)

    @act("End a listing (rule 6.7).")
    async def delist(self, info: Info, input: ListingReasonsInput) -> ListingPayload:
        context = info.context
        await actions.delist(context.registry, context.signed_in, input.listing_id, input.reasons)
        return await _payload(info, input.listing_id)

    @act("Withdraw a request the exchange has not decided (rule 6.8).")
    async def withdraw_listing_request(self, info: Info, input: ListingInput) -> ListingPayload:
        context = info.context
        await actions.withdraw_listing_request(
            context.registry, context.signed_in, input.listing_id
        )
        return await _payload(info, input.listing_id)


async def _payload(info: Info, listing_id: str) -> ListingPayload:
    record = await info.context.one(LISTING, listing_id)
    return ListingPayload(listing=shown(LISTING, record))
