"""The words a rule is made of: a refusal, what it says, and how refusals are gathered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.codes import FINDINGS, RefusalCode
from services.identifiers import Kind

__all__ = [
    "RecordInTheWay",
    "Refusal",
    "RefusalCode",
    "Refused",
    "collect",
    "found",
    "raise_if_refused",
    "require",
    "require_each",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RecordInTheWay:
    """The record that stands in the way. Its id opens only to those who may see it."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why an act may not happen, in words a lawyer can read."""

    code: RefusalCode
    message: str
    path: tuple[str, ...] = ()
    record: RecordInTheWay | None = None

    @property
    def legal_basis(self) -> str:
        return FINDINGS[self.code].basis

    @property
    def cure(self) -> str:
        return FINDINGS[self.code].cure


class Refused(Exception):  # noqa: N818 - a refusal is an outcome, not an error.
    """Raised by an action when its rule gave at least one refusal."""

    def __init__(self, *refusals: Refusal) -> None:
        assert refusals, "a refusal must say why"
        super().__init__("; ".join(f"{r.code}: {r.message}" for r in refusals))
        self.refusals = refusals


def require(
    sentence: str,
    met: bool,
    code: RefusalCode,
    *,
    path: tuple[str, ...] = (),
    found: str = "",
    record: RecordInTheWay | None = None,
) -> list[Refusal]:
    """One condition of a rule, in words and in code: no refusal when met, else one."""
    if met:
        return []
    message = f"{sentence} Found: {found}." if found else sentence
    return [Refusal(code, message, path, record)]


def collect(*conditions: Sequence[Refusal]) -> list[Refusal]:
    """All refusals of a rule, in order of precedence: the most telling one comes first."""
    return [refusal for condition in conditions for refusal in condition]


def require_each(conditions: Sequence[Sequence[Refusal]]) -> list[Refusal]:
    """The same condition asked of each of several things."""
    return collect(*conditions)


def raise_if_refused(refusals: Sequence[Refusal]) -> None:
    if refusals:
        raise Refused(*refusals)


def found(record: T | None, *path: str) -> T:
    """Rule 0.2. A record that is not there, or not open to whoever asks, is not found.

    Both are the same answer, so that nobody learns what exists by asking.
    """
    if record is None:
        raise Refused(
            Refusal(
                RefusalCode.RECORD_NOT_FOUND,
                "The record must be on the register and open to whoever asks.",
                path,
            )
        )
    return record
