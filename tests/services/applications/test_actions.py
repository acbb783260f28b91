"""Acts on applications: done, refused without a trace, and raced."""

import asyncio
from datetime import timedelta

import pytest

from services.actors import Role
from services.announcements.actions import announce_application
from services.applications.actions import (
    amend_application,
    attach_document,
    begin_examination,
    draft_application,
    pass_formalities,
    refuse_application,
    request_correction,
    resubmit_application,
    submit_application,
    withdraw_application,
)
from services.applications.model import (
    ApplicationStatus,
    DocumentRole,
    RefusalGround,
    content_hash,
)
from services.applications.store import documents_of_application, get_application
from services.parties.actions import admit_member
from services.parties.model import MemberTerms
from services.periods import after_days, after_months
from services.refusals import RefusalCode, Refused
from services.tables import MICROSECOND
from tests.builders.applications import (
    application_terms,
    draft_in_full,
    examine_formalities,
    examine_substance,
    file_application,
)
from tests.builders.documents import deposit_document
from tests.founding import a_key
from tests.ledger_counts import kinds_on, size_of_ledger

STATUS = ApplicationStatus
CALLED_BACK = application_terms(summary="Scores, with the method explained.")
DRAFTED = ["application-drafted", *["document-attached"] * 4]


@pytest.fixture
def stored(registry):
    async def get(application_id):
        async with registry.reading() as tx:
            return await get_application(tx, application_id)

    return get


async def refused(act):
    with pytest.raises(Refused) as caught:
        await act
    return [refusal.code for refusal in caught.value.refusals]


def announce(registry, _holder, office, application_id):
    return announce_application(registry, office, application_id, a_key())


def withdraw(registry, holder, _office, application_id):
    return withdraw_application(registry, holder, application_id)


def refuse(registry, _holder, office, application_id):
    ground = RefusalGround.OWNERSHIP_DISPUTED
    return refuse_application(registry, office, application_id, ground, "Claimed by others.")


async def test_an_application_goes_from_draft_to_announcement(registry, holder, office, stored):
    draft = await draft_in_full(registry, holder)
    await submit_application(registry, holder, draft.id)
    await begin_examination(registry, office, draft.id)
    await request_correction(registry, office, draft.id, "Explain the method.")
    await amend_application(registry, holder, draft.id, CALLED_BACK)
    await resubmit_application(registry, holder, draft.id)
    await pass_formalities(registry, office, draft.id)
    announcement = await announce_application(registry, office, draft.id, a_key())

    announced = await stored(draft.id)
    assert announced.status is STATUS.ANNOUNCED
    assert announced.announcement_closes_at == announcement.closes_at
    assert await kinds_on(registry, draft.id) == [
        *DRAFTED,
        "application-submitted",
        "examination-begun",
        "correction-requested",
        "application-amended",
        "application-resubmitted",
        "formalities-passed",
        "application-announced",
    ]


async def test_a_draft_may_be_empty_and_is_filed_only_when_complete(registry, holder, stored):
    empty = application_terms(name="", summary="", industry="", data_source="")
    draft = await draft_application(registry, holder, empty, a_key())
    assert await stored(draft.id) == draft
    before = await size_of_ledger(registry)

    codes = await refused(submit_application(registry, holder, draft.id))

    missing = [RefusalCode.APPLICATION_INCOMPLETE] * 4 + [RefusalCode.DOCUMENT_MISSING] * 4
    assert codes == missing
    assert await stored(draft.id) == draft
    assert await size_of_ledger(registry) == before


async def test_the_same_key_drafts_once_and_with_other_words_is_refused(registry, holder):
    key = a_key()
    first = await draft_application(registry, holder, application_terms(), key)
    assert await draft_application(registry, holder, application_terms(), key) == first
    assert await kinds_on(registry, first.id) == ["application-drafted"]

    other = draft_application(registry, holder, application_terms(name="另一产品"), key)
    assert await refused(other) == [RefusalCode.IDEMPOTENCY_KEY_REUSED]


async def test_a_document_replaces_the_earlier_one_of_its_role(registry, holder):
    draft = await draft_in_full(registry, holder)
    newer = await deposit_document(registry, holder, b"A newer form.\n", name="form.txt")
    role = DocumentRole.APPLICATION_FORM
    await attach_document(registry, holder, draft.id, role, newer.id)

    async with registry.reading() as tx:
        documents = await documents_of_application(tx, draft.id)
    assert set(documents) == set(DocumentRole)
    assert documents[role] == newer


