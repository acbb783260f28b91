"""Pledges, their terms and collateral for tables of rules: in order unless you say otherwise."""

from dataclasses import replace
from datetime import UTC, date, datetime

from services.actors import Role
from services.certificates.model import Burdens
from services.money import Currency, Money
from services.parties.model import Party, PartyKind
from services.pledges.model import Collateral, Pledge, PledgeStatus, PledgeTerms
from services.profiles import SH_2024
from tests.builders.certificates import ISSUED, NOW, a_certificate

DUE = date(2027, 6, 30)
DEBT = Money(5_000_000_00, Currency.CNY)


def a_lender(**changes) -> Party:
    lender = Party(
        id="party_bank",
        kind=PartyKind.ORGANISATION,
        name="样例银行",
        name_en=None,
        uscc=None,
        region=None,
        roles=frozenset({Role.LENDER}),
        registered_at=datetime(2024, 12, 1, tzinfo=UTC),
    )
    return replace(lender, **changes)


def pledge_terms(**changes) -> PledgeTerms:
    terms = PledgeTerms(
        certificate_id="certificate_1",
        pledgee_id="party_bank",
        secured_amount=DEBT,
        matures_on=DUE,
        expected_version=3,
    )
    return replace(terms, **changes)


def a_pledge(**changes) -> Pledge:
    """A pledge its pledgee has yet to confirm."""
    pledge = Pledge(
        id="pledge_1",
        certificate_id="certificate_1",
        pledgor_id="party_holder",
        pledgee_id="party_bank",
        secured_amount=DEBT,
        matures_on=DUE,
        status=PledgeStatus.SUBMITTED,
        placed_at=NOW,
    )
    return replace(pledge, **changes)


def a_registered_pledge(**changes) -> Pledge:
    registered = a_pledge(status=PledgeStatus.REGISTERED, sequence=1, registered_at=ISSUED)
    return replace(registered, **changes)


def a_collateral(**changes) -> Collateral:
    collateral = Collateral(certificate=a_certificate(), burdens=Burdens(), profile=SH_2024)
    return replace(collateral, **changes)
