"""What an answer must be, told from the rows as they are stored: plain Python, and slow.

It says for every record and field who may see it by `who_may_see`, and knows of no view.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
    value_from_ast,
)

from tests.schema.reading.contract_by_hand import (
    AMOUNTS,
    FINDERS,
    ORDERS,
    RENAMED,
    TABLES,
    TO_MANY,
    TO_ONE,
)
from tests.schema.reading.effects import EFFECTS
from tests.schema.reading.pages_by_hand import CRITERIA, PAGES, UNDER_EXAMINATION
from tests.schema.reading.rows import Row
from tests.schema.reading.spelling import cursor_of, place_of, printed, snake
from tests.schema.reading.who_may_see import Viewer

FIRST_ON_PAGE = 20


class Anything:
    """Stands for a value that is told elsewhere: by SQL, or by the ledger."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "anything"


ANYTHING = Anything()


@dataclass(frozen=True)
class Thing:
    """A record, as a type of the contract."""

    type_name: str
    row: Row


@dataclass(frozen=True)
class Teller:
    """Tells what one viewer must be answered at one moment."""

    schema: GraphQLSchema
    viewer: Viewer
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: dict[str, Any]

    def answer(self) -> dict[str, Any]:
        assert self.schema.query_type is not None
        return self._object(self.schema.query_type, None, [self.operation.selection_set])

    def _object(
        self, kind: GraphQLObjectType, thing: Any, sets: Sequence[SelectionSetNode]
    ) -> dict[str, Any]:
        told: dict[str, Any] = {}
        merged: dict[str, list[FieldNode]] = {}
        for each in sets:
            for node in self._fields(kind, each):
                merged.setdefault(_key(node), []).append(node)
        for key, nodes in merged.items():
            told[key] = self._field(kind, thing, nodes)
        return told

    def _fields(self, kind: GraphQLObjectType, among: SelectionSetNode) -> Iterator[FieldNode]:
        for node in among.selections:
            if not self._is_wanted(node):
                continue
            if isinstance(node, FieldNode):
                yield node
                continue
            part: Any = node
            if isinstance(node, FragmentSpreadNode):
                part = self._fragment(node.name.value)
            assert isinstance(part, FragmentDefinitionNode | InlineFragmentNode)
            condition = part.type_condition
            if condition is None or condition.name.value in {kind.name, *_interfaces(kind)}:
                yield from self._fields(kind, part.selection_set)

    def _fragment(self, name: str) -> FragmentDefinitionNode:
        return next(
            part
            for part in self.document.definitions
            if isinstance(part, FragmentDefinitionNode) and part.name.value == name
        )

    def _is_wanted(self, node: Any) -> bool:
        for directive in node.directives or ():
            (argument,) = directive.arguments
            boolean = self.schema.type_map["Boolean"]
            value = value_from_ast(argument.value, boolean, self.variables)
            if value == (directive.name.value == "skip"):
                return False
        return True

    def _field(self, kind: GraphQLObjectType, thing: Any, nodes: list[FieldNode]) -> Any:
        name = nodes[0].name.value
        if name == "__typename":
            return kind.name
        if name.startswith("__"):
            return ANYTHING
        field = kind.fields[name]
        given = self._arguments(field, nodes[0])
        value = self._value(kind.name, name, thing, given)
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        return self._shown(field.type, value, sets)

    def _arguments(self, field: Any, node: FieldNode) -> dict[str, Any]:
        """Those that are given, by name; a variable that is not is left out."""
        given = {}
        for argument in node.arguments or ():
            kind = field.args[argument.name.value].type
            value = argument.value
            if isinstance(value, VariableNode):
                if value.name.value in self.variables:
                    given[argument.name.value] = self.variables[value.name.value]
            else:
                given[argument.name.value] = value_from_ast(value, kind, self.variables)
        return given

    def _shown(self, declared: Any, value: Any, sets: list[SelectionSetNode]) -> Any:
        kind = get_named_type(declared)
        if value is None or value is ANYTHING or is_leaf_type(kind):
            return value
        if is_list_type(getattr(declared, "of_type", declared)) or is_list_type(declared):
            return [self._one(kind, each, sets) for each in value]
        return self._one(kind, value, sets)

    def _one(self, kind: Any, value: Any, sets: list[SelectionSetNode]) -> Any:
        if value is None or value is ANYTHING:
            return value
        concrete = self.schema.type_map[value.type_name] if isinstance(value, Thing) else kind
        assert isinstance(concrete, GraphQLObjectType)
        return self._object(concrete, value, sets)

    # What a field is worth.

    def _value(self, kind: str, name: str, thing: Any, given: dict[str, Any]) -> Any:
        if kind == "Query":
            return self._root(name, given)
        if isinstance(thing, dict):  # Part of a page, or an amount of money.
            return thing.get(name, ANYTHING)
        if not self.viewer.sees_field(kind, name, thing.row):
            return [] if name == "evidence" else None
        if (kind, name) in EFFECTS:
            return printed(self.viewer.effect(kind, name, thing.row))
        if (kind, name) in OTHERS:
            return OTHERS[kind, name](self, thing.row)
        return self._related(kind, name, thing.row, given)

    def _related(self, kind: str, name: str, row: Row, given: dict[str, Any]) -> Any:
        """Other records, or what simply stands in the row."""
        if (kind, name) in TO_ONE:
            other, column = TO_ONE[kind, name]
            return self.thing(other, row[column])
        if (kind, name) in TO_MANY:
            return self._many(kind, name, row, given)
        if (kind, name) in AMOUNTS:
            minor, currency = (row[column] for column in AMOUNTS[kind, name])
            return None if minor is None else {"amountMinor": str(minor), "currency": str(currency)}
        return printed(row[RENAMED.get((kind, name), snake(name))], name)

    def thing(self, type_name: str, key: str | None) -> Thing | None:
        """The record of this type with this id, if there is one for this viewer."""
        row = None if key is None else self.viewer.register.by_id.get(key)
        is_one = key is not None and key.rpartition("_")[0] == type_name.lower()
        seen = is_one and self.viewer.sees(type_name, row)
        return Thing(type_name, row) if row is not None and seen else None

    def _many(self, kind: str, name: str, row: Row, given: dict[str, Any]) -> Any:
        other, column = TO_MANY[kind, name]
        rows = self.viewer.register.where(TABLES[other], column, row["id"])
        if name == "encumbrances" and not given.get("ended", False):
            rows = [each for each in rows if self.viewer.effect(other, "active", each)]
        seen = self.in_order(other, rows)
        if name == "offers":
            return self._page(other, seen, given)
        return [Thing(other, each) for each in seen]

    def in_order(
        self, kind: str, rows: Sequence[Row], order: tuple[str, bool] | None = None
    ) -> list[Row]:
        """Those that may be seen, as lists of this type are ordered."""
        column, newest_first = order or ORDERS[kind]
        seen = [row for row in rows if self.viewer.sees(kind, row)]
        return sorted(seen, key=lambda row: (row[column], row["id"]), reverse=newest_first)

    def _page(
        self,
        kind: str,
        rows: list[Row],
        given: dict[str, Any],
        order: tuple[str, bool] | None = None,
    ) -> dict[str, Any]:
        """A connection over rows that are in order."""
        column, newest_first = order or ORDERS[kind]
        first, after = given.get("first", FIRST_ON_PAGE), given.get("after")
        left = rows
        if after is not None:
            begin = place_of(after)
            places = [(row[column], row["id"]) for row in rows]
            beyond = [place < begin if newest_first else place > begin for place in places]
            left = [row for row, is_beyond in zip(rows, beyond, strict=True) if is_beyond]
        shown = left[:first]
        cursors = [cursor_of(row, column) for row in shown]
        things = [Thing(kind, row) for row in shown]
        return {
            "edges": [
                {"node": thing, "cursor": cursor}
                for thing, cursor in zip(things, cursors, strict=True)
            ],
            "nodes": things,
            "totalCount": len(rows),
            "pageInfo": {
                "hasNextPage": len(left) > first,
                "hasPreviousPage": after is not None,
                "startCursor": cursors[0] if cursors else None,
                "endCursor": cursors[-1] if cursors else None,
            },
        }

    # What is asked for at the top.

    def _root(self, name: str, given: dict[str, Any]) -> Any:
        told: dict[str, Callable[[], Any]] = {
            "node": lambda: self.node(given["id"]),
            "nodes": lambda: [self.node(key) for key in given["ids"]],
            "me": lambda: self.thing("Party", self.viewer.party),
            "certificate": lambda: self._certificate(given["by"]),
            "collateralReport": lambda: self._report(self._certificate(given["by"])),
            **dict.fromkeys(FINDERS, lambda: self.thing(FINDERS[name], given["id"])),
            **dict.fromkeys(PAGES, lambda: self._listed(name, given)),
        }
        return told.get(name, lambda: ANYTHING)()

    def node(self, key: str) -> Thing | None:
        prefix = key.rpartition("_")[0]
        kind = next((kind for kind in TABLES if kind.lower() == prefix), None)
        return None if kind is None else self.thing(kind, key)

    def _certificate(self, by: dict[str, Any]) -> Thing | None:
        if "id" in by:
            return self.thing("Certificate", by["id"])
        rows = self.viewer.register.where("certificates", "number", by["number"])
        return Thing("Certificate", rows[0]) if rows else None

    def _report(self, certificate: Thing | None) -> Any:
        """What there is on a certificate now. Whoever asks for it is signed in."""
        if certificate is None:
            return None

        def counted(kind: str, effect: str, *values: Any) -> list[Thing]:
            rows = self.viewer.register.where(TABLES[kind], "certificate_id", row["id"])
            seen = self.in_order(kind, rows)
            return [Thing(kind, each) for each in seen if tell(kind, effect, each) in values]

        row, tell = certificate.row, self.viewer.effect
        ranked = counted("Pledge", "status", "REGISTERED", "IMPAIRED")
        burdens = counted("Encumbrance", "active", True)
        bind = {burden.row["instrument_id"] for burden in burdens}
        freezes = self.viewer.register.where("freezes", "certificate_id", row["id"])
        return {
            "certificate": certificate,
            "holder": self.thing("Party", row["holder_id"]),
            "asOf": printed(self.viewer.now),
            "certificateVersion": row["version"],
            **{
                name: printed(tell("Certificate", name, row))
                for name in ("effectiveStatus", "effectiveEnd", "bindingLimit")
            },
            "pledges": sorted(ranked, key=lambda each: each.row["sequence"]),
            "encumbrances": burdens,
            "freezes": [
                Thing("Freeze", each)
                for each in sorted(freezes, key=lambda each: (each["placed_at"], each["id"]))
                if each["id"] in bind
            ],
            "licenses": counted("License", "effectiveStatus", "ACTIVE", "PENDING_EFFECT"),
            "listings": counted("Listing", "status", "LISTED", "SUSPENDED"),
        }

    def _listed(self, name: str, given: dict[str, Any]) -> Any:
        kind, belongs = PAGES[name]
        every = self.viewer.register.tables[TABLES[kind]]
        rows = [row for row in every if belongs(self.viewer, row)]
        order = ("filed_at", False) if name == "examinerQueue" else None
        wanted = {**(given.get("filter") or {}), "status": given.get("status")}
        if "status" in (given.get("filter") or {}):
            wanted["status"] = given["filter"]["status"]
        if name == "examinerQueue" and wanted["status"] is None:
            wanted["status"] = UNDER_EXAMINATION
        for criterion, value in wanted.items():
            if value is not None:
                if criterion not in CRITERIA:  # Told elsewhere.
                    return ANYTHING
                meets = CRITERIA[criterion]
                rows = [row for row in rows if meets(self.viewer, kind, row, value)]
        return self._page(kind, self.in_order(kind, rows, order), given, order)


