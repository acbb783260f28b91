"""The fields of every input that speaks of a period, places and uses."""

from datetime import datetime

import strawberry

from services.certificates.model import Scope

PLACES = "ISO 3166 codes, a country or a part of one; empty means everywhere. At most 40."
USES = "Fields of use, without commas; empty means all. At most 40."


@strawberry.input
class ScopedInput:
    begin: datetime = strawberry.field(
        description="When it begins; nothing is offered or licensed backwards, so not before now."
    )
    end: datetime = strawberry.field(description="When it ends: the first instant it is over.")
    territories: list[str] = strawberry.field(default_factory=list, description=PLACES)
    fields_of_use: list[str] = strawberry.field(default_factory=list, description=USES)

    def to_scope(self) -> Scope:
        return Scope(
            begin=self.begin,
            end=self.end,
            territories=frozenset(self.territories),
            fields_of_use=frozenset(self.fields_of_use),
        )
