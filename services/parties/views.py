"""What may be read of parties and members, and who a signed-in subject acts for."""

import sqlalchemy as sa

from services.actors import Actor, Role
from services.parties.store import members, memberships_of, parties
from services.registry import Registry
from services.retrying import retried
from services.views import ToMany, View

PARTY = View(
    name="Party",
    source=parties,
    fields={
        "id": parties.c.id,
        "kind": parties.c.kind,
        "name": parties.c.name,
        "name_en": parties.c.name_en,
        "uscc": parties.c.uscc,
        "region": parties.c.region,
        "roles": parties.c.roles,
        "registered_at": parties.c.registered_at,
    },
    visible=lambda _: sa.true(),
    order=("registered_at", "id"),
)

MEMBER = View(
    name="Member",
    source=members,
    fields={
        "id": members.c.id,
        "party_id": members.c.party_id,
        "subject": members.c.subject,
        "roles": members.c.roles,
        "admitted_at": members.c.admitted_at,
        "dismissed_at": members.c.dismissed_at,
    },
    visible=lambda asking: sa.or_(asking.is_party(members.c.party_id), asking.is_of_the_office()),
    order=("admitted_at", "id"),
)

MEMBERS_OF_PARTY = ToMany(MEMBER, "party_id")


@retried
async def find_actor(
    registry: Registry, subject: str, party_id: str | None, role: Role | None
) -> Actor | None:
    """The actor a checked token stands for; None when no membership covers what it claims.

    A token that names no party stands for the subject's only membership.
    """
    async with registry.reading() as tx:
        memberships = await memberships_of(tx, subject)
    fitting = [m for m in memberships if party_id in (None, m.party_id)]
    if len(fitting) != 1:
        return None
    (member,) = fitting
    roles = member.roles if role is None else member.roles & {role}
    return Actor(subject, member.party_id, roles) if roles else None
