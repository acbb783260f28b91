"""What a statement is to read, as data: rows of views, with rows of other views within them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from services.views import Criterion, Restriction, ToMany, ToOne, View


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value given to the statement each time it is asked, by a name that is its own."""

    name: str
    type: sa.types.TypeEngine[Any]


@dataclass(frozen=True, slots=True)
class Met:
    """A criterion, and the parameters that hold the parts of its value."""

    criterion: Criterion
    parts: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """The value in this place of a row as JSON, printed like the type of the contract so named:
    `Instant`, `BigInt`, ...; `[]` before it is a list kept as one text.
    """

    place: int
    prints: str = ""


@dataclass(frozen=True, slots=True)
class Spelled:
    """A JSON text of the value in this place with words before and after it."""

    place: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Within:
    """What the rows nested in this place are spelled as: an object or null, or a list's items."""

    place: int


@dataclass(frozen=True, slots=True)
class Unless:
    """JSON text that is `null` when the value in this place is."""

    place: int
    pieces: "tuple[Piece, ...]"


# JSON text as it is, and what is put between.
Piece: TypeAlias = str | Printed | Spelled | Within | Unless
Pieces: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a view that may be seen, and what is wanted of each.

    A row comes as the values of `columns`, then one value for each of `nested`; with `pieces` it
    comes as the JSON text that they make of these. `first` is how many at most: it stands in the
    statement, as databases plan by it. `after` holds the cursor values they come after, `equal` a
    field and its only value. Without `is_ordered` there is at most one, or their order does not
    matter.
    """

    view: View
    columns: tuple[str, ...]
    nested: tuple["Nested", ...] = ()
    equal: tuple[str, Parameter] | None = None
    any_of: tuple[str, tuple[Parameter, ...]] | None = None
    met: tuple[Met, ...] = ()
    conditions: tuple[Restriction, ...] = ()
    is_ordered: bool = False
    first: int | None = None
    after: tuple[Parameter, ...] = ()
    pieces: Pieces = ()


@dataclass(frozen=True, slots=True)
class OneRow:
    """In the place of the value: the row a relation leads to, or null."""

    relation: ToOne
    rows: Rows


@dataclass(frozen=True, slots=True)
class ManyRows:
    """In the place of the value: the list of all rows a relation leads to, or of a page of them."""

    relation: ToMany
    rows: Rows


@dataclass(frozen=True, slots=True)
class Total:
    """In the place of the value: how many rows a relation leads to."""

    relation: ToMany
    rows: Rows


Nested: TypeAlias = OneRow | ManyRows | Total


@dataclass(frozen=True, slots=True)
class WithTotal:
    """A page of rows and how many there are on all pages, in one row of two values."""

    rows: Rows
    counted: Rows


@dataclass(frozen=True, slots=True)
class SpelledPage:
    """A page of rows with `pieces`, in one row of two texts: those of the rows, and what cursors
    are made of in each, as `ends` spell it; between them stands `BETWEEN`.
    """

    rows: Rows
    ends: Pieces


BETWEEN = "\n"  # Within texts of JSON no line is ever broken.
Selection: TypeAlias = Rows | WithTotal | SpelledPage


def parameters_of(selection: Selection) -> Iterator[Parameter]:
    """All parameters of a selection, each once, in a fixed order."""
    seen = dict.fromkeys(_parameters(selection))
    yield from seen


def _parameters(selection: Selection) -> Iterator[Parameter]:
    if isinstance(selection, WithTotal | SpelledPage):
        yield from _parameters(selection.rows)
        if isinstance(selection, WithTotal):
            yield from _parameters(selection.counted)
        return
    if selection.equal is not None:
        yield selection.equal[1]
    if selection.any_of is not None:
        yield from selection.any_of[1]
    for met in selection.met:
        yield from met.parts
    yield from selection.after
    for nested in selection.nested:
        yield from _parameters(nested.rows)
