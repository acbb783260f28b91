"""The signer guard: which tree was signed last, in a file that no backup of the database holds.

A database that is restored from a copy has forgotten what it signed since, and would sign another
tree of the same size. The guard remembers. Whoever can change or restore this file too can have
the log contradict itself; then only witnesses are left to notice.

    datatitle-guard@v1
    origin datatitle.example/log
    size 8
    root XcnaeacGWaSprVWctwHaKrn9BKg60vTwb+T+yPRlRNo=
    step signed
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ledger.files import OWNER_ONLY, replace_file
from ledger.formats.hashing import Hash
from ledger.formats.spelling import Malformed, format_bytes, parse_hash, parse_number
from ledger.signing.faults import NotSealedError

FORMAT = "datatitle-guard@v1"
OTHERS_MAY_WRITE = 0o022


class GuardBusyError(Exception):
    """Another process is sealing at this moment."""


class MalformedGuard(Malformed):
    """Not the text of a guard."""


class Step(StrEnum):
    """How far the signing of the marked tree is known to have come."""

    SIGNING = "signing"  # It may have been signed, and must be assumed to have been.
    SIGNED = "signed"  # The signed checkpoint is in the database.


@dataclass(frozen=True, slots=True)
class LastSigned:
    """The largest tree that may have been signed."""

    origin: str
    size: int
    root: Hash
    step: Step

    def text(self) -> str:
        root = format_bytes(self.root)
        return f"{FORMAT}\norigin {self.origin}\nsize {self.size}\nroot {root}\nstep {self.step}\n"


def parse_last_signed(text: str) -> LastSigned:
    """The only way in: a mark that parses is written as the very same text."""
    words = [line.partition(" ") for line in text.split("\n")]
    names = [name for name, _, _ in words]
    if names != [FORMAT, "origin", "size", "root", "step", ""]:
        raise MalformedGuard(f"A guard is {FORMAT}, then origin, size, root and step.")
    origin, size, root, step = (value for _, _, value in words[1:5])
    if step not in list(Step):
        raise MalformedGuard("A guard is at a step that there is not.")
    last = LastSigned(origin, parse_number(size), parse_hash(root), Step(step))
    if last.text() != text or not last.size or not origin.isprintable() or not origin:
        raise MalformedGuard("This is not how a guard is spelt.")
    return last


@dataclass(frozen=True, slots=True)
class Guard:
    """The guard of one log. It is not there before the first tree is signed."""

    path: Path
    origin: str

    def read(self) -> LastSigned | None:
        """The mark, `None` when there is no file. Raises `NotSealedError` for any other file."""
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                mode = os.fstat(file.fileno()).st_mode
                last = parse_last_signed(file.read())
        except FileNotFoundError:
            return None
        except (Malformed, UnicodeDecodeError) as fault:
            raise NotSealedError(
                f"The guard {self.path} cannot be understood ({fault}) Nothing is signed without "
                "it: look for what damaged it, move it away, and run "
                "`datatitle ledger guard --adopt`."
            ) from None
        if mode & OTHERS_MAY_WRITE:
            raise NotSealedError(
                f"Others may write to the guard {self.path}, so it guards nothing: check it, "
                "then chmod 600 it."
            )
        if last.origin != self.origin:
            raise NotSealedError(
                f"The guard {self.path} is that of the log {last.origin}, and this is "
                f"{self.origin}: set DATATITLE_GUARD to this log's own, or DATATITLE_LOG_ORIGIN "
                "back to the name the log has always had."
            )
        return last

    @contextmanager
    def held(self) -> Iterator["HeldGuard"]:
        """The guard, which nobody else can hold meanwhile. Raises `GuardBusyError`."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A file of its own is locked: the guard itself is replaced at every change.
        lock = self.path.with_name(f"{self.path.name}.lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise GuardBusyError from None
            yield HeldGuard(self)
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class HeldGuard:
    guard: Guard

    def read(self) -> LastSigned | None:
        return self.guard.read()

    def swap(self, expected: LastSigned | None, new: LastSigned) -> None:
        """Put the new mark in the place of the expected one.

        When this returns, the new mark outlives any crash. When it raises, either may be found
        afterwards. Raises `NotSealedError` when another mark is found now.
        """
        assert new.origin == self.guard.origin, new
        if self.read() != expected:
            raise NotSealedError(
                f"Somebody changed the guard {self.guard.path} while it was held. Nothing is "
                "signed: find out who, and let each log have one guard."
            )
        if expected is not None:
            assert new.size >= expected.size, (expected, new)
            assert new.size > expected.size or new.root == expected.root, (expected, new)
        # Also when nothing is new: a write that failed halfway is thereby made good.
        replace_file(self.guard.path, new.text().encode(), mode=OWNER_ONLY)
