"""Values for arguments: mostly such that something is found, sometimes such that nothing is."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLSchema,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from tests.schema.reading.contract_by_hand import ORDERS, TABLES
from tests.schema.reading.rows import Register
from tests.schema.reading.spelling import cursor_of

SIZES = (1, 2, 2, 3, 3, 5, 7, 20, 50)
ODD_SIZES = (0, -1, 500, 501, 2_000_000_000)
# By the name of an argument: which record it is the id of.
MEANT = {
    "holderId": "Party",
    "exchangeId": "Party",
    "licenseeId": "Party",
    "certificateId": "Certificate",
    "offerId": "Offer",
}
# By root field: the type whose pages it gives, where its name does not say it.
PAGED = {
    "AnnouncementConnection": "Announcement",
    "ApplicationConnection": "Application",
    "CertificateConnection": "Certificate",
    "ListingConnection": "Listing",
    "OfferConnection": "Offer",
    "LicenseConnection": "License",
    "NegotiationConnection": "Negotiation",
    "PledgeConnection": "Pledge",
}
GARBAGE = ("", "x", "W10=", "WzEsMl0=", "e30=", "WyJhIiwiYiJd", "中")
WORDS = ("finance", "CN", "CN-SH", "HK", "医疗", "样", "Data", "A", "ß", "🙂")
ODD_WORDS = ("", "a\0b", "%", "_", '"', "\\")
TEXTS = WORDS + ODD_WORDS


@dataclass(frozen=True)
class Known:
    """What there is to ask for."""

    ids: Mapping[str, list[str]]
    numbers: list[str]
    cursors: Mapping[str, list[str]]
    instants: list[str]
    names: list[str]

    @classmethod
    def of(cls, register: Register) -> "Known":
        tables = register.tables
        ids = {kind: [row["id"] for row in tables[table]] for kind, table in TABLES.items()}
        certificates = tables["certificates"]
        ends = [
            row["valid_until"] + timedelta(days=days) for row in certificates for days in (0, 1)
        ]
        words = {row[name] for row in certificates for name in ("industry", "product_name")}
        uses = {use for row in tables["offers"] for use in row["fields_of_use"]}
        return cls(
            ids=ids,
            numbers=[row["number"] for row in certificates],
            cursors={
                kind: [cursor_of(row, column) for row in tables[TABLES[kind]]]
                for kind, (column, _) in ORDERS.items()
            },
            instants=[end.isoformat().replace("+00:00", "Z") for end in ends],
            names=sorted(words | uses),
        )


@dataclass(frozen=True)
class Values:
    schema: GraphQLSchema
    known: Known
    dice: random.Random

    def of(self, declared: Any, name: str, of_field: str, shown: str) -> Any:
        """A value for the argument `name` of a field that shows the type `shown`."""
        if not is_non_null_type(declared) and self.dice.random() < 0.05:
            return None
        kind = get_nullable_type(declared)
        if is_list_type(kind):
            length = 101 if self.dice.random() < 0.005 else self.dice.choice([0, 1, 1, 2, 2, 4, 9])
            return [self.of(kind.of_type, name, of_field, shown) for _ in range(length)]
        if isinstance(kind, GraphQLEnumType):
            return self.dice.choice(list(kind.values))
        if isinstance(kind, GraphQLInputObjectType):
            return self._object(kind, shown)
        return self._scalar(kind.name, name, of_field, shown)

    def _object(self, kind: GraphQLInputObjectType, shown: str) -> dict[str, Any]:
        if kind.is_one_of:
            chosen = self.dice.choice(list(kind.fields))
            return {chosen: self.of(type_of(kind, chosen), chosen, kind.name, shown)}
        given = {}
        for name, each in kind.fields.items():
            if is_non_null_type(each.type) or self.dice.random() < 0.18:
                given[name] = self.of(each.type, name, kind.name, shown)
        return given

    def _scalar(self, kind: str, name: str, of_field: str, shown: str) -> Any:
        made: dict[str, Callable[[], Any]] = {
            "ID": lambda: self._id(name, of_field, shown),
            "Int": lambda: self.dice.choice(ODD_SIZES if self.dice.random() < 0.02 else SIZES),
            "Boolean": lambda: self.dice.random() < 0.5,
            "BigInt": lambda: str(self.dice.choice([0, 1, 5, 40, 100, 2**62])),
            "Instant": lambda: self.dice.choice(self.known.instants or ["2027-01-01T00:00:00Z"]),
            "Day": lambda: self.dice.choice(["2026-03-01", "2027-01-01", "2099-12-31"]),
            "String": lambda: self._text(name, shown),
        }
        return made[kind]()

    def _text(self, name: str, shown: str) -> str:
        if name == "number":
            return self._one_of(self.known.numbers, "20260131000000099")
        if name == "after":
            cursors = self.known.cursors.get(PAGED.get(shown, ""), [])
            other = self.dice.random() < 0.03
            return self.dice.choice(GARBAGE) if other else self._one_of(cursors, "")
        if name in {"industry", "fieldOfUse"} and self.dice.random() < 0.7:
            return self._one_of(self.known.names, "")
        return self.dice.choice(TEXTS)

    def _id(self, name: str, of_field: str, shown: str) -> str:
        kind = MEANT.get(name) or (shown if shown in self.known.ids else None)
        if of_field == "CertificateBy":
            kind = "Certificate"
        throw = self.dice.random()
        if throw < 0.05:
            return self.dice.choice(["", "x", "party_", "pledge_0", "node_1", "a_b_c"])
        if throw < 0.1:
            return f"{(kind or 'pledge').lower()}_{self.dice.getrandbits(128):032x}"
        if kind is None or throw < 0.15:
            kind = self.dice.choice(list(self.known.ids))
        return self._one_of(self.known.ids[kind], f"{kind.lower()}_0")

    def _one_of(self, there: list[str], otherwise: str) -> str:
        return self.dice.choice(there) if there else otherwise


def type_of(kind: GraphQLInputObjectType, name: str) -> Any:
    """The type of a field of an input. The one of a oneOf input that is given may not be null."""
    declared = kind.fields[name].type
    lax = kind.is_one_of and not is_non_null_type(declared)
    return GraphQLNonNull(declared) if lax else declared
