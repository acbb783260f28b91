"""Rules 5.1 to 5.14: a base case that passes, and one row for each way to spoil it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.actors import OFFICE_ROLES, Actor, Role
from services.announcements.model import ObjectionStatus
from services.applications.model import ApplicationStatus
from services.certificates.model import (
    Attempt,
    Burdens,
    CertificateStatus,
    EncumbranceKind,
    Operation,
)
from services.certificates.rules import (
    refusals_to_cancel_certificate,
    refusals_to_give_consent,
    refusals_to_issue_certificate,
    refusals_to_lift_freeze,
    refusals_to_place_freeze,
    refusals_to_revoke_certificate,
    refusals_to_revoke_consent,
    require_free_for,
    require_in_force,
    require_version,
)
from services.money import Currency, Money
from services.refusals import RefusalCode
from tests.builders.announcements import an_announcement, an_objection
from tests.builders.applications import an_application
from tests.builders.certificates import (
    END,
    LATER,
    NOW,
    a_certificate,
    a_consent,
    a_freeze,
    a_freeze_burden,
    a_scope,
    an_encumbrance,
    an_ended_certificate,
    consent_terms,
    freeze_terms,
)

MOMENT = timedelta(microseconds=1)
REGISTRAR = Actor("registrar", "party_office", OFFICE_ROLES)
EXAMINER = Actor("examiner", "party_office", frozenset({Role.EXAMINER}))
HOLDER = Actor("holder", "party_holder", frozenset({Role.REGISTRANT}))
STRANGER = Actor("stranger", "party_other", frozenset({Role.REGISTRANT}))
HOLDERS_LENDER = Actor("clerk", "party_holder", frozenset({Role.LENDER}))
BANKS_REGISTRANT = Actor("clerk", "party_bank", frozenset({Role.REGISTRANT}))
BANK = Actor("bank", "party_bank", frozenset({Role.LENDER}))


def codes(refusals) -> list[RefusalCode]:
    return [refusal.code for refusal in refusals]


ANNOUNCEMENT = an_announcement(published_at=NOW - timedelta(days=15), closes_at=NOW)
ANNOUNCED = an_application(status=ApplicationStatus.ANNOUNCED)
TO_ISSUE = {
    "application": ANNOUNCED,
    "announcement": ANNOUNCEMENT,
    "objections": [an_objection(status=ObjectionStatus.DISMISSED, decided_at=NOW, reasons="x")],
    "existing": None,
    "actor": REGISTRAR,
    "now": NOW,
}


def test_a_product_announced_in_full_may_be_certified_at_the_very_end():
    assert refusals_to_issue_certificate(**TO_ISSUE) == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"actor": EXAMINER}, RefusalCode.NOT_AUTHORISED),
        ({"existing": a_certificate()}, RefusalCode.PRODUCT_ALREADY_CERTIFIED),
        (
            {"application": replace(ANNOUNCED, status=ApplicationStatus.SUBSTANTIVE_EXAMINATION)},
            RefusalCode.ILLEGAL_TRANSITION,
        ),
        ({"now": NOW - MOMENT}, RefusalCode.ANNOUNCEMENT_RUNNING),
        ({"objections": [an_objection()]}, RefusalCode.OBJECTION_OPEN),
        (
            {"application": replace(ANNOUNCED, source_authorised_until=date(2026, 1, 4))},
            RefusalCode.SOURCE_AUTHORISATION_ENDED,
        ),
    ],
)
def test_one_broken_condition_of_an_issue_is_one_refusal(change, refusal):
    assert codes(refusals_to_issue_certificate(**(TO_ISSUE | change))) == [refusal]


def test_reasons_against_an_issue_come_in_order_of_precedence():
    everything_wrong = refusals_to_issue_certificate(
        an_application(
            status=ApplicationStatus.REGISTERED, source_authorised_until=date(2025, 1, 1)
        ),
        ANNOUNCEMENT,
        [an_objection(), an_objection(id="objection_2")],
        a_certificate(),
        STRANGER,
        NOW - MOMENT,
    )
    assert codes(everything_wrong) == [
        RefusalCode.NOT_AUTHORISED,
        RefusalCode.PRODUCT_ALREADY_CERTIFIED,
        RefusalCode.ILLEGAL_TRANSITION,
        RefusalCode.ANNOUNCEMENT_RUNNING,
        RefusalCode.OBJECTION_OPEN,
        RefusalCode.OBJECTION_OPEN,
        RefusalCode.SOURCE_AUTHORISATION_ENDED,
    ]


@pytest.mark.parametrize(
    ("certificate", "now", "refusals"),
    [
        (a_certificate(), END - MOMENT, []),
        (a_certificate(), END, [RefusalCode.CERTIFICATE_EXPIRED]),
        (a_certificate(source_authorised_until=NOW), NOW, [RefusalCode.CERTIFICATE_EXPIRED]),
        (
            an_ended_certificate(CertificateStatus.REVOKED),
            NOW,
            [RefusalCode.CERTIFICATE_NOT_ACTIVE],
        ),
        (
            an_ended_certificate(CertificateStatus.CANCELLED),
            END,
            [RefusalCode.CERTIFICATE_NOT_ACTIVE],
        ),
    ],
)
def test_only_an_active_and_unexpired_certificate_is_in_force(certificate, now, refusals):
    assert codes(require_in_force(certificate, now)) == refusals


def test_an_act_rests_on_the_version_that_was_seen():
    assert require_version(a_certificate(), 3) == []
    assert codes(require_version(a_certificate(), 2)) == [RefusalCode.CERTIFICATE_HAS_MOVED_ON]


LICENSE = Attempt(operation=Operation.LICENSE, scope=a_scope(territories=frozenset({"CN-SH"})))
EXCLUSIVE = an_encumbrance(
    id="encumbrance_3",
    kind=EncumbranceKind.EXCLUSIVE_LICENSE,
    instrument_id="license_1",
    protects="party_licensee",
    until=END,
    territories=frozenset({"CN"}),
)


@pytest.mark.parametrize(
    ("burdens", "refusals"),
    [
        (Burdens(), []),
        (Burdens([an_encumbrance()]), [RefusalCode.CONSENT_MISSING]),
        (Burdens([an_encumbrance()], [a_consent()]), []),
        (Burdens([an_encumbrance(lifted_at=NOW)]), []),
        (Burdens([a_freeze_burden()]), [RefusalCode.ENCUMBRANCE_FORBIDS]),
        (Burdens([a_freeze_burden(until=NOW)]), []),
        (Burdens([EXCLUSIVE]), [RefusalCode.ENCUMBRANCE_FORBIDS]),
        (Burdens([replace(EXCLUSIVE, territories=frozenset({"US"}))]), []),
        (
            Burdens([an_encumbrance(), a_freeze_burden(), EXCLUSIVE]),
            [
                RefusalCode.ENCUMBRANCE_FORBIDS,
                RefusalCode.ENCUMBRANCE_FORBIDS,
                RefusalCode.CONSENT_MISSING,
            ],
        ),
    ],
)
def test_burdens_forbid_or_need_consent_and_every_one_is_named(burdens, refusals):
    assert codes(require_free_for(LICENSE, burdens, NOW)) == refusals


TO_CANCEL = {
    "certificate": a_certificate(),
    "burdens": Burdens(),
    "actor": HOLDER,
    "reasons": "no longer offered",
    "now": NOW,
}


@pytest.mark.parametrize(
    ("change", "refusals"),
    [
        ({}, []),
        ({"actor": STRANGER}, [RefusalCode.NOT_THE_HOLDER]),
        ({"actor": HOLDERS_LENDER}, [RefusalCode.NOT_THE_HOLDER]),
        ({"now": END}, [RefusalCode.CERTIFICATE_EXPIRED]),
        ({"reasons": ""}, [RefusalCode.TEXT_MISSING]),
        ({"burdens": Burdens([an_encumbrance()])}, [RefusalCode.CONSENT_MISSING]),
        ({"burdens": Burdens([EXCLUSIVE])}, [RefusalCode.CONSENT_MISSING]),
        ({"burdens": Burdens([a_freeze_burden()])}, [RefusalCode.ENCUMBRANCE_FORBIDS]),
    ],
)
def test_a_surrender_needs_the_consent_of_all_whose_rights_rest_on_it(change, refusals):
    assert codes(refusals_to_cancel_certificate(**(TO_CANCEL | change))) == refusals


@pytest.mark.parametrize(
    ("change", "refusals"),
    [
        ({}, []),
        ({"actor": EXAMINER}, [RefusalCode.NOT_AUTHORISED]),
        (
            {"certificate": an_ended_certificate(CertificateStatus.REVOKED)},
            [RefusalCode.ILLEGAL_TRANSITION],
        ),
        ({"reasons": " "}, [RefusalCode.TEXT_MISSING]),
    ],
)
def test_the_registrar_revokes_what_is_active_with_reasons(change, refusals):
    facts = {"certificate": a_certificate(), "actor": REGISTRAR, "reasons": "found false"}
    assert codes(refusals_to_revoke_certificate(**(facts | change))) == refusals


@pytest.mark.parametrize(
    ("change", "refusals"),
    [
        ({}, []),
        ({"actor": HOLDER}, [RefusalCode.NOT_AUTHORISED]),
        ({"certificate": a_certificate(valid_until=NOW)}, [RefusalCode.CERTIFICATE_EXPIRED]),
        ({"terms": freeze_terms(authority="")}, [RefusalCode.TEXT_MISSING]),
        ({"terms": freeze_terms(instrument_number="x" * 201)}, [RefusalCode.TEXT_TOO_LONG]),
        ({"terms": freeze_terms(until=NOW)}, [RefusalCode.PERIOD_OVER]),
    ],
)
def test_a_freeze_is_entered_on_a_certificate_in_force_and_ends(change, refusals):
    facts = {
        "certificate": a_certificate(),
        "terms": freeze_terms(),
        "actor": REGISTRAR,
        "now": NOW,
    }
    assert codes(refusals_to_place_freeze(**(facts | change))) == refusals


@pytest.mark.parametrize(
    ("change", "refusals"),
    [
        ({}, []),
        ({"actor": HOLDER}, [RefusalCode.NOT_AUTHORISED]),
        ({"freeze": a_freeze(lifted_at=NOW)}, [RefusalCode.ENCUMBRANCE_LIFTED]),
        ({"now": LATER}, [RefusalCode.ENCUMBRANCE_LIFTED]),
    ],
)
def test_the_registrar_lifts_a_freeze_that_binds(change, refusals):
    facts = {"freeze": a_freeze(), "actor": REGISTRAR, "now": NOW}
    assert codes(refusals_to_lift_freeze(**(facts | change))) == refusals


@pytest.mark.parametrize(
    ("change", "refusals"),
    [
        ({}, []),
        ({"actor": HOLDER}, [RefusalCode.NOT_THE_PROTECTED_PARTY]),
        ({"actor": BANKS_REGISTRANT}, [RefusalCode.NOT_THE_PROTECTED_PARTY]),
        ({"burden": an_encumbrance(lifted_at=NOW)}, [RefusalCode.ENCUMBRANCE_LIFTED]),
        (
            {"burden": replace(EXCLUSIVE, protects="party_bank")},
            [RefusalCode.CONSENT_NOT_FORESEEN],
        ),
        ({"terms": consent_terms(until=NOW)}, [RefusalCode.PERIOD_OVER]),
        ({"terms": consent_terms(longest_months=0)}, [RefusalCode.PERIOD_EMPTY]),
        ({"terms": consent_terms(longest_months=1201)}, [RefusalCode.PERIOD_EMPTY]),
        (
            {"terms": consent_terms(lowest_price=Money(-1, Currency.CNY))},
            [RefusalCode.PRICE_NEGATIVE],
        ),
        ({"terms": consent_terms(proceeds_to="x" * 201)}, [RefusalCode.TEXT_TOO_LONG]),
    ],
)
def test_whoever_a_burden_protects_consents_to_what_it_closes(change, refusals):
    facts = {"burden": an_encumbrance(), "terms": consent_terms(), "actor": BANK, "now": NOW}
    assert codes(refusals_to_give_consent(**(facts | change))) == refusals


@pytest.mark.parametrize(
    ("change", "refusals"),
    [
        ({}, []),
        ({"actor": HOLDER}, [RefusalCode.NOT_THE_PROTECTED_PARTY]),
        ({"actor": BANKS_REGISTRANT}, [RefusalCode.NOT_THE_PROTECTED_PARTY]),
        ({"consent": a_consent(revoked_at=NOW)}, [RefusalCode.ILLEGAL_TRANSITION]),
        (
            {"consent": a_consent(consumed_at=NOW, consumed_by="license_1")},
            [RefusalCode.ILLEGAL_TRANSITION],
        ),
    ],
)
def test_an_open_consent_is_taken_back_by_whoever_gave_it(change, refusals):
    facts = {"consent": a_consent(), "actor": BANK, "now": NOW}
    assert codes(refusals_to_revoke_consent(**(facts | change))) == refusals
