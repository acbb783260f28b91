"""Rules 8.1 to 8.9: a base case that passes, and one row for each way to spoil it."""

from dataclasses import replace
from datetime import date

import pytest

from services.actors import Actor, Role
from services.certificates.model import Burdens, CertificateStatus, EncumbranceKind, Operation
from services.money import LARGEST_AMOUNT_MINOR, Currency, Money
from services.periods import end_of
from services.pledges.model import PledgeStatus
from services.pledges.rules import (
    refusals_to_confirm_pledge,
    refusals_to_decline_pledge,
    refusals_to_place_pledge,
    refusals_to_release_pledge,
    refusals_to_withdraw_pledge,
    require_collateral,
)
from services.profiles import SH_2024
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
from tests.builders.pledges import DUE, a_collateral, a_lender, a_pledge, pledge_terms

HOLDER = Actor("holder", "party_holder", frozenset({Role.REGISTRANT}))
STRANGER = Actor("stranger", "party_other", frozenset({Role.REGISTRANT}))
BANK = Actor("bank", "party_bank", frozenset({Role.LENDER}))
RIVAL = Actor("rival", "party_rival", frozenset({Role.LENDER}))
HOLDERS_CLERK = Actor("clerk", "party_holder", frozenset({Role.LENDER}))
CLERK = Actor("clerk", "party_bank", frozenset({Role.LICENSEE}))
SENIOR = an_encumbrance(protects="party_senior")
STRICT = replace(SH_2024, junior_pledge_with_senior_consent=False)


def codes(refusals) -> list[RefusalCode]:
    return [refusal.code for refusal in refusals]


def burdened_by(*encumbrances, consents=(), **changes):
    return a_collateral(burdens=Burdens(encumbrances, consents), **changes)


def consenting(**changes):
    """The senior pledgee's consent to a junior pledge."""
    return a_consent(consent_terms(operation=Operation.PLACE_PLEDGE, **changes))


TO_PLACE = {
    "collateral": a_collateral(),
    "pledgee": a_lender(),
    "terms": pledge_terms(),
    "actor": HOLDER,
    "now": NOW,
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"terms": pledge_terms(matures_on=date(2026, 1, 5))},  # Today: due when the day ends.
        {"terms": pledge_terms(matures_on=date(2028, 1, 4))},
        {"terms": pledge_terms(secured_amount=Money(1, Currency.USD))},
        {"terms": pledge_terms(secured_amount=Money(LARGEST_AMOUNT_MINOR, Currency.CNY))},
        {"collateral": burdened_by(an_encumbrance(kind=EncumbranceKind.EXCLUSIVE_LICENSE))},
        {"collateral": burdened_by(SENIOR, consents=[consenting()])},
        {"collateral": burdened_by(SENIOR, consents=[consenting(counterparty_id="party_bank")])},
        {"collateral": burdened_by(SENIOR, consents=[consenting(longest_months=18)])},
        {"collateral": burdened_by(replace(SENIOR, lifted_at=NOW), profile=STRICT)},
        {"collateral": a_collateral(profile=STRICT)},
    ],
)
def test_a_holder_may_pledge_what_is_in_force_free_and_outlasts_the_debt(change):
    assert refusals_to_place_pledge(**(TO_PLACE | change)) == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"actor": STRANGER}, RefusalCode.NOT_THE_HOLDER),
        (
            {"collateral": a_collateral(certificate=a_certificate(version=4))},
            RefusalCode.CERTIFICATE_HAS_MOVED_ON,
        ),
        ({"collateral": burdened_by(a_freeze_burden())}, RefusalCode.ENCUMBRANCE_FORBIDS),
        ({"collateral": burdened_by(SENIOR)}, RefusalCode.CONSENT_MISSING),
        (
            {"collateral": burdened_by(SENIOR, consents=[consenting(counterparty_id="party_x")])},
            RefusalCode.CONSENT_MISSING,
        ),
        (
            {"collateral": burdened_by(SENIOR, consents=[consenting(longest_months=17)])},
            RefusalCode.CONSENT_MISSING,
        ),
        (
            {"collateral": burdened_by(SENIOR, consents=[consenting()], profile=STRICT)},
            RefusalCode.JUNIOR_PLEDGE_NOT_ALLOWED,
        ),
        ({"pledgee": a_lender(roles=frozenset({Role.EXCHANGE}))}, RefusalCode.NOT_A_LENDER),
        ({"pledgee": a_lender(id="party_holder")}, RefusalCode.PLEDGOR_IS_PLEDGEE),
        (
            {"terms": pledge_terms(secured_amount=Money(0, Currency.CNY))},
            RefusalCode.AMOUNT_NOT_POSITIVE,
        ),
        (
            {"terms": pledge_terms(secured_amount=Money(LARGEST_AMOUNT_MINOR + 1, Currency.CNY))},
            RefusalCode.AMOUNT_NOT_POSITIVE,
        ),
        ({"terms": pledge_terms(matures_on=date(2026, 1, 4))}, RefusalCode.MATURITY_IN_THE_PAST),
        ({"terms": pledge_terms(matures_on=date.min)}, RefusalCode.MATURITY_IN_THE_PAST),
        (
            {"terms": pledge_terms(matures_on=date(2028, 1, 5))},
            RefusalCode.PLEDGE_OUTLIVES_CERTIFICATE,
        ),
        ({"terms": pledge_terms(matures_on=date.max)}, RefusalCode.PLEDGE_OUTLIVES_CERTIFICATE),
    ],
)
def test_one_broken_condition_of_placing_is_one_refusal(change, refusal):
    assert codes(refusals_to_place_pledge(**(TO_PLACE | change))) == [refusal]


