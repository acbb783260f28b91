"""Acts on announcements: announce an application; raise, decide and withdraw objections."""

from collections.abc import Sequence
from dataclasses import replace

from services.actors import TIME, Actor
from services.announcements.model import (
    AnnouncedCase,
    AnnouncedText,
    Announcement,
    DecisionTerms,
    Objection,
    ObjectionEvent,
    ObjectionTerms,
    after_the_end_of,
)
from services.announcements.rules import (
    refusals_to_announce_application,
    refusals_to_decide_objection,
    refusals_to_raise_objection,
    refusals_to_withdraw_objection,
)
from services.announcements.store import (
    add_announcement,
    add_objection,
    get_announcement,
    get_objection,
    lock_application_of_announcement,
    lock_application_of_objection,
    objections_to,
    save_objection,
)
from services.applications.model import AFTER_ANNOUNCEMENT, Application, ApplicationEvent
from services.applications.store import lock_application, save_application
from services.applications.views import APPLICATION
from services.documents.model import Document
from services.documents.store import get_document, open_document_to
from services.documents.views import DOCUMENT
from services.identifiers import Kind, new_id
from services.once import Once, answer_given, keep_answer
from services.parties.store import get_party, memberships_of
from services.periods import after_days
from services.reading.records import refuse_if_hidden
from services.recording import Facts, hash_of_text, record
from services.refusals import found, raise_if_refused
from services.registry import Registry, Transaction
from services.retrying import retried


@retried
async def announce_application(
    registry: Registry, actor: Actor, application_id: str, key: str
) -> Announcement:
    """Publish what is to be registered, for the period of the rule profile (rule 4.1)."""
    once = Once.of_text(key, "application-announced", application_id)
    async with registry.deciding() as tx:
        locked = await lock_application(tx, application_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_announcement(tx, earlier))
        await refuse_if_hidden(tx, actor, APPLICATION, application_id, "application_id")
        application = found(locked, "application_id")
        memberships = await memberships_of(tx, actor.subject)
        raise_if_refused(refusals_to_announce_application(application, actor, memberships, tx.now))

        announcement = await _announcement(tx, application)
        announced = replace(
            application.after(ApplicationEvent.ANNOUNCED),
            announcement_id=announcement.id,
            announcement_closes_at=announcement.closes_at,
        )
        await add_announcement(tx, announcement)
        await save_application(tx, announced)
        facts: Facts = {"text_hash": announcement.text_hash, "closes_at": announcement.closes_at}
        await record(tx, actor, once.act, application.id, public=facts)
        await keep_answer(tx, actor, once, announcement.id)
        return announcement


@retried
async def raise_objection(
    registry: Registry, actor: Actor, terms: ObjectionTerms, key: str
) -> Objection:
    """Object to a product being registered (rule 4.2). The applicant may read the evidence."""
    once = Once.of(key, "objection-raised", terms)
    async with registry.deciding() as tx:
        locked = await lock_application_of_announcement(tx, terms.announcement_id)
        if earlier := await answer_given(tx, actor, once):
            return found(await get_objection(tx, earlier))
        application = found(locked, "announcement_id")
        case = await _case(tx, application, terms.announcement_id)
        evidence = await _evidence(tx, actor, terms)
        raise_if_refused(refusals_to_raise_objection(terms, case, evidence, actor, tx.now))

        objection = _objection(tx, actor, terms, application)
        await add_objection(tx, objection, evidence)
        for document in evidence:
            await open_document_to(tx, document.id, application.applicant_id)
        open_objections = application.open_objections + 1
        await save_application(tx, replace(application, open_objections=open_objections))
        facts = {
            "objection": objection.id,
            "ground": objection.ground,
            "statement_hash": hash_of_text(objection.statement),
            "evidence": hash_of_text(",".join(document.sha256 for document in evidence)),
        }
        await record(tx, actor, once.act, application.id, private=facts)
        await keep_answer(tx, actor, once, objection.id)
        return objection


