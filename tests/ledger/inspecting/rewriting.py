"""What somebody does who has the whole database and no key: drop an event, and rebuild the rest."""

import sqlite3
from contextlib import closing
from dataclasses import replace

from ledger.formats.entry import State, parse_entry
from ledger.formats.hashing import NO_HASH, chain_hash, leaf_hash, map_leaf_hash
from ledger.formats.state_map import Standing, root_of
from ledger.formats.tree import extend
from ledger.keeping.map_pages import DIVIDED_SIZE, TOP, build
from tests.ledger.tampering import tamper

READ = "SELECT kind, subject, entry, digests FROM ledger_entry WHERE idx <> ? ORDER BY idx"
STATES = 7  # Of the eight, all but the last are before the newest published checkpoint's own.


def drop_event(database, index):
    """Leave no trace of an event but in what was signed: everything after it follows anew."""
    tamper(database, f"DELETE FROM ledger_opening WHERE entry_id = {index}")
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(READ, (index,)).fetchall()
        for table in ("entry", "tile", "state", "state_page"):
            connection.execute(f"DELETE FROM ledger_{table}")
        rebuilt = _Rebuilt(connection)
        for row in rows:
            rebuilt.append(*row)
        rebuilt.finish()
        for shift in ("-entry_id - 1", "-entry_id - 2"):
            connection.execute(
                f"UPDATE ledger_opening SET entry_id = {shift} WHERE entry_id > ? OR entry_id < 0",
                (index,),
            )
        connection.commit()


class _Rebuilt:
    def __init__(self, connection):
        self.connection = connection
        self.size, self.chain, self.edge = 0, NO_HASH, []
        self.leaves, self.standing, self.names, self.published = [], {}, {}, {}

    def append(self, kind, subject, entry, digests):
        said = parse_entry(entry)
        number = None
        if subject is not None:
            before = self.standing.get(said.key, Standing(0, 0, NO_HASH))
            number = before.count
            said = replace(said, number=number, previous=before.head)
        if isinstance(said, State):
            self.published = dict(self.standing)
            root = root_of({key: each.digest() for key, each in self.standing.items()})
            said = replace(said, chain=self.chain, size=self.size, map_root=root)
        leaf = leaf_hash(said.encode())
        self.chain = chain_hash(self.chain, leaf)
        row = (
            self.size,
            self.size,
            kind,
            subject,
            number,
            said.encode(),
            leaf,
            self.chain,
            digests,
        )
        self.connection.execute("INSERT INTO ledger_entry VALUES (?,?,?,?,?,?,?,?,?)", row)
        if subject is not None:
            self.names[said.key] = subject
            self.standing[said.key] = Standing(number + 1, self.size, leaf)
        self.leaves.append(leaf)
        self.size += 1

    def finish(self):
        edge, tiles = extend([], 0, self.leaves)
        whole = {}
        for tile, hashes in tiles:
            whole[tile] = whole.get(tile, b"") + hashes
        self._write("tile", [(*tile, hashes) for tile, hashes in whole.items()])
        stand = sorted(self.published.items())
        self._write("state", [(key, s.count, s.last_index, s.head) for key, s in stand])
        pages, _ = build(TOP, [(key, map_leaf_hash(key, s.digest())) for key, s in stand])
        kept = [(page.place, page.hashes, page.divided.to_bytes(DIVIDED_SIZE)) for page in pages]
        self._write("state_page", kept)
        self.connection.execute(
            "UPDATE ledger_head SET size = ?, edge = ?, chain = ?",
            (self.size, b"".join(edge), self.chain),
        )
        self.connection.executemany(
            "UPDATE ledger_subject SET next_number = ?, head_leaf = ? WHERE subject = ?",
            [(s.count, s.head, self.names[key]) for key, s in self.standing.items()],
        )

    def _write(self, table, rows):
        for row in rows:
            marks = ",".join("?" * len(row))
            self.connection.execute(f"INSERT INTO ledger_{table} VALUES ({marks})", row)
