"""Amounts of money in the contract: minor units and a currency."""

from typing import Any

import strawberry

from schema.scalars import BigInt
from services import money

strawberry.enum(money.Currency, description="ISO 4217 currencies; each has two minor digits.")


@strawberry.type(description="An amount of money.")
class Money:
    amount_minor: BigInt = strawberry.field(description="Minor units: fen for CNY.")
    currency: money.Currency = strawberry.field(description="The currency of the amount.")

    @classmethod
    def of_columns(cls, amount_minor: Any, currency: Any) -> "Money | None":
        """An amount read from two columns; None when the asker may not see it."""
        return None if amount_minor is None else cls(amount_minor=amount_minor, currency=currency)


@strawberry.input(description="An amount of money.")
class MoneyInput:
    amount_minor: BigInt = strawberry.field(description="Minor units: fen for CNY.")
    currency: money.Currency = strawberry.field(description="The currency of the amount.")

    def to_money(self) -> money.Money:
        return money.Money(int(self.amount_minor), self.currency)
