"""Rules 4.1 to 4.6: a base case each, one row for each way to spoil it, precedence once."""

from datetime import UTC, date, datetime

import pytest

from services.actors import OFFICE_ROLES, Actor, Role
from services.announcements.model import Decision, DecisionTerms, ObjectionStatus
from services.announcements.rules import (
    refusals_to_announce_application,
    refusals_to_decide_objection,
    refusals_to_raise_objection,
    refusals_to_withdraw_objection,
)
from services.applications.model import ApplicationStatus, RefusalGround
from services.general import LONGEST_TEXT
from services.identifiers import Kind
from services.refusals import RecordInTheWay, RefusalCode
from services.tables import MICROSECOND
from tests.builders.announcements import an_announced_case, an_objection, objection_terms
from tests.builders.applications import CLOSES, a_member, an_application
from tests.builders.documents import a_document

STATUS = ApplicationStatus
NOW = datetime(2026, 1, 6, 2, 0, tzinfo=UTC)
HOLDER = Actor("wang", "party_holder", frozenset({Role.REGISTRANT}))
OBJECTOR = Actor("zhao", "party_objector", frozenset({Role.LICENSEE}))
EXAMINER = Actor("li", "party_office", frozenset({Role.EXAMINER}))
REGISTRAR = Actor("sun", "party_office", frozenset({Role.REGISTRAR}))
EVIDENCE = [a_document(depositor_id="party_objector")]

ANNOUNCE = refusals_to_announce_application
RAISE = refusals_to_raise_objection
DECIDE = refusals_to_decide_objection
WITHDRAW = refusals_to_withdraw_objection


def decision(**changes):
    facts = {"objection_id": "objection_1", "decision": Decision.UPHELD, "reasons": "It is so."}
    return DecisionTerms(**(facts | changes))


# Each rule with facts under which it refuses nothing.
BASES = {
    ANNOUNCE: {
        "application": an_application(STATUS.SUBSTANTIVE_EXAMINATION),
        "actor": EXAMINER,
        "memberships": [],
        "now": NOW,
    },
    RAISE: {
        "terms": objection_terms(),
        "case": an_announced_case(),
        "evidence": EVIDENCE,
        "actor": OBJECTOR,
        "now": NOW,
    },
    DECIDE: {
        "terms": decision(),
        "objection": an_objection(),
        "application": an_application(STATUS.ANNOUNCED, open_objections=1),
        "actor": REGISTRAR,
        "memberships": [],
    },
    WITHDRAW: {
        "objection": an_objection(),
        "application": an_application(STATUS.ANNOUNCED, open_objections=1),
        "actor": OBJECTOR,
    },
}
OTHER_GROUND = an_objection(ground=RefusalGround.OTHER_NON_COMPLIANCE)
WITHDRAWN_CASE = an_announced_case(status=STATUS.WITHDRAWN, decided_at=NOW)


def codes(rule, **change):
    return [refusal.code for refusal in rule(**(BASES[rule] | change))]


@pytest.mark.parametrize("rule", BASES, ids=lambda rule: rule.__name__)
def test_what_is_in_order_is_not_refused(rule):
    assert codes(rule) == []


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        (
            ANNOUNCE,
            {
                "application": an_application(
                    STATUS.SUBSTANTIVE_EXAMINATION, source_authorised_until=date(2026, 1, 6)
                )
            },
        ),
        (RAISE, {"now": CLOSES - MICROSECOND}),
        (RAISE, {"case": an_announced_case(OTHER_GROUND)}),
        (RAISE, {"case": an_announced_case(an_objection(objector_id="party_other"))}),
        (RAISE, {"evidence": [*EVIDENCE, a_document(depositor_id="party_objector", id="x")]}),
        (RAISE, {"terms": objection_terms(statement="x" * LONGEST_TEXT)}),
        (DECIDE, {"terms": decision(decision=Decision.DISMISSED)}),
        (DECIDE, {"memberships": [a_member(party_id="party_9")]}),
    ],
)
def test_what_is_still_in_order_is_not_refused(rule, change):
    assert codes(rule, **change) == []


