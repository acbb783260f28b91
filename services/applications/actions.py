"""Acts on applications: draft, complete, file, examine, correct, refuse, withdraw."""

from dataclasses import replace

from services.actors import TIME, Actor
from services.applications.model import (
    Application,
    ApplicationEvent,
    ApplicationTerms,
    DocumentRole,
    RefusalGround,
    content_hash,
)
from services.applications.rules import (
    refusals_to_amend_application,
    refusals_to_attach_document,
    refusals_to_begin_examination,
    refusals_to_draft_application,
    refusals_to_pass_formalities,
    refusals_to_refuse_application,
    refusals_to_request_correction,
    refusals_to_resubmit_application,
    refusals_to_submit_application,
    refusals_to_withdraw_application,
)
from services.applications.store import (
    add_application,
    documents_of_application,
    filed_for_same_product,
    get_application,
    lock_application,
    put_document,
    save_application,
)
from services.applications.views import APPLICATION
from services.documents.store import get_document
from services.documents.views import DOCUMENT
from services.identifiers import Kind, new_id
from services.locks import lock_names
from services.once import Once, answer_given, keep_answer
from services.parties.store import memberships_of
from services.profiles import PROFILE_NOW
from services.reading.records import refuse_if_hidden
from services.recording import hash_of_text, record
from services.refusals import found, raise_if_refused
from services.registry import Registry, Transaction
from services.retrying import retried


@retried
async def draft_application(
    registry: Registry, actor: Actor, terms: ApplicationTerms, key: str
) -> Application:
    """Begin an application for the actor's party (rule 3.1). It may be incomplete."""
    once = Once.of(key, "application-drafted", terms)
    async with registry.deciding() as tx:
        if earlier := await answer_given(tx, actor, once):
            return found(await get_application(tx, earlier))
        raise_if_refused(refusals_to_draft_application(terms, actor))

        application = Application(
            id=new_id(Kind.APPLICATION),
            applicant_id=actor.party_id,
            profile=PROFILE_NOW.name,
            created_at=tx.now,
            **terms.tidied,
        )
        await add_application(tx, application)
        facts = {"name": application.name, "product_kind": application.kind}
        await record(tx, actor, once.act, application.id, private=facts)
        await keep_answer(tx, actor, once, application.id)
        return application


@retried
async def amend_application(
    registry: Registry, actor: Actor, application_id: str, terms: ApplicationTerms
) -> Application:
    """Replace what is said of the product (rule 3.2)."""
    async with registry.deciding() as tx:
        application = await _application(tx, actor, application_id)
        raise_if_refused(refusals_to_amend_application(application, terms, actor, tx.now))

        amended = replace(application.after(ApplicationEvent.AMENDED), **terms.tidied)
        await save_application(tx, amended)
        documents = await documents_of_application(tx, application.id)
        facts = {"name": amended.name, "content_hash": content_hash(amended, documents)}
        await record(tx, actor, "application-amended", application.id, private=facts)
        return amended


@retried
async def attach_document(
    registry: Registry, actor: Actor, application_id: str, role: DocumentRole, document_id: str
) -> Application:
    """Attach one of the four documents, in place of an earlier one of its role (rule 3.3)."""
    async with registry.deciding() as tx:
        application = await _application(tx, actor, application_id)
        await refuse_if_hidden(tx, actor, DOCUMENT, document_id, "document_id")
        document = found(await get_document(tx, document_id), "document_id")
        raise_if_refused(refusals_to_attach_document(application, document, actor, tx.now))

        await put_document(tx, application.id, role, document.id)
        facts = {"role": role, "document": document.id, "sha256": document.sha256}
        await record(tx, actor, "document-attached", application.id, private=facts)
        return application


@retried
async def submit_application(registry: Registry, actor: Actor, application_id: str) -> Application:
    """File a draft (rule 3.4), to be judged by the rule profile of this day."""
    async with registry.deciding() as tx:
        application = await _application(tx, actor, application_id)
        documents = await documents_of_application(tx, application.id)
        content = content_hash(application, documents)
        same_product = await _same_product(tx, application, content)
        raise_if_refused(
            refusals_to_submit_application(application, documents, same_product, actor, tx.now)
        )

        submitted = replace(
            application.after(ApplicationEvent.SUBMITTED),
            filed_at=tx.now,
            profile=PROFILE_NOW.name,
            content_hash=content,
        )
        await save_application(tx, submitted)
        facts = {"content_hash": content, "profile": submitted.profile}
        await record(tx, actor, "application-submitted", application.id, private=facts)
        return submitted


@retried
async def begin_examination(registry: Registry, actor: Actor, application_id: str) -> Application:
    """Take up an application that was filed (rule 3.5); the register remembers who did."""
    async with registry.deciding() as tx:
        application = await _application(tx, actor, application_id)
        memberships = await memberships_of(tx, actor.subject)
        raise_if_refused(refusals_to_begin_examination(application, actor, memberships, tx.now))

        begun = application.after(ApplicationEvent.EXAMINATION_BEGUN)
        begun = replace(begun, examiner=actor.subject)
        await save_application(tx, begun)
        await record(tx, actor, "examination-begun", application.id)
        return begun


