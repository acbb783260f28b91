"""The signer guard in a file, which whoever signs on this machine holds by a lock."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ledger.files import OWNER_ONLY, replace_file, write_through
from ledger.signing.faults import NotSealedError
from ledger.signing.guard import GuardBusyError, LastSigned, assert_moves_on, understood

OTHERS_MAY_WRITE = 0o022


@dataclass(frozen=True, slots=True)
class FileGuard:
    path: Path
    origin: str

    @property
    def place(self) -> str:
        return str(self.path)

    def read(self) -> LastSigned | None:
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                content = file.read()
        except FileNotFoundError:
            return None
        last = understood(content, place=self.place, origin=self.origin)
        if mode & OTHERS_MAY_WRITE:
            raise NotSealedError(
                f"Others may write to the guard {self.path}, so it guards nothing: check it, "
                "then chmod 600 it."
            )
        return last

    @contextmanager
    def held(self) -> Iterator["_Held"]:
        """Nobody else can hold it meanwhile."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A file of its own is locked: the guard itself is replaced at every change.
        lock = self.path.with_name(f"{self.path.name}.lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise GuardBusyError from None
            yield _Held(self)
        finally:
            os.close(descriptor)

    def put_away(self, folder: Path) -> None:
        if not self.path.exists():
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(self.path, folder / self.path.name)
        write_through(folder)
        write_through(self.path.parent)


@dataclass(frozen=True, slots=True)
class _Held:
    guard: FileGuard

    @property
    def place(self) -> str:
        return self.guard.place

    def read(self) -> LastSigned | None:
        return self.guard.read()

    def swap(self, expected: LastSigned | None, new: LastSigned) -> None:
        if self.read() != expected:
            raise NotSealedError(
                f"Somebody changed the guard {self.place} while it was held. Nothing is "
                "signed: find out who, and let each log have one guard."
            )
        assert_moves_on(expected, new, origin=self.guard.origin)
        # Also when nothing is new: a write that failed halfway is thereby made good.
        replace_file(self.guard.path, new.text().encode(), mode=OWNER_ONLY)
