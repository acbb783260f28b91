"""Rules 6.1 to 6.9: a base case that passes, and one row for each way to spoil it."""

import pytest

from services.actors import Actor, Role
from services.certificates.model import Burdens, CertificateStatus, EncumbranceKind, Operation
from services.general import LONGEST_TEXT
from services.listings.model import ListingStatus, TradeMode
from services.listings.rules import (
    refusals_to_admit_listing,
    refusals_to_delist,
    refusals_to_reject_listing,
    refusals_to_request_listing,
    refusals_to_resume_listing,
    refusals_to_suspend_listing,
    refusals_to_withdraw_listing_request,
)
from services.refusals import RefusalCode
from tests.builders.certificates import (
    END,
    NOW,
    a_certificate,
    a_consent,
    a_freeze_burden,
    an_encumbrance,
    an_ended_certificate,
    consent_terms,
)
from tests.builders.listings import a_candidate, a_listing, a_shown_listing, an_exchange

HOLDER = Actor("holder", "party_holder", frozenset({Role.REGISTRANT}))
STRANGER = Actor("stranger", "party_other", frozenset({Role.REGISTRANT}))
EXCHANGE = Actor("exchange", "party_exchange", frozenset({Role.EXCHANGE}))
RIVAL = Actor("rival", "party_rival", frozenset({Role.EXCHANGE}))
CLERK = Actor("clerk", "party_exchange", frozenset({Role.LICENSEE}))


def codes(refusals) -> list[RefusalCode]:
    return [refusal.code for refusal in refusals]


def pledged(*consents):
    return a_candidate(burdens=Burdens([an_encumbrance()], consents))


def a_title_sale(**changes):
    return a_shown_listing(mode=TradeMode.TITLE_SALE, **changes)


def for_title(*others, **changes):
    return a_candidate(mode=TradeMode.TITLE_SALE, others=others, **changes)


CONSENT = a_consent(consent_terms(operation=Operation.LIST_FOR_LICENSING))
EXCLUSIVE = Burdens([an_encumbrance(kind=EncumbranceKind.EXCLUSIVE_LICENSE)])
TO_REQUEST = {"candidate": a_candidate(), "actor": HOLDER, "now": NOW}


@pytest.mark.parametrize(
    "candidate",
    [
        a_candidate(),
        pledged(CONSENT),
        a_candidate(others=[a_shown_listing(exchange_id="party_rival")]),
        a_candidate(others=[a_shown_listing(mode=TradeMode.TITLE_SALE)]),
        a_candidate(others=[a_shown_listing(status=ListingStatus.DELISTED)]),
        for_title(a_listing(mode=TradeMode.TITLE_SALE, exchange_id="party_rival")),
        for_title(burdens=EXCLUSIVE),
    ],
)
def test_a_holder_may_ask_for_a_listing_of_what_can_be_listed(candidate):
    assert refusals_to_request_listing(**(TO_REQUEST | {"candidate": candidate})) == []


NOT_LISTABLE = [
    (
        {"candidate": a_candidate(certificate=an_ended_certificate(CertificateStatus.CANCELLED))},
        RefusalCode.CERTIFICATE_NOT_ACTIVE,
    ),
    ({"now": END}, RefusalCode.CERTIFICATE_EXPIRED),
    (
        {"candidate": a_candidate(burdens=Burdens([a_freeze_burden()]))},
        RefusalCode.ENCUMBRANCE_FORBIDS,
    ),
    ({"candidate": a_candidate(burdens=EXCLUSIVE)}, RefusalCode.ENCUMBRANCE_FORBIDS),
    ({"candidate": pledged()}, RefusalCode.CONSENT_MISSING),
    (
        {"candidate": a_candidate(exchange=an_exchange(roles=frozenset()))},
        RefusalCode.NOT_AN_EXCHANGE,
    ),
    (
        {"candidate": a_candidate(others=[a_listing(id="listing_2")])},
        RefusalCode.ALREADY_LISTED,
    ),
    (
        {"candidate": a_candidate(others=[a_shown_listing(status=ListingStatus.SUSPENDED)])},
        RefusalCode.ALREADY_LISTED,
    ),
    (
        {"candidate": for_title(a_title_sale(exchange_id="party_rival"))},
        RefusalCode.TITLE_SALE_ELSEWHERE,
    ),
]


@pytest.mark.parametrize(
    ("change", "refusal"), [({"actor": STRANGER}, RefusalCode.NOT_THE_HOLDER), *NOT_LISTABLE]
)
def test_one_broken_condition_of_requesting_is_one_refusal(change, refusal):
    assert codes(refusals_to_request_listing(**(TO_REQUEST | change))) == [refusal]


