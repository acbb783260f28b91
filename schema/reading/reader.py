"""The compiled reader: a document is planned once, and then answered with a statement a field.

Whatever it cannot plan, and every error, is left to the reference reader: it gives whole successes
or nothing, and counts why.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLError, NonNullTypeNode
from strawberry import Schema

from schema.reading.builders import Builder, builder_for, selections_of
from schema.reading.cost import require_affordable
from schema.reading.documents import Documents, Query, UnplannableError
from schema.reading.planning import Contract, Planning
from schema.reading.plans import Plan
from schema.reading.spelling import spelled
from schema.reading.variables import Taken
from services.actors import Actor, Role
from services.reading.questions import Answerer, NotAnsweredError, Question, Row
from services.reading.statements import TooMuchError, question_for
from services.registry import Registry
from services.views import told

PLANS_REMEMBERED = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A plan, its builder, and what is asked for it."""

    plan: Plan
    builder: Builder
    questions: tuple[Question, ...]


def compiled_for(
    contract: Contract,
    query: Query,
    variables: Mapping[str, Any],
    roles: frozenset[Role] | None,
    dialect: str,
) -> Compiled:
    """Whoever asks in these roles, `None` for the public, with variables of this shape.

    Raises `UnplannableError`, and `GraphQLError` for a document that costs too much.
    """
    require_affordable(contract.schema, query, variables)
    plan = Planning(contract, query, variables).plan(is_public=roles is None)
    for each in (spelled(plan), plan):
        with suppress(TooMuchError):
            questions = [question_for(of, roles, dialect) for of in selections_of(each)]
            return Compiled(each, builder_for(each, dialect), tuple(questions))
    raise UnplannableError("too wide or too deep for the database")


def needed_texts(query: Query) -> dict[str, str]:
    """An empty text for each variable that must be given."""
    return {
        each.variable.name.value: ""
        for each in query.operation.variable_definitions or ()
        if each.default_value is None and isinstance(each.type, NonNullTypeNode)
    }


@dataclass(slots=True)
class CompiledReader:
    """`handed_over` counts what was left to the reference reader, by reason."""

    registry: Registry
    answerer: Answerer
    schema: Schema
    planned: int = 0
    handed_over: Counter[str] = field(default_factory=Counter)
    _contract: Contract = field(init=False)
    _documents: Documents = field(init=False)
    _plans: dict[Any, Compiled | str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._contract = Contract.of(self.schema)
        self._documents = Documents(self._contract.schema)

    def prepare(self, text: str) -> None:
        """Plan a document before anybody asks, for the public and for members in any one role.

        All its variables but texts must have defaults.
        """
        query = self._documents.query(text, None)
        taken = query.variables.read(needed_texts(query))
        assert taken is not None, text
        for roles in (None, *(frozenset({role}) for role in Role)):
            self.compiled(query, taken, roles)

    async def answer(
        self,
        text: str,
        variables: Mapping[str, Any] | None,
        operation: str | None,
        actor: Actor | None,
    ) -> bytes | None:
        """The whole answer as JSON, or None: then the reference reader is to give it."""
        try:
            data = await self._data(text, variables or {}, operation or None, actor)
        except UnplannableError as reason:
            self.handed_over[str(reason)] += 1
            return None
        except NotAnsweredError:
            self.handed_over["the database did not answer"] += 1
            return None
        except GraphQLError as error:
            self.handed_over[f"an error: {type(error).__name__}"] += 1
            return None
        self.planned += 1
        return orjson.dumps({"data": data})

    async def _data(
        self, text: str, given: Mapping[str, Any], operation: str | None, actor: Actor | None
    ) -> dict[str, Any]:
        query = self._documents.query(text, operation)
        taken = query.variables.read(given)
        if taken is None:
            raise UnplannableError("variables that do not fit")
        variables = taken.values
        compiled = self.compiled(query, taken, None if actor is None else actor.roles)
        values = {name: of(variables) for name, of in compiled.plan.parameters.items()}
        if any(isinstance(value, str) and "\0" in value for value in values.values()):
            raise UnplannableError("a text with U+0000")
        values |= told(actor, self.registry.clock.now())
        answers = await self._ask(compiled.questions, values)
        found: list[Mapping[str, Any]] = []
        if compiled.plan.batches:
            keys = compiled.builder.keys(compiled.plan, answers, values)
            for call, wanted in zip(compiled.plan.batches, keys, strict=True):
                found.append(await call.answer.batch.load(self.registry, wanted, **call.arguments))
        return compiled.builder.build(answers, values, found)

    async def _ask(
        self, questions: Sequence[Question], values: Mapping[str, Any]
    ) -> Sequence[Sequence[Row]]:
        asked = [self.answerer.ask(each, each.arguments(values)) for each in questions]
        return [await asked[0]] if len(asked) == 1 else await asyncio.gather(*asked)

    def compiled(self, query: Query, taken: Taken, roles: frozenset[Role] | None) -> Compiled:
        key = (query, roles, taken.shape)
        compiled = self._plans.pop(key, None)
        if compiled is None:
            compiled = self._compiled_or_why_not(query, taken.values, roles)
            if len(self._plans) >= PLANS_REMEMBERED:
                del self._plans[next(iter(self._plans))]
        self._plans[key] = compiled
        if isinstance(compiled, str):
            raise UnplannableError(compiled)
        return compiled

    def _compiled_or_why_not(
        self, query: Query, variables: Mapping[str, Any], roles: frozenset[Role] | None
    ) -> Compiled | str:
        """The reason is remembered like a plan, so that it is not looked for again."""
        try:
            return compiled_for(
                self._contract, query, variables, roles, self.registry.engine.dialect.name
            )
        except UnplannableError as reason:
            return str(reason)
