"""Files that are there whole or not at all, and are still there after a power cut.

Each is written beside its place under a name of its own, put on the disk, and only then named;
the name is put on the disk by writing the folder. All of it blocks: call it in a thread.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import IO

OWNER_ONLY = 0o600
READ_BY_ALL = 0o644
DRAFT_SUFFIX = ".draft"


def replace_file(path: Path, content: bytes, *, mode: int = READ_BY_ALL) -> None:
    """Give the file this content; until it returns, the file may still have the one before."""
    put_file(path, content, mode=mode)
    write_through(path.parent)


def put_file(path: Path, content: bytes, *, mode: int = READ_BY_ALL) -> None:
    """The same for one of many files: their folder is still to be written through."""
    with _draft(path, content, mode) as draft:
        draft.replace(path)


def create_file(path: Path, content: bytes, *, mode: int = READ_BY_ALL) -> None:
    """Make a file that is not there yet; raises `FileExistsError`, and of rivals one succeeds."""
    with _draft(path, content, mode) as draft:
        os.link(draft, path)
    write_through(path.parent)


def write_out(file: IO[bytes]) -> None:
    """Put on the disk what was written to an open file."""
    file.flush()
    os.fsync(file.fileno())


def write_through(path: Path) -> None:
    """Put on the disk what a file holds, or what a folder names.

    A file whose folder was not written through may be gone after a power cut.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _draft(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """The content on the disk beside its place; nothing of the draft is left afterwards."""
    draft = path.with_name(f".{path.name}.{token_hex(8)}{DRAFT_SUFFIX}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            write_out(file)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