@pytest.mark.parametrize(
    ("certificate", "refusals"),
    [
        (
            an_ended_certificate(CertificateStatus.REVOKED),
            [RefusalCode.CERTIFICATE_NOT_ACTIVE, RefusalCode.PLEDGE_OUTLIVES_CERTIFICATE],
        ),
        (
            a_certificate(valid_until=NOW),
            [RefusalCode.CERTIFICATE_EXPIRED, RefusalCode.PLEDGE_OUTLIVES_CERTIFICATE],
        ),
    ],
)
def test_what_has_ended_secures_nothing(certificate, refusals):
    collateral = a_collateral(certificate=certificate)
    assert codes(refusals_to_place_pledge(**(TO_PLACE | {"collateral": collateral}))) == refusals


def test_a_debt_may_fall_due_in_the_very_instant_the_certificate_ends():
    ends = a_collateral(certificate=a_certificate(valid_until=end_of(DUE)))
    assert require_collateral(ends, "party_bank", DUE, NOW) == []


def test_a_debt_that_is_too_long_learns_what_ends_the_certificate_and_when():
    capped = a_collateral(
        certificate=a_certificate(source_authorised_until=end_of(date(2027, 1, 1)))
    )
    (refusal,) = require_collateral(capped, "party_bank", DUE, NOW)
    assert refusal.code is RefusalCode.PLEDGE_OUTLIVES_CERTIFICATE
    assert refusal.message == (
        "The debt must fall due, at the end of its day, no later than the certificate ends. "
        "Found: the certificate ends at 2027-01-01 16:00 UTC by source authorisation."
    )
    assert refusal.record.id == capped.certificate.id


def test_every_senior_pledgee_must_consent():
    second = an_encumbrance(id="encumbrance_9", instrument_id="pledge_9", protects="party_second")
    both = burdened_by(SENIOR, second, consents=[consenting()])
    (refusal,) = require_collateral(both, "party_bank", DUE, NOW)
    assert (refusal.code, refusal.record.id) == (RefusalCode.CONSENT_MISSING, "encumbrance_9")


def test_refusals_to_place_come_in_order_of_precedence():
    everything_wrong = refusals_to_place_pledge(
        burdened_by(
            SENIOR,
            a_freeze_burden(until=None),
            certificate=a_certificate(),
            profile=STRICT,
        ),
        a_lender(id="party_holder", roles=frozenset()),
        pledge_terms(
            matures_on=date(2027, 1, 1),
            secured_amount=Money(-1, Currency.CNY),
            expected_version=2,
        ),
        STRANGER,
        END,
    )
    assert codes(everything_wrong) == [
        RefusalCode.NOT_THE_HOLDER,
        RefusalCode.CERTIFICATE_EXPIRED,
        RefusalCode.JUNIOR_PLEDGE_NOT_ALLOWED,
        RefusalCode.ENCUMBRANCE_FORBIDS,
        RefusalCode.CONSENT_MISSING,
        RefusalCode.MATURITY_IN_THE_PAST,
        RefusalCode.NOT_A_LENDER,
        RefusalCode.PLEDGOR_IS_PLEDGEE,
        RefusalCode.AMOUNT_NOT_POSITIVE,
        RefusalCode.CERTIFICATE_HAS_MOVED_ON,
    ]


