"""Whoever judges a campaign finds what is lost, doubled, out of order or forked."""

from random import Random

import pytest

from ledger.formats.hashing import leaf_hash
from tests.cluster.acts import PUBLISH_OFFER, Act
from tests.cluster.judging import missed, overtaken, roots_of
from tests.cluster.lag import Growth
from tests.cluster.watching import Change, Follower
from tests.ledger.reference import tree_hash

CHANGES = [Change(sequence, "20261231000000031", number) for number, sequence in enumerate((3, 5))]


def an_act_done(begun, answered, number):
    act = Act(PUBLISH_OFFER, {"name": "样例"}, begun)
    act.answered, act.subject, act.number = answered, "20261231000000031", number
    return act


def a_follower(heard):
    return Follower((), Random(1), heard)


def test_roots_are_those_of_the_reference():
    entries = [f"entry {number}".encode() for number in range(40)]
    roots = list(roots_of(map(leaf_hash, entries)))
    assert roots == [tree_hash(entries[:size]) for size in range(1, 41)]


def test_a_feed_heard_whole_and_in_order_is_right():
    assert missed("asks", a_follower(CHANGES), CHANGES) == []


@pytest.mark.parametrize(
    ("heard", "finding"),
    [
        (CHANGES[:1], "0 twice, 1 never, 0 that are none, 0 out of order"),
        ([*CHANGES, CHANGES[1]], "1 twice, 0 never, 0 that are none, 0 out of order"),
        (CHANGES[::-1], "0 twice, 0 never, 0 that are none, 1 out of order"),
        ([*CHANGES, Change(9, "x", 0)], "0 twice, 0 never, 1 that are none, 0 out of order"),
    ],
)
def test_a_feed_that_is_not_is_told_of(heard, finding):
    (told,) = missed("asks", a_follower(heard), CHANGES)
    assert told.endswith(finding)


def test_acts_that_overlap_may_stand_in_either_order():
    acts = [an_act_done(1.0, 3.0, 0), an_act_done(2.0, 4.0, 1)]
    either_way = {(acts[0].subject, 0): 7, (acts[0].subject, 1): 6}
    assert list(overtaken(acts, either_way)) == []


def test_an_act_begun_after_another_was_acknowledged_must_come_after_it():
    acts = [an_act_done(1.0, 2.0, 0), an_act_done(3.0, 4.0, 1)]
    wrong_way = {(acts[0].subject, 0): 7, (acts[0].subject, 1): 6}
    assert len(list(overtaken(acts, wrong_way))) == 1


def test_seconds_are_counted_until_the_log_is_longer_than_the_index():
    growth = Growth([(5, 10.0), (8, 11.0)])
    assert growth.seconds_after([(4, 9.0), (5, 9.0), (7, 10.5), (0, 12.0)]) == [1.0, 2.0, 0.5, 0.0]
