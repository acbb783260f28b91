"""The newest checkpoint as everybody fetches it, and what lies beside it to begin with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.hashing import Hash
from ledger.formats.keys import SignatureFailed
from ledger.formats.note import Note, parse_note
from ledger.formats.spelling import Malformed
from ledger.formats.tile_paths import CHECKPOINT_PATH
from ledger.inspecting.published_files import public
from ledger.inspecting.report import Findings
from ledger.inspecting.signers import Signers


@dataclass(frozen=True, slots=True)
class PublicNotes:
    """`sizes` are those of the published checkpoints in the database, and `roots` their roots."""

    folder: Path
    origin: str
    signers: Signers
    sizes: Sequence[int]
    roots: Mapping[int, Hash]
    findings: Findings

    def judge(self, introduction: Mapping[str, str]) -> None:
        """The last step of a publication may have been cut short: then the checkpoint before is
        there still, or none when there was none before.
        """
        published = _read(self.folder / CHECKPOINT_PATH)
        if published is not None:
            self._judge_checkpoint(published)
            for name, content in introduction.items():
                if _read(self.folder / name) != content.encode():
                    self._find(name, "it is not what this installation publishes")
        elif len(self.sizes) > 1:
            self._find(CHECKPOINT_PATH, "it is missing, though a checkpoint was published")

    def _judge_checkpoint(self, published: bytes) -> None:
        try:
            note = parse_note(published.decode())
            checkpoint = parse_checkpoint(note.text)
            self._check_signatures(checkpoint.tree_size, note)
        except (Malformed, UnicodeDecodeError, SignatureFailed, KeyError):
            self._find(CHECKPOINT_PATH, "its signed note is not good")
            return
        size = checkpoint.tree_size
        if (checkpoint.origin, checkpoint.root) != (self.origin, self.roots.get(size)):
            self._find(CHECKPOINT_PATH, "it is not of the log in the database")
        elif size not in self.sizes[-2:]:
            self._find(CHECKPOINT_PATH, f"it is of {size} entries, and more are published")

    def _check_signatures(self, size: int, note: Note) -> None:
        """All of them are good ones, of a key that is known."""
        cosigners = self.signers.cosigners
        own = [each for each in note.signatures if (each.name, each.key_id) not in cosigners]
        self.signers.check(size, note.text, own)
        for each in note.signatures:
            if each not in own:
                cosigners[each.name, each.key_id].check(note.text, each.signature)

    def _find(self, name: str, problem: str) -> None:
        self.findings.add(max([*self.sizes[-1:], 1]) - 1, public(name), problem)


def claimed_size(folder: Path) -> int:
    """The size that the checkpoint in a folder says, whoever signed it; 0 when it says none."""
    try:
        published = _read(folder / CHECKPOINT_PATH) or b""
        return parse_checkpoint(parse_note(published.decode()).text).tree_size
    except (Malformed, UnicodeDecodeError):
        return 0


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
