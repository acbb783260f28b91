"""Who can sign in for whom: the members on the register, by party and role."""

from dataclasses import dataclass

import sqlalchemy as sa

from services.actors import Role
from services.parties.model import Party
from services.parties.store import members, parties
from services.registry import Registry, Transaction


class NobodyActs(Exception):  # noqa: N818 - a finding about the register, not an error of ours.
    """No one member is meant; the message says why, and whom one could have meant."""


@dataclass(frozen=True, slots=True)
class Acting:
    """A member who acts for a party in one role."""

    subject: str
    party_id: str
    party_name: str
    party_name_en: str | None
    role: Role

    @property
    def whom(self) -> str:
        """The party as people call it, in both languages."""
        return ", ".join(filter(None, (self.party_name, self.party_name_en)))


async def who_acts(registry: Registry, party: str, role: Role, subject: str | None) -> Acting:
    """The one member acting for the party of this name, credit code or id in this role.

    Raises `NobodyActs` when there is none, or more than one and no `subject` to tell.
    """
    async with registry.reading() as tx:
        meant = await _one_party(tx, party)
        if not meant.is_admitted_to(role):
            admitted = ", ".join(sorted(each.lower() for each in meant.roles)) or "no role"
            raise NobodyActs(
                f"{meant.name} is not admitted as {role.lower()}; it is admitted as {admitted}"
            )
        acting = [each for each in await _acting(tx, role) if each.party_id == meant.id]
    if subject is not None:
        acting = [each for each in acting if each.subject == subject]
    if not acting:
        whom = f"{subject} does not act" if subject else "nobody acts"
        raise NobodyActs(f"{whom} for {meant.name} as {role.lower()}")
    if len(acting) > 1:
        subjects = ", ".join(each.subject for each in acting)
        raise NobodyActs(f"several act for {meant.name}: say which with --subject: {subjects}")
    return acting[0]


async def first_in_each_role(registry: Registry) -> list[Acting]:
    """For each role, in their order, the member who stands for it best."""
    async with registry.reading() as tx:
        found = [await _acting(tx, role) for role in Role]
    return [acting[0] for acting in found if acting]


async def acting_in(registry: Registry, role: Role) -> list[Acting]:
    """All who act in a role, the one who stands for it best first."""
    async with registry.reading() as tx:
        return await _acting(tx, role)


async def _one_party(tx: Transaction, named: str) -> Party:
    columns = (parties.c.id, parties.c.name, parties.c.name_en, parties.c.uscc)
    query = sa.select(parties).where(sa.or_(*(column == named for column in columns)))
    found = [Party(**row) for row in (await tx.connection.execute(query)).mappings()]
    if not found:
        raise NobodyActs(f"there is no party {named} on the register")
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise NobodyActs(f"several parties are called {named}: say which by id: {ids}")
    return found[0]


async def _acting(tx: Transaction, role: Role) -> list[Acting]:
    """All who act in a role: those with the fewest roles first, then as they were admitted."""
    query = (
        sa.select(members, parties.c.name, parties.c.name_en)
        .join(parties, members.c.party_id == parties.c.id)
        .where(members.c.dismissed_at.is_(None))
        .order_by(members.c.admitted_at, members.c.subject)
    )
    rows = [row for row in (await tx.connection.execute(query)).mappings() if role in row["roles"]]
    rows.sort(key=lambda row: len(row["roles"]))
    return [
        Acting(row["subject"], row["party_id"], row["name"], row["name_en"], role) for row in rows
    ]
