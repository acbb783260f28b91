"""The audit: read, replay, judge; and cosign the newest checkpoint of a log in which all holds.

The cosignature of an auditor says, beside what every cosignature says: I have read every entry
up to this size; every subject's chain is whole; every state leaf has the map root that follows
from the entries before it; and, where the log was opened to me, every certificate has lived by
the rules of its life.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.hashing import Hash
from ledger.formats.keys import SignatureFailed, VerifyingKey
from ledger.formats.note import Signature, open_note, parse_note
from ledger.formats.spelling import Malformed
from ledger.formats.state_map import Standing
from ledger.formats.tree import Tile
from ledger.inspecting.auditor.memory import LogMemory, Memory
from ledger.inspecting.auditor.replay import Replay, RuleBroken
from ledger.signing.key_file import Signer


class NotAudited(Exception):  # noqa: N818 - a finding about a log, not a fault of ours.
    """There is nothing here that could be audited; the sentence says why."""


class AuditedLog(Protocol):
    """A log as an auditor finds it: in public files, or in the register's own database."""

    async def newest_note(self) -> str | None:
        """The newest signed checkpoint; None when there is none."""

    def entries(self, start: int, end: int) -> AsyncIterator[Sequence[bytes]]:
        """The entries from index `start` up to, and not including, `end`, some at a time."""

    async def judge_tile(self, tile: Tile, hashes: bytes) -> None:
        """Raise `RuleBroken` unless the log keeps these hashes in this tile, first of all."""

    async def judge_lives(self, standings: Mapping[Hash, Standing], size: int) -> int | None:
        """Raise `RuleBroken` unless the subjects behind these keys have lived by the rules.

        `standings` says how each stands in the tree of `size`. Gives how many certificates there
        were among them; None where nothing can be opened.
        """


@dataclass(frozen=True, slots=True)
class Audit:
    """What was read, and what came of it: a cosignature, or the entry at which the log fails."""

    checkpoint: Checkpoint
    start: int
    subjects: int
    states: int
    lives: int | None
    signature: Signature | None
    broken: RuleBroken | None = None


@dataclass(frozen=True, slots=True)
class Auditor:
    """Cosigns for one log. `now` gives whole seconds since 1970; `keys` are the log's, trusted."""

    signer: Signer
    memory: Memory
    keys: Sequence[VerifyingKey]
    now: Callable[[], int]

    async def audit(
        self, log: AuditedLog, *, from_start: bool = False, progress: Callable[[int, int], None]
    ) -> Audit | None:
        """Read what is new since the last audit (everything, `from_start`), and judge it.

        None when the log has no checkpoint yet. A log that fails is not cosigned and what was
        read of it is forgotten, so that the next audit finds the same. `progress` is told how
        many entries were read, and how many there are to read. Raises `NotAudited` for what is no
        log to be audited with these keys, and `AuditorBusyError`.
        """
        note = await log.newest_note()
        if note is None:
            return None
        checkpoint = self._claimed(note)
        with self.memory.of(checkpoint.origin) as memory:
            last = memory.last_cosigned()
            replay = Replay(checkpoint.origin, list(self.keys))
            if not from_start:
                replay = memory.recall(self.keys)
            start, lives = replay.size, None
            try:
                await self._read(log, replay, checkpoint, last, progress)
                self._judge_note(note, replay)
                changed = {key: replay.standings[key] for key in replay.changed}
                lives = await log.judge_lives(changed, replay.size)
            except RuleBroken as broken:
                return _report(checkpoint, start, replay, lives, None, broken)
            signature = self._cosign(memory, replay, checkpoint)
        return _report(checkpoint, start, replay, lives, signature)

    def _claimed(self, note: str) -> Checkpoint:
        """What the note says, still to be believed: the key may be handed on in what follows."""
        try:
            checkpoint = parse_checkpoint(parse_note(note).text)
        except Malformed as malformed:
            raise NotAudited(f"The checkpoint cannot be read: {malformed}") from None
        if checkpoint.origin not in {key.name for key in self.keys}:
            raise NotAudited(f"The checkpoint is of the log {checkpoint.origin}, with another key.")
        return checkpoint

    async def _read(
        self,
        log: AuditedLog,
        replay: Replay,
        checkpoint: Checkpoint,
        last: Checkpoint | None,
        progress: Callable[[int, int], None],
    ) -> None:
        size = checkpoint.tree_size
        if last is not None and size < last.tree_size:
            raise RuleBroken(
                size, f"the log shows {size} entries, and has shown {last.tree_size} before"
            )
        # From the start, the way leads past the tree that was cosigned last.
        halts = [last.tree_size] if last is not None and replay.size < last.tree_size else []
        start = replay.size
        for halt in dict.fromkeys([*halts, size]):
            async for entries in log.entries(replay.size, halt):
                await _judge_tiles(log, replay.add(entries))
                progress(replay.size - start, size - start)
            if last is not None and halt == last.tree_size and replay.root != last.root:
                raise RuleBroken(halt - 1, "the entries up to here are not those audited before")
        if replay.root != checkpoint.root:
            raise RuleBroken(size - 1, "the entries do not lead to the root of the checkpoint")
        if not replay.ends_with_state:
            raise RuleBroken(size - 1, "the last entry of the checkpoint is not a state leaf")

    def _judge_note(self, note: str, replay: Replay) -> None:
        try:
            open_note(note, [*self.keys, *replay.keys])
        except SignatureFailed:
            raise RuleBroken(replay.size - 1, "no trusted key signed the checkpoint") from None

    def _cosign(self, memory: LogMemory, replay: Replay, checkpoint: Checkpoint) -> Signature:
        # What was audited is on the disk before a signature leaves.
        memory.remember(replay)
        return self.signer.sign(checkpoint.text(), self.now())


async def _judge_tiles(log: AuditedLog, tiles: Mapping[Tile, bytes]) -> None:
    for tile, hashes in tiles.items():
        await log.judge_tile(tile, hashes)


def _report(
    checkpoint: Checkpoint,
    start: int,
    replay: Replay,
    lives: int | None,
    signature: Signature | None,
    broken: RuleBroken | None = None,
) -> Audit:
    subjects, states = len(replay.standings), replay.states
    return Audit(checkpoint, start, subjects, states, lives, signature, broken)