@retried
async def pass_formalities(registry: Registry, actor: Actor, application_id: str) -> Application:
    """Find the papers in order and turn to the substance (rule 3.8)."""
    async with registry.deciding() as tx:
        application = await _application(tx, actor, application_id)
        memberships = await memberships_of(tx, actor.subject)
        raise_if_refused(refusals_to_pass_formalities(application, actor, memberships, tx.now))

        passed = application.after(ApplicationEvent.FORMALITIES_PASSED)
        await save_application(tx, passed)
        await record(tx, actor, "formalities-passed", application.id)
        return passed


@retried
async def request_correction(
    registry: Registry, actor: Actor, application_id: str, note: str
) -> Application:
    """Send an application back to be corrected by a day the rule profile sets (rule 3.6)."""
    async with registry.deciding() as tx:
        application = await _application(tx, actor, application_id)
        memberships = await memberships_of(tx, actor.subject)
        raise_if_refused(
            refusals_to_request_correction(application, note, actor, memberships, tx.now)
        )

        requested = replace(
            application.after(ApplicationEvent.CORRECTION_REQUESTED),
            stage_before_correction=application.status,
            corrections=application.corrections + 1,
            correction_note=note,
            correction_due_at=application.correction_due(tx.now),
        )
        await save_application(tx, requested)
        facts = {"note_hash": hash_of_text(note), "due_at": requested.correction_due_at}
        await record(tx, actor, "correction-requested", application.id, private=facts)
        return requested


@retried
async def resubmit_application(
    registry: Registry, actor: Actor, application_id: str
) -> Application:
    """File a corrected application (rule 3.7); it resumes at the stage it came from."""
    async with registry.deciding() as tx:
        application = await _application(tx, actor, application_id)
        documents = await documents_of_application(tx, application.id)
        content = content_hash(application, documents)
        same_product = await _same_product(tx, application, content)
        raise_if_refused(
            refusals_to_resubmit_application(application, documents, same_product, actor, tx.now)
        )

        resubmitted = replace(
            application.after(ApplicationEvent.RESUBMITTED),
            stage_before_correction=None,
            correction_due_at=None,
            content_hash=content,
        )
        await save_application(tx, resubmitted)
        facts = {"content_hash": content}
        await record(tx, actor, "application-resubmitted", application.id, private=facts)
        return resubmitted


@retried
async def refuse_application(
    registry: Registry, actor: Actor, application_id: str, ground: RefusalGround, reasons: str
) -> Application:
    """Refuse registration on a ground of Art. 7 (rule 3.9)."""
    async with registry.deciding() as tx:
        application = await _application(tx, actor, application_id)
        memberships = await memberships_of(tx, actor.subject)
        raise_if_refused(
            refusals_to_refuse_application(application, reasons, actor, memberships, tx.now)
        )

        refused = replace(
            application.after(ApplicationEvent.REFUSED),
            refusal_ground=ground,
            reasons=reasons,
            decided_at=tx.now,
        )
        await save_application(tx, refused)
        facts = {"ground": ground, "reasons_hash": hash_of_text(reasons)}
        await record(tx, actor, "application-refused", application.id, private=facts)
        return refused


@retried
async def withdraw_application(
    registry: Registry, actor: Actor, application_id: str
) -> Application:
    """Take an application back (rule 3.10). If it was filed, the bar of rule 3.19 begins."""
    async with registry.deciding() as tx:
        application = await _application(tx, actor, application_id)
        raise_if_refused(refusals_to_withdraw_application(application, actor, tx.now))

        withdrawn = replace(application.after(ApplicationEvent.WITHDRAWN), decided_at=tx.now)
        await save_application(tx, withdrawn)
        facts = {"barred_until": withdrawn.bars_until}
        await record(tx, actor, "application-withdrawn", application.id, private=facts)
        return withdrawn


@retried
async def record_lapse(registry: Registry, application_id: str) -> bool:
    """Write down that an application is deemed withdrawn; False if not, or if it is recorded."""
    async with registry.deciding() as tx:
        application = found(await lock_application(tx, application_id))
        if application.lapse_recorded_at is not None or not application.is_overdue(tx.now):
            return False

        await save_application(tx, replace(application, lapse_recorded_at=tx.now))
        await record(tx, TIME, "application-lapsed", application.id)
        return True


async def _application(tx: Transaction, actor: Actor, application_id: str) -> Application:
    application = await lock_application(tx, application_id)
    await refuse_if_hidden(tx, actor, APPLICATION, application_id, "application_id")
    return found(application, "application_id")


async def _same_product(
    tx: Transaction, application: Application, content: str
) -> list[Application]:
    """Other filed applications for the product, which nobody else files meanwhile."""
    product = f"{application.applicant_id} {application.name}"
    await lock_names(tx, product=product, content=content)
    return await filed_for_same_product(tx, application, content)
