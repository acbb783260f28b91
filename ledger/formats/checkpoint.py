"""Checkpoints (c2sp.org/tlog-checkpoint): three lines that name one state of one log."""

from dataclasses import dataclass

from ledger.formats.hashing import EMPTY_TREE_HASH, HASH_SIZE, Hash
from ledger.formats.spelling import (
    SIZE_LIMIT,
    Malformed,
    format_bytes,
    is_plain_text,
    parse_hash,
    parse_number,
)

LINES = 3


class MalformedCheckpoint(Malformed):
    """Not a checkpoint of ours: origin, size and root, and no line more."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    origin: str
    tree_size: int
    root: Hash

    def text(self) -> str:
        assert 0 <= self.tree_size < SIZE_LIMIT, self.tree_size
        assert len(self.root) == HASH_SIZE, self.root
        return f"{self.origin}\n{self.tree_size}\n{format_bytes(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The only way in: a checkpoint that parses formats back to the very same text."""
    lines = text.split("\n")
    if len(lines) != LINES + 1 or not lines[0] or lines[LINES] or not is_plain_text(text):
        raise MalformedCheckpoint("A checkpoint has three lines.")
    parsed = Checkpoint(lines[0], parse_number(lines[1]), parse_hash(lines[2]))
    is_empty = parsed.tree_size == 0
    if parsed.text() != text or is_empty != (parsed.root == EMPTY_TREE_HASH):
        raise MalformedCheckpoint("This is not how a checkpoint is spelt.")
    return parsed
