"""Scopes: when, where and for what a right counts, and whether two of them meet."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

_TERRITORY = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_FIELD = re.compile(r"[^,\x00-\x1f]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A period `[begin, end)`, territories, and fields of use. An empty set means all.

    Territories are ISO 3166 codes; a country (`CN`) holds its subdivisions (`CN-SH`).
    """

    begin: datetime
    end: datetime
    territories: frozenset[str] = frozenset()
    fields_of_use: frozenset[str] = frozenset()

    @property
    def is_well_formed(self) -> bool:
        return all(_TERRITORY.fullmatch(code) for code in self.territories) and all(
            _FIELD.fullmatch(name) and name == name.strip() for name in self.fields_of_use
        )

    @property
    def is_empty(self) -> bool:
        return self.begin >= self.end

    def overlaps(self, other: Self) -> bool:
        """Whether there is a moment, a place and a use that both speak of.

        A period that ends before it begins holds no moment.
        """
        return (
            max(self.begin, other.begin) < min(self.end, other.end)
            and _places_meet(self.territories, other.territories)
            and _uses_meet(self.fields_of_use, other.fields_of_use)
        )

    def contains(self, other: Self) -> bool:
        """Whether every moment, place and use of `other` is also of this scope."""
        return (
            self.begin <= other.begin
            and other.end <= self.end
            and _places_hold(self.territories, other.territories)
            and (
                not self.fields_of_use
                or (bool(other.fields_of_use) and other.fields_of_use <= self.fields_of_use)
            )
        )


def _lies_in(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(outer + "-")


def _places_meet(some: frozenset[str], others: frozenset[str]) -> bool:
    return (
        not some
        or not others
        or any(_lies_in(a, b) or _lies_in(b, a) for a in some for b in others)
    )


def _places_hold(outer: frozenset[str], inner: frozenset[str]) -> bool:
    if not outer:
        return True
    return bool(inner) and all(any(_lies_in(a, b) for b in outer) for a in inner)


def _uses_meet(some: frozenset[str], others: frozenset[str]) -> bool:
    return not some or not others or not some.isdisjoint(others)
