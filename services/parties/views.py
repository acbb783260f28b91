"""What may be read of parties and members, and who a signed-in subject acts for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa

from services.actors import Actor, Role
from services.parties.store import members, memberships_of, parties
from services.reading.dialects import question_of
from services.reading.questions import Answerer, NotAnsweredError, Question
from services.reading.selections import Parameter
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


SUBJECT = Parameter("subject", members.c.subject.type)
_MEMBERSHIPS = sa.select(members.c.party_id, members.c.roles).where(
    members.c.subject == sa.bindparam(SUBJECT.name, type_=SUBJECT.type),
    members.c.dismissed_at.is_(None),
)


@dataclass(frozen=True, slots=True)
class Memberships:
    """Whom signed-in subjects act for, as it is at the moment: asked with every request."""

    registry: Registry
    answerer: Answerer

    async def find_actor(
        self, subject: str, party_id: str | None, role: Role | None
    ) -> Actor | None:
        """The actor a checked token stands for; None when no membership covers what it claims.

        A token that names no party stands for the subject's only membership.
        """
        question = _question(self.registry.engine.dialect.name)
        try:
            rows = await self.answerer.ask(question, [subject])
        except NotAnsweredError:
            return await find_actor(self.registry, subject, party_id, role)
        roles_in = {of: _roles(names) for of, names in rows}
        return _actor(subject, roles_in, party_id, role)


@cache
def _roles(names: str) -> frozenset[Role]:
    return frozenset(map(Role, names.split(",")))


@cache
def _question(dialect: str) -> Question:
    return question_of(_MEMBERSHIPS, [SUBJECT], dialect)


@retried
async def find_actor(
    registry: Registry, subject: str, party_id: str | None, role: Role | None
) -> Actor | None:
    """The same, by a transaction of its own."""
    async with registry.reading() as tx:
        memberships = await memberships_of(tx, subject)
    roles_in = {member.party_id: member.roles for member in memberships}
    return _actor(subject, roles_in, party_id, role)


def _actor(
    subject: str,
    roles_in: Mapping[str, frozenset[Role]],
    party_id: str | None,
    role: Role | None,
) -> Actor | None:
    fitting = [of for of in roles_in if party_id in (None, of)]
    if len(fitting) != 1:
        return None
    roles = roles_in[fitting[0]] if role is None else roles_in[fitting[0]] & {role}
    return Actor(subject, fitting[0], roles) if roles else None
