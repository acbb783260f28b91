"""Three operations to paste into GraphiQL, with numbers and ids that are on this register."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from api.acting import Acting
from services.actors import Role
from services.certificates.store import certificates, encumbrances
from services.certificates.views import encumbrance_is_active, in_force
from services.licensing.views import OFFER
from services.periods import after_months, corresponding_day, legal_day
from services.reading.records import Wanted, read_page
from services.registry import Registry, Transaction
from services.views import Asking, Record, told

MONTHS_OF_A_LOAN = 6
MONTHS_OF_A_LICENSE = 3


@dataclass(frozen=True, slots=True)
class Example:
    """What somebody in this role asks, and the operation that answers it."""

    role: Role
    question: str
    operation: str


FOR_AN_EXCHANGE = """\
query IsItGenuineAndMayIListIt {{
  certificate(by: {{number: "{number}"}}) {{
    productName effectiveStatus effectiveEnd bindingLimit version
    holder {{ name nameEn }}
    encumbrances {{ kind since until }}
  }}
  listingEligibility(
    by: {{number: "{number}"}}
    exchangeId: "{exchange_id}"
    mode: LICENSING
  ) {{ verdict asOf reasons {{ code message legalBasis cure }} }}
}}"""

FOR_A_LICENSEE = """\
query WhatCouldILicense {{
  offers(filter: {{grantable: true}}, first: 5) {{
    nodes {{ id name kind price {{ amountMinor currency }} endsAt territories fieldsOfUse }}
  }}
  licenseGrantability(input: {{
    under: {{offerId: "{offer_id}"}}
    begin: "{begin}"
    end: "{end}"
    territories: [{territories}]
    fieldsOfUse: [{fields_of_use}]
  }}) {{ verdict asOf certificateVersion reasons {{ code message legalBasis cure }} }}
}}"""

FOR_A_LENDER = """\
query IsItGoodCollateral {{
  collateralReport(by: {{number: "{number}"}}, maturesOn: "{matures_on}") {{
    asOf ledgerPosition effectiveStatus effectiveEnd bindingLimit
    holder {{ name }}
    pledges {{ rank maturesOn securedAmount {{ amountMinor currency }} pledgee {{ name }} }}
    rankIfRegisteredNow
    feasibility {{ verdict reasons {{ code message legalBasis cure }} }}
    coverageStatement
  }}
}}"""


async def examples(registry: Registry, acting: Sequence[Acting]) -> list[Example]:
    """As many of the three as the register has records for."""
    party_of = {each.role: each.party_id for each in acting}
    async with registry.reading() as tx:
        found = [
            await _for_an_exchange(tx, party_of.get(Role.EXCHANGE)),
            await _for_a_licensee(tx),
            await _for_a_lender(tx, party_of.get(Role.LENDER)),
        ]
    return [example for example in found if example is not None]


async def example_number(registry: Registry) -> str | None:
    """The certificate in force on which most has happened: its proof has something to tell."""
    _c = certificates.c
    async with registry.reading() as tx:
        query = sa.select(_c.number).where(in_force(Asking.of(None)))
        query = query.order_by(_c.version.desc(), _c.number.desc()).limit(1)
        return await _first(tx, query)


async def _for_an_exchange(tx: Transaction, exchange_id: str | None) -> Example | None:
    asking = Asking.of(None)
    burdened = sa.exists().where(
        encumbrances.c.certificate_id == certificates.c.id, encumbrance_is_active(asking)
    )
    number = await _number(tx, sa.select(certificates.c.number).where(~burdened))
    if number is None or exchange_id is None:
        return None
    operation = FOR_AN_EXCHANGE.format(number=number, exchange_id=exchange_id)
    return Example(
        Role.EXCHANGE, "is this certificate genuine, in force, free to be listed here?", operation
    )


async def _for_a_licensee(tx: Transaction) -> Example | None:
    page = await read_page(tx, None, OFFER, Wanted(criteria={"grantable": True}), first=1)
    if not page.records:
        return None
    operation = _license_question(tx, page.records[0])
    return Example(Role.LICENSEE, "what could I license, and on which terms?", operation)


def _license_question(tx: Transaction, offer: Record) -> str:
    begin = tx.now.replace(microsecond=0)
    end = min(after_months(begin, MONTHS_OF_A_LICENSE), offer["ends_at"])
    return FOR_A_LICENSEE.format(
        offer_id=offer["id"],
        begin=begin.isoformat(),
        end=end.isoformat(),
        territories=", ".join(f'"{code}"' for code in sorted(offer["territories"])),
        fields_of_use=", ".join(f'"{name}"' for name in sorted(offer["fields_of_use"])),
    )


async def _for_a_lender(tx: Transaction, lender_id: str | None) -> Example | None:
    asking, _e = Asking.of(None), encumbrances.c
    pledged = encumbrances.join(certificates, _e.certificate_id == certificates.c.id)
    query = sa.select(certificates.c.number).select_from(pledged)
    query = query.where(_e.kind == "PLEDGE", encumbrance_is_active(asking))
    own = None if lender_id is None else await _number(tx, query.where(_e.protects == lender_id))
    number = own or await _number(tx, query)
    if number is None:
        return None
    matures_on = corresponding_day(legal_day(tx.now), MONTHS_OF_A_LOAN)
    operation = FOR_A_LENDER.format(number=number, matures_on=matures_on)
    return Example(
        Role.LENDER, "is this good collateral, who ranks before me, will it last?", operation
    )


async def _number(tx: Transaction, query: sa.Select[str]) -> str | None:
    """The number of the newest of these certificates that is in force."""
    query = query.where(in_force(Asking.of(None)))
    query = query.order_by(certificates.c.issued_at.desc(), certificates.c.id).limit(1)
    return await _first(tx, query)


async def _first(tx: Transaction, query: sa.Select[str]) -> str | None:
    row = (await tx.connection.execute(query, told(None, tx.now))).first()
    return row[0] if row else None
