"""What a certificate, a scope, a burden and a consent can answer about themselves."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.certificates.model import (
    EFFECTS,
    TRANSITIONS,
    Attempt,
    Burdens,
    CertificateEvent,
    CertificateStatus,
    Effect,
    EncumbranceKind,
    Limit,
    Operation,
    Scope,
    certificate_number,
)
from services.money import Currency, Money
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

MOMENT = timedelta(microseconds=1)
PICTURE = """
           CANCELLED  REVOKED
ACTIVE     CANCELLED  REVOKED
EXPIRED    -          -
CANCELLED  -          -
REVOKED    -          -
"""


def read(picture: str) -> dict[tuple[str, str], str]:
    header, *rows = (line.split() for line in picture.strip().splitlines())
    return {(row[0], event): row[1:][n] for row in rows for n, event in enumerate(header)}


@pytest.mark.parametrize(
    ("status", "event"), list(product(CertificateStatus, CertificateEvent)), ids=str
)
def test_transition(status, event):
    assert TRANSITIONS.get((status, event), "-") == read(PICTURE)[status, event]


def test_a_number_has_the_national_shape():
    # Half past midnight on 1 February in Shanghai is still January in UTC.
    issued = datetime(2026, 1, 31, 16, 30, tzinfo=UTC)
    assert certificate_number(issued, "3100", 42) == "20260231000000042"


@pytest.mark.parametrize(
    ("changes", "end", "limit"),
    [
        ({}, END, Limit.VALIDITY),
        ({"source_authorised_until": LATER}, LATER, Limit.SOURCE_AUTHORISATION),
        ({"source_authorised_until": FAR}, END, Limit.VALIDITY),
        (
            {"status": CertificateStatus.REVOKED, "ended_at": NOW, "ended_because": "x"},
            NOW,
            Limit.REVOCATION,
        ),
        (
            {"status": CertificateStatus.CANCELLED, "ended_at": NOW, "ended_because": "x"},
            NOW,
            Limit.CANCELLATION,
        ),
    ],
)
def test_the_effective_end_is_the_earliest_and_names_what_binds(changes, end, limit):
    certificate = a_certificate(**changes)
    assert (certificate.effective_end, certificate.binding_limit) == (end, limit)


def test_a_certificate_is_in_force_up_to_and_not_including_its_end():
    assert a_certificate().is_in_force(END - MOMENT)
    assert a_certificate().effective_status(END) is CertificateStatus.EXPIRED
    assert an_ended_certificate(CertificateStatus.REVOKED).effective_status(FAR) is (
        CertificateStatus.REVOKED
    )


def test_every_operation_has_an_effect_under_every_burden():
    assert set(EFFECTS) == set(product(Operation, EncumbranceKind))


def test_a_freeze_forbids_everything_and_nobody_can_consent():
    effects = {EFFECTS[operation, EncumbranceKind.FREEZE] for operation in Operation}
    assert effects == {Effect.FORBIDS}


def test_a_pledge_opens_everything_by_consent():
    effects = {EFFECTS[operation, EncumbranceKind.PLEDGE] for operation in Operation}
    assert effects == {Effect.NEEDS_CONSENT}


@pytest.mark.parametrize(
    ("changes", "overlaps"),
    [
        ({}, True),
        ({"begin": LATER, "end": END}, False),
        ({"begin": LATER - MOMENT, "end": END}, True),
        ({"begin": LATER - MOMENT, "end": LATER - 2 * MOMENT}, False),
        ({"territories": frozenset({"CN-SH"})}, True),
        ({"territories": frozenset({"CN"})}, True),
        ({"territories": frozenset({"US"})}, False),
        ({"territories": frozenset({"CN-ZJ"})}, False),
        ({"fields_of_use": frozenset({"credit"})}, True),
        ({"fields_of_use": frozenset({"research"})}, False),
        ({"fields_of_use": frozenset({"research", "credit"})}, True),
    ],
)
def test_scopes_overlap_only_if_every_dimension_does(changes, overlaps):
    mine = a_scope(territories=frozenset({"CN-SH"}), fields_of_use=frozenset({"credit"}))
    other = a_scope(**changes)
    assert mine.overlaps(other) is overlaps
    assert other.overlaps(mine) is overlaps


@pytest.mark.parametrize(
    ("outer", "inner", "contains"),
    [
        ({}, {}, True),
        ({}, {"territories": frozenset({"CN"})}, True),
        ({"territories": frozenset({"CN"})}, {"territories": frozenset({"CN-SH"})}, True),
        ({"territories": frozenset({"CN-SH"})}, {"territories": frozenset({"CN"})}, False),
        ({"territories": frozenset({"CN"})}, {}, False),
        ({"fields_of_use": frozenset({"a", "b"})}, {"fields_of_use": frozenset({"a"})}, True),
        ({"fields_of_use": frozenset({"a"})}, {}, False),
        ({}, {"end": LATER + MOMENT}, False),
        ({}, {"begin": NOW - MOMENT}, False),
    ],
)
def test_a_scope_contains_what_lies_inside_it_in_every_dimension(outer, inner, contains):
    assert a_scope(**outer).contains(a_scope(**inner)) is contains


NAMES = st.frozensets(st.sampled_from(["CN", "CN-SH", "CN-ZJ", "US"]), max_size=3)
INSTANTS = st.sampled_from([ISSUED, NOW, LATER, END, FAR])


@st.composite
def scopes(draw):
    begin, end = sorted(draw(st.lists(INSTANTS, min_size=2, max_size=2, unique=True)))
    return Scope(begin=begin, end=end, territories=draw(NAMES), fields_of_use=draw(NAMES))


@given(scopes(), scopes())
def test_what_is_contained_overlaps_and_overlap_has_no_direction(one, other):
    assert one.overlaps(other) is other.overlaps(one)
    if one.contains(other):
        assert one.overlaps(other)


@pytest.mark.parametrize("code", ["cn", "CHN", "CN-", "CN-SHAN", "C", "", "CN,US", "ＣＮ"])
def test_a_territory_is_an_iso_3166_code(code):
    assert not a_scope(territories=frozenset({code})).is_well_formed


@pytest.mark.parametrize("name", ["", " credit", "a,b", "x" * 81, "tab\there"])
def test_a_field_of_use_is_a_short_name_without_commas(name):
    assert not a_scope(fields_of_use=frozenset({name})).is_well_formed


def test_a_burden_binds_until_it_is_lifted_or_over():
    freeze = a_freeze_burden()
    assert freeze.is_active(LATER - MOMENT)
    assert not freeze.is_active(LATER)
    assert not an_encumbrance(lifted_at=NOW).is_active(NOW)


ATTEMPT = Attempt(
    operation=Operation.LICENSE,
    scope=a_scope(),
    price=Money(5_000_000, Currency.CNY),
    counterparty_id="party_licensee",
)


@pytest.mark.parametrize(
    ("terms", "covers"),
    [
        ({}, True),
        ({"operation": Operation.PLACE_PLEDGE}, False),
        ({"counterparty_id": "party_licensee"}, True),
        ({"counterparty_id": "party_other"}, False),
        ({"longest_months": 12}, True),
        ({"longest_months": 11}, False),
        ({"lowest_price": Money(5_000_000, Currency.CNY)}, True),
        ({"lowest_price": Money(5_000_001, Currency.CNY)}, False),
        ({"lowest_price": Money(1, Currency.USD)}, False),
        ({"until": NOW + MOMENT}, True),
        ({"until": NOW}, False),
    ],
)
def test_a_consent_covers_what_meets_every_condition(terms, covers):
    assert a_consent(consent_terms(**terms)).covers(ATTEMPT, NOW) is covers


@pytest.mark.parametrize("change", [{"revoked_at": NOW}, {"consumed_at": NOW, "consumed_by": "x"}])
def test_a_consent_taken_back_or_used_up_covers_nothing(change):
    assert not a_consent(**change).covers(ATTEMPT, NOW)


def test_conditions_on_price_and_term_are_not_met_by_an_act_that_names_neither():
    bare = Attempt(operation=Operation.LICENSE)
    assert not a_consent(consent_terms(longest_months=12)).covers(bare, NOW)
    assert not a_consent(consent_terms(lowest_price=Money(0, Currency.CNY))).covers(bare, NOW)


def test_a_standing_consent_is_used_before_a_single_one():
    single = a_consent(id="consent_a")
    standing = a_consent(consent_terms(standing=True), id="consent_b", given_at=NOW)
    burdens = Burdens([an_encumbrance()], [single, standing])
    assert burdens.consents_used(ATTEMPT, NOW) == [standing]


def test_every_pledgee_must_consent_for_himself():
    second = an_encumbrance(id="encumbrance_9", instrument_id="pledge_9")
    burdens = Burdens([an_encumbrance(), second], [a_consent()])
    assert burdens.without_consent(ATTEMPT, NOW) == [second]


def test_the_certificate_hash_speaks_of_the_issue_and_of_nothing_later():
    issued = a_certificate()
    revoked = a_certificate(
        status=CertificateStatus.REVOKED, ended_at=NOW, ended_because="x", version=9
    )
    assert issued.certificate_hash == revoked.certificate_hash
    assert issued.certificate_hash != a_certificate(holder_id="other").certificate_hash
