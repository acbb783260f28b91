"""Every byte that is kept of a log, changed one at a time in a copy, and put back again."""

import sqlite3
from collections import defaultdict
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ledger.formats.keys import VerifyingKey
from ledger.inspecting import openings
from ledger.inspecting.fsck import inspect_fully
from ledger.keeping import store
from tests.ledger.inspecting.inspected_log import around, database_in, guard_in, public_in

# What may be changed without anything to tell it by: remarks, that nothing rests on.
FREE = {
    "ledger_checkpoint.signed_at": "it must not be before the last entry, or the checkpoint before",
    "ledger_checkpoint.published_at": "it must not be before the signing",
    "ledger_opening.erased_at": "once a fact is erased; it must not be before 1970",
    "ledger_opening.name": "once a fact is erased: its digest cannot be made again",
    "ledger_opening.entry_id": "once a fact is erased: it may have been another event's",
}

TABLES = [table for table in store.metadata.sorted_tables if table.name.startswith("ledger_")]
INTEGER_SIZE = 8


@dataclass(frozen=True)
class Stored:
    """A value in the database; its row is found by its key."""

    table: sa.Table
    column: sa.Column[Any]
    key: tuple[Any, ...]
    value: Any
    of_erased: bool = False

    @property
    def group(self):
        return f"{self.table.name}.{self.column.name}"

    @property
    def is_free(self):
        return self.group in FREE and (self.of_erased or self.table.name != "ledger_opening")

    @property
    def place(self):
        return self.table.name

    def __len__(self):
        return len(_bytes_of(self.value)) or 1

    def changed(self, at, mask):
        """The value with these bits of one byte changed; something where there was nothing."""
        if self.value is None or _bytes_of(self.value) == b"":
            return _something(self.column)
        data = bytearray(_bytes_of(self.value))
        data[at] ^= mask
        if isinstance(self.value, int):
            return int.from_bytes(data, signed=True)
        return bytes(data)


@dataclass(frozen=True)
class Filed:
    """A file of the log, which a finding calls `place`."""

    path: Path
    place: str
    is_free: bool = False

    @property
    def group(self):
        return self.place

    def __len__(self):
        return self.path.stat().st_size


class Bench:
    """A copy of a log: its database in memory, without its triggers, its files in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.around = around(folder)
        self.database = sqlite3.connect(":memory:", isolation_level=None)
        with closing(sqlite3.connect(database_in(folder))) as source:
            source.backup(self.database)
        self.database.execute("PRAGMA ignore_check_constraints = ON")
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in self.database.execute(triggers).fetchall():
            self.database.execute(f"DROP TRIGGER {name}")
        engine = sa.create_engine(
            "sqlite://", creator=lambda: self.database, poolclass=sa.StaticPool
        )
        self._connection = engine.connect()

    def close(self):
        self._connection.close()
        self.database.close()

    def found(self):
        """What is found now, but for the triggers that had to go."""
        report = inspect_fully(self._connection, self.around)
        return [finding for finding in report.findings if finding.place != "schema"]

    @contextmanager
    def done(self, *statements):
        """These statements done, and undone afterwards: texts, or texts with parameters."""
        self.database.execute("BEGIN")
        try:
            for statement in statements:
                text, *parameters = [statement] if isinstance(statement, str) else statement
                assert self.database.execute(text, parameters).rowcount != 0, text
            yield
        finally:
            self.database.execute("ROLLBACK")

    @contextmanager
    def changed(self, place, at, mask):
        """One byte of a place changed by the bits of the mask; by others beside them where the
        database refuses a key that there is already, and not at all where it refuses them all.
        """
        if isinstance(place, Stored):
            with self.done():
                yield self._update(place, at, mask)
            return
        before = place.path.read_bytes()
        data = bytearray(before)
        data[at] ^= mask
        place.path.write_bytes(data)
        try:
            yield True
        finally:
            place.path.write_bytes(before)

    def _update(self, place, at, mask):
        for turn in range(8):
            turned = mask << turn & 0xFF | mask >> 8 - turn
            with suppress(sqlite3.IntegrityError):
                text, *parameters = _update(place, place.changed(at, turned))
                assert self.database.execute(text, parameters).rowcount == 1, place
                return True
        return False

    def places(self):
        """Every value in the database, and every file, by the group it belongs to."""
        groups = defaultdict(list)
        for place in (*self._stored(), *self._filed()):
            groups[place.group].append(place)
        return groups

    def _stored(self):
        for table in TABLES:
            names = [f"CAST({c.name} AS BLOB)" if _is_text(c) else c.name for c in table.c]
            keys = [names[list(table.c).index(column)] for column in table.primary_key]
            query = f"SELECT {', '.join([*keys, *names])} FROM {table.name}"
            for row in self.database.execute(query):
                key, values = (
                    row[: len(keys)],
                    dict(zip(table.c.keys(), row[len(keys) :], strict=True)),
                )
                for name, value in values.items():
                    of_erased = values.get("erased_at") is not None
                    yield Stored(table, table.c[name], key, value, of_erased)

    def _filed(self):
        public = public_in(self.folder)
        for path in sorted(file for file in public.rglob("*") if file.is_file()):
            yield Filed(path, f"public/{path.relative_to(public).as_posix()}")
        yield Filed(guard_in(self.folder), "guard")


def is_named(bench, place, at, mask):
    """Whether the change of a byte is found where it was done, or refused by the database."""
    with bench.changed(place, at, mask) as is_changed:
        return not is_changed or place.place in {finding.place for finding in bench.found()}


@contextmanager
def remembering():
    """Let what rests on its arguments alone be computed once for each of them."""
    pure = [(openings, "_commitment_to"), (openings, "_opens"), (VerifyingKey, "check")]
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in pure:
            patch.setattr(owner, name, cache(getattr(owner, name)))
        yield


def _update(place, value):
    written = "CAST(? AS TEXT)" if _is_text(place.column) and value is not None else "?"
    key = " AND ".join(
        f"CAST({c.name} AS BLOB) = ?" if _is_text(c) else f"{c.name} = ?"
        for c in place.table.primary_key
    )
    text = f"UPDATE {place.table.name} SET {place.column.name} = {written} WHERE {key}"
    return (text, value, *place.key)


def _is_text(column):
    return isinstance(column.type, sa.String)


def _bytes_of(value):
    if isinstance(value, int):
        return value.to_bytes(INTEGER_SIZE, signed=True)
    return b"" if value is None else value


def _something(column):
    return 1 if isinstance(column.type, sa.Integer | sa.Boolean) else b"*"
