"""Tables of parties and members; rows become models here."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.actors import Role
from services.locks import Key, lock_row, refers_to
from services.parties.model import Member, Party, PartyKind
from services.registry import Transaction
from services.rows import add_row, row_with, rows_with
from services.tables import UtcInstant, metadata, one_of


class Roles(sa.types.TypeDecorator[frozenset[Role]]):
    """A set of roles, kept as their names in order, joined by commas."""

    impl = sa.String(120)
    cache_ok = True

    def process_bind_param(self, value: frozenset[Role] | None, dialect: sa.Dialect) -> str:
        del dialect
        return ",".join(sorted(value or ()))

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> frozenset[Role]:
        del dialect
        return frozenset(Role(name) for name in value.split(",")) if value else frozenset()


parties = sa.Table(
    "parties",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("kind", one_of(PartyKind), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("name_en", sa.String(200)),
    sa.Column("uscc", sa.String(18), unique=True),
    sa.Column("region", sa.String(200)),
    sa.Column("roles", Roles, nullable=False),
    sa.Column("registered_at", UtcInstant, nullable=False),
)

members = sa.Table(
    "members",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("party_id", sa.ForeignKey(parties.c.id), nullable=False, index=True),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("roles", Roles, nullable=False),
    sa.Column("admitted_at", UtcInstant, nullable=False),
    sa.Column("dismissed_at", UtcInstant),
    # Rule 1.3, said a second time: one subject, one membership of a party.
    sa.Index(
        "one_active_membership",
        "subject",
        "party_id",
        unique=True,
        sqlite_where=sa.text("dismissed_at IS NULL"),
        postgresql_where=sa.text("dismissed_at IS NULL"),
    ),
)


async def add_party(tx: Transaction, party: Party) -> None:
    await add_row(tx, parties, _columns(party, parties))


async def lock_party(tx: Transaction, key: Key) -> Party | None:
    """A party as it stands now that no other act can change who its members are."""
    row = await lock_row(tx, parties, key)
    return None if row is None else Party(**row)


async def lock_party_of_member(tx: Transaction, member_id: str) -> Party | None:
    return await lock_party(tx, refers_to(members.c.party_id, member_id))


async def get_party(tx: Transaction, party_id: str) -> Party | None:
    return await _party(tx, id=party_id)


async def party_with_uscc(tx: Transaction, uscc: str | None) -> Party | None:
    return None if uscc is None else await _party(tx, uscc=uscc)


async def number_of_parties(tx: Transaction) -> int:
    query = sa.select(sa.func.count()).select_from(parties)
    return int((await tx.connection.execute(query)).scalar_one())


async def add_member(tx: Transaction, member: Member) -> None:
    await add_row(tx, members, _columns(member, members))


async def get_member(tx: Transaction, member_id: str) -> Member | None:
    return await _member(tx, id=member_id)


async def active_member(tx: Transaction, party_id: str, subject: str) -> Member | None:
    every = await rows_with(tx, members, party_id=party_id, subject=subject)
    active = [Member(**row) for row in every if row["dismissed_at"] is None]
    return active[0] if active else None


async def memberships_of(tx: Transaction, subject: str) -> list[Member]:
    every = await rows_with(tx, members, subject=subject)
    return [Member(**row) for row in every if row["dismissed_at"] is None]


async def dismiss(tx: Transaction, member_id: str, at: datetime) -> None:
    update = members.update().where(members.c.id == member_id, members.c.dismissed_at.is_(None))
    dismissed = await tx.connection.execute(update.values(dismissed_at=at))
    assert dismissed.rowcount == 1, member_id


async def _party(tx: Transaction, **equal: str) -> Party | None:
    row = await row_with(tx, parties, **equal)
    return None if row is None else Party(**row)


async def _member(tx: Transaction, **equal: str) -> Member | None:
    row = await row_with(tx, members, **equal)
    return None if row is None else Member(**row)


def _columns(model: object, table: sa.Table) -> dict[str, Any]:
    return {column.name: getattr(model, column.name) for column in table.columns}
