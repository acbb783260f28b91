"""What may be erased of what was recorded."""

import pytest

from services.actors import Actor, Role
from services.erasures.model import ErasureTerms
from services.erasures.rules import refusals_to_erase_facts
from services.refusals import RefusalCode

REGISTRAR = Actor("registrar", "party_office", frozenset({Role.REGISTRAR}))
EXAMINER = Actor("examiner", "party_office", frozenset({Role.EXAMINER}))
RECORDED = frozenset({"kind", "at", "status", "authority", "actor"})
KEPT = frozenset({"kind", "at", "status", "holder"})


def codes(*names, actor=REGISTRAR):
    terms = ErasureTerms("20260000000000001", 3, frozenset(names))
    return [each.code for each in refusals_to_erase_facts(terms, RECORDED, KEPT, actor)]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["authority"], []),
        (["authority", "actor"], []),
        ([], []),
        (["status"], [RefusalCode.FACT_MUST_STAY]),
        (["kind", "authority"], [RefusalCode.FACT_MUST_STAY]),
        (["amount"], [RefusalCode.FACT_NOT_RECORDED]),
        (["amount", "authority"], [RefusalCode.FACT_NOT_RECORDED]),
        (["holder"], [RefusalCode.FACT_NOT_RECORDED, RefusalCode.FACT_MUST_STAY]),
    ],
)
def test_facts_of_the_event_are_erased_but_those_a_standing_rests_on(names, expected):
    assert codes(*names) == expected


def test_only_a_registrar_erases():
    assert codes("authority", actor=EXAMINER) == [RefusalCode.NOT_AUTHORISED]


def test_all_that_stands_against_it_is_said_the_most_telling_first():
    assert codes("amount", "status", actor=EXAMINER) == [
        RefusalCode.NOT_AUTHORISED,
        RefusalCode.FACT_NOT_RECORDED,
        RefusalCode.FACT_MUST_STAY,
    ]
