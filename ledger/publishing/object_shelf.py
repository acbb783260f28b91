"""A shelf in an object store: S3 and what speaks like it, Google Cloud Storage, Azure."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import ObjectStore

from ledger.object_store import open_store, reached
from ledger.publishing.headers import headers_of
from ledger.publishing.shelf import differs

UPLOADS_AT_A_TIME = 16


def open_object_shelf(url: str) -> "ObjectShelf":
    """The shelf at an address like s3://bucket/folder. Raises `ValueError` (see `open_store`)."""
    return ObjectShelf(open_store(url))


class ObjectShelf:
    """Files as objects, with the headers a CDN passes on.

    An error of the store or of the way to it is an `OSError`.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._uploads = ThreadPoolExecutor(UPLOADS_AT_A_TIME, thread_name_prefix="uploads")

    def held(self) -> AbstractContextManager[None]:
        return nullcontext()

    def read(self, path: str) -> bytes | None:
        with reached():
            try:
                return bytes(obstore.get(self._store, path).bytes())
            except FileNotFoundError:
                return None

    def add(self, files: Mapping[str, bytes]) -> None:
        list(self._uploads.map(self._add_one, files.items()))

    def replace(self, path: str, content: bytes) -> None:
        with reached():
            obstore.put(self._store, path, content, attributes=_attributes(path))

    def names(self, folder: str) -> list[str]:
        return [path.rpartition("/")[2] for path in self._paths(folder)]

    def remove(self, folder: str) -> None:
        if paths := self._paths(folder):
            with reached():
                obstore.delete(self._store, paths)

    def sweep(self) -> None:
        """An object is there whole or not at all."""

    def _add_one(self, file: tuple[str, bytes]) -> None:
        path, content = file
        with reached():
            try:
                obstore.put(self._store, path, content, attributes=_attributes(path), mode="create")
            except AlreadyExistsError:
                if self.read(path) != content:
                    raise differs(path) from None

    def _paths(self, folder: str) -> list[str]:
        with reached():
            return [each["path"] for page in obstore.list(self._store, folder) for each in page]


def _attributes(path: str) -> dict[str, str]:
    headers = headers_of(path)
    return {"Content-Type": headers.content_type, "Cache-Control": headers.cache_control}
