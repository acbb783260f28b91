"""What may be read of pledges, and the report a lender reads before taking one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.actors import Actor
from services.certificates.store import certificates, get_certificate
from services.certificates.views import (
    CERTIFICATE,
    ENCUMBRANCES_OF_CERTIFICATE,
    FREEZE,
    in_force,
)
from services.pledges.model import PledgeStatus
from services.pledges.rules import require_collateral
from services.pledges.store import collateral_of, pledges
from services.reading.records import read_one, read_related
from services.registry import Transaction
from services.verdicts import Assessment
from services.views import Asking, Condition, Record, ToMany, View

_p = pledges.c
_senior = pledges.alias("senior")

# The place among the registered pledges that still bind, in the order of registration.
_RANK = sa.case(
    (
        _p.status == PledgeStatus.REGISTERED,
        sa.select(sa.func.count())
        .where(
            _senior.c.certificate_id == _p.certificate_id,
            _senior.c.status == PledgeStatus.REGISTERED,
            _senior.c.sequence <= _p.sequence,
        )
        .correlate(pledges)
        .scalar_subquery(),
    ),
    else_=sa.null(),
)


def _effective_status(asking: Asking) -> sa.ColumnElement[PledgeStatus]:
    impaired = sa.and_(_p.status == PledgeStatus.REGISTERED, sa.not_(in_force(asking)))
    return sa.case((impaired, sa.literal(PledgeStatus.IMPAIRED, _p.status.type)), else_=_p.status)


def is_mine(asking: Asking) -> Condition:
    """The asker is pledgor or pledgee."""
    return sa.or_(asking.is_party(_p.pledgor_id), asking.is_party(_p.pledgee_id))


PLEDGE = View(
    name="Pledge",
    source=pledges.join(certificates, _p.certificate_id == certificates.c.id),
    fields={
        "id": _p.id,
        "certificate_id": _p.certificate_id,
        "pledgor_id": _p.pledgor_id,
        "pledgee_id": _p.pledgee_id,
        "amount_minor": _p.amount_minor,
        "currency": _p.currency,
        "matures_on": _p.matures_on,
        "status": _effective_status,
        "sequence": _p.sequence,
        "rank": _RANK,
        "placed_at": _p.placed_at,
        "registered_at": _p.registered_at,
        "ended_at": _p.ended_at,
        "release_reason": _p.release_reason,
    },
    # What was once registered is there for everybody to see: that is what a register is for.
    visible=lambda asking: sa.or_(
        _p.sequence.is_not(None), is_mine(asking), asking.is_of_the_office()
    ),
    order=("placed_at", "id"),
    newest_first=True,
)

PLEDGES_OF_CERTIFICATE = ToMany(PLEDGE, "certificate_id")
FREEZES_OF_CERTIFICATE = ToMany(FREEZE, "certificate_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralReport:
    """All that this register knows of a certificate as collateral, in one snapshot.

    `pledges` are those that bind, in rank; `encumbrances` and `freezes` those in force.
    """

    assessment: Assessment
    ledger_position: int
    certificate: Record
    pledges: Sequence[Record]
    encumbrances: Sequence[Record]
    freezes: Sequence[Record]
    rank_if_registered_now: int


async def report_on_collateral(
    tx: Transaction, actor: Actor, by: Mapping[str, str], matures_on: date
) -> CollateralReport | None:
    """Whether a certificate can secure a debt to the asker that falls due on `matures_on`.

    `by` is the certificate's number or id. None when it is not on the register.
    """
    record = await read_one(tx, actor, CERTIFICATE, **by)
    certificate = None if record is None else await get_certificate(tx, record["id"])
    if certificate is None or record is None:
        return None
    collateral = await collateral_of(tx, certificate)
    refusals = require_collateral(collateral, actor.party_id, matures_on, tx.now)
    burdens = await _of_certificate(tx, actor, ENCUMBRANCES_OF_CERTIFICATE, certificate.id)
    freezes = await _of_certificate(tx, actor, FREEZES_OF_CERTIFICATE, certificate.id)
    pledged = await _of_certificate(tx, actor, PLEDGES_OF_CERTIFICATE, certificate.id)
    binding = [burden["instrument_id"] for burden in burdens if burden["active"]]
    return CollateralReport(
        assessment=Assessment(certificate=certificate, refusals=refusals, as_of=tx.now),
        ledger_position=await tx.log.position(tx.connection),
        certificate=record,
        pledges=sorted((p for p in pledged if p["rank"]), key=lambda p: p["rank"]),
        encumbrances=[burden for burden in burdens if burden["active"]],
        freezes=[freeze for freeze in freezes if freeze["id"] in binding],
        rank_if_registered_now=collateral.rank_if_registered(tx.now),
    )


async def _of_certificate(
    tx: Transaction, actor: Actor, relation: ToMany, certificate_id: str
) -> list[Record]:
    return (await read_related(tx, actor, relation, [certificate_id]))[0]
