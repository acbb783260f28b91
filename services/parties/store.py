"""Tables of parties and members; rows become models here."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.actors import Role
from services.parties.model import Member, Party, PartyKind
from services.registry import Transaction
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
    await tx.connection.execute(parties.insert().values(**_columns(party, parties)))


async def get_party(tx: Transaction, party_id: str) -> Party | None:
    return await _party(tx, parties.c.id == party_id)


async def party_with_uscc(tx: Transaction, uscc: str | None) -> Party | None:
    return None if uscc is None else await _party(tx, parties.c.uscc == uscc)


async def number_of_parties(tx: Transaction) -> int:
    query = sa.select(sa.func.count()).select_from(parties)
    return int((await tx.connection.execute(query)).scalar_one())


async def add_member(tx: Transaction, member: Member) -> None:
    await tx.connection.execute(members.insert().values(**_columns(member, members)))


async def get_member(tx: Transaction, member_id: str) -> Member | None:
    return await _member(tx, members.c.id == member_id)


async def active_member(tx: Transaction, party_id: str, subject: str) -> Member | None:
    return await _member(
        tx,
        members.c.party_id == party_id,
        members.c.subject == subject,
        members.c.dismissed_at.is_(None),
    )


async def memberships_of(tx: Transaction, subject: str) -> list[Member]:
    query = sa.select(members).where(members.c.subject == subject, members.c.dismissed_at.is_(None))
    return [Member(**row) for row in (await tx.connection.execute(query)).mappings()]


async def dismiss(tx: Transaction, member_id: str, at: datetime) -> None:
    update = members.update().where(members.c.id == member_id, members.c.dismissed_at.is_(None))
    dismissed = await tx.connection.execute(update.values(dismissed_at=at))
    assert dismissed.rowcount == 1, member_id


async def _party(tx: Transaction, *conditions: sa.ColumnElement[bool]) -> Party | None:
    query = sa.select(parties).where(*conditions)
    row = (await tx.connection.execute(query)).mappings().one_or_none()
    return None if row is None else Party(**row)


async def _member(tx: Transaction, *conditions: sa.ColumnElement[bool]) -> Member | None:
    query = sa.select(members).where(*conditions)
    row = (await tx.connection.execute(query)).mappings().one_or_none()
    return None if row is None else Member(**row)


def _columns(model: object, table: sa.Table) -> dict[str, Any]:
    return {column.name: getattr(model, column.name) for column in table.columns}
