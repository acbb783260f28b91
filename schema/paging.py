"""Relay connections over keyset cursors: stable while rows come and go, and never an offset."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import strawberry
from graphql import GraphQLError

from schema.context import Info
from schema.reading.kinds import shown
from schema.scalars import LARGEST_WHOLE
from services.reading.records import Page, Wanted, count, read_page
from services.tables import EPOCH, MICROSECOND
from services.views import LARGEST_PAGE, ToMany, View

T = TypeVar("T")

First = Annotated[int, strawberry.argument(description=f"How many, at most {LARGEST_PAGE}.")]
After = Annotated[str | None, strawberry.argument(description="The cursor to go on from.")]


def bad_input(message: str) -> GraphQLError:
    """A request that cannot be understood, as a top-level error."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


@strawberry.type(description="Where a page lies among the others.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more records follow.")
    has_previous_page: bool = strawberry.field(description="Whether the page began after others.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first record.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last record.")


@strawberry.type(description="A record and its cursor.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The record.")
    cursor: str = strawberry.field(description="Opaque; pass it as `after`.")


@strawberry.type(description="A page of records in a fixed order.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The records with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page lies.")
    counting: strawberry.Private[Callable[[], Any]]

    @strawberry.field(description="The records alone.")
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]

    @strawberry.field(description="How many records there are on all pages. Counted when asked.")
    async def total_count(self) -> int:
        total: int = await self.counting()
        return total


async def connect(
    info: Info, view: View, wanted: Wanted, *, first: int, after: str | None
) -> Connection[Any]:
    """A page of a view, as a connection of the type that shows it."""
    begin = _begin(view, first, after)
    registry, actor = info.context.registry, info.context.actor

    async def total() -> int:
        async with registry.reading() as tx:
            return await count(tx, actor, view, wanted)

    async with registry.reading() as tx:
        page = await read_page(tx, actor, view, wanted, first=first, after=begin)
    return _connection(view, page, total, begun_later=begin is not None)


async def connect_related(
    info: Info, relation: ToMany, key: str, *, first: int, after: str | None
) -> Connection[Any]:
    """The same of a relation."""
    begin = _begin(relation.view, first, after)
    page = await info.context.page(relation, key, first=first, after=begin)
    total = partial(info.context.count, relation, key)
    return _connection(relation.view, page, total, begun_later=begin is not None)


def _begin(view: View, first: int, after: str | None) -> tuple[Any, ...] | None:
    if not 1 <= first <= LARGEST_PAGE:
        raise bad_input(f"`first` must be between 1 and {LARGEST_PAGE}.")
    return None if after is None else parse_cursor(after, view.cursor_types())


def _connection(
    view: View, page: Page, total: Callable[[], Any], *, begun_later: bool
) -> Connection[Any]:
    cursors = [print_cursor(values) for values in page.cursors]
    edges = [
        Edge(node=shown(view, record), cursor=cursor)
        for record, cursor in zip(page.records, cursors, strict=True)
    ]
    place = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=begun_later,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )
    return Connection(edges=edges, page_info=place, counting=total)


def print_cursor(values: tuple[Any, ...]) -> str:
    plain = [
        {"at": (value - EPOCH) // MICROSECOND} if isinstance(value, datetime) else value
        for value in values
    ]
    return spell_cursor(plain)


def spell_cursor(plain: Sequence[Any]) -> str:
    """The same of values as they are spelled within: an instant as `{"at": microseconds}`."""
    return urlsafe_b64encode(msgspec.json.encode(plain)).decode()


def parse_cursor(cursor: str, types: tuple[type[Any], ...]) -> tuple[Any, ...]:
    """The values a cursor stands for. Whoever makes one up gets a request error."""
    try:
        plain = msgspec.json.decode(urlsafe_b64decode(cursor.encode("ascii")))
        return tuple(_cursor_value(*pair) for pair in zip(plain, types, strict=True))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise bad_input("The cursor is not one this register has given.") from None


def _cursor_value(value: Any, expected: type[Any]) -> Any:
    if expected is datetime:
        return EPOCH + value["at"] * MICROSECOND
    if type(value) is not expected or (expected is int and abs(value) > LARGEST_WHOLE):
        raise ValueError
    return value
