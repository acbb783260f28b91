"""Certificates for tests, made through the acts: filed, examined, announced, issued."""

from datetime import date, timedelta
from uuid import uuid4

from services.actors import Actor
from services.announcements.actions import announce_application
from services.applications.actions import (
    attach_document,
    begin_examination,
    draft_application,
    pass_formalities,
    submit_application,
)
from services.applications.model import (
    Application,
    ApplicationTerms,
    DocumentRole,
    ProductKind,
    UpdateFrequency,
)
from services.certificates.actions import issue_certificate
from services.certificates.model import Certificate
from services.documents.actions import receive_document
from services.documents.model import Document, Upload
from services.registry import Registry
from tests.founding import a_key

ANNOUNCEMENT = timedelta(days=16)


async def deposit(registry: Registry, actor: Actor, text: str) -> Document:
    """Deposit a text document."""

    async def content():
        yield text.encode()

    upload = Upload(name=f"{text[:20]}.txt", content=content())
    return await receive_document(registry, actor, upload, a_key())


def terms_of(name: str, source_authorised_until: date | None = None) -> ApplicationTerms:
    return ApplicationTerms(
        kind=ProductKind.PRODUCT,
        name=name,
        summary="样例摘要",
        industry="finance",
        data_source="自行采集",
        update_frequency=UpdateFrequency.DAILY,
        source_authorised_until=source_authorised_until,
    )


async def file(registry: Registry, applicant: Actor, terms: ApplicationTerms) -> Application:
    """Draft an application, attach its four documents, submit it."""
    application = await draft_application(registry, applicant, terms, a_key())
    for role in DocumentRole:
        document = await deposit(registry, applicant, f"{terms.name} {role} {uuid4().hex}")
        await attach_document(registry, applicant, application.id, role, document.id)
    return await submit_application(registry, applicant, application.id)


async def announce(
    registry: Registry, office: Actor, applicant: Actor, terms: ApplicationTerms
) -> Application:
    """File an application, examine it, and announce it."""
    application = await file(registry, applicant, terms)
    await begin_examination(registry, office, application.id)
    await pass_formalities(registry, office, application.id)
    await announce_application(registry, office, application.id, a_key())
    return application


async def certify(
    registry: Registry, office: Actor, holder: Actor, terms: ApplicationTerms | None = None
) -> Certificate:
    """Carry a product to its certificate. The clock moves on by sixteen days."""
    application = await announce(registry, office, holder, terms or terms_of("样例产品"))
    registry.clock.advance(ANNOUNCEMENT)
    return await issue_certificate(registry, office, application.id, a_key())
