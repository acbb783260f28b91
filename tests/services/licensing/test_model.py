"""Pictures of the states of chapter 7, and what offers and licenses answer about themselves."""

from datetime import timedelta

import pytest

from services.certificates.model import CertificateStatus, EncumbranceKind, Operation
from services.licensing.model import (
    LICENSE_TRANSITIONS,
    NEGOTIATION_TRANSITIONS,
    OFFER_TRANSITIONS,
    LicenseEvent,
    LicenseKind,
    LicenseLimit,
    LicenseStatus,
    NegotiationEvent,
    NegotiationStatus,
    OfferEvent,
    OfferStatus,
    not_before,
)
from tests.builders.certificates import (
    END,
    ISSUED,
    LATER,
    NOW,
    a_certificate,
    a_scope,
    an_ended_certificate,
)
from tests.builders.licensing import (
    a_license,
    a_negotiation,
    a_terminated_license,
    a_withdrawn_offer,
    an_offer,
    offer_terms,
)

MOMENT = timedelta(microseconds=1)
REVOKED = an_ended_certificate(CertificateStatus.REVOKED)

PICTURES = [
    (OFFER_TRANSITIONS, OfferStatus, OfferEvent, """
                WITHDRAWN
    PUBLISHED   WITHDRAWN
    WITHDRAWN   -
    EXPIRED     -
    VOIDED      -
    """),
    (NEGOTIATION_TRANSITIONS, NegotiationStatus, NegotiationEvent, """
                GRANTED     REFUSED     WITHDRAWN
    REQUESTED   FINALIZED   TERMINATED  TERMINATED
    FINALIZED   -           -           -
    TERMINATED  -           -           -
    """),
    (LICENSE_TRANSITIONS, LicenseStatus, LicenseEvent, """
                    TERMINATED
    ACTIVE          TERMINATED
    TERMINATED      -
    PENDING_EFFECT  -
    EXPIRED         -
    IMPAIRED        -
    """),
]  # fmt: skip


@pytest.mark.parametrize(("transitions", "status", "event", "picture"), PICTURES)
def test_what_the_picture_does_not_show_cannot_happen(transitions, status, event, picture):
    header, *rows = (line.split() for line in picture.strip().splitlines())
    shown = {
        (status(row[0]), event(name)): status(row[1 + n])
        for row in rows
        for n, name in enumerate(header)
        if row[1 + n] != "-"
    }
    assert transitions == shown
    assert [row[0] for row in rows] == list(status)


@pytest.mark.parametrize(
    ("kind", "operation", "burden"),
    [
        (LicenseKind.EXCLUSIVE, Operation.LICENSE_EXCLUSIVELY, EncumbranceKind.EXCLUSIVE_LICENSE),
        (LicenseKind.SOLE, Operation.LICENSE_EXCLUSIVELY, EncumbranceKind.SOLE_LICENSE),
        (LicenseKind.NON_EXCLUSIVE, Operation.LICENSE, None),
    ],
)
def test_a_kind_names_its_operation_and_its_burden(kind, operation, burden):
    assert (kind.operation, kind.burden) == (operation, burden)
    assert kind.excludes_others == (burden is not None)


@pytest.mark.parametrize(
    ("offer", "certificate", "now", "expected"),
    [
        (an_offer(), a_certificate(), LATER - MOMENT, OfferStatus.PUBLISHED),
        (an_offer(), a_certificate(), LATER, OfferStatus.EXPIRED),
        (an_offer(), REVOKED, NOW, OfferStatus.VOIDED),
        (an_offer(), REVOKED, LATER, OfferStatus.EXPIRED),
        (a_withdrawn_offer(), REVOKED, LATER, OfferStatus.WITHDRAWN),
        (an_offer(offer_terms(scope=a_scope(end=END))), a_certificate(), END - MOMENT,
         OfferStatus.PUBLISHED),
    ],
)  # fmt: skip
def test_an_offer_lasts_until_it_is_withdrawn_over_or_void(offer, certificate, now, expected):
    assert offer.effective_status(certificate, now) is expected


@pytest.mark.parametrize(
    ("granted", "certificate", "now", "expected"),
    [
        (a_license(), a_certificate(), NOW - MOMENT, LicenseStatus.PENDING_EFFECT),
        (a_license(), a_certificate(), NOW, LicenseStatus.ACTIVE),
        (a_license(), a_certificate(), LATER - MOMENT, LicenseStatus.ACTIVE),
        (a_license(), a_certificate(), LATER, LicenseStatus.EXPIRED),
        (a_license(), REVOKED, NOW - MOMENT, LicenseStatus.IMPAIRED),
        (a_license(), REVOKED, LATER, LicenseStatus.EXPIRED),
        (a_terminated_license(), REVOKED, LATER, LicenseStatus.TERMINATED),
    ],
)
def test_a_license_is_what_time_acts_and_its_certificate_make_it(
    granted, certificate, now, expected
):
    assert granted.effective_status(certificate, now) is expected


def capped(until):
    return a_certificate(source_authorised_until=until)


@pytest.mark.parametrize(
    ("granted", "certificate", "end", "limit"),
    [
        (a_license(), a_certificate(), LATER, LicenseLimit.AGREED_END),
        (a_license(scope=a_scope(end=END)), a_certificate(), END, LicenseLimit.AGREED_END),
        (a_license(scope=a_scope(end=END + MOMENT)), a_certificate(), END, LicenseLimit.VALIDITY),
        (a_license(), capped(NOW), NOW, LicenseLimit.SOURCE_AUTHORISATION),
        (a_license(), REVOKED, ISSUED, LicenseLimit.REVOCATION),
        (a_license(), an_ended_certificate(CertificateStatus.CANCELLED), ISSUED,
         LicenseLimit.CANCELLATION),
        (a_terminated_license(terminated_at=NOW), a_certificate(), NOW, LicenseLimit.TERMINATION),
        (a_terminated_license(terminated_at=NOW), REVOKED, ISSUED, LicenseLimit.REVOCATION),
    ],
)  # fmt: skip
def test_a_license_ends_with_the_earliest_of_its_limits_and_names_it(
    granted, certificate, end, limit
):
    assert granted.effective_end(certificate) == end
    assert granted.binding_limit(certificate) is limit


def test_nothing_is_licensed_backwards():
    assert not_before(a_scope(begin=ISSUED), NOW) == a_scope(begin=NOW)
    assert not_before(a_scope(begin=LATER, end=END), NOW) == a_scope(begin=LATER, end=END)


def test_a_request_is_granted_with_the_offers_kind_and_price_from_now_on():
    wanted = a_negotiation().wanted(an_offer(offer_terms(kind=LicenseKind.SOLE)), NOW + MOMENT)
    assert wanted.kind is LicenseKind.SOLE
    assert wanted.price == an_offer().terms.price
    assert wanted.scope == a_scope(begin=NOW + MOMENT)
    assert wanted.attempt.counterparty_id == "party_licensee"