def _interfaces(kind: GraphQLObjectType) -> list[str]:
    return [interface.name for interface in kind.interfaces]


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _evidence(teller: Teller, row: Row) -> list[Thing]:
    links = teller.viewer.register.where("objection_evidence", "objection_id", row["id"])
    keys = sorted(link["document_id"] for link in links)
    found = [teller.thing("Document", key) for key in keys]
    return [document for document in found if document is not None]


def _attached(teller: Teller, row: Row) -> list[Thing]:
    links = teller.viewer.register.where("application_documents", "application_id", row["id"])
    return [
        Thing("ApplicationDocument", link) for link in sorted(links, key=lambda link: link["role"])
    ]


def _license_of(teller: Teller, row: Row) -> Thing | None:
    rows = teller.viewer.register.where("licenses", "negotiation_id", row["id"])
    return Thing("License", rows[0]) if rows else None


def _licensor(teller: Teller, row: Row) -> Thing | None:
    return teller.thing("Party", teller.viewer.register.holder_of(row))


def _certificate_of(teller: Teller, row: Row) -> Thing | None:
    offer = teller.viewer.register.by_id[row["offer_id"]]
    return teller.thing("Certificate", offer["certificate_id"])


OTHERS: dict[tuple[str, str], Callable[[Teller, Row], Any]] = {
    ("Objection", "evidence"): _evidence,
    ("Application", "documents"): _attached,
    ("Negotiation", "license"): _license_of,
    ("Negotiation", "certificate"): _certificate_of,
    ("Offer", "licensor"): _licensor,
    ("License", "licensor"): _licensor,
    ("Certificate", "asOf"): lambda teller, _: printed(teller.viewer.now),
    ("Offer", "asOf"): lambda teller, _: printed(teller.viewer.now),
    ("License", "asOf"): lambda teller, _: printed(teller.viewer.now),
    ("Certificate", "evidentiaryStatement"): lambda *_: ANYTHING,
    ("Certificate", "history"): lambda _, row: [ANYTHING] * row["version"],
    ("Certificate", "lookupSalt"): lambda *_: ANYTHING,
    ("Certificate", "proof"): lambda *_: ANYTHING,
    ("Document", "downloadUrl"): lambda _, row: f"/documents/{row['id']}",
    ("Offer", "grantable"): lambda *_: ANYTHING,
}
