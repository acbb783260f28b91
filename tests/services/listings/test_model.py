"""What a listing and a candidate can answer about themselves."""

from datetime import timedelta
from itertools import product

import pytest

from services.certificates.model import Burdens, CertificateStatus, EncumbranceKind, Operation
from services.listings.model import (
    TRANSITIONS,
    ListingEvent,
    ListingStatus,
    TradeMode,
)
from tests.builders.certificates import (
    END,
    ISSUED,
    LATER,
    NOW,
    a_certificate,
    a_consent,
    a_freeze_burden,
    an_encumbrance,
    an_ended_certificate,
    consent_terms,
)
from tests.builders.listings import a_candidate, a_listing, a_shown_listing

MOMENT = timedelta(microseconds=1)
PICTURE = """
           ADMITTED  REJECTED  WITHDRAWN  SUSPENDED  RESUMED  DELISTED
SUBMITTED  LISTED    REJECTED  WITHDRAWN  -          -        -
LISTED     -         -         -          SUSPENDED  -        DELISTED
SUSPENDED  -         -         -          -          LISTED   DELISTED
DELISTED   -         -         -          -          -        -
REJECTED   -         -         -          -          -        -
WITHDRAWN  -         -         -          -          -        -
"""
LATER_PLEDGE = an_encumbrance(since=ISSUED + MOMENT)
STANDING = consent_terms(operation=Operation.LIST_FOR_LICENSING, standing=True)


def read(picture: str) -> dict[tuple[str, str], str]:
    header, *rows = (line.split() for line in picture.strip().splitlines())
    return {(row[0], event): row[1:][n] for row in rows for n, event in enumerate(header)}


@pytest.mark.parametrize(("status", "event"), list(product(ListingStatus, ListingEvent)), ids=str)
def test_transition(status, event):
    assert TRANSITIONS.get((status, event), "-") == read(PICTURE)[status, event]


def test_admission_and_resumption_say_since_when_and_an_end_says_until_when():
    admitted = a_listing().after(ListingEvent.ADMITTED, NOW)
    suspended = admitted.after(ListingEvent.SUSPENDED, NOW, "under review")
    resumed = suspended.after(ListingEvent.RESUMED, LATER)
    delisted = resumed.after(ListingEvent.DELISTED, END, "over")
    assert [s.listed_at for s in (admitted, suspended, resumed, delisted)] == [
        NOW,
        NOW,
        LATER,
        LATER,
    ]
    assert [s.ended_at for s in (admitted, suspended, resumed, delisted)] == [None] * 3 + [END]
    assert [s.reasons for s in (admitted, suspended, resumed)] == [None, "under review", None]


@pytest.mark.parametrize(
    ("burdens", "status"),
    [
        (Burdens(), ListingStatus.LISTED),
        (Burdens([a_freeze_burden()]), ListingStatus.SUSPENDED),
        (Burdens([a_freeze_burden(until=NOW)]), ListingStatus.LISTED),
        (Burdens([a_freeze_burden(lifted_at=NOW)]), ListingStatus.LISTED),
        (Burdens([an_encumbrance(since=ISSUED)]), ListingStatus.LISTED),
        (Burdens([LATER_PLEDGE]), ListingStatus.SUSPENDED),
        (Burdens([LATER_PLEDGE], [a_consent(STANDING)]), ListingStatus.LISTED),
        (
            Burdens([LATER_PLEDGE], [a_consent(STANDING, revoked_at=NOW)]),
            ListingStatus.SUSPENDED,
        ),
        (
            Burdens(
                [LATER_PLEDGE],
                [a_consent(consent_terms(operation=Operation.LIST_FOR_LICENSING))],
            ),
            ListingStatus.SUSPENDED,
        ),
        (
            Burdens([an_encumbrance(kind=EncumbranceKind.EXCLUSIVE_LICENSE, since=NOW)]),
            ListingStatus.LISTED,
        ),
    ],
)
def test_a_freeze_or_a_later_pledge_without_standing_consent_suspends(burdens, status):
    assert a_shown_listing().effective_status(a_certificate(), burdens, NOW) is status


@pytest.mark.parametrize(
    ("stored", "certificate", "now", "effective"),
    [
        (ListingStatus.LISTED, a_certificate(), END - MOMENT, ListingStatus.LISTED),
        (ListingStatus.LISTED, a_certificate(), END, ListingStatus.DELISTED),
        (ListingStatus.SUSPENDED, a_certificate(), END, ListingStatus.DELISTED),
        (ListingStatus.SUBMITTED, a_certificate(), END, ListingStatus.SUBMITTED),
        (
            ListingStatus.LISTED,
            an_ended_certificate(CertificateStatus.REVOKED),
            NOW,
            ListingStatus.DELISTED,
        ),
    ],
)
def test_a_listing_falls_with_its_certificate(stored, certificate, now, effective):
    listing = a_shown_listing(status=stored)
    assert listing.effective_status(certificate, Burdens(), now) is effective
    assert listing.as_it_stands(certificate, Burdens(), now).status is effective


HERE = a_shown_listing(mode=TradeMode.TITLE_SALE)
ELSEWHERE = a_shown_listing(mode=TradeMode.TITLE_SALE, exchange_id="party_rival")


@pytest.mark.parametrize(
    ("others", "same", "elsewhere"),
    [
        ([], None, None),
        ([HERE], HERE, None),
        ([ELSEWHERE], None, ELSEWHERE),
        ([HERE, ELSEWHERE], HERE, ELSEWHERE),
        ([a_shown_listing()], None, None),
        ([a_listing(mode=TradeMode.TITLE_SALE, exchange_id="party_rival")], None, None),
        ([a_listing(mode=TradeMode.TITLE_SALE, status=ListingStatus.REJECTED)], None, None),
    ],
)
def test_a_title_is_for_sale_once_here_and_nowhere_else(others, same, elsewhere):
    candidate = a_candidate(mode=TradeMode.TITLE_SALE, others=others)
    assert candidate.same_already == same
    assert candidate.title_sale_elsewhere == elsewhere


def test_licensing_may_be_listed_on_many_exchanges():
    candidate = a_candidate(others=[a_shown_listing(exchange_id="party_rival")])
    assert (candidate.same_already, candidate.title_sale_elsewhere) == (None, None)
