"""What the public folder shows first: the newest checkpoint, what lies beside it, and all names."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.files import DRAFT_SUFFIX
from ledger.formats.checkpoint import Checkpoint, parse_checkpoint
from ledger.formats.hashing import Hash
from ledger.formats.keys import SignatureFailed
from ledger.formats.note import Note, parse_note
from ledger.formats.spelling import Malformed
from ledger.formats.tile_paths import CHECKPOINT_PATH
from ledger.inspecting.published_files import belongs, public
from ledger.inspecting.report import Findings
from ledger.inspecting.signers import Signers
from ledger.publishing.headers import TILE_FOLDER


@dataclass(frozen=True, slots=True)
class PublicFolder:
    """Where the log is published, and what lies there beside the checkpoint, by name."""

    path: Path
    introduction: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a folder showed at one moment; what was published until then must be in the log."""

    checkpoint: bytes | None
    paths: tuple[str, ...]

    @property
    def claimed_size(self) -> int:
        """The size that the checkpoint says, whoever signed it; 0 when it says none."""
        try:
            return _opened(self.checkpoint or b"")[1].tree_size
        except (Malformed, UnicodeDecodeError):
            return 0


@dataclass(frozen=True, slots=True)
class PublicNotes:
    """A folder beside a log: `published` are the sizes of its published checkpoints in their
    order, `roots` the roots of all that were signed.
    """

    folder: PublicFolder
    origin: str
    signers: Signers
    published: Sequence[int]
    roots: Mapping[int, Hash]
    findings: Findings

    def judge(self, shown: Shown, size: int) -> None:
        """The last step of a publication may have been cut short: then the checkpoint before is
        there still, or none when there was none before.
        """
        if shown.checkpoint is not None:
            self._judge_checkpoint(shown.checkpoint)
        elif len(self.published) > 1:
            self._find(CHECKPOINT_PATH, "it is missing, though a checkpoint was published")
        for path in shown.paths:
            if not belongs(path, size):
                self.findings.add(size, public(path), "it is no file of this log")

    def _judge_checkpoint(self, published: bytes) -> None:
        try:
            note, checkpoint = _opened(published)
            self._check_signatures(checkpoint.tree_size, note)
        except (Malformed, UnicodeDecodeError, SignatureFailed):
            self._find(CHECKPOINT_PATH, "its signed note is not good")
            return
        # While the log is handed on, what lies beside the checkpoint follows with the next one.
        if self.signers.are_those_of(note.signatures):
            self._judge_introduction()
        size = checkpoint.tree_size
        if (checkpoint.origin, checkpoint.root) != (self.origin, self.roots.get(size)):
            self._find(CHECKPOINT_PATH, "it is not of the log in the database")
        elif size not in self.published[-2:] and self._is_still_shown(published):
            self._find(CHECKPOINT_PATH, f"it is of {size} entries, and more are published")

    def _judge_introduction(self) -> None:
        for name, content in self.folder.introduction.items():
            if _read(self.folder.path / name) != content.encode():
                self._find(name, "it is not what this installation publishes")

    def _is_still_shown(self, published: bytes) -> bool:
        return _read(self.folder.path / CHECKPOINT_PATH) == published

    def _check_signatures(self, size: int, note: Note) -> None:
        """All of them are good ones, of a key that is known."""
        cosigners = self.signers.cosigners
        own = [each for each in note.signatures if (each.name, each.key_id) not in cosigners]
        self.signers.check(size, note.text, own)
        for each in note.signatures:
            if each not in own:
                cosigners[each.name, each.key_id].check(note.text, each.signature)

    def _find(self, name: str, problem: str) -> None:
        self.findings.add(max([*self.published[-1:], 1]) - 1, public(name), problem)


def look_at(folder: Path) -> Shown:
    """The checkpoint, and the names of all tiles and bundles in their order."""
    checkpoint = _read(folder / CHECKPOINT_PATH)
    return Shown(checkpoint, tuple(sorted(_paths(folder))))


def _paths(folder: Path) -> Iterator[str]:
    """All files but what an interruption left unfinished."""
    for above, _, names in os.walk(folder / TILE_FOLDER):
        for name in names:
            if not (name.startswith(".") and name.endswith(DRAFT_SUFFIX)):
                yield (Path(above) / name).relative_to(folder).as_posix()


def _opened(published: bytes) -> tuple[Note, Checkpoint]:
    note = parse_note(published.decode())
    return note, parse_checkpoint(note.text)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
