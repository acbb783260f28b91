"""A plan: how a document is answered for those who ask in some roles, as data.

It is made once for a document, the asker's roles and the shape of the variables, and says what to
ask the database and how the answer is made of the rows that come.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from schema.reading.answers import Batched
from services.reading.selections import Selection, SpelledPage

# Under which response keys, in their order. Null fields are left to the builder of the answer.
Members: TypeAlias = tuple[tuple[str, "Output"], ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for every row: `__typename`, a fixed text."""

    value: Any


@dataclass(frozen=True, slots=True)
class Value:
    """A column of the row, by its place in it, printed as the contract's type has it.

    `prints` names a type of the contract: `Instant`, `Day`, `BigInt`, `Boolean`, ...; `[]` before
    it is a list kept as one text. What needs no printing has none.
    """

    place: int
    prints: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A text with a column in the place of `{}`."""

    place: int
    text: str


@dataclass(frozen=True, slots=True)
class Amount:
    """An object of an amount of money, null when its first column is."""

    amount: int
    currency: int
    members: Members  # Of `Value`s and `Constant`s.


@dataclass(frozen=True, slots=True)
class One:
    """An object made of the row in this place, or null."""

    place: int
    members: Members


@dataclass(frozen=True, slots=True)
class Many:
    """A list of objects made of the rows in this place."""

    place: int
    members: Members


@dataclass(frozen=True, slots=True)
class Connection:
    """A page made of the rows in `place`, one more than `first` if more follow.

    `members` are `Nodes`, `Edges`, `PageInfo`, `Count` and `Constant`s. `cursor` are the places of
    the columns a cursor is made of, and whether each is an instant. `begun_later`: whether it came
    after a cursor. A connection at the root, without a total, is made of the rows themselves:
    `place` is then None.
    """

    place: int | None
    first: int
    cursor: tuple[tuple[int, bool], ...]
    begun_later: bool
    total: int | None
    members: Members


@dataclass(frozen=True, slots=True)
class Nodes:
    members: Members


@dataclass(frozen=True, slots=True)
class Edges:
    """`members` are `Node`, `Cursor` and `Constant`s."""

    members: Members


@dataclass(frozen=True, slots=True)
class Node:
    members: Members


@dataclass(frozen=True, slots=True)
class Cursor:
    pass


@dataclass(frozen=True, slots=True)
class PageInfo:
    """`members` are `PageFact`s and `Constant`s."""

    members: Members


@dataclass(frozen=True, slots=True)
class PageFact:
    name: str  # has_next_page, has_previous_page, start_cursor, end_cursor


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are on all pages."""


@dataclass(frozen=True, slots=True)
class FromBatch:
    """What a batch function gives for the key in this place.

    `number` is its place among the plan's `batches`; `show` makes the answer of what it gives.
    """

    place: int
    number: int
    show: Callable[[Any], Any]


Output: TypeAlias = (
    Constant
    | Value
    | Text
    | Amount
    | One
    | Many
    | Connection
    | Nodes
    | Edges
    | Node
    | Cursor
    | PageInfo
    | PageFact
    | Count
    | FromBatch
)


@dataclass(frozen=True, slots=True)
class BatchCall:
    answer: Batched
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RootOne:
    """A field at the root whose value is an object made of the only row, or null."""

    selection: Selection
    members: Members


@dataclass(frozen=True, slots=True)
class RootPage:
    """A field at the root that is a connection: made of the rows or, with a total, of one row."""

    selection: Selection
    connection: Connection


@dataclass(frozen=True, slots=True)
class RootText:
    """A field at the root whose value the database has spelled, or null."""

    selection: Selection


@dataclass(frozen=True, slots=True)
class RootTextPage:
    """A field at the root that is a connection whose nodes the database has spelled.

    `members` are `Nodes`, which have none of their own, `PageInfo` and `Constant`s; the rest is as
    in a `Connection`, with places in what the page's `ends` spell.
    """

    selection: SpelledPage
    first: int
    cursor: tuple[tuple[int, bool], ...]
    begun_later: bool
    members: Members


@dataclass(frozen=True, slots=True)
class RootNodes:
    """`nodes(ids)`: a list of objects or nulls in the order of the parameters that hold the ids.

    For each kind of record that was asked for, what to ask, the parameters, and the members; each
    row begins with its id.
    """

    ids: tuple[str, ...]
    kinds: tuple[tuple[Selection, tuple[str, ...], Members], ...]


@dataclass(frozen=True, slots=True)
class RootConstant:
    value: Any


Root: TypeAlias = RootOne | RootPage | RootText | RootTextPage | RootNodes | RootConstant


@dataclass(frozen=True, slots=True)
class Plan:
    """All of an answer. `parameters` tells where each parameter's value comes from."""

    roots: tuple[tuple[str, Root], ...]
    batches: tuple[BatchCall, ...]
    parameters: Mapping[str, Callable[[Mapping[str, Any]], Any]]
