"""Object stores: S3 and what speaks like it, Google Cloud Storage, Azure.

The store's own functions wait in a thread of the caller's: its coroutines may abort the
interpreter when it ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

LONGEST_RETRY = timedelta(seconds=10)


def open_store(url: str) -> ObjectStore:
    """The store of an address like s3://bucket/folder; what opens it is in the environment.

    The variables are those of the store's own programs (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL,
    GOOGLE_SERVICE_ACCOUNT, AZURE_STORAGE_ACCOUNT_KEY ...). Raises `ValueError` when the store
    cannot be of that name.
    """
    try:
        return from_url(url, retry_config={"max_retries": 2, "retry_timeout": LONGEST_RETRY})
    except BaseError as fault:
        raise ValueError(first_line(fault)) from None


@contextmanager
def reached() -> Iterator[None]:
    """An error of the store, or of the way to it, is an `OSError`."""
    try:
        yield
    except BaseError as fault:
        raise OSError(first_line(fault)) from None


def first_line(fault: BaseError) -> str:
    return str(fault).splitlines()[0]
