"""The compiled reader: a document is planned once, and then answered with a statement a field.

Whatever it cannot plan, and every error, is left to the reference reader: it gives whole successes
or nothing, and counts why.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from graphql import GraphQLError
from graphql.execution.values import get_variable_values
from strawberry import Schema

from schema.reading.arguments import shape_of
from schema.reading.builders import Builder, builder_for, selections_of
from schema.reading.documents import Documents, Query, UnplannableError
from schema.reading.planning import Contract, Planning
from schema.reading.plans import Plan
from services.actors import Actor, Role
from services.reading.questions import Answerer, Question
from services.reading.statements import TooWideError, question_for
from services.registry import Registry
from services.views import told

PLANS_REMEMBERED = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A plan, its builder, and what is asked for it."""

    plan: Plan
    builder: Builder
    questions: tuple[Question, ...]


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
    _plans: dict[Any, Compiled] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._contract = Contract.of(self.schema)
        self._documents = Documents(self._contract.schema)

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
        except GraphQLError as error:
            self.handed_over[f"an error: {type(error).__name__}"] += 1
            return None
        self.planned += 1
        return orjson.dumps({"data": data})

    async def _data(
        self, text: str, given: Mapping[str, Any], operation: str | None, actor: Actor | None
    ) -> dict[str, Any]:
        query = self._documents.query(text, operation)
        variables = self._coerced(query, given)
        roles = None if actor is None else actor.roles
        compiled = self.compiled(query, variables, roles)
        values = {name: of(variables) for name, of in compiled.plan.parameters.items()}
        if any(isinstance(value, str) and "\0" in value for value in values.values()):
            raise UnplannableError("a text with U+0000")
        values |= told(actor, self.registry.clock.now())
        answers = [
            await self.answerer.ask(question, question.arguments(values))
            for question in compiled.questions
        ]
        found: list[Mapping[str, Any]] = []
        if compiled.plan.batches:
            keys = compiled.builder.keys(compiled.plan, answers, values)
            for call, wanted in zip(compiled.plan.batches, keys, strict=True):
                found.append(await call.answer.batch.load(self.registry, wanted, **call.arguments))
        return compiled.builder.build(answers, values, found)

    def compiled(
        self, query: Query, variables: Mapping[str, Any], roles: frozenset[Role] | None
    ) -> Compiled:
        shape = tuple((name, shape_of(value)) for name, value in variables.items())
        key = (query, roles, shape)
        compiled = self._plans.pop(key, None)
        if compiled is None:
            compiled = self._compile(query, variables, roles)
            if len(self._plans) >= PLANS_REMEMBERED:
                del self._plans[next(iter(self._plans))]
        self._plans[key] = compiled
        return compiled

    def _compile(
        self, query: Query, variables: Mapping[str, Any], roles: frozenset[Role] | None
    ) -> Compiled:
        plan = Planning(self._contract, query, variables).plan(is_public=roles is None)
        dialect = self.registry.engine.dialect.name
        try:
            questions = [question_for(each, roles, dialect) for each in selections_of(plan)]
        except TooWideError:
            raise UnplannableError("a row too wide") from None
        return Compiled(plan, builder_for(plan), tuple(questions))

    def _coerced(self, query: Query, given: Mapping[str, Any]) -> Mapping[str, Any]:
        definitions = query.operation.variable_definitions
        if not definitions:
            return {}
        values = get_variable_values(self._contract.schema, definitions, dict(given))
        if isinstance(values, list):
            raise UnplannableError("variables that do not fit")
        return values.coerced
