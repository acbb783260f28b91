"""A look at the end of the log, in milliseconds; what lies before it is taken on trust."""

from hashlib import sha256

import sqlalchemy as sa

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.hashing import HASH_SIZE, NO_HASH, Hash
from ledger.formats.keys import SignatureFailed
from ledger.formats.note import open_note
from ledger.formats.spelling import Malformed
from ledger.formats.tree import TILE_WIDTH, Span, Tile, span_hash, subtree_hash, subtrees
from ledger.inspecting.checkpoints import CHECKPOINT
from ledger.inspecting.fsck import Surroundings
from ledger.inspecting.guarded import judge_guard, read_guard
from ledger.inspecting.raw_rows import RawRow, count_waiting, raw_between, raw_query
from ledger.inspecting.report import Findings, Report
from ledger.inspecting.schema import judge_columns, judge_triggers
from ledger.inspecting.stored import HEAD
from ledger.inspecting.subjects import ENTRY
from ledger.inspecting.tree import PLACE as TILE
from ledger.keeping import store
from ledger.signing.guard import LastSigned

QUICK = "quick"
LEAVES = 256

_HEAD = raw_query(store.ledger_head)
_LAST = sa.select(sa.func.max(store.ledger_entry.c.idx))
_ENTRIES = raw_between(
    store.ledger_entry, store.ledger_entry.c.idx, "idx", "entry", "leaf", "chain"
)
_TILE = raw_query(store.ledger_tile, "hashes").where(
    store.ledger_tile.c.level == sa.bindparam("level"), store.ledger_tile.c.n == sa.bindparam("n")
)
_CHECKPOINT = (
    raw_query(store.ledger_checkpoint, "size", "root", "note")
    .order_by(None)
    .order_by(store.ledger_checkpoint.c.size.desc())
    .limit(1)
)


def inspect_quickly(connection: sa.Connection, around: Surroundings) -> Report:
    """The head against the tree as it is stored, at least the last 256 leaves and their chain,
    the newest checkpoint and its signature, the guard, the triggers.
    """
    # Read before the first look at the database, which then holds all that the guard knows.
    guarded = read_guard(around.guard)
    findings = Findings()
    if not judge_columns(connection, findings):
        return Report.of(QUICK, 0, {}, findings)
    return _Look(connection, around, guarded, findings).report()


class _Look:
    def __init__(
        self,
        connection: sa.Connection,
        around: Surroundings,
        guarded: LastSigned | str | None,
        findings: Findings,
    ) -> None:
        self._connection = connection
        self._around = around
        self._findings = findings
        self._guarded = guarded
        last = connection.execute(_LAST).scalar()
        self._size = 0 if last is None else last + 1

    def report(self) -> Report:
        start = max(self._size - LEAVES, 0) // TILE_WIDTH * TILE_WIDTH
        chain = self._judge_leaves(start)
        self._judge_head(chain)
        newest = self._judge_checkpoint()
        self._judge_guard(newest)
        judge_triggers(self._connection, self._findings, self._size)
        waiting = count_waiting(self._connection)
        read = {
            "entries": self._size - start,
            "waiting": waiting,
            "checkpoints": min(newest, 1),
        }
        return Report.of(QUICK, self._size, read, self._findings)

    def _judge_leaves(self, start: int) -> Hash:
        """Those from `start` on; gives the chain over all entries, as far as it can be told."""
        before = self._entries(start - 1, start - 1)
        chain = before[0].chain or NO_HASH if before else NO_HASH
        leaves = []
        for index, row in enumerate(self._entries(start, self._size - 1), start):
            if row.idx != index:
                break
            leaf = sha256(b"\x00" + row.entry).digest()
            chain = sha256(b"\x02" + chain + leaf).digest()
            if (row.leaf, row.chain) != (leaf, chain):
                self._findings.add(index, ENTRY, "its leaf or its chain is not that of its entry")
            chain = row.chain or chain
            leaves.append(leaf)
        if start + len(leaves) != self._size:
            self._findings.add(start + len(leaves), ENTRY, "an entry is missing")
        for at in range(0, len(leaves), TILE_WIDTH):
            tile = Tile(0, (start + at) // TILE_WIDTH)
            if self._stored(tile) != b"".join(leaves[at : at + TILE_WIDTH]):
                self._findings.add(
                    start + at, TILE, f"tile {tile.number} is not that of its leaves"
                )
        return Hash(chain)

    def _judge_head(self, chain: Hash) -> None:
        edge = [subtree_hash(each, self._read) for each in subtrees(Span(0, self._size))]
        expected = [(1, self._size, b"".join(edge), chain)] if self._size else []
        rows = self._connection.execute(_HEAD).all()
        if [(row.id, row.size, row.edge, row.chain) for row in rows] != expected:
            problem = "it does not stand where the entries end"
            self._findings.add(max(self._size - 1, 0), HEAD, problem)

    def _judge_checkpoint(self) -> int:
        """The newest one; gives its size, 0 when there is none."""
        row = self._connection.execute(_CHECKPOINT).one_or_none()
        if row is None:
            return 0
        size: int = max(row.size, 0)
        if size > self._size:
            problem = f"there are not {size} entries under it"
            self._findings.add(self._size, CHECKPOINT, problem)
            return size
        trust = self._around.trust
        try:
            opened = open_note(row.note.decode(), trust.log_keys)
            checkpoint = parse_checkpoint(opened.text)
        except (Malformed, UnicodeDecodeError, SignatureFailed):
            self._findings.add(max(size - 1, 0), CHECKPOINT, "its signed note is not good")
            return size
        said = (checkpoint.origin, checkpoint.tree_size, checkpoint.root, row.root)
        root = self._root(size)
        if said != (trust.origin, size, root, root):
            problem = "the tree in the database is not the one that was signed"
            self._findings.add(max(size - 1, 0), CHECKPOINT, problem)
        return size

    def _judge_guard(self, newest: int) -> None:
        before, size, roots = self._guarded, self._size, {}
        if isinstance(before, LastSigned) and before.size <= size:
            roots[before.size] = self._root(before.size)
        after = read_guard(self._around.guard)
        judge_guard(before, after, self._findings, size=size, newest=newest, roots=roots)

    def _root(self, size: int) -> Hash:
        return span_hash(Span(0, size), self._read)

    def _read(self, tile: Tile) -> bytes:
        """A stored tile; where it is too short, it is as if it were full of something else."""
        return self._stored(tile).ljust(TILE_WIDTH * HASH_SIZE, b"\x00")

    def _stored(self, tile: Tile) -> bytes:
        place = {"level": tile.level, "n": tile.number}
        found: bytes | None = self._connection.execute(_TILE, place).scalar()
        return found or b""

    def _entries(self, first: int, last: int) -> list[RawRow]:
        return list(self._connection.execute(_ENTRIES, {"first": first, "last": last}).all())
