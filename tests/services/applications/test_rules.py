"""Rules 3.1 to 3.22: a base case each, one row for each way to spoil it, precedence once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.actors import Actor, Role
from services.applications import rules
from services.applications.model import ApplicationStatus, DocumentRole, content_hash
from services.general import LONGEST_NAME, LONGEST_TEXT
from services.identifiers import Kind
from services.periods import after_months, end_of
from services.refusals import RecordInTheWay, RefusalCode
from services.tables import MICROSECOND
from tests.builders.applications import (
    DUE,
    FILED,
    a_draft,
    a_member,
    an_application,
    application_terms,
    four_documents,
)
from tests.builders.documents import a_document

STATUS = ApplicationStatus
NOW = datetime(2026, 1, 6, 2, 0, tzinfo=UTC)
HOLDER = Actor("wang", "party_holder", frozenset({Role.REGISTRANT}))
LENDER = Actor("wang", "party_holder", frozenset({Role.LENDER}))
STRANGER = Actor("zhao", "party_other", frozenset({Role.REGISTRANT}))
EXAMINER = Actor("li", "party_office", frozenset({Role.EXAMINER}))
REGISTRAR = Actor("sun", "party_office", frozenset({Role.REGISTRAR}))
OWN_EXAMINER = Actor("li", "party_holder", frozenset({Role.EXAMINER}))

EXAMINED = an_application(STATUS.FORMALITY_EXAMINATION)
WAITING = an_application(STATUS.CORRECTION_REQUIRED)
OVERDUE = replace(WAITING, correction_due_at=NOW)
OFFICE_FACTS = {"actor": EXAMINER, "memberships": [], "now": NOW}
CHANGED = four_documents(APPLICATION_FORM=a_document(sha256="ef" * 32))

# Each rule with facts under which it refuses nothing.
BASES = {
    rules.refusals_to_draft_application: {"terms": application_terms(), "actor": HOLDER},
    rules.refusals_to_amend_application: {
        "application": a_draft(),
        "terms": application_terms(),
        "actor": HOLDER,
        "now": NOW,
    },
    rules.refusals_to_attach_document: {
        "application": a_draft(),
        "document": a_document(depositor_id="party_holder"),
        "actor": HOLDER,
        "now": NOW,
    },
    rules.refusals_to_submit_application: {
        "application": a_draft(),
        "documents": four_documents(),
        "same_product": [],
        "actor": HOLDER,
        "now": NOW,
    },
    rules.refusals_to_begin_examination: {"application": an_application(), **OFFICE_FACTS},
    rules.refusals_to_request_correction: {
        "application": EXAMINED,
        "note": "The summary says too little.",
        **OFFICE_FACTS,
    },
    rules.refusals_to_resubmit_application: {
        "application": replace(WAITING, content_hash=content_hash(WAITING, four_documents())),
        "documents": CHANGED,
        "same_product": [],
        "actor": HOLDER,
        "now": NOW,
    },
    rules.refusals_to_pass_formalities: {"application": EXAMINED, **OFFICE_FACTS},
    rules.refusals_to_refuse_application: {
        "application": EXAMINED,
        "reasons": "The data were taken without leave.",
        **OFFICE_FACTS,
    },
    rules.refusals_to_withdraw_application: {
        "application": an_application(),
        "actor": HOLDER,
        "now": NOW,
    },
}


def codes(rule, **change):
    return [refusal.code for refusal in rule(**(BASES[rule] | change))]


@pytest.mark.parametrize("rule", BASES, ids=lambda rule: rule.__name__)
def test_what_is_in_order_is_not_refused(rule):
    assert codes(rule) == []


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        (rules.refusals_to_draft_application, {"terms": application_terms(name="", summary="")}),
        (rules.refusals_to_amend_application, {"application": WAITING}),
        (rules.refusals_to_amend_application, {"application": WAITING, "now": DUE - MICROSECOND}),
        (rules.refusals_to_attach_document, {"application": WAITING}),
        (
            rules.refusals_to_submit_application,
            {"application": a_draft(source_authorised_until=date(2026, 1, 6))},
        ),
        (
            rules.refusals_to_submit_application,
            {"application": a_draft(source_authorised_until=None)},
        ),
        (
            rules.refusals_to_submit_application,
            {"same_product": [an_application(STATUS.REFUSED, id="application_2")]},
        ),
        (rules.refusals_to_begin_examination, {"memberships": [a_member(party_id="party_9")]}),
        (rules.refusals_to_request_correction, {"application": replace(EXAMINED, corrections=1)}),
        (
            rules.refusals_to_request_correction,
            {"application": an_application(STATUS.SUBSTANTIVE_EXAMINATION)},
        ),
        (
            rules.refusals_to_refuse_application,
            {"application": an_application(STATUS.SUBSTANTIVE_EXAMINATION)},
        ),
        (rules.refusals_to_withdraw_application, {"application": a_draft()}),
        (
            rules.refusals_to_withdraw_application,
            {"application": an_application(STATUS.ANNOUNCED)},
        ),
    ],
)
def test_what_is_still_in_order_is_not_refused(rule, change):
    assert codes(rule, **change) == []


DRAFT, AMEND = rules.refusals_to_draft_application, rules.refusals_to_amend_application
ATTACH, SUBMIT = rules.refusals_to_attach_document, rules.refusals_to_submit_application
BEGIN, CORRECT = rules.refusals_to_begin_examination, rules.refusals_to_request_correction
RESUBMIT, PASS = rules.refusals_to_resubmit_application, rules.refusals_to_pass_formalities
REFUSE, WITHDRAW = rules.refusals_to_refuse_application, rules.refusals_to_withdraw_application


@pytest.mark.parametrize(
    ("rule", "change", "refusal"),
    [
        (DRAFT, {"actor": LENDER}, RefusalCode.NOT_AUTHORISED),
        (DRAFT, {"terms": application_terms(name="x" * 201)}, RefusalCode.TEXT_TOO_LONG),
        (DRAFT, {"terms": application_terms(summary="\x1b[31m")}, RefusalCode.TEXT_UNPRINTABLE),
        (AMEND, {"actor": LENDER}, RefusalCode.NOT_AUTHORISED),
        (AMEND, {"actor": STRANGER}, RefusalCode.NOT_THE_APPLICANT),
        (AMEND, {"application": an_application()}, RefusalCode.ILLEGAL_TRANSITION),
        (AMEND, {"application": OVERDUE}, RefusalCode.ILLEGAL_TRANSITION),
        (AMEND, {"terms": application_terms(industry="x" * 201)}, RefusalCode.TEXT_TOO_LONG),
        (ATTACH, {"actor": LENDER}, RefusalCode.NOT_AUTHORISED),
        (ATTACH, {"application": an_application()}, RefusalCode.ILLEGAL_TRANSITION),
        (ATTACH, {"application": OVERDUE}, RefusalCode.ILLEGAL_TRANSITION),
        (
            ATTACH,
            {"document": a_document(depositor_id="party_other")},
            RefusalCode.NOT_THE_DEPOSITOR,
        ),
        (SUBMIT, {"actor": STRANGER}, RefusalCode.NOT_THE_APPLICANT),
        (SUBMIT, {"application": an_application()}, RefusalCode.ILLEGAL_TRANSITION),
        (SUBMIT, {"application": a_draft(name="")}, RefusalCode.APPLICATION_INCOMPLETE),
        (
            SUBMIT,
            {"application": a_draft(source_authorised_until=date(2026, 1, 5))},
            RefusalCode.SOURCE_AUTHORISATION_ENDED,
        ),
        (
            SUBMIT,
            {"same_product": [an_application(id="application_2")]},
            RefusalCode.DUPLICATE_APPLICATION,
        ),
        (
            SUBMIT,
            {"same_product": [an_application(STATUS.REGISTERED, id="application_2")]},
            RefusalCode.DUPLICATE_APPLICATION,
        ),
        (
            SUBMIT,
            {"same_product": [an_application(applicant_id="party_other")]},
            RefusalCode.DUPLICATE_APPLICATION,
        ),
        (
            SUBMIT,
            {"same_product": [an_application(STATUS.WITHDRAWN, id="application_2")]},
            RefusalCode.RESUBMISSION_BARRED,
        ),
        (BEGIN, {"actor": REGISTRAR}, RefusalCode.NOT_AUTHORISED),
        (BEGIN, {"actor": OWN_EXAMINER}, RefusalCode.CONFLICT_OF_INTEREST),
        (BEGIN, {"memberships": [a_member()]}, RefusalCode.CONFLICT_OF_INTEREST),
        (BEGIN, {"application": EXAMINED}, RefusalCode.ILLEGAL_TRANSITION),
        (CORRECT, {"actor": REGISTRAR}, RefusalCode.NOT_AUTHORISED),
        (CORRECT, {"memberships": [a_member()]}, RefusalCode.CONFLICT_OF_INTEREST),
        (CORRECT, {"application": an_application()}, RefusalCode.ILLEGAL_TRANSITION),
        (
            CORRECT,
            {"application": replace(EXAMINED, corrections=2)},
            RefusalCode.CORRECTION_ROUNDS_EXHAUSTED,
        ),
        (CORRECT, {"note": " \n"}, RefusalCode.TEXT_MISSING),
        (CORRECT, {"note": "x" * (LONGEST_TEXT + 1)}, RefusalCode.TEXT_TOO_LONG),
        (RESUBMIT, {"actor": STRANGER}, RefusalCode.NOT_THE_APPLICANT),
        (RESUBMIT, {"application": EXAMINED}, RefusalCode.ILLEGAL_TRANSITION),
        (RESUBMIT, {"application": OVERDUE}, RefusalCode.CORRECTION_OVERDUE),
        (RESUBMIT, {"documents": four_documents()}, RefusalCode.CORRECTION_UNCHANGED),
        (
            RESUBMIT,
            {"application": replace(WAITING, summary="")},
            RefusalCode.APPLICATION_INCOMPLETE,
        ),
        (
            RESUBMIT,
            {"same_product": [an_application(id="application_2")]},
            RefusalCode.DUPLICATE_APPLICATION,
        ),
        (
            RESUBMIT,
            {"same_product": [an_application(STATUS.WITHDRAWN, id="application_2")]},
            RefusalCode.RESUBMISSION_BARRED,
        ),
        (PASS, {"actor": REGISTRAR}, RefusalCode.NOT_AUTHORISED),
        (PASS, {"memberships": [a_member()]}, RefusalCode.CONFLICT_OF_INTEREST),
        (PASS, {"application": an_application()}, RefusalCode.ILLEGAL_TRANSITION),
        (REFUSE, {"actor": REGISTRAR}, RefusalCode.NOT_AUTHORISED),
        (REFUSE, {"memberships": [a_member()]}, RefusalCode.CONFLICT_OF_INTEREST),
        (REFUSE, {"application": an_application(STATUS.ANNOUNCED)}, RefusalCode.ILLEGAL_TRANSITION),
        (REFUSE, {"reasons": ""}, RefusalCode.TEXT_MISSING),
        (WITHDRAW, {"actor": STRANGER}, RefusalCode.NOT_THE_APPLICANT),
        (WITHDRAW, {"actor": LENDER}, RefusalCode.NOT_AUTHORISED),
        (
            WITHDRAW,
            {"application": an_application(STATUS.REGISTERED)},
            RefusalCode.ILLEGAL_TRANSITION,
        ),
        (WITHDRAW, {"application": OVERDUE}, RefusalCode.ILLEGAL_TRANSITION),
    ],
)
def test_one_broken_condition_is_one_refusal(rule, change, refusal):
    assert codes(rule, **change) == [refusal]


@pytest.mark.parametrize(
    ("field", "length"),
    [
        ("name", LONGEST_NAME),
        ("summary", LONGEST_TEXT),
        ("industry", LONGEST_NAME),
        ("data_source", LONGEST_TEXT),
    ],
)
def test_a_text_of_a_draft_may_be_as_long_as_the_register_keeps(field, length):
    assert codes(DRAFT, terms=application_terms(**{field: "x" * length})) == []
    (refusal,) = DRAFT(application_terms(**{field: "x" * (length + 1)}), HOLDER)
    assert (refusal.path, refusal.code) == ((field,), RefusalCode.TEXT_TOO_LONG)


def test_all_that_is_missing_is_said_at_once():
    empty = a_draft(name="", summary="", industry="", data_source="", update_frequency=None)
    refusals = SUBMIT(empty, {}, [], HOLDER, NOW)
    assert [(refusal.code, refusal.path) for refusal in refusals] == [
        (RefusalCode.APPLICATION_INCOMPLETE, ("name",)),
        (RefusalCode.APPLICATION_INCOMPLETE, ("summary",)),
        (RefusalCode.APPLICATION_INCOMPLETE, ("industry",)),
        (RefusalCode.APPLICATION_INCOMPLETE, ("data_source",)),
        (RefusalCode.APPLICATION_INCOMPLETE, ("update_frequency",)),
        (RefusalCode.DOCUMENT_MISSING, ("documents", "application_form")),
        (RefusalCode.DOCUMENT_MISSING, ("documents", "product_summary")),
        (RefusalCode.DOCUMENT_MISSING, ("documents", "processing_explanation")),
        (RefusalCode.DOCUMENT_MISSING, ("documents", "scenario_description")),
    ]


@pytest.mark.parametrize("role", DocumentRole)
def test_one_missing_document_is_one_refusal(role):
    documents = {r: document for r, document in four_documents().items() if r is not role}
    assert codes(SUBMIT, documents=documents) == [RefusalCode.DOCUMENT_MISSING]


def test_the_bar_lasts_through_the_corresponding_day_and_names_it():
    withdrawn = an_application(STATUS.WITHDRAWN, id="application_2")
    last = after_months(FILED, 3) - MICROSECOND
    assert last + MICROSECOND == end_of(date(2026, 4, 5))

    (refusal,) = SUBMIT(**(BASES[SUBMIT] | {"same_product": [withdrawn], "now": last}))
    assert refusal.code == RefusalCode.RESUBMISSION_BARRED
    assert refusal.message.endswith("Found: barred through 2026-04-05.")
    assert refusal.record == RecordInTheWay(Kind.APPLICATION, "application_2")
    assert codes(SUBMIT, same_product=[withdrawn], now=last + MICROSECOND) == []


def test_the_source_authorisation_ends_with_its_last_day_in_shanghai():
    draft = a_draft(source_authorised_until=date(2026, 1, 6))
    end = end_of(date(2026, 1, 6))
    assert codes(SUBMIT, application=draft, now=end - MICROSECOND) == []
    ended = [RefusalCode.SOURCE_AUTHORISATION_ENDED]
    assert codes(SUBMIT, application=draft, now=end) == ended
    assert codes(SUBMIT, application=a_draft(source_authorised_until=date.max)) == []
    assert codes(SUBMIT, application=a_draft(source_authorised_until=date.min)) == ended


def test_a_correction_can_be_resubmitted_until_it_is_due():
    assert codes(RESUBMIT, now=DUE - MICROSECOND) == []
    assert codes(RESUBMIT, now=DUE) == [RefusalCode.CORRECTION_OVERDUE]


def test_refusals_come_in_order_of_precedence():
    wrong = replace(OVERDUE, name="", source_authorised_until=date(2026, 1, 5))
    wrong = replace(wrong, content_hash=content_hash(wrong, {}))
    earlier = [
        an_application(applicant_id="party_holder", id="application_2"),
        an_application(STATUS.WITHDRAWN, id="application_3"),
    ]
    stranger = Actor("zhao", "party_other", frozenset({Role.LENDER}))
    refusals = RESUBMIT(wrong, {}, earlier, stranger, NOW + timedelta(days=1))
    assert [refusal.code for refusal in refusals] == [
        RefusalCode.NOT_AUTHORISED,
        RefusalCode.NOT_THE_APPLICANT,
        RefusalCode.CORRECTION_OVERDUE,
        RefusalCode.CORRECTION_UNCHANGED,
        RefusalCode.APPLICATION_INCOMPLETE,
        *[RefusalCode.DOCUMENT_MISSING] * 4,
        RefusalCode.SOURCE_AUTHORISATION_ENDED,
        RefusalCode.DUPLICATE_APPLICATION,
        RefusalCode.RESUBMISSION_BARRED,
    ]
