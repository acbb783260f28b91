"""Money: an integer number of minor units and a currency, never mixed."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

LARGEST_AMOUNT_MINOR = 2**63 - 1  # What a database keeps in one integer column.


class Currency(StrEnum):
    """ISO 4217 codes the register accepts; each has two minor digits."""

    CNY = "CNY"
    EUR = "EUR"
    HKD = "HKD"
    USD = "USD"


@dataclass(frozen=True, slots=True, order=False)
class Money:
    amount_minor: int
    currency: Currency

    def __post_init__(self) -> None:
        assert type(self.amount_minor) is int, self.amount_minor  # bool and float are not amounts

    def __add__(self, other: Self) -> "Money":
        return Money(self.amount_minor + self._same_currency(other), self.currency)

    def __le__(self, other: Self) -> bool:
        return self.amount_minor <= self._same_currency(other)

    @property
    def is_positive(self) -> bool:
        return 0 < self.amount_minor <= LARGEST_AMOUNT_MINOR

    def is_in(self, currency: Currency) -> bool:
        return self.currency is currency

    def _same_currency(self, other: "Money") -> int:
        assert other.currency is self.currency, f"{other.currency} with {self.currency}"
        return other.amount_minor

    def __str__(self) -> str:
        whole, minor = divmod(self.amount_minor, 100)
        return f"{self.currency} {whole:,}.{minor:02}"
