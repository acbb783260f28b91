"""Steps of credit: place a pledge, confirm or decline, withdraw, release."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from hypothesis import strategies as st

from services.money import Currency, Money
from services.pledges.actions import (
    confirm_pledge,
    decline_pledge,
    place_pledge,
    release_pledge,
    withdraw_pledge,
)
from services.pledges.model import PledgeTerms, ReleaseReason
from tests.properties import foretold
from tests.properties.extents import today
from tests.properties.license_steps import LicenseSteps
from tests.properties.paper import Pledge, Title, asked_to_pledge
from tests.properties.playing import By, step
from tests.properties.title_steps import on_title

BANKS = st.sampled_from(["bank"] * 9 + ["other bank"] * 9 + ["holder", "licensee"])
# Days until a debt falls due. None: with the last day of the certificate; 0: a day after that.
TERMS = st.sampled_from([30, 150, 300, 300, None, None, None, 0, -1])
DEBT = Money(1_000_000, Currency.CNY)


on_submitted: Callable = partial(
    step, of=lambda self: self.paper.pledges, waits=lambda _, pledge: pledge.stage == "SUBMITTED"
)
on_registered: Callable = partial(
    step, of=lambda self: self.paper.pledges, waits=lambda _, pledge: pledge.stage == "REGISTERED"
)


class CreditSteps(LicenseSteps):
    """What happens between a holder and its lenders."""

    @on_title(8, bank=BANKS, days=TERMS)
    def place_pledge(self, by: By, title: Title, bank: str, days: int | None) -> None:
        actor, now, pledgee = self.acting(by, title.holder), self.now, self.actors[bank]
        last = today(title.until) - timedelta(days=1)
        due = {None: last, 0: last + timedelta(days=1)}
        matures_on = due[days] if days in due else today(now) + timedelta(days=days)
        reasons = foretold.to_place_pledge(actor, title, pledgee, seen_as_is=by.seen == 0)
        reasons |= foretold.to_secure(self.paper, title, pledgee.party_id, matures_on, now)
        terms = PledgeTerms(
            certificate_id=title.id,
            pledgee_id=pledgee.party_id,
            secured_amount=DEBT,
            matures_on=matures_on,
            expected_version=self.version_of(title.id) + by.seen,
        )
        if placed := self.create(reasons, place_pledge, actor, terms):
            pledge = Pledge(
                id=placed.id, title=title, pledgee=pledgee.party_id, matures_on=matures_on
            )
            self.paper.pledges.append(pledge)

    @on_submitted(12)
    def confirm_pledge(self, by: By, pledge: Pledge) -> None:
        actor, now = self.acting(by, pledge.pledgee), self.now
        is_fresh = by.seen == 0
        reasons = foretold.to_confirm_pledge(self.paper, actor, pledge, now, seen_as_is=is_fresh)
        version = self.version_of(pledge.title.id) + by.seen
        if self.attempt(reasons, confirm_pledge, actor, pledge.id, version):
            asked = asked_to_pledge(pledge.title, pledge.pledgee, pledge.matures_on, now)
            self.paper.done(asked, now, pledge.id)
            pledge.stage, pledge.registered_at = "REGISTERED", now

    @on_submitted(1)
    def decline_pledge(self, by: By, pledge: Pledge) -> None:
        actor = self.acting(by, pledge.pledgee)
        reasons = foretold.to_decide_pledge(actor, pledge, "SUBMITTED")
        if self.attempt(reasons, decline_pledge, actor, pledge.id):
            pledge.stage = "REFUSED"

    @on_submitted(1)
    def withdraw_pledge(self, by: By, pledge: Pledge) -> None:
        actor = self.acting(by, pledge.title.holder)
        reasons = foretold.to_withdraw_pledge(actor, pledge)
        if self.attempt(reasons, withdraw_pledge, actor, pledge.id):
            pledge.stage = "WITHDRAWN"

    @on_registered(3)
    def release_pledge(self, by: By, pledge: Pledge) -> None:
        actor = self.acting(by, pledge.pledgee)
        reasons = foretold.to_decide_pledge(actor, pledge, "REGISTERED")
        if self.attempt(reasons, release_pledge, actor, pledge.id, ReleaseReason.PAID):
            pledge.stage = "DISCHARGED"
