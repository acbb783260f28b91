"""Where questions are asked, plainly: through the registry's own connections."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.reading.questions import Question, Row
from services.registry import Registry


@dataclass(frozen=True, slots=True)
class PlainAnswerer:
    registry: Registry

    async def ask(self, question: Question, arguments: Sequence[Any]) -> Sequence[Row]:
        async with self.registry.reading() as tx:
            raw: Any = await tx.connection.get_raw_connection()
            driver = raw.driver_connection
            if tx.connection.dialect.name == "sqlite":
                rows: Sequence[Row] = await driver.execute_fetchall(question.text, arguments)
            else:
                rows = await driver.fetch(question.text, *arguments)
            return rows

    async def close(self) -> None:
        pass
