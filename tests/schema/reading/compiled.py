"""The compiled reader as the tests ask it: a statement that no database takes is a fault."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from schema import schema
from schema.reading.reader import CompiledReader
from services.actors import Actor
from services.reading.answering import answerer_of
from services.reading.questions import Answerer, NotAnsweredError, Question, Row
from services.registry import Registry
from tests.schema.reading.documents_at_random import Asked


class BadQuestionError(Exception):
    """The database was asked what it does not understand."""


@dataclass(frozen=True)
class Strict:
    """Tells of what the reader would leave to the other without a word."""

    answerer: Answerer

    async def ask(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row]:
        try:
            return await self.answerer.ask(question, arguments)
        except NotAnsweredError as error:
            said = f"{error} {error.__cause__}"
            raise BadQuestionError(f"{said}\n{question.text}\n{arguments}") from error

    async def close(self) -> None:
        await self.answerer.close()


@dataclass(frozen=True)
class Compiled:
    reader: CompiledReader

    async def read(self, asked: Asked, actor: Actor | None) -> bytes | None:
        return await self.reader.answer(asked.document, asked.variables, asked.operation, actor)

    def handed_over(self) -> Counter[str]:
        return Counter({f"left: {why}": times for why, times in self.reader.handed_over.items()})


@asynccontextmanager
async def compiled_reader(registry: Registry) -> AsyncIterator[Compiled]:
    answerer = Strict(answerer_of(registry))
    try:
        yield Compiled(CompiledReader(registry, answerer, schema))
    finally:
        await answerer.close()