async def test_a_document_that_cannot_be_seen_is_not_there(registry, holder, stranger):
    draft = await draft_application(registry, holder, application_terms(), a_key())
    foreign = await deposit_document(registry, stranger, b"Somebody else's.\n", name="x.txt")
    before = await size_of_ledger(registry)
    role = DocumentRole.APPLICATION_FORM

    for document_id in (foreign.id, "document_0", draft.id):
        attaching = attach_document(registry, holder, draft.id, role, document_id)
        assert await refused(attaching) == [RefusalCode.RECORD_NOT_FOUND]
    assert await size_of_ledger(registry) == before


async def test_filing_fixes_the_profile_the_instant_and_the_content(registry, holder, clock):
    draft = await draft_in_full(registry, holder)
    clock.advance(timedelta(hours=1))
    filed = await submit_application(registry, holder, draft.id)

    async with registry.reading() as tx:
        content = content_hash(draft, await documents_of_application(tx, draft.id))
    assert (filed.status, filed.filed_at) == (STATUS.SUBMITTED, clock.now())
    assert (filed.profile, filed.content_hash) == ("SH-2024/1", content)


async def test_an_application_is_hidden_from_others_and_a_draft_from_the_office(
    registry, holder, office, stranger
):
    draft = await draft_in_full(registry, holder)
    hidden = [RefusalCode.RECORD_NOT_FOUND]
    assert await refused(begin_examination(registry, office, draft.id)) == hidden
    assert await refused(withdraw_application(registry, stranger, draft.id)) == hidden

    await submit_application(registry, holder, draft.id)
    begun = await begin_examination(registry, office, draft.id)
    assert begun.examiner == office.subject


async def test_an_examiner_who_also_acts_for_the_applicant_does_not_examine(
    registry, holder, office
):
    filed = await file_application(registry, holder)
    terms = MemberTerms(
        party_id=holder.party_id, subject=office.subject, roles=frozenset({Role.REGISTRANT})
    )
    await admit_member(registry, office, terms, a_key())
    before = await size_of_ledger(registry)

    codes = await refused(begin_examination(registry, office, filed.id))
    assert codes == [RefusalCode.CONFLICT_OF_INTEREST]
    assert await size_of_ledger(registry) == before


async def test_a_correction_returns_to_the_stage_it_came_from(registry, holder, office, clock):
    examined = await examine_substance(registry, holder, office)
    requested = await request_correction(registry, office, examined.id, "Explain.")
    assert requested.correction_due_at == after_days(clock.now(), 21)
    unchanged = [RefusalCode.CORRECTION_UNCHANGED]
    assert await refused(resubmit_application(registry, holder, examined.id)) == unchanged

    await amend_application(registry, holder, examined.id, CALLED_BACK)
    clock.advance_to(requested.correction_due_at - MICROSECOND)
    resubmitted = await resubmit_application(registry, holder, examined.id)
    assert (resubmitted.status, resubmitted.corrections) == (STATUS.SUBSTANTIVE_EXAMINATION, 1)
    assert resubmitted.content_hash != examined.content_hash
    assert resubmitted.filed_at == examined.filed_at


async def test_a_newer_document_is_a_change_too(registry, holder, office):
    examined = await examine_formalities(registry, holder, office)
    await request_correction(registry, office, examined.id, "Sign the form.")
    signed = await deposit_document(registry, holder, b"Signed.\n", name="signed.txt")
    role = DocumentRole.APPLICATION_FORM
    await attach_document(registry, holder, examined.id, role, signed.id)
    resubmitted = await resubmit_application(registry, holder, examined.id)
    assert resubmitted.status is STATUS.FORMALITY_EXAMINATION


async def test_two_corrections_are_all(registry, holder, office):
    examined = await examine_formalities(registry, holder, office)
    for n in range(2):
        await request_correction(registry, office, examined.id, "Explain.")
        changed = application_terms(summary=f"Explained {n + 1} times.")
        await amend_application(registry, holder, examined.id, changed)
        await resubmit_application(registry, holder, examined.id)
    third = request_correction(registry, office, examined.id, "Explain.")
    assert await refused(third) == [RefusalCode.CORRECTION_ROUNDS_EXHAUSTED]


async def test_what_is_not_corrected_in_time_is_over_but_bars_nothing(
    registry, holder, office, clock
):
    examined = await examine_formalities(registry, holder, office)
    requested = await request_correction(registry, office, examined.id, "Explain.")
    await amend_application(registry, holder, examined.id, CALLED_BACK)
    clock.advance_to(requested.correction_due_at)

    late = [RefusalCode.CORRECTION_OVERDUE]
    assert await refused(resubmit_application(registry, holder, examined.id)) == late
    over = [RefusalCode.ILLEGAL_TRANSITION]
    assert await refused(withdraw_application(registry, holder, examined.id)) == over
    again = await file_application(registry, holder)
    assert again.status is STATUS.SUBMITTED


