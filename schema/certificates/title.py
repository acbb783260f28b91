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
from schema.context import Info
from schema.node import Node, nodes_of, related, shown
from schema.paging import After, Connection, First, connect
from schema.parties import Party
from schema.scalars import BigInt, Hash
from services.applications.model import ProductKind
from services.applications.views import APPLICATION
from services.certificates import model, views
from services.certificates.proofs import lookup_salt_of, proof_of
from services.certificates.views import CERTIFICATE, CertificateFilter
from services.identifiers import Kind
from services.listings.views import LISTINGS_OF_CERTIFICATE
from services.parties.views import PARTY
from services.pledges.views import PLEDGES_OF_CERTIFICATE

if TYPE_CHECKING:
    from schema.listings import Listing
    from schema.pledges import Pledge

LazyPledge = Annotated["Pledge", strawberry.lazy("schema.pledges")]
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


@nodes_of(Kind.CERTIFICATE, CERTIFICATE)
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

    @strawberry.field(description="What a certificate proves, and what it does not.")
    def evidentiary_statement(self) -> str:
        return EVIDENTIARY_STATEMENT

    @strawberry.field(description="Who holds the title.")
    async def holder(self, info: Info) -> Party | None:
        party: Party | None = shown(Party, await info.context.one(PARTY, self.holder_id))
        return party

    @strawberry.field(description="The application behind it; for the holder and the office.")
    async def application(self, info: Info) -> Application | None:
        record = await info.context.one(APPLICATION, self.application_id)
        application: Application | None = shown(Application, record)
        return application

    @strawberry.field(description="What burdens it; ended burdens only when asked for.")
    async def encumbrances(self, info: Info, *, ended: bool = False) -> list[Encumbrance]:
        records = await info.context.many(views.ENCUMBRANCES_OF_CERTIFICATE, self.id)
        return [Encumbrance(**record) for record in records if record["active"] or ended]

    @strawberry.field(description="The consents given about it that the asker may see.")
    async def consents(self, info: Info) -> list[Consent]:
        records = await info.context.many(views.CONSENTS_ON_CERTIFICATE, self.id)
        return [Consent(**record) for record in records]

    @strawberry.field(description="Its pledges that the asker may see, the newest first.")
    async def pledges(self, info: Info) -> list[LazyPledge]:
        return await related(info, PLEDGES_OF_CERTIFICATE, self.id)

    @strawberry.field(description="Its listings that the asker may see, the newest first.")
    async def listings(self, info: Info) -> list[LazyListing]:
        return await related(info, LISTINGS_OF_CERTIFICATE, self.id)

    @strawberry.field(description="Every event on it, oldest first, with its public facts.")
    async def history(self, info: Info) -> list[Event]:
        events = await views.history_of(info.context.registry, self.number)
        return [Event.of(event) for event in events]

    @strawberry.field(
        description="The salt to be printed beside its number, 16 bytes in hex. With both, anybody "
        "can have it proven that the ledger knows this certificate, or that it knows none."
    )
    async def lookup_salt(self, info: Info) -> str | None:
        return await lookup_salt_of(info.context.registry, self.number)

    @strawberry.field(
        description="A proof file of how it stands, for `datatitle verify`; null until a "
        "checkpoint covers it. Also at `/ledger/certificates/{number}.proof`."
    )
    async def proof(
        self,
        info: Info,
        form: Annotated[
            ProofForm, strawberry.argument(description="All its events, or only the last.")
        ] = ProofForm.FULL,
    ) -> str | None:
        return await proof_of(info.context.registry, self.number, form=Form[form.name])


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

    def to_filter(self) -> CertificateFilter:
        return CertificateFilter(
            holder_id=self.holder_id,
            kind=self.kind,
            industry=self.industry,
            effective_status=self.effective_status,
            product_name_contains=self.product_name_contains,
            ends_before=self.ends_before,
        )


@strawberry.type
class CertificateQueries:
    @strawberry.field(description="The certificate with this number or id.")
    async def certificate(self, info: Info, by: CertificateBy) -> Certificate | None:
        record = await info.context.find(CERTIFICATE, **by.fields())
        certificate: Certificate | None = shown(Certificate, record)
        return certificate

    @strawberry.field(description="Certificates, the newest first.")
    async def certificates(
        self,
        info: Info,
        filter: Annotated[
            CertificateFilterInput | None, strawberry.argument(description="Which ones.")
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> Connection[Certificate]:
        conditions = filter.to_filter().conditions() if filter else []
        return await connect(info, Certificate, CERTIFICATE, *conditions, first=first, after=after)
