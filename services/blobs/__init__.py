"""Bytes kept under the name of their own SHA-256, so that none can be changed or lost in place."""

from pathlib import Path

from services.blobs.folder import FolderBlobs
from services.blobs.port import Blobs, Draft, StoreAwayError, TooLarge

__all__ = ["Blobs", "Draft", "FolderBlobs", "StoreAwayError", "TooLarge", "open_blobs"]


def open_blobs(place: Path | str, spool: Path) -> Blobs:
    """Blobs in a folder, or in the object store of an address like s3://bucket/folder.

    What comes lies in `spool` on its way to a store. Raises `ValueError` for no such address.
    """
    if isinstance(place, Path):
        return FolderBlobs(place)
    # Only where a store is configured need its library be there.
    from services.blobs.objects import open_object_blobs  # noqa: PLC0415

    return open_object_blobs(place, spool)
