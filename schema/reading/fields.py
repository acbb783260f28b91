"""Fields of the contract made of their answers: what the reference reader does to resolve each.

Each gives a strawberry field; the annotation beside it is its type.
"""

import asyncio
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Annotated, Any

import strawberry

from schema.context import Info
from schema.money import Money
from schema.paging import After, First, bad_input, connect, connect_related
from schema.reading.answers import (
    ANSWER,
    Amount,
    Answer,
    Batched,
    Find,
    FindMine,
    FindNode,
    FindNodes,
    Fixed,
    Many,
    ManyByPage,
    One,
    PageOf,
    Spelled,
)
from schema.reading.kinds import shown, shown_all, view_of
from services.reading.records import Wanted
from services.views import Batch, Restriction, ToMany, ToOne, View

LARGEST_BATCH = 100
MANY_IDS = Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 ids.")]
PAGED = {"first": (First, 20), "after": (After, None)}

# By the names of a field's arguments, their types and, where one may be left out, what stands then.
Arguments = Mapping[str, tuple[Any, Any]]
REQUIRED = Parameter.empty


def one(description: str, relation: ToOne) -> Any:
    """The record a field refers to, null when there is none or it may not be seen."""

    async def resolve(root: Any, info: Info) -> Any:
        key = getattr(root, relation.key)
        return shown(relation.view, await info.context.one(relation.view, key, by=relation.by))

    return _field(resolve, description, One(relation))


def many(description: str, relation: ToMany) -> Any:
    """All records of a relation that may be seen. Its flags are arguments."""

    async def resolve(root: Any, info: Info, **flags: bool) -> Any:
        left_out = tuple(flag for flag in relation.unless if not flags[flag])
        records = await info.context.many(relation, getattr(root, relation.key), left_out)
        return shown_all(relation.view, records)

    flags = dict.fromkeys(relation.unless, (bool, False))
    return _field(resolve, description, Many(relation), flags)


def many_by_page(description: str, relation: ToMany) -> Any:
    """The records of a relation that may be seen, as a connection."""

    async def resolve(root: Any, info: Info, first: int, after: str | None) -> Any:
        key = getattr(root, relation.key)
        return await connect_related(info, relation, key, first=first, after=after)

    return _field(resolve, description, ManyByPage(relation), PAGED)


def page(
    description: str,
    view: View,
    *conditions: Restriction,
    filter: Any = None,
    criteria: Mapping[str, Any] | None = None,
    unless: Mapping[str, Restriction] | None = None,
) -> Any:
    """The records of a view that may be seen, as a connection.

    `filter` is the type of an argument of that name whose fields are criteria of the view;
    `criteria` gives the types of arguments that are criteria themselves, and `unless` what holds
    when one of them is left out.
    """
    named = criteria or {}
    else_holds = unless or {}
    answer = PageOf(view, conditions, "filter" if filter else None, tuple(named), else_holds)

    async def resolve(info: Info, first: int, after: str | None, **given: Any) -> Any:
        chosen = given.pop("filter", None)
        every = {**given, **(vars(chosen) if chosen else {})}
        values = {name: value for name, value in every.items() if value is not None}
        left_out = (holds for name, holds in else_holds.items() if name not in values)
        wanted = Wanted(criteria=values, conditions=[*conditions, *left_out])
        return await connect(info, view, wanted, first=first, after=after)

    filters = {"filter": (_which(filter), None)} if filter else {}
    asked = {name: (kind, None) for name, kind in named.items()}
    return _field(resolve, description, answer, {**filters, **PAGED, **asked})


def find(description: str, view: View, argument: str = "id", type: Any = strawberry.ID) -> Any:
    """The record with an id, or with the one field that an input chooses."""

    async def resolve(info: Info, **given: Any) -> Any:
        value = given[argument]
        if isinstance(value, str):
            return shown(view, await info.context.one(view, value))
        ((by, key),) = ((name, each.value) for name, each in vars(value).items() if each)
        return shown(view, await info.context.one(view, key, by=by))

    return _field(resolve, description, Find(view, argument), {argument: (type, REQUIRED)})


def find_mine(description: str, view: View) -> Any:
    """The record of the party the asker acts for."""

    async def resolve(info: Info) -> Any:
        actor = info.context.actor
        return shown(view, await info.context.one(view, actor.party_id if actor else None))

    return _field(resolve, description, FindMine(view))


def find_node(description: str) -> Any:
    async def resolve(info: Info, id: strawberry.ID) -> Any:
        return await _node(info, id)

    return _field(resolve, description, FindNode(), {"id": (strawberry.ID, REQUIRED)})


def find_nodes(description: str) -> Any:
    async def resolve(info: Info, ids: list[strawberry.ID]) -> Any:
        if len(ids) > LARGEST_BATCH:
            raise bad_input(f"At most {LARGEST_BATCH} ids can be asked for at once.")
        return list(await asyncio.gather(*(_node(info, key) for key in ids)))

    return _field(resolve, description, FindNodes(), {"ids": (MANY_IDS, REQUIRED)})


def _which(filter: Any) -> Any:
    return Annotated[filter | None, strawberry.argument(description="Which ones.")]


async def _node(info: Info, key: str) -> Any:
    view = view_of(key)
    return None if view is None else shown(view, await info.context.one(view, key))


def amount(description: str, amount: str, currency: str) -> Any:
    """An amount of money in two columns; null when the asker may not see it."""

    def resolve(root: Any) -> Any:
        return Money.of_columns(getattr(root, amount), getattr(root, currency))

    return _field(resolve, description, Amount(amount, currency))


def fixed(description: str, text: str) -> Any:
    def resolve() -> Any:
        return text

    return _field(resolve, description, Fixed(text))


def spelled(description: str, text: str, field: str) -> Any:
    """A text with what stands in a field in the place of `{}`."""

    def resolve(root: Any) -> Any:
        return text.format(getattr(root, field))

    return _field(resolve, description, Spelled(text, field))


def batched(
    description: str,
    batch: Batch,
    *,
    show: Callable[[Any], Any] = lambda value: value,
    nothing: Callable[[], Any] = lambda: None,
    arguments: Arguments | None = None,
    spell: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
) -> Any:
    """What a batch function gives for the record's key, as `show` makes it the contract's."""

    async def resolve(root: Any, info: Info, **given: Any) -> Any:
        key = getattr(root, batch.key)
        value = await info.context.batch(batch, key, spell(given))
        return nothing() if value is None else show(value)

    answer = Batched(batch, show, nothing, spell)
    return _field(resolve, description, answer, arguments or {})


def _field(
    resolve: Any, description: str, answer: Answer, arguments: Arguments | None = None
) -> Any:
    """A field of the contract: strawberry reads its arguments off the resolver's signature."""
    parameters = Signature.from_callable(resolve).parameters
    taken = [each for name, each in parameters.items() if name in {"root", "info"}]
    asked = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in (arguments or {}).items()
    ]
    resolve.__signature__ = Signature([*taken, *asked])
    return strawberry.field(resolve, description=description, metadata={ANSWER: answer})
