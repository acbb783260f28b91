"""Announcements and objections in the contract: type, inputs, payloads, queries, mutations."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.acts import Payload, act
from schema.applications import Application
from schema.context import Info
from schema.documents import Document
from schema.node import Node
from schema.paging import Connection
from schema.parties import Party
from schema.reading.fields import find, many, one, page
from schema.reading.kinds import shown, shows
from schema.scalars import Hash
from services.announcements import actions, model, views
from services.announcements.views import ANNOUNCEMENT, OBJECTION
from services.applications.model import ProductKind, RefusalGround, UpdateFrequency
from services.applications.views import APPLICATION
from services.identifiers import Kind
from services.parties.views import PARTY
from services.views import ToOne

strawberry.enum(
    model.AnnouncementStatus,
    description="Open, closed without or with objections, or cancelled with its application.",
)
strawberry.enum(
    model.ObjectionStatus,
    description="How far an objection has come; MOOT when the application ended first.",
)
strawberry.enum(model.Decision, name="ObjectionDecision", description="What the registrar finds.")

Statuses = Annotated[
    list[model.AnnouncementStatus] | None,
    strawberry.argument(description="Only announcements that have one of these statuses now."),
]


@shows(OBJECTION, kind=Kind.OBJECTION)
@strawberry.type(
    description="A challenge to a registration. Everyone sees that there is one, its ground and "
    "dates; who objects, why and with what is open to the objector, the applicant and the office."
)
class Objection(Node):
    announcement_id: strawberry.Private[str]
    objector_id: strawberry.Private[str | None]
    ground: RefusalGround = strawberry.field(description="The ground of Art. 7 it rests on.")
    statement: str | None = strawberry.field(description="What is held against the product.")
    status: model.ObjectionStatus = strawberry.field(description="How far it has come.")
    raised_at: datetime = strawberry.field(description="When it was raised.")
    decision_due_at: datetime = strawberry.field(
        description="When the office must have decided. Nothing is dismissed by delay."
    )
    decided_at: datetime | None = strawberry.field(
        description="When it was upheld, dismissed or withdrawn."
    )
    reasons: str | None = strawberry.field(description="The reasons of the decision.")

    announcement: "Announcement | None" = one(
        "The announcement it was raised in.", ToOne(ANNOUNCEMENT, "announcement_id")
    )

    objector: Party | None = one("Who objects, if the asker may know.", ToOne(PARTY, "objector_id"))

    evidence: list[Document] = many(
        "The documents that show it, as far as the asker may see them.",
        views.EVIDENCE_OF_OBJECTION,
    )


@shows(ANNOUNCEMENT, kind=Kind.ANNOUNCEMENT)
@strawberry.type(
    description="What the public is told of a product before it is registered. Open to all; the "
    "text never changes."
)
class Announcement(Node):
    application_id: strawberry.Private[str]
    applicant_id: strawberry.Private[str]
    applicant_name: str = strawberry.field(description="The applicant's name when announced.")
    kind: ProductKind = strawberry.field(description="The kind of product.")
    name: str = strawberry.field(description="The name of the product.")
    summary: str = strawberry.field(description="What the product is.")
    industry: str = strawberry.field(description="The industry it serves.")
    data_source: str = strawberry.field(description="Where its data come from.")
    update_frequency: UpdateFrequency = strawberry.field(
        description="How often its data are renewed."
    )
    text_hash: Hash = strawberry.field(
        description="The SHA-256 of the text announced, as canonical JSON."
    )
    published_at: datetime = strawberry.field(description="When it was announced.")
    closes_at: datetime = strawberry.field(
        description="From this instant on nobody can object any more."
    )
    status: model.AnnouncementStatus = strawberry.field(description="The status at this moment.")

    applicant: Party | None = one("Who applies.", ToOne(PARTY, "applicant_id"))

    application: Application | None = one(
        "The application, if the asker may see it.", ToOne(APPLICATION, "application_id")
    )

    objections: list[Objection] = many(
        "All objections ever raised in it, oldest first.", views.OBJECTIONS_TO_ANNOUNCEMENT
    )


@strawberry.input(description="The application to be announced.")
class AnnounceApplicationInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    application_id: strawberry.ID = strawberry.field(description="The application.")


@strawberry.input(description="What is held against a product.")
class RaiseObjectionInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    announcement_id: strawberry.ID = strawberry.field(description="The announcement.")
    ground: RefusalGround = strawberry.field(description="The ground of Art. 7.")
    statement: str = strawberry.field(description="Why it applies, at most 4,000 characters.")
    document_ids: list[strawberry.ID] = strawberry.field(
        description="The evidence: documents of the objector's own, at least one."
    )

    def to_terms(self) -> model.ObjectionTerms:
        return model.ObjectionTerms(
            announcement_id=self.announcement_id,
            ground=self.ground,
            statement=self.statement,
            document_ids=tuple(self.document_ids),
        )


@strawberry.input(description="How an objection is decided.")
class DecideObjectionInput:
    objection_id: strawberry.ID = strawberry.field(description="The objection.")
    decision: model.Decision = strawberry.field(description="Upheld or dismissed.")
    reasons: str = strawberry.field(description="The reasons, at most 4,000 characters.")

    def to_terms(self) -> model.DecisionTerms:
        return model.DecisionTerms(
            objection_id=self.objection_id, decision=self.decision, reasons=self.reasons
        )


@strawberry.input(description="The objection to be taken back.")
class WithdrawObjectionInput:
    objection_id: strawberry.ID = strawberry.field(description="The objection.")


@strawberry.type(description="The announcement, or why nothing was announced.")
class AnnounceApplicationPayload(Payload):
    announcement: Announcement | None = strawberry.field(
        default=None, description="The announcement."
    )


@strawberry.type(description="The objection after the act, or why nothing was done.")
class ObjectionPayload(Payload):
    objection: Objection | None = strawberry.field(default=None, description="The objection.")


@strawberry.type
class AnnouncementQueries:
    announcement: Announcement | None = find("The announcement with this id.", ANNOUNCEMENT)

    gazette: Connection[Announcement] = page(
        "All announcements, newest first. Open to everyone.",
        ANNOUNCEMENT,
        criteria={"status": Statuses},
    )


@strawberry.type
class AnnouncementMutations:
    @act("Publish what is to be registered (rule 4.1). From then on anyone may object.")
    async def announce_application(
        self, info: Info, input: AnnounceApplicationInput
    ) -> AnnounceApplicationPayload:
        context = info.context
        announcement = await actions.announce_application(
            context.registry, context.signed_in, input.application_id, input.idempotency_key
        )
        record = await context.one(ANNOUNCEMENT, announcement.id)
        return AnnounceApplicationPayload(announcement=shown(ANNOUNCEMENT, record))

    @act("Object to a product being registered (rule 4.2).")
    async def raise_objection(self, info: Info, input: RaiseObjectionInput) -> ObjectionPayload:
        context = info.context
        objection = await actions.raise_objection(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return await _payload(info, objection)

    @act("Uphold an objection, which refuses the application, or dismiss it (rule 4.4).")
    async def decide_objection(self, info: Info, input: DecideObjectionInput) -> ObjectionPayload:
        context = info.context
        objection = await actions.decide_objection(
            context.registry, context.signed_in, input.to_terms()
        )
        return await _payload(info, objection)

    @act("Take back an objection that has not been decided (rule 4.5).")
    async def withdraw_objection(
        self, info: Info, input: WithdrawObjectionInput
    ) -> ObjectionPayload:
        context = info.context
        objection = await actions.withdraw_objection(
            context.registry, context.signed_in, input.objection_id
        )
        return await _payload(info, objection)


async def _payload(info: Info, objection: model.Objection) -> ObjectionPayload:
    record = await info.context.one(OBJECTION, objection.id)
    return ObjectionPayload(objection=shown(OBJECTION, record))