TO_ADMIT = {"listing": a_listing(), "candidate": a_candidate(), "actor": EXCHANGE, "now": NOW}
SUSPENDED = a_shown_listing(status=ListingStatus.SUSPENDED)
TO_RESUME = TO_ADMIT | {"listing": SUSPENDED}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"actor": CLERK}, RefusalCode.NOT_AUTHORISED),
        ({"actor": RIVAL}, RefusalCode.NOT_THE_EXCHANGE),
        ({"listing": a_shown_listing()}, RefusalCode.ILLEGAL_TRANSITION),
        *NOT_LISTABLE,
    ],
)
def test_everything_is_judged_again_when_a_listing_is_admitted_or_resumed(change, refusal):
    assert codes(refusals_to_admit_listing(**(TO_ADMIT | change))) == [refusal]
    assert codes(refusals_to_resume_listing(**(TO_RESUME | change))) == [refusal]


def test_the_exchange_admits_what_was_requested_and_resumes_what_was_suspended():
    assert refusals_to_admit_listing(**TO_ADMIT) == []
    assert refusals_to_resume_listing(**TO_RESUME) == []


def test_refusals_to_admit_come_in_order_of_precedence():
    everything_wrong = refusals_to_admit_listing(
        a_shown_listing(),
        for_title(
            a_title_sale(id="listing_2"),
            a_title_sale(id="listing_3", exchange_id="party_rival"),
            burdens=Burdens([an_encumbrance(), a_freeze_burden(until=None)]),
            exchange=an_exchange(roles=frozenset()),
            certificate=a_certificate(),
        ),
        STRANGER,
        END,
    )
    assert codes(everything_wrong) == [
        RefusalCode.NOT_AUTHORISED,
        RefusalCode.NOT_THE_EXCHANGE,
        RefusalCode.ILLEGAL_TRANSITION,
        RefusalCode.CERTIFICATE_EXPIRED,
        RefusalCode.ENCUMBRANCE_FORBIDS,
        RefusalCode.CONSENT_MISSING,
        RefusalCode.NOT_AN_EXCHANGE,
        RefusalCode.ALREADY_LISTED,
        RefusalCode.TITLE_SALE_ELSEWHERE,
    ]


def test_the_listing_in_the_way_is_named():
    candidate = for_title(a_title_sale(id="listing_9", exchange_id="party_rival"))
    (refusal,) = refusals_to_request_listing(candidate, HOLDER, NOW)
    assert refusal.record.id == "listing_9"


@pytest.mark.parametrize(
    ("rule", "listing"),
    [
        (refusals_to_reject_listing, a_listing()),
        (refusals_to_suspend_listing, a_shown_listing()),
    ],
)
def test_what_only_the_exchange_decides_needs_its_member_and_reasons(rule, listing):
    ended = a_listing(status=ListingStatus.WITHDRAWN)
    assert rule(listing, EXCHANGE, "because") == []
    assert codes(rule(listing, CLERK, "because")) == [RefusalCode.NOT_AUTHORISED]
    assert codes(rule(listing, RIVAL, "because")) == [RefusalCode.NOT_THE_EXCHANGE]
    assert codes(rule(ended, EXCHANGE, "because")) == [RefusalCode.ILLEGAL_TRANSITION]
    assert codes(rule(listing, EXCHANGE, " ")) == [RefusalCode.TEXT_MISSING]
    assert codes(rule(listing, EXCHANGE, "x" * (LONGEST_TEXT + 1))) == [RefusalCode.TEXT_TOO_LONG]


@pytest.mark.parametrize("listing", [a_shown_listing(), SUSPENDED])
def test_the_exchange_or_the_holder_ends_a_listing(listing):
    certificate = a_certificate()
    assert refusals_to_delist(listing, certificate, EXCHANGE, "because") == []
    assert refusals_to_delist(listing, certificate, HOLDER, "because") == []


@pytest.mark.parametrize(
    ("listing", "actor", "reasons", "refusal"),
    [
        (a_shown_listing(), STRANGER, "because", RefusalCode.NOT_THE_EXCHANGE),
        (a_shown_listing(), CLERK, "because", RefusalCode.NOT_THE_EXCHANGE),
        (a_listing(), EXCHANGE, "because", RefusalCode.ILLEGAL_TRANSITION),
        (a_shown_listing(), EXCHANGE, "", RefusalCode.TEXT_MISSING),
    ],
)
def test_one_broken_condition_of_delisting_is_one_refusal(listing, actor, reasons, refusal):
    assert codes(refusals_to_delist(listing, a_certificate(), actor, reasons)) == [refusal]


@pytest.mark.parametrize(
    ("listing", "actor", "refusals"),
    [
        (a_listing(), HOLDER, []),
        (a_listing(), EXCHANGE, [RefusalCode.NOT_THE_HOLDER]),
        (a_shown_listing(), HOLDER, [RefusalCode.ILLEGAL_TRANSITION]),
    ],
)
def test_the_holder_withdraws_a_request_that_is_not_decided(listing, actor, refusals):
    rule = refusals_to_withdraw_listing_request
    assert codes(rule(listing, a_certificate(), actor)) == refusals