async def test_a_product_under_way_is_not_filed_twice(registry, holder, stored):
    first = await file_application(registry, holder)
    second = await draft_in_full(registry, holder, name=f"  {first.name} ")

    with pytest.raises(Refused) as caught:
        await submit_application(registry, holder, second.id)
    (refusal,) = caught.value.refusals
    assert (refusal.code, refusal.record.id) == (RefusalCode.DUPLICATE_APPLICATION, first.id)
    assert await stored(second.id) == second


async def test_the_same_content_is_not_filed_by_another_party(registry, holder, stranger):
    contents = [f"{role}\n".encode() for role in DocumentRole]

    async def drafted(actor):
        draft = await draft_application(registry, actor, application_terms(), a_key())
        for role, content in zip(DocumentRole, contents, strict=True):
            document = await deposit_document(registry, actor, content, name="x.txt")
            await attach_document(registry, actor, draft.id, role, document.id)
        return draft

    mine, theirs = await drafted(holder), await drafted(stranger)
    await submit_application(registry, holder, mine.id)
    codes = await refused(submit_application(registry, stranger, theirs.id))
    assert codes == [RefusalCode.DUPLICATE_APPLICATION]


async def test_another_party_may_file_a_product_of_the_same_name(registry, holder, stranger):
    await file_application(registry, holder)
    assert (await file_application(registry, stranger)).status is STATUS.SUBMITTED


async def test_withdrawing_bars_the_same_product_for_three_months(registry, holder, clock):
    filed = await file_application(registry, holder)
    withdrawn = await withdraw_application(registry, holder, filed.id)
    assert (withdrawn.status, withdrawn.decided_at) == (STATUS.WITHDRAWN, clock.now())
    again = await draft_in_full(registry, holder)

    end = after_months(clock.now(), 3)
    clock.advance_to(end - MICROSECOND)
    barred = [RefusalCode.RESUBMISSION_BARRED]
    assert await refused(submit_application(registry, holder, again.id)) == barred
    clock.advance_to(end)
    assert (await submit_application(registry, holder, again.id)).filed_at == end


async def test_withdrawing_a_draft_bars_nothing(registry, holder):
    draft = await draft_in_full(registry, holder)
    await withdraw_application(registry, holder, draft.id)
    assert (await file_application(registry, holder)).status is STATUS.SUBMITTED


async def test_a_refusal_keeps_its_ground_and_reasons(registry, holder, office, clock):
    examined = await examine_formalities(registry, holder, office)
    ground = RefusalGround.UNLAWFULLY_OBTAINED
    decided = await refuse_application(registry, office, examined.id, ground, "Scraped.")
    assert (decided.status, decided.refusal_ground) == (STATUS.REFUSED, ground)
    assert (decided.reasons, decided.decided_at) == ("Scraped.", clock.now())
    assert (await kinds_on(registry, examined.id))[-1] == "application-refused"


async def test_only_the_first_of_eight_filings_of_a_product_succeeds(registry, holder):
    drafts = [await draft_in_full(registry, holder) for _ in range(8)]
    rivals = [submit_application(registry, holder, draft.id) for draft in drafts]
    outcomes = await asyncio.gather(*rivals, return_exceptions=True)

    lost = [outcome.refusals[0].code for outcome in outcomes if isinstance(outcome, Refused)]
    assert lost == [RefusalCode.DUPLICATE_APPLICATION] * 7


@pytest.mark.parametrize("rival", [announce, withdraw])
async def test_only_one_of_eight_rival_decisions_is_made(registry, holder, office, stored, rival):
    examined = await examine_substance(registry, holder, office)
    before = await size_of_ledger(registry)
    acts = [act(registry, holder, office, examined.id) for _ in range(4) for act in (rival, refuse)]
    outcomes = await asyncio.gather(*acts, return_exceptions=True)

    lost = [outcome.refusals[0].code for outcome in outcomes if isinstance(outcome, Refused)]
    assert lost == [RefusalCode.ILLEGAL_TRANSITION] * 7
    (won,) = [outcome for outcome in outcomes if not isinstance(outcome, Refused)]
    decided = await stored(examined.id)
    assert won.id in {decided.id, decided.announcement_id}
    assert await size_of_ledger(registry) == before + 1
