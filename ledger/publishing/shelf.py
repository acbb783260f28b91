"""Where the public files of a log lie: a folder here, or an object store (see `object_shelf`).

What lies on a shelf is never changed, but for the few files that say where the log stands. All
of it blocks: call it in a thread.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ledger.files import DRAFT_SUFFIX, put_file, replace_file, write_through
from ledger.signing.faults import NotSealedError

STORES = ("s3://", "gs://", "az://")


class NotPublishedError(NotSealedError):
    """Nothing may be published in this place."""


class Shelf(Protocol):
    """Paths are relative, with slashes, as `formats.tile_paths` spells them."""

    def held(self) -> AbstractContextManager[None]:
        """Whoever holds the shelf is the only one of this machine to change what lies on it."""
        ...

    def read(self, path: str) -> bytes | None:
        """What a file holds; None when there is none."""
        ...

    def add(self, files: Mapping[str, bytes]) -> None:
        """Files that never change; when this returns, they outlive a power cut.

        A file that is there with these bytes is left alone. Raises `NotPublishedError` when it has
        others.
        """
        ...

    def replace(self, path: str, content: bytes) -> None:
        """Give a file this content, or make it: at no time is it anything between."""
        ...

    def names(self, folder: str) -> list[str]:
        """What the files in a folder are called; none in one that is not there."""
        ...

    def remove(self, folder: str) -> None:
        """A folder of files that nobody needs any more, if it is there."""
        ...

    def sweep(self) -> None:
        """Remove what an interruption left unfinished. Only for whoever holds the shelf."""
        ...


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """A folder that a web server may serve as it is, and `rsync` may copy."""

    root: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def read(self, path: str) -> bytes | None:
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            return None

    def add(self, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            there = self.read(path)
            if there is None:
                (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                put_file(self.root / path, content)
            elif there != content:
                raise differs(f"{self.root / path}")
        # A file found there may have been named just before the power went: nothing says that
        # its name, or that of a folder above it, was ever put on the disk.
        for folder in {above for path in files for above in Path(path).parents}:
            write_through(self.root / folder)

    def replace(self, path: str, content: bytes) -> None:
        replace_file(self.root / path, content)

    def names(self, folder: str) -> list[str]:
        try:
            return [file.name for file in (self.root / folder).iterdir()]
        except FileNotFoundError:
            return []

    def remove(self, folder: str) -> None:
        shutil.rmtree(self.root / folder, ignore_errors=True)

    def sweep(self) -> None:
        for folder, _, names in os.walk(self.root):
            for name in names:
                if name.startswith(".") and name.endswith(DRAFT_SUFFIX):
                    Path(folder, name).unlink(missing_ok=True)


def open_shelf(address: str) -> Shelf:
    """A folder, or the object store of an address like s3://bucket/folder.

    Raises `ValueError` for addresses of anything else.
    """
    if "://" not in address:
        return FolderShelf(Path(address))
    if not address.startswith(STORES):
        raise ValueError("must be a folder, or an address like s3://bucket/folder")
    # Only where a store is configured need its library be there.
    from ledger.publishing.object_shelf import open_object_shelf  # noqa: PLC0415

    return open_object_shelf(address)


def differs(place: str) -> NotPublishedError:
    """The refusal to change what everybody may have fetched and kept already."""
    return NotPublishedError(
        f"{place} is not what the log has in its place. Either it was damaged, or these are the "
        "files of another log. Have `datatitle ledger fsck` say which; a damaged file may be "
        "moved away: remove `checkpoint` beside it, and all is written anew from the database."
    )