@retried
async def decide_objection(registry: Registry, actor: Actor, terms: DecisionTerms) -> Objection:
    """Uphold an objection, which refuses the application, or dismiss it (rule 4.4)."""
    async with registry.deciding() as tx:
        locked = await lock_application_of_objection(tx, terms.objection_id)
        application = found(locked, "objection_id")
        objection = found(await get_objection(tx, terms.objection_id))
        memberships = await memberships_of(tx, actor.subject)
        raise_if_refused(
            refusals_to_decide_objection(terms, objection, application, actor, memberships)
        )

        decided = objection.after(ObjectionEvent(terms.decision), tx.now, terms.reasons)
        await save_objection(tx, decided)
        await save_application(tx, after_the_end_of(decided, application))
        facts = {
            "objection": objection.id,
            "decision": terms.decision,
            "reasons_hash": hash_of_text(terms.reasons),
        }
        await record(tx, actor, "objection-decided", application.id, private=facts)
        return decided


@retried
async def withdraw_objection(registry: Registry, actor: Actor, objection_id: str) -> Objection:
    """Take back an objection that has not been decided (rule 4.5)."""
    async with registry.deciding() as tx:
        application = found(await lock_application_of_objection(tx, objection_id), "objection_id")
        objection = found(await get_objection(tx, objection_id))
        raise_if_refused(refusals_to_withdraw_objection(objection, application, actor))

        withdrawn = objection.after(ObjectionEvent.WITHDRAWN, tx.now)
        await save_objection(tx, withdrawn)
        await save_application(tx, after_the_end_of(withdrawn, application))
        facts = {"objection": objection.id}
        await record(tx, actor, "objection-withdrawn", application.id, private=facts)
        return withdrawn


@retried
async def record_closing(registry: Registry, application_id: str) -> bool:
    """Write down that an announcement has closed; False if it has not, or if it is recorded."""
    async with registry.deciding() as tx:
        application = found(await lock_application(tx, application_id))
        has_closed = application.effective_status(tx.now) in AFTER_ANNOUNCEMENT
        if application.closing_recorded_at is not None or not has_closed:
            return False

        assert application.announcement_id is not None, application
        case = await _case(tx, application, application.announcement_id)
        await save_application(tx, replace(application, closing_recorded_at=tx.now))
        facts: Facts = {"outcome": case.status(tx.now)}
        await record(tx, TIME, "announcement-closed", application.id, public=facts)
        return True


async def _case(tx: Transaction, application: Application, announcement_id: str) -> AnnouncedCase:
    return AnnouncedCase(
        application=application,
        announcement=found(await get_announcement(tx, announcement_id)),
        objections=await objections_to(tx, announcement_id),
    )


async def _evidence(tx: Transaction, actor: Actor, terms: ObjectionTerms) -> Sequence[Document]:
    """The documents named, each once, as far as the objector may see them."""
    evidence = []
    for document_id in dict.fromkeys(terms.document_ids):
        await refuse_if_hidden(tx, actor, DOCUMENT, document_id, "document_ids")
        evidence.append(found(await get_document(tx, document_id), "document_ids"))
    return evidence


async def _announcement(tx: Transaction, application: Application) -> Announcement:
    assert application.update_frequency is not None, application  # Rule 3.21: it was filed.
    applicant = found(await get_party(tx, application.applicant_id))
    text = AnnouncedText(
        applicant_id=applicant.id,
        applicant_name=applicant.name,
        kind=application.kind,
        name=application.name,
        summary=application.summary,
        industry=application.industry,
        data_source=application.data_source,
        update_frequency=application.update_frequency,
    )
    return Announcement(
        id=new_id(Kind.ANNOUNCEMENT),
        application_id=application.id,
        text=text,
        text_hash=text.hash,
        published_at=tx.now,
        closes_at=after_days(tx.now, application.rule_profile.announcement_days),
    )


def _objection(
    tx: Transaction, actor: Actor, terms: ObjectionTerms, application: Application
) -> Objection:
    return Objection(
        id=new_id(Kind.OBJECTION),
        announcement_id=terms.announcement_id,
        objector_id=actor.party_id,
        ground=terms.ground,
        statement=terms.statement,
        raised_at=tx.now,
        decision_due_at=after_days(tx.now, application.rule_profile.objection_decision_days),
    )
