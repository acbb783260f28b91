"""Rows as they are stored, all at once: what views are checked against."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from services.registry import Registry
from services.tables import metadata

# A row is what stands in its columns, by their names.
Row = Mapping[str, Any]
LINKS = {"application_documents", "objection_evidence"}


@dataclass(frozen=True)
class Register:
    """Every row of every table there was at one moment."""

    tables: Mapping[str, list[Row]]

    @cached_property
    def by_id(self) -> dict[str, Row]:
        return {row["id"]: row for rows in self.tables.values() for row in rows if "id" in row}

    @cached_property
    def _by(self) -> dict[tuple[str, str], dict[Any, list[Row]]]:
        return {}

    def where(self, table: str, column: str, value: Any) -> list[Row]:
        if (table, column) not in self._by:
            index = self._by[table, column] = {}
            for row in self.tables[table]:
                index.setdefault(row[column], []).append(row)
        return self._by[table, column].get(value, [])

    def holder_of(self, row: Row) -> str:
        """Who holds the certificate that a row is about."""
        return self.by_id[row["certificate_id"]]["holder_id"]


async def read_register(registry: Registry) -> Register:
    """Every row of the tables that records are kept in, in one snapshot."""
    async with registry.reading() as tx:
        tables = {}
        for name, table in metadata.tables.items():
            if "id" in table.c or name in LINKS:
                rows = await tx.connection.execute(sa.select(table))
                tables[name] = [dict(row) for row in rows.mappings()]
        return Register(tables)
