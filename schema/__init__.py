"""The contract: GraphQL types and mapping, nothing else."""

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema.announcements import AnnouncementMutations, AnnouncementQueries
from schema.applications import ApplicationMutations, ApplicationQueries
from schema.certificates import (
    CertificateChangeQueries,
    CertificateChangeSubscriptions,
    CertificateMutations,
    CertificateQueries,
)
from schema.documents import DocumentMutations, DocumentQueries
from schema.guard import GuardedSchema
from schema.licensing import LicensingMutations, LicensingQueries
from schema.listings import ListingMutations, ListingQueries
from schema.node import NodeQueries
from schema.parties import PartyMutations, PartyQueries
from schema.pledges import PledgeMutations, PledgeQueries
from schema.reading.cost import CostGuard
from schema.scalars import SCALARS


@strawberry.type(description="What can be asked.")
class Query(
    NodeQueries,
    PartyQueries,
    DocumentQueries,
    ApplicationQueries,
    AnnouncementQueries,
    CertificateQueries,
    CertificateChangeQueries,
    ListingQueries,
    LicensingQueries,
    PledgeQueries,
):
    pass


@strawberry.type(description="What can be done. Each is one act, whole or not at all.")
class Mutation(
    PartyMutations,
    DocumentMutations,
    ApplicationMutations,
    AnnouncementMutations,
    CertificateMutations,
    ListingMutations,
    LicensingMutations,
    PledgeMutations,
):
    pass


@strawberry.type(description="What can be followed, over a WebSocket or server-sent events.")
class Subscription(CertificateChangeSubscriptions):
    pass


schema = GuardedSchema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[CostGuard],
)
