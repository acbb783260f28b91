"""One request to both readers: they must say the same, and nothing but what the rows tell."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
from graphql import GraphQLSchema, OperationDefinitionNode, parse
from graphql.execution.values import get_variable_values
from strawberry.types.graphql import OperationType

from api.graphql_errors import tell
from schema import schema
from schema.context import Context
from services.actors import Actor
from services.registry import Registry
from tests.schema.reading.documents_at_random import Asked
from tests.schema.reading.rows import Register
from tests.schema.reading.told_by_rows import Teller
from tests.schema.reading.who_may_see import Viewer


class Compiled(Protocol):
    """The compiled reader: the bytes of a whole answer, or None for what it leaves to the other."""

    async def read(self, asked: Asked, actor: Actor | None) -> bytes | None: ...

    def handed_over(self) -> Counter[str]:
        """How often it gave None, by reason."""


@dataclass
class Score:
    """How much was asked, and how much of it shows something."""

    counted: Counter[str] = field(default_factory=Counter)
    handed_over: Counter[str] = field(default_factory=Counter)

    def share(self, part: str) -> float:
        """The part of all answers without an error."""
        return self.counted[part] / max(self.counted["answered"], 1)

    def __str__(self) -> str:
        every = (*self.counted.most_common(), *self.handed_over.most_common())
        return "\n".join(f"{number:8,} {part}" for part, number in every)


@dataclass
class Judge:
    """Asks both readers of one register; `register` is what its tables held a moment ago."""

    contract: GraphQLSchema
    registry: Registry
    compiled: Compiled | None
    register: Register
    score: Score = field(default_factory=Score)

    async def fault_of(self, asked: Asked, actor: Actor | None) -> str | None:
        """What is wrong with the answers, in a sentence; None when nothing is."""
        counted = self.score.counted
        counted["asked"] += 1
        reference = await self.by_reference(asked, actor)
        try:
            compiled = self.compiled and await self.compiled.read(asked, actor)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for.
            return f"The compiled reader failed:\n{type(error).__name__}: {error}"
        content = orjson.loads(reference)
        if compiled is not None:
            counted["compiled"] += 1
            if compiled != reference:
                return f"The readers differ:\n{_differences_of_bytes(reference, compiled)}"
        if "errors" in content:
            counted["refused"] += 1
            return _fault(content["errors"])
        counted["answered"] += 1
        counted["found something"] += _shows_something(content["data"])
        told = self.by_rows(asked, actor)
        if told != content["data"]:
            return f"The rows tell something else:\n{differences(told, content['data'])}"
        return None

    async def fault_together(self, asked: Sequence[tuple[Asked, Actor | None]]) -> str | None:
        """The same of the compiled reader when it is asked all of these at the same moment."""
        assert self.compiled is not None
        self.score.counted["asked together"] += len(asked)
        answers = await asyncio.gather(*(self.compiled.read(*each) for each in asked))
        for each, answer in zip(asked, answers, strict=True):
            reference = await self.by_reference(*each)
            if answer not in (None, reference):
                told = _differences_of_bytes(reference, answer)
                return f"Asked with others the readers differ:\n{each[0]}\n{told}"
        return None

    async def by_reference(self, asked: Asked, actor: Actor | None) -> bytes:
        """The whole answer as the reference reader gives it."""
        result = await schema.execute(
            asked.document,
            variable_values=asked.variables,
            context_value=Context(registry=self.registry, actor=actor),
            operation_name=asked.operation,
            allowed_operation_types=[OperationType.QUERY],
        )
        return orjson.dumps(tell(result, "request").content)

    def by_rows(self, asked: Asked, actor: Actor | None) -> dict[str, Any]:
        """What a valid request must be answered."""
        document = parse(asked.document)
        operation = next(
            part
            for part in document.definitions
            if isinstance(part, OperationDefinitionNode)
            and asked.operation in (None, part.name and part.name.value)
        )
        declared = operation.variable_definitions or ()
        given = get_variable_values(self.contract, declared, asked.variables)
        variables = given.coerced  # It was answered without an error.
        teller = Teller(self.contract, self.viewer(actor), document, operation, variables)
        return teller.answer()

    def viewer(self, actor: Actor | None) -> Viewer:
        now = self.registry.clock.now()
        if actor is None:
            return Viewer(self.register, now, None, frozenset())
        return Viewer(self.register, now, actor.party_id, frozenset(map(str, actor.roles)))


def _differences_of_bytes(reference: bytes, compiled: bytes) -> str:
    try:
        found = differences(orjson.loads(reference), orjson.loads(compiled))
    except orjson.JSONDecodeError:
        found = ""
    return found or f"{reference!r}\n{compiled!r}"


def _shows_something(content: Any) -> bool:
    """Whether there is any text in it, beside the names of types."""
    if isinstance(content, dict):
        return any(_shows_something(content[key]) for key in content if key != "__typename")
    if isinstance(content, list):
        return any(map(_shows_something, content))
    return isinstance(content, str)


def _fault(errors: list[dict[str, Any]]) -> str | None:
    """Bad input is the asker's mistake; whatever else went wrong is ours."""
    faults = [each for each in errors if each["extensions"]["code"] == "INTERNAL"]
    return f"The reference reader failed: {faults}" if faults else None


def differences(expected: Any, given: Any, place: str = "") -> str:
    """Where two answers differ, a line for each place."""
    if expected == given and type(expected) is type(given) and not isinstance(expected, dict):
        return ""
    if isinstance(expected, dict) and isinstance(given, dict) and list(expected) == list(given):
        parts = (differences(expected[k], given[k], f"{place}.{k}") for k in expected)
        return "".join(parts)
    if isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        pairs = enumerate(zip(expected, given, strict=True))
        return "".join(differences(*pair, f"{place}[{number}]") for number, pair in pairs)
    return "" if expected == given else f"{place}: {expected!r} / {given!r}\n"
