"""What an auditor remembers of a log: how far it has read, what that amounts to, what it cosigned.

Whoever can change this file can have the auditor cosign a second tree: it is kept like a key.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.formats.checkpoint import Checkpoint
from ledger.formats.hashing import Hash
from ledger.formats.keys import VerifyingKey, parse_vkey
from ledger.formats.state_map import Standing
from ledger.formats.tree import Tile
from ledger.inspecting.auditor.replay import Replay

_TABLES = """
CREATE TABLE IF NOT EXISTS log (
    id INTEGER PRIMARY KEY CHECK (id = 1), origin TEXT, vkeys TEXT, size INTEGER, chain BLOB,
    time INTEGER, states INTEGER, frozen_at INTEGER, root BLOB
);
CREATE TABLE IF NOT EXISTS tile (
    level INTEGER, n INTEGER, hashes BLOB, PRIMARY KEY (level, n)
);
CREATE TABLE IF NOT EXISTS subject (
    key BLOB PRIMARY KEY, count INTEGER, last_index INTEGER, head BLOB
) WITHOUT ROWID;
"""


class AuditorBusyError(Exception):
    """Another audit of this log runs at this moment, with the same memory."""


@dataclass(frozen=True, slots=True)
class LogMemory:
    """The memory of one log, held by whoever entered `Memory.of`."""

    connection: sqlite3.Connection
    origin: str

    def last_cosigned(self) -> Checkpoint | None:
        """The tree that was cosigned last."""
        row = self.connection.execute("SELECT origin, size, root FROM log").fetchone()
        return None if row is None else Checkpoint(*row)

    def recall(self, keys: Sequence[VerifyingKey]) -> Replay:
        """The replay up to the tree that was cosigned last; a new one before the first.

        To `keys`, which the auditor is told to trust, come those they have handed on to.
        """
        row = self.connection.execute(
            "SELECT vkeys, size, chain, time, states, frozen_at FROM log"
        ).fetchone()
        if row is None:
            return Replay(self.origin, list(keys))
        vkeys, size, chain, time, states, frozen_at = row
        trusted = dict.fromkeys([*keys, *map(parse_vkey, vkeys.split())])
        tiles = self.connection.execute("SELECT level, n, hashes FROM tile")
        subjects = self.connection.execute("SELECT key, count, last_index, head FROM subject")
        return Replay(
            self.origin,
            list(trusted),
            size,
            Hash(chain),
            time,
            states,
            frozen_at,
            {Tile(level, number): hashes for level, number, hashes in tiles},
            restored={Hash(key): Standing(*standing) for key, *standing in subjects},
        )

    def remember(self, replay: Replay) -> None:
        """When this returns, the replay outlives any crash; until then, the one before does."""
        run = self.connection.execute
        vkeys = "\n".join(key.vkey() for key in replay.keys)
        run(
            "INSERT OR REPLACE INTO log VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(replay.origin, vkeys, replay.size, replay.chain),
                *(replay.time, replay.states, replay.frozen_at, replay.root),
            ),
        )
        run("DELETE FROM tile")
        tiles = [(*tile, hashes) for tile, hashes in replay.tiles.items()]
        self.connection.executemany("INSERT INTO tile VALUES (?, ?, ?)", tiles)
        standings = ((key, replay.standings[key]) for key in replay.changed)
        self.connection.executemany(
            "INSERT OR REPLACE INTO subject VALUES (?, ?, ?, ?)",
            ((key, each.count, each.last_index, each.head) for key, each in standings),
        )
        run("COMMIT")
        run("BEGIN IMMEDIATE")


@dataclass(frozen=True, slots=True)
class Memory:
    """A folder with a file for each log."""

    folder: Path

    @contextmanager
    def of(self, origin: str) -> Iterator[LogMemory]:
        """The memory of one log. Nobody else can hold it meanwhile: raises `AuditorBusyError`."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{sha256(origin.encode()).hexdigest()}.sqlite3"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
            connection.execute("PRAGMA synchronous = EXTRA")
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                raise AuditorBusyError from None
            for statement in filter(None, _TABLES.split(";\n")):
                connection.execute(statement)
            yield LogMemory(connection, origin)
            connection.execute("ROLLBACK")
