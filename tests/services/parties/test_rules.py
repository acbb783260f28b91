"""Rules 1.0 to 1.4: one row for each way to spoil what may happen."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.actors import OFFICE_ROLES, Actor, Role
from services.parties.model import Member, MemberTerms, Party, PartyKind, PartyTerms
from services.parties.rules import (
    refusals_to_admit_member,
    refusals_to_dismiss_member,
    refusals_to_found_office,
    refusals_to_register_party,
)
from services.refusals import RefusalCode

NOW = datetime(2026, 1, 5, tzinfo=UTC)
REGISTRAR = Actor("registrar", "party_office", OFFICE_ROLES)
EXAMINER = Actor("examiner", "party_office", frozenset({Role.EXAMINER}))
TERMS = PartyTerms(
    kind=PartyKind.ORGANISATION,
    name="样例公司",
    uscc="91000000000000000K",
    roles=frozenset({Role.REGISTRANT, Role.LENDER}),
)
PARTY = Party(
    id="party_1",
    kind=PartyKind.ORGANISATION,
    name="样例公司",
    name_en=None,
    uscc=None,
    region=None,
    roles=frozenset({Role.REGISTRANT}),
    registered_at=NOW,
)
MEMBER = Member(
    id="member_1",
    party_id="party_1",
    subject="li",
    roles=frozenset({Role.REGISTRANT}),
    admitted_at=NOW,
)
MEMBER_TERMS = MemberTerms(party_id="party_1", subject="li", roles=frozenset({Role.REGISTRANT}))


def test_an_empty_register_can_be_founded_and_another_cannot():
    assert refusals_to_found_office(0) == []
    assert [r.code for r in refusals_to_found_office(1)] == [RefusalCode.OFFICE_ALREADY_FOUNDED]


def test_the_registrar_may_register_an_organisation():
    assert refusals_to_register_party(TERMS, None, REGISTRAR) == []
    abroad = replace(
        TERMS, uscc=None, name="名\t\n" + "名" * 197, name_en="n" * 200, region="区" * 200
    )
    assert refusals_to_register_party(abroad, None, REGISTRAR) == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"actor": EXAMINER}, RefusalCode.NOT_AUTHORISED),
        ({"terms": replace(TERMS, name=" ")}, RefusalCode.TEXT_MISSING),
        ({"terms": replace(TERMS, name="名" * 201)}, RefusalCode.TEXT_TOO_LONG),
        ({"terms": replace(TERMS, name="名\0")}, RefusalCode.TEXT_UNPRINTABLE),
        ({"terms": replace(TERMS, name="名\x85")}, RefusalCode.TEXT_UNPRINTABLE),
        ({"terms": replace(TERMS, name_en="n" * 201)}, RefusalCode.TEXT_TOO_LONG),
        ({"terms": replace(TERMS, region="区" * 201)}, RefusalCode.TEXT_TOO_LONG),
        ({"terms": replace(TERMS, uscc="91000000000000000X")}, RefusalCode.USCC_INVALID),
        ({"terms": replace(TERMS, uscc="9100000000000000K")}, RefusalCode.USCC_INVALID),
        ({"terms": replace(TERMS, uscc="９1000000000000000K")}, RefusalCode.USCC_INVALID),
        ({"terms": replace(TERMS, uscc="91 000000000000000 K")}, RefusalCode.USCC_INVALID),
        ({"terms": replace(TERMS, uscc="91000000000000000k")}, RefusalCode.USCC_INVALID),
        (
            {"terms": replace(TERMS, kind=PartyKind.NATURAL_PERSON)},
            RefusalCode.USCC_NOT_FOR_A_PERSON,
        ),
        ({"same_code": PARTY}, RefusalCode.USCC_TAKEN),
        (
            {"terms": replace(TERMS, roles=frozenset({Role.EXAMINER}))},
            RefusalCode.OFFICE_ROLE_RESERVED,
        ),
    ],
)
def test_one_broken_condition_of_a_registration_is_one_refusal(change, refusal):
    facts = {"terms": TERMS, "same_code": None, "actor": REGISTRAR}
    assert [r.code for r in refusals_to_register_party(**(facts | change))] == [refusal]


def test_a_member_may_act_in_the_roles_of_the_party():
    assert refusals_to_admit_member(MEMBER_TERMS, PARTY, None, REGISTRAR) == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"actor": EXAMINER}, RefusalCode.NOT_AUTHORISED),
        ({"terms": replace(MEMBER_TERMS, subject="")}, RefusalCode.TEXT_MISSING),
        (
            {"terms": replace(MEMBER_TERMS, roles=frozenset({Role.LENDER}))},
            RefusalCode.ROLE_NOT_ADMITTED,
        ),
        ({"terms": replace(MEMBER_TERMS, roles=frozenset())}, RefusalCode.ROLE_NOT_ADMITTED),
        ({"same_subject": MEMBER}, RefusalCode.MEMBER_ALREADY_ADMITTED),
    ],
)
def test_one_broken_condition_of_an_admission_is_one_refusal(change, refusal):
    facts = {"terms": MEMBER_TERMS, "party": PARTY, "same_subject": None, "actor": REGISTRAR}
    assert [r.code for r in refusals_to_admit_member(**(facts | change))] == [refusal]


def test_a_member_is_dismissed_once_and_by_the_registrar():
    gone = replace(MEMBER, dismissed_at=NOW)
    assert refusals_to_dismiss_member(MEMBER, REGISTRAR) == []
    assert [r.code for r in refusals_to_dismiss_member(MEMBER, EXAMINER)] == [
        RefusalCode.NOT_AUTHORISED
    ]
    assert [r.code for r in refusals_to_dismiss_member(gone, REGISTRAR)] == [
        RefusalCode.ILLEGAL_TRANSITION
    ]
