"""Who acts: a member, for a party, in a role."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a member may do for the party; a party is admitted to each role by the office."""

    REGISTRANT = "REGISTRANT"
    EXAMINER = "EXAMINER"
    REGISTRAR = "REGISTRAR"
    EXCHANGE = "EXCHANGE"
    LICENSEE = "LICENSEE"
    LENDER = "LENDER"


OFFICE_ROLES = frozenset({Role.EXAMINER, Role.REGISTRAR})


@dataclass(frozen=True, slots=True)
class Actor:
    """One signed-in member acting for one party. Nobody signed in is `None`, never an Actor."""

    subject: str
    party_id: str
    roles: frozenset[Role]

    def acts_as(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    def acts_for(self, party_id: str | None, *roles: Role) -> bool:
        """Whether this is the party acted for and, where roles are named, one of them the role."""
        return self.party_id == party_id and (not roles or self.acts_as(*roles))

    @property
    def is_of_the_office(self) -> bool:
        return not self.roles.isdisjoint(OFFICE_ROLES)


# Who acts where nobody does: time itself, whose decisions are only written down.
TIME = Actor("time", "time", frozenset())
