"""How fields are answered, as data: the reference reader resolves it, the compiled one plans it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from services.views import Batch, Restriction, ToMany, ToOne, View

# The key of an answer in the metadata of a strawberry field. A field of a type that has a view, and
# no answer, is the view's field of its name.
ANSWER = "answer"


@dataclass(frozen=True, slots=True, eq=False)
class One:
    relation: ToOne


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """All of a relation. Its flags are arguments of the field, false when left out."""

    relation: ToMany


@dataclass(frozen=True, slots=True, eq=False)
class ManyByPage:
    """A connection of a relation, by `first` and `after`."""

    relation: ToMany


@dataclass(frozen=True, slots=True, eq=False)
class PageOf:
    """A connection of a view, by `first` and `after`, under conditions that always hold.

    `criteria` are arguments of the field that are criteria themselves, by their names, and
    `argument` is one whose fields are. Each of `unless` holds unless a criterion of that name is
    given.
    """

    view: View
    conditions: tuple[Restriction, ...] = ()
    argument: str | None = None
    criteria: tuple[str, ...] = ()
    unless: Mapping[str, Restriction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Find:
    """The row with the id that an argument gives, or with the one field it chooses."""

    view: View
    argument: str = "id"


@dataclass(frozen=True, slots=True, eq=False)
class FindMine:
    """The row whose id is the party the asker acts for; null for the public."""

    view: View


@dataclass(frozen=True, slots=True, eq=False)
class FindNode:
    """The row with the id in the argument `id`, of whatever view its prefix names."""


@dataclass(frozen=True, slots=True, eq=False)
class FindNodes:
    """The same for each of the argument `ids`, in their order."""


@dataclass(frozen=True, slots=True, eq=False)
class Amount:
    """Money of two fields of the view; null when the amount is."""

    amount: str
    currency: str


@dataclass(frozen=True, slots=True, eq=False)
class Fixed:
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Spelled:
    """A text with what stands in a field of the view in the place of `{}`."""

    text: str
    field: str


@dataclass(frozen=True, slots=True, eq=False)
class Batched:
    """What a batch function gives for the row, as `show` makes it the contract's.

    `spell` makes the function's arguments of the field's.
    """

    batch: Batch
    show: Callable[[Any], Any] = lambda value: value
    nothing: Callable[[], Any] = lambda: None
    spell: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict


Answer: TypeAlias = (
    One
    | Many
    | ManyByPage
    | PageOf
    | Find
    | FindMine
    | FindNode
    | FindNodes
    | Amount
    | Fixed
    | Spelled
    | Batched
)
