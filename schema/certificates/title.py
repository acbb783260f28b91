"""The certificate as the contract shows it: never `valid: true`, but status, burdens and proof."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import strawberry

from ledger.formats.proof_file import Form
from ledger.keeping.following import FollowedEvent
from ledger.keeping.log import RecordedEvent
from schema.applications import Application
from schema.certificates.burdens import Consent, Encumbrance
from schema.node import Node
from schema.paging import Connection
from schema.parties import Party
from schema.reading.fields import batched, find, fixed, many, many_by_page, one, page
from schema.reading.kinds import shows
from schema.scalars import BigInt, Hash
from services.applications.model import ProductKind
from services.applications.views import APPLICATION
from services.certificates import model
from services.certificates.proofs import HISTORIES, LOOKUP_SALTS, PROOFS
from services.certificates.views import (
    CERTIFICATE,
    CONSENTS_ON_CERTIFICATE,
    ENCUMBRANCES_OF_CERTIFICATE,
)
from services.identifiers import Kind
from services.licensing.views import OFFERS_OF_CERTIFICATE
from services.listings.views import LISTINGS_OF_CERTIFICATE
from services.parties.views import PARTY
from services.pledges.views import PLEDGES_OF_CERTIFICATE
from services.views import ToOne

if TYPE_CHECKING:
    from schema.licensing.records import Offer
    from schema.listings import Listing
    from schema.pledges import Pledge

LazyPledge = Annotated["Pledge", strawberry.lazy("schema.pledges")]
LazyOffer = Annotated["Offer", strawberry.lazy("schema.licensing.records")]
LazyListing = Annotated["Listing", strawberry.lazy("schema.listings")]

strawberry.enum(model.CertificateStatus, description="Where a certificate is in its life.")
strawberry.enum(model.Limit, description="What decides when a certificate's effect ends.")

EVIDENTIARY_STATEMENT = (
    "Registration is preliminary evidence of the interest and of lawful sourcing. "
    "It can be rebutted, and is not an absolute right."
)


@strawberry.enum(description="How much of a certificate's life a proof file shows.")
class ProofForm(Enum):
    FULL = strawberry.enum_value("FULL", description="Every event, from the first on.")
    SHORT = strawberry.enum_value("SHORT", description="The last event: it tells how it stands.")


@strawberry.type(description="One fact of an event, opened to everybody.")
class EventFact:
    name: str = strawberry.field(description="Its name in the commitment.")
    value: str = strawberry.field(description="Its value, as recorded.")


@strawberry.type(description="One event on a certificate, as the ledger keeps it.")
class Event:
    number: int = strawberry.field(description="Its number on this certificate, from 0.")
    index: BigInt | None = strawberry.field(
        description="Its position in the ledger, from 0; null until it has one, for a moment."
    )
    kind: str = strawberry.field(description="What happened, such as `pledge-registered`.")
    at: datetime = strawberry.field(description="When it happened.")
    leaf_hash: Hash = strawberry.field(description="The hash of its entry in the ledger.")
    facts: list[EventFact] = strawberry.field(description="Its public facts.")

    @classmethod
    def of(cls, event: RecordedEvent | FollowedEvent) -> "Event":
        return cls(
            number=event.number,
            index=None if event.index is None else BigInt(event.index),
            kind=event.kind,
            at=event.at,
            leaf_hash=Hash(event.leaf.hex()),
            facts=[EventFact(name=name, value=value) for name, value in event.public.items()],
        )


WhichForm = Annotated[
    ProofForm, strawberry.argument(description="All its events, or only the last.")
]


@shows(CERTIFICATE, kind=Kind.CERTIFICATE)
@strawberry.type(description="The registration certificate of a data product.")
class Certificate(Node):
    application_id: strawberry.Private[str]
    holder_id: strawberry.Private[str]
    number: str = strawberry.field(description="17 digits: year, month, registry, serial.")
    product_name: str = strawberry.field(description="The product it is about.")
    kind: ProductKind = strawberry.field(description="What kind of product it is.")
    industry: str = strawberry.field(description="The industry it belongs to.")
    content_hash: Hash = strawberry.field(
        description="SHA-256 over the product's particulars and its four documents."
    )
    profile: str = strawberry.field(description="The rule profile and version it was filed under.")
    lifecycle: model.CertificateStatus = strawberry.field(
        description="What acts have made of it; time is left out. See `effectiveStatus`."
    )
    effective_status: model.CertificateStatus = strawberry.field(
        description="What it is at `asOf`, time included."
    )
    issued_at: datetime = strawberry.field(description="When it was issued.")
    valid_until: datetime = strawberry.field(description="When its own term ends.")
    source_authorised_until: datetime | None = strawberry.field(
        description="When the authorisation of its source data ends, if that can bind."
    )
    effective_end: datetime = strawberry.field(description="The earliest of all that end it.")
    binding_limit: model.Limit = strawberry.field(description="Which of them `effectiveEnd` is.")
    version: int = strawberry.field(
        description="The number of events on it; pass it as `expectedVersion`."
    )
    ended_at: datetime | None = strawberry.field(description="When it was cancelled or revoked.")
    ended_because: str | None = strawberry.field(description="Why it was cancelled or revoked.")
    as_of: datetime = strawberry.field(description="The instant this answer is about.")

    evidentiary_statement: str = fixed(
        "What a certificate proves, and what it does not.", EVIDENTIARY_STATEMENT
    )

    holder: Party | None = one("Who holds the title.", ToOne(PARTY, "holder_id"))

    application: Application | None = one(
        "The application behind it; for the holder and the office.",
        ToOne(APPLICATION, "application_id"),
    )

    encumbrances: list[Encumbrance] = many(
        "What burdens it; ended burdens only when asked for.", ENCUMBRANCES_OF_CERTIFICATE
    )

    consents: list[Consent] = many(
        "The consents given about it that the asker may see.", CONSENTS_ON_CERTIFICATE
    )

    pledges: list[LazyPledge] = many(
        "Its pledges that the asker may see, the newest first.", PLEDGES_OF_CERTIFICATE
    )

    listings: list[LazyListing] = many(
        "Its listings that the asker may see, the newest first.", LISTINGS_OF_CERTIFICATE
    )

    offers: Connection[LazyOffer] = many_by_page(
        "Its offers to license that the asker may see, the newest first.", OFFERS_OF_CERTIFICATE
    )
    history: list[Event] = batched(
        "Every event on it, oldest first, with its public facts.",
        HISTORIES,
        show=lambda events: [Event.of(event) for event in events],
        nothing=list,
    )
    lookup_salt: str | None = batched(
        "The salt to be printed beside its number, 16 bytes in hex. With both, anybody "
        "can have it proven that the ledger knows this certificate, or that it knows none.",
        LOOKUP_SALTS,
    )
    proof: str | None = batched(
        "A proof file of how it stands, for `datatitle verify`; null until a "
        "checkpoint covers it. Also at `/ledger/certificates/{number}.proof`.",
        PROOFS,
        arguments={"form": (WhichForm, ProofForm.FULL)},
        spell=lambda given: {"form": Form[given["form"].name]},
    )


@strawberry.input(one_of=True, description="Which certificate: exactly one of the two.")
class CertificateBy:
    number: strawberry.Maybe[str] = strawberry.field(description="Its number of 17 digits.")
    id: strawberry.Maybe[strawberry.ID] = strawberry.field(description="Its id.")

    def fields(self) -> dict[str, str]:
        """The one field that was given, as a view reads it."""
        if self.number is not None:
            return {"number": self.number.value}
        assert self.id is not None
        return {"id": self.id.value}


@strawberry.input(description="Which certificates; what is left out does not matter.")
class CertificateFilterInput:
    holder_id: strawberry.ID | None = strawberry.field(default=None, description="Held by.")
    kind: ProductKind | None = strawberry.field(default=None, description="Of this kind.")
    industry: str | None = strawberry.field(default=None, description="Of exactly this industry.")
    effective_status: list[model.CertificateStatus] | None = strawberry.field(
        default=None, description="In one of these states now."
    )
    product_name_contains: str | None = strawberry.field(
        default=None, description="Whose product's name contains this."
    )
    ends_before: datetime | None = strawberry.field(
        default=None, description="Whose effect ends before this instant."
    )


@strawberry.type
class CertificateQueries:
    certificate: Certificate | None = find(
        "The certificate with this number or id.", CERTIFICATE, "by", CertificateBy
    )
    certificates: Connection[Certificate] = page(
        "Certificates, the newest first.", CERTIFICATE, filter=CertificateFilterInput
    )
