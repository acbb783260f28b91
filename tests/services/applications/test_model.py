"""States of an application, what time decides, and the hash of its content."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from services.applications.model import (
    TRANSITIONS,
    ApplicationEvent,
    ApplicationStatus,
    DocumentRole,
    ProductKind,
    UpdateFrequency,
    content_hash,
    hash_of_facts,
)
from services.periods import after_months
from services.tables import MICROSECOND
from tests.builders.applications import (
    CLOSES,
    DUE,
    FILED,
    a_draft,
    an_application,
    application_terms,
    four_documents,
)
from tests.builders.documents import a_document

STATUS = ApplicationStatus

# "back" is the stage it came from. What time decides has no row of its own: it is never stored.
PICTURE = """
                        AMENDED             DOCUMENT_ATTACHED   SUBMITTED EXAMINATION_BEGUN     FORMALITIES_PASSED      CORRECTION_REQUESTED RESUBMITTED ANNOUNCED REGISTERED REFUSED OBJECTION_UPHELD WITHDRAWN
DRAFT                   DRAFT               DRAFT               SUBMITTED -                     -                       -                    -           -         -          -       -                WITHDRAWN
SUBMITTED               -                   -                   -         FORMALITY_EXAMINATION -                       -                    -           -         -          -       -                WITHDRAWN
FORMALITY_EXAMINATION   -                   -                   -         -                     SUBSTANTIVE_EXAMINATION CORRECTION_REQUIRED  -           -         -          REFUSED -                WITHDRAWN
CORRECTION_REQUIRED     CORRECTION_REQUIRED CORRECTION_REQUIRED -         -                     -                       -                    back        -         -          -       -                WITHDRAWN
SUBSTANTIVE_EXAMINATION -                   -                   -         -                     -                       CORRECTION_REQUIRED  -           ANNOUNCED -          REFUSED -                WITHDRAWN
ANNOUNCED               -                   -                   -         -                     -                       -                    -           -         REGISTERED -       REFUSED          WITHDRAWN
REGISTERED              -                   -                   -         -                     -                       -                    -           -         -          -       -                -
REFUSED                 -                   -                   -         -                     -                       -                    -           -         -          -       -                -
WITHDRAWN               -                   -                   -         -                     -                       -                    -           -         -          -       -                -
DEEMED_WITHDRAWN        -                   -                   -         -                     -                       -                    -           -         -          -       -                -
OBJECTION_PENDING       -                   -                   -         -                     -                       -                    -           -         -          -       -                -
APPROVED                -                   -                   -         -                     -                       -                    -           -         -          -       -                -
"""  # noqa: E501 - a picture is as wide as it is.


def read(picture):
    header, *rows = (line.split() for line in picture.strip().splitlines())
    return {(row[0], event): row[1:][n] for row in rows for n, event in enumerate(header)}


@pytest.mark.parametrize(
    ("status", "event"), list(product(ApplicationStatus, ApplicationEvent)), ids=str
)
def test_transition(status, event):
    assert (TRANSITIONS.get((status, event), "-") or "back") == read(PICTURE)[status, event]


@pytest.mark.parametrize("stage", [STATUS.FORMALITY_EXAMINATION, STATUS.SUBSTANTIVE_EXAMINATION])
def test_a_corrected_application_resumes_at_the_stage_it_came_from(stage):
    waiting = an_application(STATUS.CORRECTION_REQUIRED)
    waiting = replace(waiting, stage_before_correction=stage)
    assert waiting.after(ApplicationEvent.RESUBMITTED).status is stage


@pytest.mark.parametrize(
    ("application", "now", "status"),
    [
        (an_application(STATUS.CORRECTION_REQUIRED), DUE - MICROSECOND, "CORRECTION_REQUIRED"),
        (an_application(STATUS.CORRECTION_REQUIRED), DUE, "DEEMED_WITHDRAWN"),
        (an_application(STATUS.SUBMITTED, correction_due_at=FILED), DUE, "SUBMITTED"),
        (an_application(STATUS.ANNOUNCED), CLOSES - MICROSECOND, "ANNOUNCED"),
        (an_application(STATUS.ANNOUNCED), CLOSES, "APPROVED"),
        (an_application(STATUS.ANNOUNCED, open_objections=1), CLOSES - MICROSECOND, "ANNOUNCED"),
        (an_application(STATUS.ANNOUNCED, open_objections=1), CLOSES, "OBJECTION_PENDING"),
        (
            replace(an_application(STATUS.ANNOUNCED), status=STATUS.REGISTERED),
            CLOSES,
            "REGISTERED",
        ),
    ],
)
def test_time_decides_what_is_not_stored(application, now, status):
    assert application.effective_status(now) == status


def test_an_overdue_application_allows_nothing_more():
    waiting = an_application(STATUS.CORRECTION_REQUIRED)
    assert waiting.allowed_events_at(DUE - MICROSECOND) == waiting.allowed_events
    assert waiting.allowed_events_at(DUE) == []


@pytest.mark.parametrize(
    ("application", "now", "claims"),
    [
        (a_draft(), FILED, False),
        (an_application(), FILED, True),
        (an_application(STATUS.REFUSED), FILED, False),
        (an_application(STATUS.WITHDRAWN), FILED, False),
        (an_application(STATUS.CORRECTION_REQUIRED), DUE - MICROSECOND, True),
        (an_application(STATUS.CORRECTION_REQUIRED), DUE, False),
        (an_application(STATUS.ANNOUNCED), CLOSES, True),
        (an_application(STATUS.REGISTERED), CLOSES, True),
        (an_application(STATUS.REGISTERED, registered_until=DUE), DUE - MICROSECOND, True),
        (an_application(STATUS.REGISTERED, registered_until=DUE), DUE, False),
    ],
)
def test_a_product_is_claimed_from_filing_to_the_end(application, now, claims):
    assert application.claims_its_product(now) is claims


def test_only_ones_own_withdrawal_of_what_was_filed_bars():
    withdrawn = an_application(STATUS.WITHDRAWN)
    assert withdrawn.bars_until == after_months(FILED, 3)
    assert an_application(STATUS.REFUSED).bars_until is None
    assert replace(withdrawn, filed_at=None).bars_until is None

    before, after = after_months(FILED, 3) - MICROSECOND, after_months(FILED, 3)
    assert [withdrawn.bars(a_draft(), now) for now in (before, after)] == [True, False]
    assert not withdrawn.bars(a_draft(applicant_id="party_other"), before)


def test_a_correction_is_due_at_the_end_of_the_21st_day_in_shanghai():
    assert a_draft().correction_due(FILED) == DUE
    assert a_draft().correction_due(FILED + timedelta(hours=13)) == DUE
    assert a_draft().correction_due(FILED + timedelta(hours=14)) == DUE + timedelta(days=1)


def test_names_that_differ_in_spaces_are_one_name():
    tidied = application_terms(name=" Data \t of\n companies ", summary=" x  y ").tidied
    assert (tidied["name"], tidied["summary"]) == ("Data of companies", "x  y")


# printf '{"a":"样"}' | sha256sum
HASH_OF_A_SAMPLE = "7afcb1f0e973451992b0ae632fdbbda9ead48a5bde23e04602f7077458dc1892"


def test_the_content_hash_is_of_canonical_json():
    application = a_draft(source_authorised_until=date(2029, 6, 30))
    assert content_hash(application, four_documents()) == hash_of_facts(
        {
            "kind": "PRODUCT",
            "name": "样例企业信用评价数据",
            "summary": "Scores of companies, made from public filings.",
            "industry": "finance",
            "data_source": "Public filings, used under an agreement.",
            "update_frequency": "MONTHLY",
            "source_authorised_until": "2029-06-30",
            "documents": {
                "APPLICATION_FORM": f"{0:064}",
                "PRODUCT_SUMMARY": f"{1:064}",
                "PROCESSING_EXPLANATION": f"{2:064}",
                "SCENARIO_DESCRIPTION": f"{3:064}",
            },
        }
    )
    assert hash_of_facts({"a": "样"}) == HASH_OF_A_SAMPLE


@pytest.mark.parametrize(
    "change",
    [
        {"kind": ProductKind.ALGORITHM},
        {"name": "x"},
        {"summary": "x"},
        {"industry": "x"},
        {"data_source": "x"},
        {"update_frequency": UpdateFrequency.DAILY},
        {"source_authorised_until": None},
    ],
)
def test_every_field_of_the_product_is_hashed(change):
    documents = four_documents()
    assert content_hash(a_draft(**change), documents) != content_hash(a_draft(), documents)


@pytest.mark.parametrize("role", DocumentRole)
def test_every_document_is_hashed_in_its_role(role):
    hashed = content_hash(a_draft(), four_documents())
    other = four_documents(**{role: a_document(sha256="ef" * 32)})
    missing = {r: document for r, document in four_documents().items() if r is not role}
    assert content_hash(a_draft(), other) != hashed
    assert content_hash(a_draft(), missing) != hashed


def test_who_applies_and_how_far_it_has_come_are_not_hashed():
    documents = four_documents()
    same = an_application(id="application_2", applicant_id="party_other")
    assert content_hash(same, documents) == content_hash(a_draft(), documents)
