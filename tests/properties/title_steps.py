"""Steps on titles: freeze, consent, cancel, revoke."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from hypothesis import strategies as st

from services.applications.model import RefusalGround
from services.certificates.actions import (
    cancel_certificate,
    give_consent,
    lift_freeze,
    place_freeze,
    revoke_certificate,
    revoke_consent,
)
from services.certificates.model import ConsentTerms, FreezeKind, FreezeTerms, Operation
from services.money import Currency, Money
from tests.properties import foretold
from tests.properties.paper import Asked, Consent, Freeze, License, Pledge, Title
from tests.properties.playing import By, Vain, step
from tests.properties.product_steps import ProductSteps

CONDITIONS = st.fixed_dictionaries(
    {
        "standing": st.booleans(),
        "other": st.sampled_from([None] * 12 + ["licensee", "exchange", "bank", "other bank"]),
        "months": st.sampled_from([None] * 12 + [1, 12]),
        "lowest": st.sampled_from([None] * 12 + [100, 300]),
        "days": st.sampled_from([None] * 12 + [40, 100, 0]),
    }
)

# A step on a title, which waits as long as it is in force.
on_title: Callable = partial(
    step,
    of=lambda self: self.paper.titles,
    waits=lambda self, title: title.status(self.just_now) == "ACTIVE",
)


class TitleSteps(ProductSteps):
    """What befalls a title, and what those whose rights rest on it allow."""

    @on_title(2)
    def cancel_certificate(self, by: By, title: Title) -> None:
        actor, now = self.acting(by, title.holder), self.now
        reasons = foretold.to_cancel(self.paper, actor, title, now)
        if self.attempt(reasons, cancel_certificate, actor, title.id, "No more use."):
            self.paper.done(Asked(title=title, act="CANCEL"), now, title.id)
            title.ended, title.ended_at = "CANCELLED", now

    @on_title(1)
    def revoke_certificate(self, by: By, title: Title) -> None:
        actor, now = self.acting(by, None), self.now
        reasons = foretold.to_revoke(actor, title)
        ground = RefusalGround.CONCEALMENT_OR_FALSIFICATION
        if self.attempt(reasons, revoke_certificate, actor, title.id, ground, "As found."):
            title.ended, title.ended_at = "REVOKED", now

    @on_title(2, days=st.sampled_from([10, 30, 30, 30, 200, 0]))
    def place_freeze(self, by: By, title: Title, days: int) -> None:
        actor = self.acting(by, None)
        terms = FreezeTerms(
            certificate_id=title.id,
            kind=FreezeKind.COURT_PRESERVATION,
            authority="A court",
            instrument_number="Order 1",
            until=self.now + timedelta(days=days),
        )
        reasons = foretold.to_place_freeze(actor, title, terms.until, self.now)
        if freeze := self.create(reasons, place_freeze, actor, terms):
            self.paper.freezes.append(Freeze(id=freeze.id, title=title, until=terms.until))

    @step(
        3,
        of=lambda self: self.paper.freezes,
        waits=lambda self, freeze: freeze.binds(self.now),
    )
    def lift_freeze(self, by: By, freeze: Freeze) -> None:
        actor = self.acting(by, None)
        reasons = foretold.to_lift_freeze(actor, freeze, self.now)
        if self.attempt(reasons, lift_freeze, actor, freeze.id):
            freeze.lifted = True

    def protecting(self) -> list[Pledge | License]:
        """What has, or had, an encumbrance that protects somebody: licenses, then pledges."""
        licenses = [x for x in self.paper.licenses if x.kind != "NON_EXCLUSIVE"]
        return licenses + [p for p in self.paper.pledges if p.registered_at is not None]

    @step(8, of=lambda self: self.refused, conditions=CONDITIONS)
    def seek_consent(self, by: By, vain: Vain, conditions: dict) -> None:
        """Whoever could consent to what was refused does, once or twice, and it is tried again."""
        act, standing = Operation(vain.wanted.act), not conditions["standing"]
        for burden in self.paper.without_consent(vain.wanted, self.now):
            self.give_consent(by, burden, act, conditions)
            if by.which:
                self.give_consent(by, burden, act, conditions | {"standing": standing})
        self.take(vain.name, by, vain.record, vain.asked)

    @step(
        5,
        of=lambda self: self.protecting(),
        waits=lambda self, burden: burden.binds(self.now),
        act=st.sampled_from(Operation),
        conditions=CONDITIONS,
    )
    def give_consent(
        self, by: By, burden: Pledge | License, act: Operation, conditions: dict
    ) -> None:
        actor, now = self.acting(by, burden.protects), self.now
        terms = self._consent_terms(burden, act, **conditions)
        reasons = foretold.to_give_consent(actor, burden, act, terms.until, now)
        if consent := self.create(reasons, give_consent, actor, terms):
            self.paper.consents.append(
                Consent(
                    id=consent.id,
                    burden=burden,
                    act=act,
                    standing=terms.standing,
                    given_at=now,
                    other=terms.counterparty_id,
                    months=terms.longest_months,
                    lowest=conditions["lowest"],
                    until=terms.until,
                )
            )

    def _consent_terms(
        self, burden: Pledge | License, act: Operation, *, standing, other, months, lowest, days
    ) -> ConsentTerms:
        query = "SELECT id FROM encumbrances WHERE instrument_id = $1"
        [(encumbrance_id,)] = self.book.rows(query, burden.id)
        return ConsentTerms(
            encumbrance_id=encumbrance_id,
            operation=act,
            standing=standing,
            counterparty_id=other and self.actors[other].party_id,
            longest_months=months,
            lowest_price=lowest and Money(lowest, Currency.CNY),
            proceeds_to="Account 1",
            until=None if days is None else self.now + timedelta(days=days),
        )

    @step(
        2,
        of=lambda self: self.paper.consents,
        waits=lambda self, consent: consent.is_open(self.now),
    )
    def revoke_consent(self, by: By, consent: Consent) -> None:
        actor = self.acting(by, consent.burden.protects)
        reasons = foretold.to_revoke_consent(actor, consent, self.now)
        if self.attempt(reasons, revoke_consent, actor, consent.id):
            consent.revoked = True
