"""States of an objection, the status of an announcement, and the hash of its text."""

from dataclasses import replace
from itertools import product

import pytest

from services.announcements.model import (
    TRANSITIONS,
    AnnouncementStatus,
    ObjectionEvent,
    ObjectionStatus,
    after_the_end_of,
)
from services.applications.model import (
    ApplicationStatus,
    ProductKind,
    RefusalGround,
    UpdateFrequency,
    hash_of_facts,
)
from services.tables import MICROSECOND
from tests.builders.announcements import an_announced_case, an_announced_text, an_objection
from tests.builders.applications import CLOSES, DUE, FILED, an_application

STATUS = ApplicationStatus

# MOOT has no way on: it is never stored, and follows from the application's end.
PICTURE = """
            UPHELD  DISMISSED   WITHDRAWN
FILED       UPHELD  DISMISSED   WITHDRAWN
UPHELD      -       -           -
DISMISSED   -       -           -
WITHDRAWN   -       -           -
MOOT        -       -           -
"""


def read(picture):
    header, *rows = (line.split() for line in picture.strip().splitlines())
    return {(row[0], event): row[1:][n] for row in rows for n, event in enumerate(header)}


@pytest.mark.parametrize(
    ("status", "event"), list(product(ObjectionStatus, ObjectionEvent)), ids=str
)
def test_transition(status, event):
    assert TRANSITIONS.get((status, event), "-") == read(PICTURE)[status, event]


WITHDRAWN_EARLY = {"status": STATUS.WITHDRAWN, "decided_at": CLOSES - MICROSECOND}
WITHDRAWN_LATE = {"status": STATUS.WITHDRAWN, "decided_at": CLOSES}
REFUSED_EARLY = {"status": STATUS.REFUSED, "decided_at": CLOSES - MICROSECOND}


@pytest.mark.parametrize(
    ("case", "now", "status"),
    [
        (an_announced_case(), FILED, "OPEN"),
        (an_announced_case(), CLOSES - MICROSECOND, "OPEN"),
        (an_announced_case(), CLOSES, "CLOSED_CLEAR"),
        (an_announced_case(an_objection()), CLOSES - MICROSECOND, "OPEN"),
        (an_announced_case(an_objection()), CLOSES, "CLOSED_CONTESTED"),
        (
            an_announced_case(an_objection(status=ObjectionStatus.DISMISSED)),
            CLOSES,
            "CLOSED_CONTESTED",
        ),
        (an_announced_case(status=STATUS.REGISTERED), CLOSES, "CLOSED_CLEAR"),
        (an_announced_case(**WITHDRAWN_EARLY), CLOSES - MICROSECOND, "CANCELLED"),
        (an_announced_case(**WITHDRAWN_EARLY), CLOSES, "CANCELLED"),
        (an_announced_case(an_objection(), **REFUSED_EARLY), DUE, "CANCELLED"),
        (an_announced_case(**WITHDRAWN_LATE), CLOSES, "CLOSED_CLEAR"),
    ],
)
def test_the_status_follows_from_time_and_what_happened(case, now, status):
    assert case.status(now) is AnnouncementStatus[status]


@pytest.mark.parametrize("status", ObjectionStatus)
def test_an_open_objection_is_moot_when_the_application_has_ended(status):
    objection = an_objection(status=status)
    moot = ObjectionStatus.MOOT if status is ObjectionStatus.FILED else status
    for ended in (STATUS.REFUSED, STATUS.WITHDRAWN):
        application = an_application(ended)
        assert objection.effective_status(application) is moot
        assert objection.allowed_events(application) == []
    assert objection.effective_status(an_application(STATUS.ANNOUNCED)) is status


def test_an_objection_upheld_refuses_the_application_on_its_ground():
    announced = an_application(STATUS.ANNOUNCED, open_objections=2)
    upheld = an_objection().after(ObjectionEvent.UPHELD, DUE, "It is so.")
    refused = replace(
        announced,
        status=STATUS.REFUSED,
        open_objections=1,
        refusal_ground=RefusalGround.OWNERSHIP_DISPUTED,
        reasons="It is so.",
        decided_at=DUE,
    )
    assert after_the_end_of(upheld, announced) == refused


@pytest.mark.parametrize("event", [ObjectionEvent.DISMISSED, ObjectionEvent.WITHDRAWN])
def test_an_objection_dismissed_or_withdrawn_leaves_the_application_as_it_is(event):
    announced = an_application(STATUS.ANNOUNCED, open_objections=2)
    ended = an_objection().after(event, DUE)
    assert after_the_end_of(ended, announced) == replace(announced, open_objections=1)


def test_the_text_is_hashed_as_canonical_json():
    assert an_announced_text().hash == hash_of_facts(
        {
            "applicant_id": "party_holder",
            "applicant_name": "样例数据公司",
            "kind": "PRODUCT",
            "name": "样例企业信用评价数据",
            "summary": "Scores of companies.",
            "industry": "finance",
            "data_source": "Public filings.",
            "update_frequency": "MONTHLY",
        }
    )


@pytest.mark.parametrize(
    "change",
    [
        {"applicant_id": "x"},
        {"applicant_name": "x"},
        {"kind": ProductKind.ALGORITHM},
        {"name": "x"},
        {"summary": "x"},
        {"industry": "x"},
        {"data_source": "x"},
        {"update_frequency": UpdateFrequency.DAILY},
    ],
)
def test_every_word_of_the_text_is_hashed(change):
    assert an_announced_text(**change).hash != an_announced_text().hash
