"""Rules 7.1 to 7.15: a base case that passes, and one row for each way to spoil it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.actors import Actor, Role
from services.certificates.model import Burdens, CertificateStatus, EncumbranceKind, Operation
from services.licensing.model import LicenseKind, LicenseStatus, NegotiationStatus
from services.licensing.rules import (
    MOST_NAMES,
    refusals_to_grant_license,
    refusals_to_publish_offer,
    refusals_to_refuse_license,
    refusals_to_request_license,
    refusals_to_terminate_license,
    refusals_to_withdraw_license_request,
    refusals_to_withdraw_offer,
    require_grantable,
)
from services.money import Currency, Money
from services.refusals import RefusalCode
from tests.builders.certificates import (
    END,
    FAR,
    ISSUED,
    LATER,
    NOW,
    a_certificate,
    a_consent,
    a_freeze_burden,
    a_scope,
    an_encumbrance,
    an_ended_certificate,
    consent_terms,
)
from tests.builders.licensing import (
    PRICE,
    a_license,
    a_negotiation,
    a_situation,
    a_withdrawn_offer,
    an_offer,
    offer_terms,
    wanted,
)

MOMENT = timedelta(microseconds=1)
HOLDER = Actor("holder", "party_holder", frozenset({Role.REGISTRANT}))
STRANGER = Actor("stranger", "party_other", frozenset({Role.REGISTRANT}))
LICENSEE = Actor("licensee", "party_licensee", frozenset({Role.LICENSEE}))
CLERK = Actor("clerk", "party_licensee", frozenset({Role.LENDER}))
SELF_LICENSEE = Actor("holder", "party_holder", frozenset({Role.LICENSEE}))

EXPIRED = a_certificate(source_authorised_until=NOW)
REVOKED = an_ended_certificate(CertificateStatus.REVOKED)
PLEDGED = Burdens([an_encumbrance()])
FROZEN = Burdens([a_freeze_burden()])
TAKEN = Burdens([an_encumbrance(kind=EncumbranceKind.EXCLUSIVE_LICENSE, since=NOW, until=LATER)])
SHANGHAI = frozenset({"CN-SH"})


def codes(refusals) -> list[RefusalCode]:
    return [refusal.code for refusal in refusals]


def consenting(operation=Operation.LICENSE, **changes) -> Burdens:
    return Burdens([an_encumbrance()], [a_consent(consent_terms(operation=operation, **changes))])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"actor": STRANGER}, [RefusalCode.NOT_THE_HOLDER]),
        ({"certificate": REVOKED}, [
            RefusalCode.CERTIFICATE_NOT_ACTIVE, RefusalCode.LICENSE_OUTLIVES_CERTIFICATE,
        ]),
        ({"certificate": EXPIRED}, [
            RefusalCode.CERTIFICATE_EXPIRED, RefusalCode.LICENSE_OUTLIVES_CERTIFICATE,
        ]),
        ({"terms": offer_terms(name=" ")}, [RefusalCode.TEXT_MISSING]),
        ({"terms": offer_terms(name="名" * 201)}, [RefusalCode.TEXT_TOO_LONG]),
        ({"terms": offer_terms(description="")}, [RefusalCode.TEXT_MISSING]),
        ({"terms": offer_terms(price=Money(-1, Currency.CNY))}, [RefusalCode.PRICE_NEGATIVE]),
        ({"terms": offer_terms(price=Money(0, Currency.CNY))}, []),
        ({"terms": offer_terms(scope=a_scope(end=NOW))}, [RefusalCode.PERIOD_EMPTY]),
        ({"terms": offer_terms(scope=a_scope(end=NOW + MOMENT))}, []),
        ({"terms": offer_terms(scope=a_scope(end=END))}, []),
        ({"terms": offer_terms(scope=a_scope(end=END + MOMENT))}, [
            RefusalCode.LICENSE_OUTLIVES_CERTIFICATE,
        ]),
        ({"burdens": PLEDGED}, [RefusalCode.CONSENT_MISSING]),
        ({"burdens": consenting(Operation.PUBLISH_OFFER)}, []),
        ({"burdens": FROZEN}, [RefusalCode.ENCUMBRANCE_FORBIDS]),
        ({"burdens": TAKEN}, [RefusalCode.ENCUMBRANCE_FORBIDS]),
    ],
)  # fmt: skip
def test_a_holder_publishes_offers_that_nothing_stands_against(changes, expected):
    case = {
        "certificate": a_certificate(), "burdens": Burdens(), "terms": offer_terms(),
        "actor": HOLDER, "now": NOW,
    }  # fmt: skip
    assert codes(refusals_to_publish_offer(**(case | changes))) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"territories": frozenset({"CN", "CN-SH", "US-CA", "DE-BY"})}, []),
        ({"territories": frozenset({"China"})}, [RefusalCode.SCOPE_MALFORMED]),
        ({"territories": frozenset({"cn"})}, [RefusalCode.SCOPE_MALFORMED]),
        ({"territories": frozenset(f"CN-{n}" for n in range(MOST_NAMES))}, []),
        ({"territories": frozenset(f"CN-{n}" for n in range(MOST_NAMES + 1))}, [
            RefusalCode.SCOPE_MALFORMED,
        ]),
        ({"fields_of_use": frozenset({"训练, 测试"})}, [RefusalCode.SCOPE_MALFORMED]),
        ({"fields_of_use": frozenset({""})}, [RefusalCode.SCOPE_MALFORMED]),
        ({"fields_of_use": frozenset({"用" * 80})}, []),
        ({"fields_of_use": frozenset({"用" * 81})}, [RefusalCode.SCOPE_MALFORMED]),
        ({"fields_of_use": frozenset(str(n) for n in range(MOST_NAMES))}, []),
        ({"fields_of_use": frozenset(str(n) for n in range(MOST_NAMES + 1))}, [
            RefusalCode.SCOPE_MALFORMED,
        ]),
    ],
)  # fmt: skip
def test_a_scope_names_places_and_uses_the_register_can_tell_apart(changes, expected):
    terms = offer_terms(scope=a_scope(**changes))
    assert codes(refusals_to_publish_offer(a_certificate(), Burdens(), terms, HOLDER, NOW)) == (
        expected
    )


@pytest.mark.parametrize(
    ("offer", "actor", "expected"),
    [
        (an_offer(), HOLDER, []),
        (an_offer(), STRANGER, [RefusalCode.NOT_THE_LICENSOR]),
        (a_withdrawn_offer(), HOLDER, [RefusalCode.OFFER_NOT_OPEN]),
        (an_offer(offer_terms(scope=a_scope(begin=ISSUED, end=NOW))), HOLDER, [
            RefusalCode.OFFER_NOT_OPEN,
        ]),
    ],
)  # fmt: skip
def test_a_licensor_withdraws_an_open_offer(offer, actor, expected):
    refusals = refusals_to_withdraw_offer(a_situation(offer=offer), actor, NOW)
    assert codes(refusals) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"actor": STRANGER}, [RefusalCode.NOT_AUTHORISED]),
        ({"situation": a_situation(offer=a_withdrawn_offer())}, [RefusalCode.OFFER_NOT_OPEN]),
        ({"situation": a_situation(certificate=REVOKED)}, [
            RefusalCode.CERTIFICATE_NOT_ACTIVE, RefusalCode.LICENSE_OUTLIVES_CERTIFICATE,
        ]),
        ({"actor": SELF_LICENSEE, "wanted": wanted(licensee_id="party_holder")}, [
            RefusalCode.LICENSEE_IS_LICENSOR,
        ]),
        ({"earlier": a_negotiation()}, [RefusalCode.NEGOTIATION_ALREADY_OPEN]),
        # Burdens are judged when the license is granted: a consent may come in between.
        ({"situation": a_situation(burdens=PLEDGED)}, []),
        ({"wanted": wanted(scope=a_scope(begin=LATER))}, [RefusalCode.PERIOD_EMPTY]),
        ({"wanted": wanted(kind=LicenseKind.SOLE)}, [RefusalCode.OUTSIDE_THE_OFFER]),
    ],
)  # fmt: skip
def test_a_licensee_asks_for_a_license_under_an_open_offer(changes, expected):
    case = {
        "situation": a_situation(), "wanted": wanted(), "earlier": None,
        "actor": LICENSEE, "now": NOW,
    }  # fmt: skip
    assert codes(refusals_to_request_license(**(case | changes))) == expected


NARROW = an_offer(
    offer_terms(
        scope=a_scope(territories=frozenset({"CN"}), fields_of_use=frozenset({"风控", "营销"}))
    )
)
INSIDE = wanted(scope=a_scope(territories=SHANGHAI, fields_of_use=frozenset({"风控"})))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (INSIDE, []),
        (replace(INSIDE, kind=LicenseKind.SOLE), [RefusalCode.OUTSIDE_THE_OFFER]),
        (replace(INSIDE, price=Money(1, Currency.CNY)), [RefusalCode.OUTSIDE_THE_OFFER]),
        (replace(INSIDE, scope=replace(INSIDE.scope, end=LATER + MOMENT)), [
            RefusalCode.OUTSIDE_THE_OFFER,
        ]),
        (replace(INSIDE, scope=replace(INSIDE.scope, begin=NOW - MOMENT)), [
            RefusalCode.OUTSIDE_THE_OFFER,
        ]),
        (replace(INSIDE, scope=replace(INSIDE.scope, territories=frozenset({"US"}))), [
            RefusalCode.OUTSIDE_THE_OFFER,
        ]),
        (replace(INSIDE, scope=replace(INSIDE.scope, territories=frozenset())), [
            RefusalCode.OUTSIDE_THE_OFFER,
        ]),
        (replace(INSIDE, scope=replace(INSIDE.scope, fields_of_use=frozenset({"科研"}))), [
            RefusalCode.OUTSIDE_THE_OFFER,
        ]),
    ],
)  # fmt: skip
def test_a_license_lies_inside_its_offer(asked, expected):
    assert codes(require_grantable(a_situation(offer=NARROW), asked, NOW)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"actor": STRANGER}, [RefusalCode.NOT_THE_LICENSOR]),
        ({"expected_version": 2}, [RefusalCode.CERTIFICATE_HAS_MOVED_ON]),
        ({"negotiation": a_negotiation(status=NegotiationStatus.FINALIZED)}, [
            RefusalCode.ILLEGAL_TRANSITION,
        ]),
        ({"negotiation": a_negotiation(status=NegotiationStatus.TERMINATED)}, [
            RefusalCode.ILLEGAL_TRANSITION,
        ]),
        ({"situation": a_situation(burdens=PLEDGED)}, [RefusalCode.CONSENT_MISSING]),
        ({"situation": a_situation(burdens=consenting())}, []),
        ({"situation": a_situation(burdens=consenting(lowest_price=PRICE))}, []),
        ({"situation": a_situation(burdens=consenting(
            lowest_price=Money(PRICE.amount_minor + 1, Currency.CNY)))}, [
            RefusalCode.CONSENT_MISSING,
        ]),
        ({"situation": a_situation(burdens=consenting(counterparty_id="party_rival"))}, [
            RefusalCode.CONSENT_MISSING,
        ]),
        ({"situation": a_situation(burdens=consenting(longest_months=12))}, []),
        ({"situation": a_situation(burdens=consenting(longest_months=11))}, [
            RefusalCode.CONSENT_MISSING,
        ]),
        ({"situation": a_situation(burdens=FROZEN)}, [RefusalCode.ENCUMBRANCE_FORBIDS]),
        ({"situation": a_situation(burdens=TAKEN)}, [RefusalCode.ENCUMBRANCE_FORBIDS]),
    ],
)  # fmt: skip
def test_a_licensor_grants_what_can_be_granted_at_that_instant(changes, expected):
    case = {
        "situation": a_situation(), "negotiation": a_negotiation(), "wanted": wanted(),
        "actor": HOLDER, "now": NOW, "expected_version": 3,
    }  # fmt: skip
    assert codes(refusals_to_grant_license(**(case | changes))) == expected


def test_a_license_ends_with_its_certificate_or_before():
    asked = wanted(scope=a_scope(end=END))
    assert require_grantable(a_situation(offer=None), asked, NOW) == []
    late = wanted(scope=a_scope(end=END + MOMENT))
    (refusal,) = require_grantable(a_situation(offer=None), late, NOW)
    assert refusal.code is RefusalCode.LICENSE_OUTLIVES_CERTIFICATE
    assert refusal.message.endswith(
        "Found: the certificate ends at 2028-01-05 00:00 UTC by validity."
    )


def test_every_reason_is_given_at_once_the_most_telling_first():
    situation = a_situation(
        certificate=EXPIRED,
        offer=a_withdrawn_offer(),
        licenses=[a_license()],
        burdens=Burdens([a_freeze_burden(), an_encumbrance()]),
    )
    asked = wanted(
        kind=LicenseKind.EXCLUSIVE,
        licensee_id="party_holder",
        scope=a_scope(end=FAR, territories=frozenset({"?"})),
    )
    assert codes(require_grantable(situation, asked, NOW)) == [
        RefusalCode.CERTIFICATE_EXPIRED,
        RefusalCode.OFFER_NOT_OPEN,
        RefusalCode.LICENSEE_IS_LICENSOR,
        RefusalCode.SCOPE_MALFORMED,
        RefusalCode.OUTSIDE_THE_OFFER,
        RefusalCode.LICENSE_OUTLIVES_CERTIFICATE,
        RefusalCode.EXCLUSIVITY_CONFLICT,
        RefusalCode.ENCUMBRANCE_FORBIDS,
        RefusalCode.CONSENT_MISSING,
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"actor": LICENSEE}, [RefusalCode.NOT_THE_LICENSOR]),
        ({"actor": SELF_LICENSEE}, [RefusalCode.NOT_THE_LICENSOR]),
        ({"negotiation": a_negotiation(status=NegotiationStatus.TERMINATED)}, [
            RefusalCode.ILLEGAL_TRANSITION,
        ]),
        ({"reasons": " "}, [RefusalCode.TEXT_MISSING]),
    ],
)  # fmt: skip
def test_a_licensor_refuses_an_open_request_and_says_why(changes, expected):
    case = {
        "certificate": a_certificate(), "negotiation": a_negotiation(),
        "actor": HOLDER, "reasons": "样例理由",
    }  # fmt: skip
    assert codes(refusals_to_refuse_license(**(case | changes))) == expected


@pytest.mark.parametrize(
    ("negotiation", "actor", "expected"),
    [
        (a_negotiation(), LICENSEE, []),
        (a_negotiation(), HOLDER, [RefusalCode.NOT_THE_LICENSEE]),
        (a_negotiation(), CLERK, [RefusalCode.NOT_THE_LICENSEE]),
        (a_negotiation(status=NegotiationStatus.FINALIZED), LICENSEE, [
            RefusalCode.ILLEGAL_TRANSITION,
        ]),
    ],
)  # fmt: skip
def test_a_licensee_withdraws_its_open_request(negotiation, actor, expected):
    assert codes(refusals_to_withdraw_license_request(negotiation, actor)) == expected


OWN = a_license(licensee_id="party_licensee")
OVER = [RefusalCode.LICENSE_NOT_IN_FORCE]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"actor": HOLDER}, []),
        ({"actor": STRANGER}, [RefusalCode.NOT_A_PARTY_TO_THE_LICENSE]),
        ({"actor": CLERK}, [RefusalCode.NOT_A_PARTY_TO_THE_LICENSE]),
        ({"actor": SELF_LICENSEE}, [RefusalCode.NOT_A_PARTY_TO_THE_LICENSE]),
        ({"granted": replace(OWN, scope=a_scope(begin=LATER, end=END))}, []),
        ({"granted": replace(OWN, scope=a_scope(begin=ISSUED, end=NOW))}, OVER),
        ({"granted": replace(OWN, status=LicenseStatus.TERMINATED, terminated_at=NOW)}, OVER),
        ({"certificate": REVOKED}, OVER),
        ({"reasons": ""}, [RefusalCode.TEXT_MISSING]),
    ],
)
def test_either_party_ends_a_license_in_force(changes, expected):
    case = {
        "certificate": a_certificate(), "granted": OWN, "actor": LICENSEE,
        "reasons": "样例理由", "now": NOW,
    }  # fmt: skip
    assert codes(refusals_to_terminate_license(**(case | changes))) == expected
