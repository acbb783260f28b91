"""Parties and the members who act for them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.actors import Role


class PartyKind(StrEnum):
    """Who can hold a title (Measures, Art. 2)."""

    ORGANISATION = "ORGANISATION"
    NATURAL_PERSON = "NATURAL_PERSON"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyTerms:
    """What a party is registered with. `uscc` is the unified social credit code, 18 characters."""

    kind: PartyKind
    name: str
    name_en: str | None = None
    uscc: str | None = None
    region: str | None = None
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A person or organisation, and the roles the office has admitted it to."""

    id: str
    kind: PartyKind
    name: str
    name_en: str | None
    uscc: str | None
    region: str | None
    roles: frozenset[Role]
    registered_at: datetime

    def is_admitted_to(self, role: Role) -> bool:
        return role in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberTerms:
    """Who is to act for a party: the subject of their sign-in token, and in which roles."""

    party_id: str
    subject: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    id: str
    party_id: str
    subject: str
    roles: frozenset[Role]
    admitted_at: datetime
    dismissed_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        return self.dismissed_at is None
