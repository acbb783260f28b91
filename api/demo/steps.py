"""A story as data: who does what, what must come of it, and why the next is allowed then."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from api.demo.people import Answer, Person

PassTime = Callable[[datetime], None]


@dataclass(slots=True)
class Play:
    """The people on stage and what they have come to know. `marks` are ids and versions.

    `pass_time` moves the register's clock to an instant; None where the real clock runs.
    """

    people: dict[str, Person]
    product: str
    now: Callable[[], datetime]
    pass_time: PassTime | None
    marks: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, who: str) -> Person:
        return self.people[who]

    async def version(self) -> int:
        """The version of the certificate the story is about, as anybody can read it."""
        answer = await self["public"].asks("certificate", number=self.marks["number"])
        return int(answer.record["version"])

    def day(self, months: int) -> str:
        """A day some months ahead, as the contract writes days."""
        return f"{self.now() + timedelta(days=30 * months):%Y-%m-%d}"

    def instant(self, months: int) -> str:
        """A whole second some months ahead; a scope that begins in the past begins now."""
        later = self.now() + timedelta(days=30 * months)
        return later.replace(microsecond=0).isoformat()


# What is not as it must be, in words; None when all is well.
Expectation = Callable[[Play, Answer], str | None]


@dataclass(frozen=True, slots=True)
class Step:
    """`therefore` says why the next step is allowed, or why this one could not be."""

    who: str
    does: str
    act: Callable[[Play], Awaitable[Answer]]
    expects: Expectation
    therefore: str


def done(**fields: Any) -> Expectation:
    """It is done, and the record given back has these fields."""

    def judge(_play: Play, answer: Answer) -> str | None:
        if answer.codes and answer.record.get("verdict") is None:
            return f"it was refused: {', '.join(sorted(answer.codes))}"
        if not answer.record:
            return "nothing came back"
        found = {name: answer.record.get(name) for name in fields}
        return None if found == fields else f"{found} came back instead of {fields}"

    return judge


def refused(*codes: str) -> Expectation:
    """It is refused with exactly these codes."""

    def judge(_play: Play, answer: Answer) -> str | None:
        if answer.codes == set(codes):
            return None
        return f"the codes are {sorted(answer.codes)} instead of {sorted(codes)}"

    return judge


def shows(what: str, test: Callable[[Play, Answer], bool]) -> Expectation:
    """The answer shows `what`."""

    def judge(play: Play, answer: Answer) -> str | None:
        if answer.errors:
            return f"it was not answered: {', '.join(sorted(answer.codes))}"
        return None if test(play, answer) else f"it does not show {what}"

    return judge
