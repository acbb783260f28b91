"""Permits: what this register has sealed it knows again, and nothing else."""

from datetime import timedelta

import pytest

from services.actors import Actor
from services.permits import Permits
from tests.conftest import START

PERMITS = Permits(b"k" * 32, limit=1)
ACTOR = Actor("李伟", "party_1", frozenset())
PERMIT = PERMITS.issue(ACTOR, "说明.pdf", START)


def test_a_permit_says_for_whom_for_what_and_until_when():
    opened = PERMITS.open(PERMIT)
    assert (opened.subject, opened.party_id, opened.name) == ("李伟", "party_1", "说明.pdf")
    assert not opened.has_expired(START - timedelta(microseconds=1))
    assert opened.has_expired(START)


def test_no_two_permits_are_the_same():
    assert PERMITS.open(PERMITS.issue(ACTOR, "说明.pdf", START)) != PERMITS.open(PERMIT)


@pytest.mark.parametrize("place", range(0, len(PERMIT), 7))
def test_a_permit_with_one_character_changed_is_none(place):
    other = "A" if PERMIT[place] != "A" else "B"
    assert PERMITS.open(PERMIT[:place] + other + PERMIT[place + 1 :]) is None


@pytest.mark.parametrize("permit", ["", ".", "一.二", PERMIT.upper(), PERMIT + ".", PERMIT + "0"])
def test_what_was_never_issued_is_no_permit(permit):
    assert PERMITS.open(permit) is None


def test_a_permit_of_another_register_is_none():
    assert Permits(b"j" * 32, limit=1).open(PERMIT) is None
