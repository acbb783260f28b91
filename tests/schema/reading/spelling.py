"""How the contract writes values, said a second time: plainly, and slow."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from re import sub
from typing import Any

from tests.schema.reading.rows import Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def snake(name: str) -> str:
    return sub(r"(?=[A-Z])", "_", name).lower()


def cursor_of(row: Row, column: str) -> str:
    at = (row[column] - EPOCH) // timedelta(microseconds=1)
    plain = [{"at": at}, row["id"]]
    return urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode()


def printed(value: Any, name: str = "") -> Any:
    """A value as the contract writes it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(str(each) for each in value)
    return str(value) if name == "size" else value


def place_of(cursor: str) -> tuple[datetime, str]:
    """Where a page begins: after the row with this instant and id."""
    at, key = json.loads(urlsafe_b64decode(cursor))
    return EPOCH + timedelta(microseconds=at["at"]), key
