"""A witness (c2sp.org/tlog-witness): of each log it cosigns one tree, and only as it grows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.keys import SignatureFailed, VerifyingKey, parse_vkey
from ledger.formats.note import open_note, parse_note
from ledger.formats.proofs import ProofFailed, check_consistency
from ledger.formats.spelling import Malformed
from ledger.signing.key_file import Signer
from ledger.witnessing.memory import LogMemory, Memory
from ledger.witnessing.request import AddCheckpoint, parse_request

TEXT = "text/plain; charset=utf-8"
TREE_SIZE = "text/x.tlog.size"

COSIGNED = 200
MALFORMED = 400
NOT_SIGNED_BY_THE_LOG = 403
UNKNOWN_LOG = 404
MOVED_ON = 409
DOES_NOT_CONTINUE = 422

Logs = Mapping[str, Sequence[VerifyingKey]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in the terms of HTTP."""

    status: int
    body: str
    content_type: str = TEXT


class _Declined(Exception):  # noqa: N818 - an answer on its way out, not a fault of ours.
    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.answer = Answer(status, sentence + "\n")


@dataclass(frozen=True, slots=True)
class Witness:
    """Cosigns for these logs, each known by its origin. `now` gives whole seconds since 1970."""

    signer: Signer
    logs: Logs
    memory: Memory
    now: Callable[[], int]

    def add_checkpoint(self, body: bytes) -> Answer:
        """Cosign a checkpoint that continues the last one cosigned of its log, or say why not.

        What was cosigned is on the disk before a signature leaves. Waits for a file lock and
        for the disk. Raises only for faults of this machine (`OSError`, `MemoryDamagedError`).
        """
        try:
            request = parse_request(body)
            checkpoint = self._opened(request)
            with self.memory.of(checkpoint.origin) as memory:
                return self._continue(memory, request, checkpoint)
        except Malformed as malformed:
            return Answer(MALFORMED, f"{malformed}\n")
        except _Declined as declined:
            return declined.answer

    def _opened(self, request: AddCheckpoint) -> Checkpoint:
        checkpoint = parse_checkpoint(parse_note(request.note).text)
        keys = self.logs.get(checkpoint.origin)
        if keys is None:
            raise _Declined(UNKNOWN_LOG, "This witness does not know the log.")
        try:
            open_note(request.note, keys)
        except SignatureFailed:
            raise _Declined(NOT_SIGNED_BY_THE_LOG, "No key of the log signed this.") from None
        if request.old_size > checkpoint.tree_size:
            raise _Declined(MALFORMED, "The old size is larger than the checkpoint's.")
        return checkpoint

    def _continue(
        self, memory: LogMemory, request: AddCheckpoint, checkpoint: Checkpoint
    ) -> Answer:
        last = memory.recall()
        if request.old_size != last.tree_size:
            return Answer(MOVED_ON, f"{last.tree_size}\n", TREE_SIZE)
        try:
            _check_growth(request, last, checkpoint)
        except ProofFailed:
            raise _Declined(
                DOES_NOT_CONTINUE, "The checkpoint is not shown to continue the last one."
            ) from None
        # Also when nothing is new: a write that failed halfway is thereby made good.
        memory.remember(checkpoint)
        # Signed while the memory is held, so that no larger tree is cosigned at an earlier time.
        return Answer(COSIGNED, self.signer.sign(checkpoint.text(), self.now()).line())


def parse_logs(text: str) -> dict[str, list[VerifyingKey]]:
    """The logs a witness is to serve: a key on each line, or a tlog-policy with `log` lines.

    A log that has two keys has two lines. Raises `Malformed` for any other line, and
    where none names a log.
    """
    logs: dict[str, list[VerifyingKey]] = {}
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#") or words[0] in {"witness", "group", "quorum"}:
            continue
        key = parse_vkey(words[1] if words[0] == "log" and len(words) > 1 else words[0])
        logs.setdefault(key.name, []).append(key)
    if not logs:
        raise Malformed("No log is named here.")
    return logs


def _check_growth(request: AddCheckpoint, last: Checkpoint, checkpoint: Checkpoint) -> None:
    if last.tree_size > 0:
        check_consistency(
            request.proof,
            old_size=last.tree_size,
            old_root=last.root,
            new_size=checkpoint.tree_size,
            new_root=checkpoint.root,
        )
    elif request.proof:
        # Everything continues an empty tree, which no proof can show.
        raise ProofFailed
