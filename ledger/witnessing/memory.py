"""What a witness must never forget: of each log, the largest tree it has cosigned.

Whoever can change or restore these files can make the witness cosign a second tree.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.files import OWNER_ONLY, replace_file
from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.hashing import EMPTY_TREE_HASH
from ledger.formats.spelling import Malformed


class MemoryDamagedError(Exception):
    """A file of the witness cannot be read. It cosigns nothing for this log until it can."""


@dataclass(frozen=True, slots=True)
class LogMemory:
    """The memory of one log, held by whoever entered `Memory.of`."""

    path: Path
    origin: str

    def recall(self) -> Checkpoint:
        """The largest tree cosigned; the empty one of a log not yet seen."""
        try:
            remembered = parse_checkpoint(self.path.read_bytes().decode())
        except FileNotFoundError:
            return Checkpoint(self.origin, 0, EMPTY_TREE_HASH)
        except (Malformed, UnicodeDecodeError):
            raise MemoryDamagedError(f"{self.path} is damaged.") from None
        if remembered.origin != self.origin:
            raise MemoryDamagedError(f"{self.path} is of another log.")
        return remembered

    def remember(self, checkpoint: Checkpoint) -> None:
        """When this returns, the checkpoint outlives any crash; until then, the one before may."""
        replace_file(self.path, checkpoint.text().encode(), mode=OWNER_ONLY)


@dataclass(frozen=True, slots=True)
class Memory:
    """A folder with a file for each log. Any number of processes may share it."""

    folder: Path

    @contextmanager
    def of(self, origin: str) -> Iterator[LogMemory]:
        """The memory of one log, which nobody else can read or change meanwhile."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{sha256(origin.encode()).hexdigest()}.checkpoint"
        # A file of its own is locked: the one that remembers is replaced at every change.
        with path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield LogMemory(path, origin)
