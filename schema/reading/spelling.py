"""Which fields at the root a database can spell as JSON itself, and of which pieces.

What it cannot is left as it is: pages with totals or edges, and what batch functions give.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import orjson

from schema.reading import plans
from schema.reading.plans import Members, Output, Plan, Root
from services.reading.selections import (
    Nested,
    Piece,
    Pieces,
    Printed,
    Rows,
    Spelled,
    SpelledPage,
    Total,
    Unless,
    Within,
)


class _NotSpelledError(Exception):
    """It takes more than the values of a row."""


def spelled(plan: Plan) -> Plan:
    return replace(plan, roots=tuple((key, _root(root)) for key, root in plan.roots))


def _root(root: Root) -> Root:
    try:
        match root:
            case plans.RootOne(Rows() as rows, members):
                return plans.RootText(_rows(rows, members))
            case plans.RootPage(Rows() as rows, connection):
                return _page(rows, connection)
    except _NotSpelledError:
        pass
    return root


def _page(rows: Rows, connection: plans.Connection) -> plans.RootTextPage:
    members: list[tuple[str, Output]] = []
    shown: list[Members] = []
    for key, output in connection.members:
        match output:
            case plans.Nodes(of_node):
                shown.append(of_node)
                members.append((key, plans.Nodes(())))
            case plans.PageInfo() | plans.Constant():
                members.append((key, output))
            case _:
                raise _NotSpelledError
    ends = _ends([place for place, _ in connection.cursor])
    page = SpelledPage(_rows(rows, _only(shown)), ends)
    cursor = tuple((at, is_instant) for at, (_, is_instant) in enumerate(connection.cursor))
    return plans.RootTextPage(
        page, connection.first, cursor, connection.begun_later, tuple(members)
    )


def _ends(places: Sequence[int]) -> Pieces:
    """A JSON array of what a cursor is made of."""
    if not places:
        return ()
    first, *rest = map(Printed, places)
    return ("[", first, *(piece for each in rest for piece in (",", each)), "]")


def _only(shown: list[Members]) -> Members:
    if len(shown) != 1:
        raise _NotSpelledError
    return shown[0]


def _rows(rows: Rows, members: Members) -> Rows:
    spelling = _Spelling(rows, [*rows.nested])
    pieces = spelling.object(members)
    return replace(rows, nested=tuple(spelling.nested), pieces=pieces)


@dataclass(slots=True)
class _Spelling:
    """`nested` are those of the rows, as they come to be spelled."""

    rows: Rows
    nested: list[Nested]

    def object(self, members: Members, page: int | None = None) -> Pieces:
        return _joined(self._members(members, page))

    def _members(self, members: Members, page: int | None) -> Iterator[Piece]:
        yield "{"
        for nth, (key, output) in enumerate(members):
            yield f'{"," if nth else ""}"{key}":'
            yield from self._pieces(output, page)
        yield "}"

    def _pieces(self, output: Output, page: int | None) -> Iterator[Piece]:
        """`page`: where the rows are of the connection it is a member of, if it is of one."""
        match output:
            case plans.Constant(value):
                yield orjson.dumps(value).decode()
            case plans.Value(place, prints):
                yield Printed(place, prints)
            case plans.Text(place, text):
                before, after = text.split("{}")
                yield Spelled(place, before, after)
            case plans.Amount(amount, _, members):
                yield Unless(amount, self.object(members))
            case _:
                yield from self._rows_within(output, page)

    def _rows_within(self, output: Output, page: int | None) -> Iterator[Piece]:
        match output:
            case plans.One(place, members):
                yield self._within(place, members)
            case plans.Many(place, members):
                yield from ("[", self._within(place, members), "]")
            case plans.Connection(place=place, members=members):
                yield from self.object(members, place)
            case plans.Nodes(members) if page is not None:
                yield from ("[", self._within(page, members), "]")
            case _:
                raise _NotSpelledError

    def _within(self, place: int, members: Members) -> Within:
        """Each place is spelled once, since fields of the same name are one."""
        at = place - len(self.rows.columns)
        nested = self.nested[at]
        if isinstance(nested, Total) or nested.rows.pieces:
            raise _NotSpelledError
        self.nested[at] = replace(nested, rows=_rows(nested.rows, members))
        return Within(place)


def _joined(pieces: Iterator[Piece]) -> Pieces:
    """Texts that stand beside one another as one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return tuple(joined)
