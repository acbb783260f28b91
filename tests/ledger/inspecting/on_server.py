"""A log on a server, changed one value at a time by who may do anything, and put back again."""

import asyncio
import random
from contextlib import contextmanager

import sqlalchemy as sa

from ledger.inspecting.fsck import inspect_fully
from services.postgresql import open_engine
from tests.databases import tamper
from tests.ledger.inspecting.changing import TABLES, Stored
from tests.ledger.inspecting.inspected_log import around

# An id is nothing but how openings find their event.
NAMED_ELSEWHERE = {"ledger_entry.id": "ledger_opening"}
IDS_OF_MARKS = "SELECT id FROM ledger_entry WHERE kind <> 'event'"


class ServerBench:
    """All is done in one transaction, which is never committed; no trigger and no check stands."""

    def __init__(self, address, folder):
        tamper(address)
        self.around = around(folder)
        self._runner = asyncio.Runner()
        self._engine = open_engine(address, is_patient=True)
        self._connection = self._run(self._engine.connect())
        self.execute("SET LOCAL session_replication_role = replica")

    def close(self):
        self._run(self._connection.close())
        self._run(self._engine.dispose())
        self._runner.close()

    def execute(self, text, *parameters):
        return self._run(self._connection.exec_driver_sql(text, parameters))

    def found(self):
        """What is found now, but for the setting that lets everything be written."""
        report = self._run(self._connection.run_sync(inspect_fully, self.around))
        return [finding for finding in report.findings if finding.place != "schema"]

    @contextmanager
    def done(self, *statements):
        self.execute("SAVEPOINT before")
        try:
            for statement in statements:
                assert self.execute(statement).rowcount != 0, statement
            yield
        finally:
            self.execute("ROLLBACK TO before")

    @contextmanager
    def changed(self, place, at, mask):
        """As `Bench.changed`: whether the server has taken any such change."""
        with self.done():
            yield any(
                self._update(place, at, mask << turn & 0xFF | mask >> 8 - turn) for turn in range(8)
            )

    def places(self):
        """Every value but those that nothing rests on, by the column it belongs to."""
        marks = set(self.execute(IDS_OF_MARKS).scalars())
        groups = {}
        for table in TABLES:
            columns = ", ".join(map(_as_bytes, [*table.primary_key, *table.c]))
            for row in self.execute(f"SELECT {columns} FROM {table.name}"):
                key = tuple(row[: len(table.primary_key)])
                values = dict(zip(table.c.keys(), row[len(key) :], strict=True))
                of_erased = values.get("erased_at") is not None
                for name, value in values.items():
                    place = Stored(table, table.c[name], key, value, of_erased)
                    is_order_of_mark = place.group == "ledger_entry.id" and value in marks
                    if not place.is_free and not is_order_of_mark:
                        groups.setdefault(place.group, []).append(place)
        return groups

    def is_named(self, place, at, mask):
        with self.changed(place, at, mask) as is_changed:
            named = NAMED_ELSEWHERE.get(place.group, place.place)
            return not is_changed or named in {finding.place for finding in self.found()}

    def _update(self, place, at, mask):
        where = " AND ".join(
            f"{_as_bytes(column)} = ${number}"
            for number, column in enumerate(place.table.primary_key, 2)
        )
        self.execute("SAVEPOINT change")
        try:
            value = _typed(place.column, place.changed(at, mask))
            done = self.execute(
                f"UPDATE {place.table.name} SET {place.column.name} = $1 WHERE {where}",
                *(value, *place.key),
            )
        except (sa.exc.DBAPIError, ValueError):
            self.execute("ROLLBACK TO change")
            return False
        assert done.rowcount == 1, place
        return True

    def _run(self, work):
        return self._runner.run(_awaited(work))


async def _awaited(work):
    return await work


def _as_bytes(column):
    return (
        f"convert_to({column.name}, 'UTF8')" if isinstance(column.type, sa.String) else column.name
    )


def _typed(column, value):
    """Raises `ValueError` for what the column's type cannot hold."""
    if isinstance(column.type, sa.String):
        return value.decode()
    if isinstance(column.type, sa.Boolean):
        if value not in {0, 1}:
            raise ValueError(value)
        return bool(value)
    return value


def some_of_each(groups, seed, count):
    """So many bits of each column, anywhere in it."""
    chosen = random.Random(seed)
    for group in sorted(groups):
        for _ in range(count):
            place = chosen.choice(groups[group])
            yield place, chosen.randrange(len(place)), 1 << chosen.randrange(8)
