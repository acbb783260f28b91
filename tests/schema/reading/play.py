"""A register to play in: its parties, the dice, and the records an act may be about."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from services.actors import Actor, Role
from services.certificates.model import Scope
from services.money import Currency, Money
from services.registry import Registry
from tests.founding import enter_party, open_office
from tests.schema.reading.rows import Register, Row, read_register

PARTIES = {
    "holder": Role.REGISTRANT,
    "other holder": Role.REGISTRANT,
    "lender": Role.LENDER,
    "other lender": Role.LENDER,
    "exchange": Role.EXCHANGE,
    "other exchange": Role.EXCHANGE,
    "licensee": Role.LICENSEE,
    "other licensee": Role.LICENSEE,
}
PLACES = ("CN", "CN-SH", "CN-ZJ", "HK", "DE")
USES = ("finance", "医疗", 'a "quoted" use', "research")
WORDS = (
    "样例",
    "Data & <tags>",
    'She said "no"',
    "two\nlines\tand a tab",
    "\\ and / 😀",
    "\r\n\f\u2028\ufffd",
)


@dataclass
class Play:
    """A register, who acts in it, and the dice."""

    registry: Registry
    actors: dict[str, Actor]
    dice: random.Random
    register: Register = field(default_factory=lambda: Register({}))

    @classmethod
    async def begin(cls, registry: Registry, dice: random.Random) -> "Play":
        """Found the office and enter the parties."""
        office = await open_office(registry)
        actors = {"office": office}
        for name, role in PARTIES.items():
            actors[name] = await enter_party(registry, office, name, role)
        play = cls(registry, actors, dice)
        await play.look()
        return play

    def viewers(self) -> dict[str, Actor | None]:
        """Everyone who may look: in every role, some in roles that are not their party's."""
        office = self.actors["office"]
        strange = {
            "examiner": replace(office, roles=frozenset({Role.EXAMINER})),
            "registrar": replace(office, roles=frozenset({Role.REGISTRAR})),
            "office in no office": replace(office, roles=frozenset({Role.LENDER})),
            "holder and lender": replace(
                self.actors["holder"], roles=frozenset({Role.LENDER, Role.REGISTRANT})
            ),
        }
        return {"public": None, **self.actors, **strange}

    async def look(self) -> None:
        self.register = await read_register(self.registry)

    def any_of(self, table: str, **wanted: Any) -> Row:
        """A row with these values; often one of the newest."""
        rows = [
            row
            for row in self.register.tables[table]
            if all(row[name] in _several(value) for name, value in wanted.items())
        ]
        if not rows:
            raise NothingToDo
        return self.dice.choice(rows)

    def by(self, party_id: str | None) -> Actor:
        """Whoever acts for this party; now and then, somebody else."""
        right = [each for each in self.actors.values() if each.party_id == party_id]
        everybody = list(self.actors.values())
        return self.dice.choice(right if right and self.dice.random() < 0.95 else everybody)

    def some(self, *names: str) -> Actor:
        return self.actors[self.dice.choice(names)]

    def names(self, of: Sequence[str]) -> frozenset[str]:
        return frozenset(self.dice.sample(of, self.dice.choice([0, 0, 1, 1, 2, 3])))

    def money(self) -> Money:
        most = self.dice.choice([9, 9, 9_000_000, 9_000_000, 2**53 + 1, 2**63 - 1])
        return Money(self.dice.randint(most // 9, most), self.dice.choice(list(Currency)))

    def scope(self) -> Scope:
        begin = self.registry.clock.now() + timedelta(days=self.dice.choice([0, 0, 1, 5]))
        end = begin + timedelta(days=self.dice.choice([2, 30, 200]))
        return Scope(
            begin=begin, end=end, territories=self.names(PLACES), fields_of_use=self.names(USES)
        )

    def day(self) -> date:
        later = timedelta(days=self.dice.choice([3, 20, 200]))
        return (self.registry.clock.now() + later).date()

    def words(self) -> str:
        return self.dice.choice(WORDS)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share


class NothingToDo(Exception):  # noqa: N818 - nothing went wrong.
    """There is no record such an act could be about."""


def _several(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
