"""Applications in the contract: type, inputs, payloads, queries, mutations."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.acts import Payload, act
from schema.context import Info
from schema.documents import Document
from schema.node import Node
from schema.paging import Connection
from schema.parties import Party
from schema.reading.fields import find, many, one, page
from schema.reading.kinds import shown, shows
from schema.scalars import Hash
from services.announcements.views import ANNOUNCEMENT
from services.applications import actions, model, views
from services.applications.views import APPLICATION
from services.documents.views import DOCUMENT
from services.identifiers import Kind
from services.parties.views import PARTY
from services.views import ToOne

if TYPE_CHECKING:
    from schema.announcements import Announcement

strawberry.enum(model.ProductKind, description="The three kinds of data products.")
strawberry.enum(model.UpdateFrequency, description="How often a product's data are renewed.")
strawberry.enum(model.DocumentRole, description="The four documents of an application.")
strawberry.enum(model.RefusalGround, description="The grounds of Art. 7 of the Measures, in order.")
strawberry.enum(
    model.ApplicationStatus,
    description="How far an application has come, with what time alone has decided.",
)

LazyAnnouncement = Annotated["Announcement", strawberry.lazy("schema.announcements")]
Statuses = Annotated[
    list[model.ApplicationStatus] | None,
    strawberry.argument(description="Only applications that have one of these statuses now."),
]


@shows(views.APPLICATION_DOCUMENT)
@strawberry.type(description="A document attached to an application.")
class ApplicationDocument:
    application_id: strawberry.Private[str]
    document_id: strawberry.Private[str]
    role: model.DocumentRole = strawberry.field(description="Which of the four documents it is.")

    document: Document | None = one(
        "The document itself, if the asker may read it.", ToOne(DOCUMENT, "document_id")
    )


@shows(APPLICATION, views.EXAMINER_QUEUE, kind=Kind.APPLICATION)
@strawberry.type(
    description="A request to register a data product. Open to the applicant, and to the office "
    "once it has been filed; the public reads the announcement."
)
class Application(Node):
    applicant_id: strawberry.Private[str]
    announcement_id: strawberry.Private[str | None]
    kind: model.ProductKind = strawberry.field(description="The kind of product.")
    name: str = strawberry.field(description="The name of the product; empty while unsaid.")
    summary: str = strawberry.field(description="What the product is; empty while unsaid.")
    industry: str = strawberry.field(description="The industry it serves; empty while unsaid.")
    data_source: str = strawberry.field(
        description="Where its data lawfully come from; empty while unsaid."
    )
    update_frequency: model.UpdateFrequency | None = strawberry.field(
        description="How often its data are renewed; null while unsaid."
    )
    source_authorised_until: date | None = strawberry.field(
        description="The last day on which the source data may be used; null for no end."
    )
    status: model.ApplicationStatus = strawberry.field(description="The status at this moment.")
    profile: str = strawberry.field(
        description="The rule profile it is judged by: the one in force when it was filed."
    )
    created_at: datetime = strawberry.field(description="When the draft was begun.")
    filed_at: datetime | None = strawberry.field(description="When it was first submitted.")
    content_hash: Hash | None = strawberry.field(
        description="The SHA-256 of the product as last filed: its fields and four documents."
    )
    examiner: str | None = strawberry.field(
        description="The examiner who took it up. Shown to the office only."
    )
    corrections: int = strawberry.field(description="How often a correction was requested.")
    correction_note: str | None = strawberry.field(description="What was to be corrected last.")
    correction_due_at: datetime | None = strawberry.field(
        description="When a correction now open must have been resubmitted, or all is withdrawn."
    )
    announcement_closes_at: datetime | None = strawberry.field(
        description="When the announcement ends; without an objection, approval follows."
    )
    open_objections: int = strawberry.field(description="How many objections are undecided.")
    refusal_ground: model.RefusalGround | None = strawberry.field(
        description="The ground on which registration was refused."
    )
    reasons: str | None = strawberry.field(description="The reasons of the refusal.")
    decided_at: datetime | None = strawberry.field(
        description="When it was refused or withdrawn; null otherwise."
    )

    applicant: Party | None = one("Who applies.", ToOne(PARTY, "applicant_id"))

    documents: list[ApplicationDocument] = many(
        "The documents attached so far, one in each role at most.", views.DOCUMENTS_OF_APPLICATION
    )

    announcement: LazyAnnouncement | None = one(
        "Its announcement, once it has been announced.", ToOne(ANNOUNCEMENT, "announcement_id")
    )


@strawberry.input(description="A product to be registered. All but its kind may come later.")
class DraftApplicationInput:
    idempotency_key: str = strawberry.field(description="Chosen by the caller; see README.")
    kind: model.ProductKind = strawberry.field(description="The kind of product.")
    name: str = strawberry.field(default="", description="Its name, at most 200 characters.")
    summary: str = strawberry.field(default="", description="What it is, at most 4,000.")
    industry: str = strawberry.field(default="", description="The industry, at most 200.")
    data_source: str = strawberry.field(
        default="", description="Where its data come from, at most 4,000."
    )
    update_frequency: model.UpdateFrequency | None = strawberry.field(
        default=None, description="How often its data are renewed."
    )
    source_authorised_until: date | None = strawberry.field(
        default=None, description="The last day the source data may be used; null for no end."
    )

    def to_terms(self) -> model.ApplicationTerms:
        return _terms(self)


@strawberry.input(description="All that is to be said of the product from now on.")
class AmendApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The application.")
    kind: model.ProductKind = strawberry.field(description="The kind of product.")
    name: str = strawberry.field(description="Its name, at most 200 characters.")
    summary: str = strawberry.field(description="What it is, at most 4,000.")
    industry: str = strawberry.field(description="The industry, at most 200.")
    data_source: str = strawberry.field(description="Where its data come from, at most 4,000.")
    update_frequency: model.UpdateFrequency | None = strawberry.field(
        default=None, description="How often its data are renewed."
    )
    source_authorised_until: date | None = strawberry.field(
        default=None, description="The last day the source data may be used; null for no end."
    )

    def to_terms(self) -> model.ApplicationTerms:
        return _terms(self)


def _terms(said: DraftApplicationInput | AmendApplicationInput) -> model.ApplicationTerms:
    return model.ApplicationTerms(
        kind=said.kind,
        name=said.name,
        summary=said.summary,
        industry=said.industry,
        data_source=said.data_source,
        update_frequency=said.update_frequency,
        source_authorised_until=said.source_authorised_until,
    )


@strawberry.input(description="A document to be attached; it replaces the one of its role.")
class AttachDocumentInput:
    application_id: strawberry.ID = strawberry.field(description="The application.")
    role: model.DocumentRole = strawberry.field(description="Which of the four it is.")
    document_id: strawberry.ID = strawberry.field(description="A document of the applicant's own.")


@strawberry.input(description="The application an act is about.")
class ApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The application.")


@strawberry.input(description="What the applicant is to correct.")
class RequestCorrectionInput:
    application_id: strawberry.ID = strawberry.field(description="The application.")
    note: str = strawberry.field(description="What is to be corrected, at most 4,000 characters.")


@strawberry.input(description="Why registration is refused.")
class RefuseApplicationInput:
    application_id: strawberry.ID = strawberry.field(description="The application.")
    ground: model.RefusalGround = strawberry.field(description="The ground of Art. 7.")
    reasons: str = strawberry.field(description="The reasons, at most 4,000 characters.")


@strawberry.type(description="The application after the act, or why nothing was done.")
class ApplicationPayload(Payload):
    application: Application | None = strawberry.field(default=None, description="The application.")


@strawberry.type
class ApplicationQueries:
    application: Application | None = find(
        "The application with this id, if it may be seen.", APPLICATION
    )

    my_applications: Connection[Application] = page(
        "The applications of the asker's party, newest first.",
        APPLICATION,
        views.is_mine,
        criteria={"status": Statuses},
    )
    examiner_queue: Connection[Application] = page(
        "What was filed, oldest first, for the office; empty for others. Without "
        "`status`: what is under examination.",
        views.EXAMINER_QUEUE,
        criteria={"status": Statuses},
        unless={"status": views.waits_for_an_examiner},
    )


@strawberry.type
class ApplicationMutations:
    @act("Begin an application for the asker's party (rule 3.1). It may be incomplete.")
    async def draft_application(
        self, info: Info, input: DraftApplicationInput
    ) -> ApplicationPayload:
        context = info.context
        application = await actions.draft_application(
            context.registry, context.signed_in, input.to_terms(), input.idempotency_key
        )
        return await _payload(info, application)

    @act("Replace what is said of the product (rule 3.2).")
    async def amend_application(
        self, info: Info, input: AmendApplicationInput
    ) -> ApplicationPayload:
        context = info.context
        application = await actions.amend_application(
            context.registry, context.signed_in, input.application_id, input.to_terms()
        )
        return await _payload(info, application)

    @act("Attach one of the four documents (rule 3.3).")
    async def attach_document(self, info: Info, input: AttachDocumentInput) -> ApplicationPayload:
        context = info.context
        application = await actions.attach_document(
            context.registry,
            context.signed_in,
            input.application_id,
            input.role,
            input.document_id,
        )
        return await _payload(info, application)

    @act("File a complete draft (rule 3.4). All that is missing is said at once.")
    async def submit_application(self, info: Info, input: ApplicationInput) -> ApplicationPayload:
        context = info.context
        application = await actions.submit_application(
            context.registry, context.signed_in, input.application_id
        )
        return await _payload(info, application)

    @act("Take up an application that was filed (rule 3.5).")
    async def begin_examination(self, info: Info, input: ApplicationInput) -> ApplicationPayload:
        context = info.context
        application = await actions.begin_examination(
            context.registry, context.signed_in, input.application_id
        )
        return await _payload(info, application)

    @act("Send an application back to be corrected in time (rule 3.6).")
    async def request_correction(
        self, info: Info, input: RequestCorrectionInput
    ) -> ApplicationPayload:
        context = info.context
        application = await actions.request_correction(
            context.registry, context.signed_in, input.application_id, input.note
        )
        return await _payload(info, application)

    @act("File what was corrected (rule 3.7); it resumes at the stage it came from.")
    async def resubmit_application(self, info: Info, input: ApplicationInput) -> ApplicationPayload:
        context = info.context
        application = await actions.resubmit_application(
            context.registry, context.signed_in, input.application_id
        )
        return await _payload(info, application)

    @act("Find the papers in order and turn to the substance (rule 3.8).")
    async def pass_formalities(self, info: Info, input: ApplicationInput) -> ApplicationPayload:
        context = info.context
        application = await actions.pass_formalities(
            context.registry, context.signed_in, input.application_id
        )
        return await _payload(info, application)

    @act("Refuse registration on a ground of Art. 7 (rule 3.9).")
    async def refuse_application(
        self, info: Info, input: RefuseApplicationInput
    ) -> ApplicationPayload:
        context = info.context
        application = await actions.refuse_application(
            context.registry,
            context.signed_in,
            input.application_id,
            input.ground,
            input.reasons,
        )
        return await _payload(info, application)

    @act("Take an application back before its end (rule 3.10). If filed, a bar begins.")
    async def withdraw_application(self, info: Info, input: ApplicationInput) -> ApplicationPayload:
        context = info.context
        application = await actions.withdraw_application(
            context.registry, context.signed_in, input.application_id
        )
        return await _payload(info, application)


async def _payload(info: Info, application: model.Application) -> ApplicationPayload:
    record = await info.context.one(APPLICATION, application.id)
    return ApplicationPayload(application=shown(APPLICATION, record))