TO_CONFIRM = {
    "pledge": a_pledge(),
    "collateral": a_collateral(),
    "expected_version": 3,
    "actor": BANK,
    "now": NOW,
}


def test_the_pledgee_may_have_the_pledge_registered():
    assert refusals_to_confirm_pledge(**TO_CONFIRM) == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"actor": CLERK}, RefusalCode.NOT_AUTHORISED),
        ({"actor": RIVAL}, RefusalCode.NOT_THE_PLEDGEE),
        ({"pledge": a_pledge(status=PledgeStatus.WITHDRAWN)}, RefusalCode.ILLEGAL_TRANSITION),
        (
            {"collateral": a_collateral(certificate=a_certificate(holder_id="party_buyer"))},
            RefusalCode.NOT_THE_HOLDER,
        ),
        ({"expected_version": 2}, RefusalCode.CERTIFICATE_HAS_MOVED_ON),
        ({"collateral": burdened_by(a_freeze_burden())}, RefusalCode.ENCUMBRANCE_FORBIDS),
        ({"collateral": burdened_by(SENIOR)}, RefusalCode.CONSENT_MISSING),
        (
            {"collateral": burdened_by(SENIOR, consents=[consenting()], profile=STRICT)},
            RefusalCode.JUNIOR_PLEDGE_NOT_ALLOWED,
        ),
        ({"now": end_of(DUE)}, RefusalCode.MATURITY_IN_THE_PAST),
        (
            {
                "collateral": a_collateral(
                    certificate=a_certificate(source_authorised_until=end_of(date(2027, 6, 29)))
                )
            },
            RefusalCode.PLEDGE_OUTLIVES_CERTIFICATE,
        ),
    ],
)
def test_what_has_changed_since_it_was_placed_is_judged_when_it_is_confirmed(change, refusal):
    assert codes(refusals_to_confirm_pledge(**(TO_CONFIRM | change))) == [refusal]


REGISTERED = a_pledge(status=PledgeStatus.REGISTERED)
ENDINGS = [
    (refusals_to_decline_pledge, a_pledge(), BANK),
    (refusals_to_withdraw_pledge, a_pledge(), HOLDER),
    (refusals_to_release_pledge, REGISTERED, BANK),
]


@pytest.mark.parametrize(("rule", "pledge", "actor"), ENDINGS)
def test_a_pledge_is_ended_by_whom_it_concerns(rule, pledge, actor):
    assert rule(pledge, actor) == []


@pytest.mark.parametrize(
    ("rule", "pledge", "actor", "refusals"),
    [
        (refusals_to_decline_pledge, a_pledge(), RIVAL, [RefusalCode.NOT_THE_PLEDGEE]),
        (refusals_to_decline_pledge, a_pledge(), CLERK, [RefusalCode.NOT_AUTHORISED]),
        (
            refusals_to_decline_pledge,
            a_pledge(),
            HOLDER,
            [RefusalCode.NOT_AUTHORISED, RefusalCode.NOT_THE_PLEDGEE],
        ),
        (refusals_to_decline_pledge, REGISTERED, BANK, [RefusalCode.ILLEGAL_TRANSITION]),
        (refusals_to_withdraw_pledge, a_pledge(), BANK, [RefusalCode.NOT_THE_PLEDGOR]),
        (refusals_to_withdraw_pledge, a_pledge(), HOLDERS_CLERK, [RefusalCode.NOT_THE_PLEDGOR]),
        (refusals_to_withdraw_pledge, REGISTERED, HOLDER, [RefusalCode.ILLEGAL_TRANSITION]),
        (refusals_to_release_pledge, REGISTERED, RIVAL, [RefusalCode.NOT_THE_PLEDGEE]),
        (refusals_to_release_pledge, REGISTERED, CLERK, [RefusalCode.NOT_AUTHORISED]),
        (refusals_to_release_pledge, a_pledge(), BANK, [RefusalCode.ILLEGAL_TRANSITION]),
    ],
)
def test_nobody_else_ends_it_and_nobody_at_another_stage(rule, pledge, actor, refusals):
    assert codes(rule(pledge, actor)) == refusals