@pytest.mark.parametrize(
    ("rule", "change", "refusal"),
    [
        (ANNOUNCE, {"actor": REGISTRAR}, RefusalCode.NOT_AUTHORISED),
        (ANNOUNCE, {"memberships": [a_member()]}, RefusalCode.CONFLICT_OF_INTEREST),
        (
            ANNOUNCE,
            {"application": an_application(STATUS.FORMALITY_EXAMINATION)},
            RefusalCode.ILLEGAL_TRANSITION,
        ),
        (
            ANNOUNCE,
            {"application": an_application(STATUS.ANNOUNCED)},
            RefusalCode.ILLEGAL_TRANSITION,
        ),
        (
            ANNOUNCE,
            {
                "application": an_application(
                    STATUS.SUBSTANTIVE_EXAMINATION, source_authorised_until=date(2026, 1, 5)
                )
            },
            RefusalCode.SOURCE_AUTHORISATION_ENDED,
        ),
        (
            RAISE,
            {"case": an_announced_case(applicant_id="party_objector")},
            RefusalCode.OBJECTOR_IS_APPLICANT,
        ),
        (RAISE, {"now": CLOSES}, RefusalCode.ANNOUNCEMENT_CLOSED),
        (RAISE, {"case": WITHDRAWN_CASE}, RefusalCode.ANNOUNCEMENT_CLOSED),
        (
            RAISE,
            {"case": an_announced_case(OTHER_GROUND, an_objection())},
            RefusalCode.OBJECTION_ALREADY_RAISED,
        ),
        (
            RAISE,
            {"case": an_announced_case(an_objection(status=ObjectionStatus.WITHDRAWN))},
            RefusalCode.OBJECTION_ALREADY_RAISED,
        ),
        (RAISE, {"terms": objection_terms(statement=" ")}, RefusalCode.TEXT_MISSING),
        (
            RAISE,
            {"terms": objection_terms(statement="x" * (LONGEST_TEXT + 1))},
            RefusalCode.TEXT_TOO_LONG,
        ),
        (RAISE, {"evidence": []}, RefusalCode.EVIDENCE_MISSING),
        (
            RAISE,
            {"evidence": [*EVIDENCE, a_document(depositor_id="party_holder")]},
            RefusalCode.NOT_THE_DEPOSITOR,
        ),
        (DECIDE, {"actor": EXAMINER}, RefusalCode.NOT_AUTHORISED),
        (DECIDE, {"memberships": [a_member()]}, RefusalCode.CONFLICT_OF_INTEREST),
        (
            DECIDE,
            {"memberships": [a_member(party_id="party_objector")]},
            RefusalCode.CONFLICT_OF_INTEREST,
        ),
        (
            DECIDE,
            {"objection": an_objection(objector_id="party_office")},
            RefusalCode.CONFLICT_OF_INTEREST,
        ),
        (
            DECIDE,
            {"objection": an_objection(status=ObjectionStatus.DISMISSED)},
            RefusalCode.ILLEGAL_TRANSITION,
        ),
        (
            DECIDE,
            {"application": an_application(STATUS.WITHDRAWN)},
            RefusalCode.ILLEGAL_TRANSITION,
        ),
        (DECIDE, {"terms": decision(reasons="")}, RefusalCode.TEXT_MISSING),
        (WITHDRAW, {"actor": HOLDER}, RefusalCode.NOT_THE_OBJECTOR),
        (
            WITHDRAW,
            {"objection": an_objection(status=ObjectionStatus.WITHDRAWN)},
            RefusalCode.ILLEGAL_TRANSITION,
        ),
        (
            WITHDRAW,
            {"application": an_application(STATUS.REFUSED)},
            RefusalCode.ILLEGAL_TRANSITION,
        ),
    ],
)
def test_one_broken_condition_is_one_refusal(rule, change, refusal):
    assert codes(rule, **change) == [refusal]


def test_the_records_in_the_way_are_named():
    (closed,) = RAISE(**(BASES[RAISE] | {"now": CLOSES}))
    assert closed.record == RecordInTheWay(Kind.ANNOUNCEMENT, "announcement_1")
    (twice,) = RAISE(**(BASES[RAISE] | {"case": an_announced_case(an_objection())}))
    assert twice.record == RecordInTheWay(Kind.OBJECTION, "objection_1")


def test_refusals_come_in_order_of_precedence():
    case = an_announced_case(an_objection(objector_id="party_holder"))
    terms = objection_terms(statement="")
    assert [refusal.code for refusal in RAISE(terms, case, [], HOLDER, CLOSES)] == [
        RefusalCode.OBJECTOR_IS_APPLICANT,
        RefusalCode.ANNOUNCEMENT_CLOSED,
        RefusalCode.OBJECTION_ALREADY_RAISED,
        RefusalCode.TEXT_MISSING,
        RefusalCode.EVIDENCE_MISSING,
    ]
    own = Actor("wang", "party_holder", OFFICE_ROLES - {Role.REGISTRAR})
    moot = an_application(STATUS.WITHDRAWN)
    wrong = DECIDE(decision(reasons=""), an_objection(), moot, own, [])
    assert [refusal.code for refusal in wrong] == [
        RefusalCode.NOT_AUTHORISED,
        RefusalCode.CONFLICT_OF_INTEREST,
        RefusalCode.ILLEGAL_TRANSITION,
        RefusalCode.TEXT_MISSING,
    ]
