"""The table of pledges; rows become models here."""

from typing import Any

import sqlalchemy as sa

from services.certificates.model import Certificate
from services.certificates.store import burdens_on, certificates, lock_certificate
from services.locks import refers_to
from services.money import Currency, Money
from services.parties.store import parties
from services.pledges.model import Collateral, Pledge, PledgeStatus, ReleaseReason
from services.profiles import PROFILES
from services.registry import Transaction
from services.rows import add_row, change_rows, columns_of, row_with
from services.tables import UtcInstant, metadata, one_of

pledges = sa.Table(
    "pledges",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("certificate_id", sa.ForeignKey(certificates.c.id), nullable=False),
    sa.Column("pledgor_id", sa.ForeignKey(parties.c.id), nullable=False, index=True),
    sa.Column("pledgee_id", sa.ForeignKey(parties.c.id), nullable=False, index=True),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", one_of(Currency), nullable=False),
    sa.Column("matures_on", sa.Date, nullable=False),
    sa.Column("status", one_of(PledgeStatus), nullable=False),
    sa.Column("placed_at", UtcInstant, nullable=False),
    sa.Column("sequence", sa.Integer),
    sa.Column("registered_at", UtcInstant),
    sa.Column("ended_at", UtcInstant),
    sa.Column("release_reason", one_of(ReleaseReason)),
    # The order of registration, said a second time: a place in it is given to one pledge only,
    # to every pledge that was registered, and to no other (Civil Code 414).
    sa.UniqueConstraint("certificate_id", "sequence"),
    sa.CheckConstraint(
        "(status IN ('REGISTERED', 'DISCHARGED')) = (sequence IS NOT NULL)",
        name="a_registered_pledge_has_its_place",
    ),
    sa.CheckConstraint(
        "(sequence IS NULL) = (registered_at IS NULL)", name="a_place_has_an_instant"
    ),
    sa.CheckConstraint(
        "(status IN ('DISCHARGED', 'REFUSED', 'WITHDRAWN')) = (ended_at IS NOT NULL)",
        name="an_end_has_an_instant",
    ),
    sa.CheckConstraint(
        "(status = 'DISCHARGED') = (release_reason IS NOT NULL)", name="a_release_has_a_reason"
    ),
    sa.Index("ix_pledges_newest", "placed_at", "id"),
    sa.CheckConstraint("status <> 'IMPAIRED'", name="impairment_is_never_stored"),
    sa.CheckConstraint("amount_minor > 0", name="a_pledge_secures_an_amount"),
    sa.CheckConstraint("pledgor_id <> pledgee_id", name="a_pledge_has_two_parties"),
)


async def add_pledge(tx: Transaction, pledge: Pledge) -> None:
    await add_row(tx, pledges, _columns(pledge))


async def lock_certificate_of_pledge(tx: Transaction, pledge_id: str) -> Certificate | None:
    return await lock_certificate(tx, refers_to(pledges.c.certificate_id, pledge_id))


async def get_pledge(tx: Transaction, pledge_id: str) -> Pledge | None:
    row = await row_with(tx, pledges, id=pledge_id)
    return None if row is None else _pledge(row)


async def save_pledge(tx: Transaction, before: Pledge, after: Pledge) -> None:
    unchanged = {"id": before.id, "status": before.status}
    assert await change_rows(tx, pledges, _columns(after), **unchanged) == 1, before


async def next_sequence(tx: Transaction, certificate_id: str) -> int:
    """The next place in the order of registration on a certificate, from 1; none is reused."""
    query = sa.select(sa.func.coalesce(sa.func.max(pledges.c.sequence), 0) + 1).where(
        pledges.c.certificate_id == certificate_id
    )
    return int((await tx.connection.execute(query)).scalar_one())


async def collateral_of(tx: Transaction, certificate: Certificate) -> Collateral:
    return Collateral(
        certificate=certificate,
        burdens=await burdens_on(tx, certificate.id),
        profile=PROFILES[certificate.profile],
    )


def _columns(pledge: Pledge) -> dict[str, Any]:
    columns = columns_of(pledge) | {
        "amount_minor": pledge.secured_amount.amount_minor,
        "currency": pledge.secured_amount.currency,
    }
    del columns["secured_amount"]
    return columns


def _pledge(row: Any) -> Pledge:
    columns = dict(row)
    secured = Money(columns.pop("amount_minor"), columns.pop("currency"))
    return Pledge(secured_amount=secured, **columns)
