"""How the values of columns are printed: the same bytes as the contract's scalars, and faster."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import orjson

from schema.paging import spell_cursor
from services.reading.selections import BETWEEN
from services.tables import EPOCH

_EPOCH = EPOCH.replace(tzinfo=None)  # Without a zone to spell, an instant takes half the time.


@lru_cache(maxsize=65_536)
def instant(microseconds: int) -> str:
    """An instant as it is kept, as `scalars.print_instant` has it."""
    return f"{(_EPOCH + timedelta(microseconds=microseconds)).isoformat()}Z"


def day(value: date | str) -> str:
    """A date of a driver's, or the text of one."""
    return value if isinstance(value, str) else value.isoformat()


def names(kept: str) -> list[str]:
    """A set of names kept as one text."""
    return kept.split(",") if kept else []


def cursor(row: Sequence[Any], places: Sequence[tuple[int, bool]]) -> str:
    """Instants are kept as a cursor spells them: they are not made into any and back."""
    return spell_cursor(
        [{"at": row[place]} if is_instant else row[place] for place, is_instant in places]
    )


def split(texts: str | None) -> list[str]:
    """What stands in one text; None is of no rows."""
    return [] if texts is None else texts.split(BETWEEN)


def items(texts: Sequence[str]) -> orjson.Fragment:
    """A list of what is spelled already."""
    return orjson.Fragment(f"[{','.join(texts)}]")


# By what `plans.Value.prints` says: the source of an expression, with the value in its place.
EXPRESSIONS = {
    "": "{}",
    "Instant": "None if {0} is None else instant({0})",
    "Day": "None if {0} is None else day({0})",
    "BigInt": "None if {0} is None else str({0})",
    "Boolean": "None if {0} is None else bool({0})",
    "[]": "None if {0} is None else names({0})",
}
NAMES: dict[str, Callable[..., Any]] = {
    "instant": instant,
    "day": day,
    "names": names,
    "cursor": cursor,
    "split": split,
    "items": items,
    "Fragment": orjson.Fragment,
}
