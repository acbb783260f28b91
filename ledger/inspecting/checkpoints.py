"""Every signed checkpoint held against the tree grown anew, and every signature on it checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.hashing import Hash
from ledger.formats.keys import SignatureFailed
from ledger.formats.note import Note, parse_note, parse_signature_line
from ledger.formats.spelling import Malformed
from ledger.inspecting.raw_rows import RawRow
from ledger.inspecting.report import Findings
from ledger.inspecting.signers import Signers, UnknownSigner
from ledger.inspecting.subjects import ENTRY

CHECKPOINT, COSIGNATURE = "ledger_checkpoint", "ledger_cosignature"
SECOND = 1_000_000  # Microseconds.


@dataclass(slots=True)
class CheckpointsAnew:
    """The checkpoints given so far, in the order of their sizes.

    `roots` holds the root over the entries at every signed size, `state_times` the unix seconds
    of every state by its index, `size` counts the entries there are.
    """

    origin: str
    signers: Signers
    roots: Mapping[int, Hash]
    state_times: Mapping[int, int]
    size: int
    findings: Findings
    agreed: int = 0  # The largest size at which what was signed is what is stored.
    last_signed_at: int = 0
    checkpoints: int = 0
    cosignatures: int = 0

    def take(self, row: RawRow, cosignatures: Sequence[RawRow]) -> None:
        """One checkpoint and the lines that were added to it."""
        self.checkpoints += 1
        self.cosignatures += len(cosignatures)
        if row.size > self.size:
            self._find(self.size, f"there are not {row.size} entries under it")
            return
        last = row.size - 1
        text = self._check_note(row)
        if last not in self.state_times:
            self._find(last, "its last entry is not the state of those before")
        self._check_instants(row)
        for cosignature in cosignatures:
            if not self._has_cosigned(cosignature, text):
                self.findings.add(last, COSIGNATURE, "it is not a known cosigner's good signature")

    def _check_note(self, row: RawRow) -> str | None:
        """The text that was signed, if it is of this log and size."""
        last = row.size - 1
        try:
            note = parse_note(row.note.decode())
            checkpoint = parse_checkpoint(note.text)
            self._check_signatures(row.size, note)
        except (Malformed, UnicodeDecodeError, SignatureFailed):
            self._find(last, "its signed note is not good")
            return None
        if (checkpoint.origin, checkpoint.tree_size) != (self.origin, row.size):
            self._find(last, "it is not of this log at this size")
            return None
        if row.root != checkpoint.root:
            self._find(last, "its root is not the one that was signed")
        if checkpoint.root == self.roots[row.size]:
            self.agreed = row.size
        elif not self.findings.are_before(row.size):
            # Everything agrees but the signature: it was all rewritten since the one before.
            self._find(self.agreed, f"the entries do not lead to the root at {row.size}")
        return note.text

    def _check_signatures(self, size: int, note: Note) -> None:
        try:
            self.signers.check(size, note.text, note.signatures)
        except UnknownSigner:
            # Among damaged entries may be the one that says whose key it was.
            if not self.findings.have(ENTRY):
                raise

    def _check_instants(self, row: RawRow) -> None:
        earliest = max(self.state_times.get(row.size - 1, 0) * SECOND, self.last_signed_at)
        if row.signed_at < earliest:
            self._find(row.size - 1, "it was signed before its last entry, or the one before it")
        if row.published_at is not None and row.published_at < row.signed_at:
            self._find(row.size - 1, "it was published before it was signed")
        self.last_signed_at = max(row.signed_at, self.last_signed_at)

    def _has_cosigned(self, row: RawRow, text: str | None) -> bool:
        if text is None:
            return True  # What it should sign is not known, and that is found already.
        try:
            line = parse_signature_line(row.line.decode())
            key = self.signers.cosigners[line.name, line.key_id]
            time = key.check(text, line.signature)
        except (Malformed, UnicodeDecodeError, KeyError, SignatureFailed):
            return False
        return (row.name, row.key_id, row.time) == (line.name.encode(), line.key_id, time)

    def _find(self, index: int, problem: str) -> None:
        self.findings.add(index, CHECKPOINT, problem)
