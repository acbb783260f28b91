"""The signer guard in an object store, for a log that any of several machines may sign.

Nobody holds a lock: the store itself puts a new mark only in the place of the one that was read
(by its ETag, or where there is none). Of two who would move it on, one does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import ObjectStore

from ledger.files import OWNER_ONLY, replace_file
from ledger.object_store import first_line, open_store
from ledger.signing.guard import (
    GuardBusyError,
    GuardOutOfReachError,
    LastSigned,
    assert_moves_on,
    understood,
)

if TYPE_CHECKING:
    from obstore import PutMode, UpdateVersion


class _Kept(NamedTuple):
    """What the object holds, and how the store knows this version of it again."""

    content: bytes
    version: "UpdateVersion"


def open_object_guard(url: str, origin: str) -> "ObjectGuard":
    """The guard at an address like s3://bucket/guard. Raises `ValueError` for no such address."""
    folder, _, path = url.rpartition("/")
    if folder.endswith("/") or not path:
        raise ValueError("must be a file, or an address like s3://bucket/guard")
    return ObjectGuard(open_store(folder), path, url, origin)


@dataclass(frozen=True, slots=True)
class ObjectGuard:
    store: ObjectStore
    path: str
    place: str
    origin: str

    def read(self) -> LastSigned | None:
        return self._understood(self._kept())

    @contextmanager
    def held(self) -> Iterator["ObjectGuard"]:
        """Others may hold it too. What is swapped tells who was first."""
        yield self

    def put_away(self, folder: Path) -> None:
        kept = self._kept()
        if kept is None:
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(folder / self.path, kept.content, mode=OWNER_ONLY)
        with self._reached():
            obstore.delete(self.store, self.path)

    def swap(self, expected: LastSigned | None, new: LastSigned) -> None:
        kept = self._kept()
        if self._understood(kept) != expected:
            raise GuardBusyError
        assert_moves_on(expected, new, origin=self.origin)
        mode: PutMode = "create" if kept is None else kept.version
        with self._reached():
            try:
                obstore.put(self.store, self.path, new.text().encode(), mode=mode)
            except (AlreadyExistsError, PreconditionError, FileNotFoundError):
                raise GuardBusyError from None

    def _kept(self) -> _Kept | None:
        with self._reached():
            try:
                found = obstore.get(self.store, self.path)
                content = bytes(found.bytes())
            except FileNotFoundError:
                return None
        named = {"e_tag": found.meta["e_tag"], "version": found.meta["version"]}
        # A store knows a version by one of them, or by both.
        version: UpdateVersion = {name: word for name, word in named.items() if word is not None}  # type: ignore[assignment]
        return _Kept(content, version)

    def _understood(self, kept: _Kept | None) -> LastSigned | None:
        if kept is None:
            return None
        return understood(kept.content, place=self.place, origin=self.origin)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except BaseError as fault:
            raise GuardOutOfReachError(
                f"The guard {self.place} cannot be reached ({first_line(fault)}). Nothing is "
                "signed without it: see that the store answers, and lets this machine read and "
                "write there."
            ) from None
