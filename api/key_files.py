"""Keys in files: made on first start, and readable by their owner alone."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ledger.files import OWNER_ONLY, create_file


def key_at(path: Path, make: Callable[[], bytes]) -> bytes:
    """The key that lies at `path`; one is made when none is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Another process that starts at this moment may be the first to write it.
        with suppress(FileExistsError):
            create_file(path, make(), mode=OWNER_ONLY)
    return path.read_bytes()
