"""A statement made ready for one database: its text, and how it is given its values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One statement that reads, for one dialect.

    `names` are its parameters in the order in which the driver takes them, `NOW` and `ASKER` among
    them where it needs them; `converters` make the driver's values of Python's, `None` where they
    are the same. Rows come as the driver gives them: instants as microseconds, nested rows as JSON
    text.

    `batched` (PostgreSQL) asks the same for several at once: it takes an array for each of `names`,
    all of the same length, and its rows begin with the place, from 1, of those they answer.
    """

    text: str
    names: tuple[str, ...]
    converters: tuple[Callable[[Any], Any] | None, ...]
    batched: str | None = None

    def arguments(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """What the driver is given for values by the names of the parameters."""
        return [
            values[name] if convert is None else convert(values[name])
            for name, convert in zip(self.names, self.converters, strict=True)
        ]


class NotAnsweredError(Exception):
    """The database was away, or took too long: another way is to be tried."""


class Answerer(Protocol):
    """Where questions are asked."""

    async def ask(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row]:
        """The rows of the answer. Cancelling it reaches the database; so do the limits on it.

        Raises `NotAnsweredError`.
        """
        ...

    async def close(self) -> None: ...
