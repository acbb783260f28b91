"""Parties act in any order and time passes: the register keeps its promises all the same."""

from functools import partial

from hypothesis import seed
from hypothesis.stateful import get_state_machine_test

from tests.properties.listing_steps import ListingSteps


def test_the_register_keeps_its_promises_whatever_happens(world, play, run):
    played = get_state_machine_test(partial(ListingSteps, world), settings=play.settings)
    if play.is_fixed:
        played = seed(run)(played)
    played()
