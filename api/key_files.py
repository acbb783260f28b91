"""Keys in files: made on first start, and readable by their owner alone."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def key_at(path: Path, make: Callable[[], bytes]) -> bytes:
    """The key that lies at `path`; one is made when none is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Another process that starts at this moment may be the first to write it.
        with suppress(FileExistsError):
            _write_new(path, make())
    return path.read_bytes()


def _write_new(path: Path, key: bytes) -> None:
    """The key appears whole or not at all, and nobody else can read even its first byte."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
