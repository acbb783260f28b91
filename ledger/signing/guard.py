"""The signer guard: which tree was signed last, told where no backup of the database holds it.

A database that is restored from a copy has forgotten what it signed since, and would sign another
tree of the same size. The guard remembers. Whoever can change or restore this too can have the
log contradict itself; then only witnesses are left to notice.

    datatitle-guard@v1
    origin datatitle.example/log
    size 8
    root XcnaeacGWaSprVWctwHaKrn9BKg60vTwb+T+yPRlRNo=
    step signed

It is a file (`file_guard`) where one machine signs, or an object in a store (`object_guard`) where
any of several may.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from ledger.formats.hashing import Hash
from ledger.formats.spelling import Malformed, format_bytes, parse_hash, parse_number
from ledger.signing.faults import NotSealedError

FORMAT = "datatitle-guard@v1"


class GuardBusyError(Exception):
    """Another process is sealing at this moment."""


class GuardOutOfReachError(NotSealedError, OSError):
    """Where the guard is kept cannot be reached, so that nobody knows what it says."""


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


class HeldGuard(Protocol):
    """The guard while somebody signs. All of it blocks."""

    @property
    def place(self) -> str: ...

    def read(self) -> LastSigned | None: ...

    def swap(self, expected: LastSigned | None, new: LastSigned) -> None:
        """Put the new mark in the place of the expected one.

        When this returns, the new mark outlives any crash. When it raises, either may be found
        afterwards. Raises `NotSealedError` or `GuardBusyError` when another mark is found now.
        """


class Guard(Protocol):
    """The guard of one log. It is not there before the first tree is signed. All of it blocks."""

    @property
    def origin(self) -> str: ...

    @property
    def place(self) -> str:
        """How it is called for a person."""

    def read(self) -> LastSigned | None:
        """The mark, `None` when there is none. Raises `NotSealedError` for anything else."""

    def held(self) -> AbstractContextManager[HeldGuard]:
        """The guard, to be moved on. Raises `GuardBusyError` when somebody else is known to."""

    def put_away(self, folder: Path) -> None:
        """Move what it says, if it says anything, into a folder: its log has ended."""


def understood(content: bytes, *, place: str, origin: str) -> LastSigned:
    """What is kept at a place as the guard of a log. Raises `NotSealedError`."""
    try:
        last = parse_last_signed(content.decode())
    except (Malformed, UnicodeDecodeError) as fault:
        raise NotSealedError(
            f"The guard {place} cannot be understood ({fault}) Nothing is signed without "
            "it: look for what damaged it, move it away, and run "
            "`datatitle ledger guard --adopt`."
        ) from None
    if last.origin != origin:
        raise NotSealedError(
            f"The guard {place} is that of the log {last.origin}, and this is "
            f"{origin}: set DATATITLE_GUARD to this log's own, or DATATITLE_LOG_ORIGIN "
            "back to the name the log has always had."
        )
    return last


def assert_moves_on(expected: LastSigned | None, new: LastSigned, *, origin: str) -> None:
    """A guard never goes back, and never knows two roots of one size."""
    assert new.origin == origin, new
    if expected is not None:
        assert new.size >= expected.size, (expected, new)
        assert new.size > expected.size or new.root == expected.root, (expected, new)
