"""Who may see what, by hand: over rows as stored, from what the contract says of each type.

Nothing here knows of a view.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.schema.reading.effects import EFFECTS
from tests.schema.reading.rows import Register, Row

OFFICE = {"EXAMINER", "REGISTRAR"}


@dataclass(frozen=True)
class Viewer:
    """Who looks, and when: a party and the roles its member acts in. The public has neither."""

    register: Register
    now: datetime
    party: str | None
    roles: frozenset[str]

    @property
    def is_of_the_office(self) -> bool:
        return bool(OFFICE & self.roles)

    def is_any_of(self, *parties: str | None) -> bool:
        return self.party is not None and self.party in parties

    def sees(self, type_name: str, row: Row | None) -> bool:
        """Whether there is such a record at all, for this viewer."""
        return row is not None and ROWS[type_name](self, row)

    def sees_field(self, type_name: str, field: str, row: Row) -> bool:
        """Of a record that may be seen: whether it says this, too."""
        return FIELDS.get((type_name, field), everybody)(self, row)

    def effect(self, type_name: str, field: str, row: Row) -> Any:
        """What time and other records make of it."""
        return EFFECTS[type_name, field](self.register, row, self.now)


def everybody(_: Viewer, __: Row) -> bool:
    return True


def the_office(viewer: Viewer, _: Row) -> bool:
    return viewer.is_of_the_office


def _member(viewer: Viewer, row: Row) -> bool:
    """Open to the party and the office."""
    return viewer.is_any_of(row["party_id"]) or viewer.is_of_the_office


def _document(viewer: Viewer, row: Row) -> bool:
    """Its depositor, the office, and the parties to a procedure it was put to use in."""
    return (
        viewer.is_any_of(row["depositor_id"])
        or viewer.is_of_the_office
        or any(
            _concerned(viewer, viewer.register.by_id[each["objection_id"]])
            for each in viewer.register.where("objection_evidence", "document_id", row["id"])
        )
    )


def _application(viewer: Viewer, row: Row) -> bool:
    """The applicant, and the office once it has been filed."""
    filed = row["filed_at"] is not None
    return viewer.is_any_of(row["applicant_id"]) or (viewer.is_of_the_office and filed)


def _concerned(viewer: Viewer, row: Row) -> bool:
    """The objector, the applicant and the office."""
    announcement = viewer.register.by_id[row["announcement_id"]]
    parties = row["objector_id"], announcement["applicant_id"]
    return viewer.is_any_of(*parties) or viewer.is_of_the_office


def _holder_or_office(viewer: Viewer, row: Row) -> bool:
    return viewer.is_any_of(viewer.register.holder_of(row)) or viewer.is_of_the_office


def _protection(viewer: Viewer, row: Row) -> bool:
    """A pledgee stands in the register; a licensee is known to both parties and the office."""
    return (
        row["kind"] == "PLEDGE"
        or viewer.is_any_of(row["protects"])
        or _holder_or_office(viewer, row)
    )


def _consent(viewer: Viewer, row: Row) -> bool:
    """Its giver, the holder, the counterparty named and the office."""
    own = viewer.is_any_of(row["given_by"], row["counterparty_id"])
    return own or _holder_or_office(viewer, row)


def _party_to_listing(viewer: Viewer, row: Row) -> bool:
    return viewer.is_any_of(row["exchange_id"]) or _holder_or_office(viewer, row)


def _listing(viewer: Viewer, row: Row) -> bool:
    """Before it is admitted: the holder, the exchange and the office."""
    return row["listed_at"] is not None or _party_to_listing(viewer, row)


def _offer(viewer: Viewer, row: Row) -> bool:
    """Everybody while published, then the holder, the office and those who asked under it."""
    asked = viewer.register.where("negotiations", "offer_id", row["id"])
    return (
        row["status"] == "PUBLISHED"
        or _holder_or_office(viewer, row)
        or viewer.is_any_of(*(each["licensee_id"] for each in asked))
    )


def _negotiation(viewer: Viewer, row: Row) -> bool:
    """Licensor, licensee and the office."""
    offer = viewer.register.by_id[row["offer_id"]]
    return viewer.is_any_of(row["licensee_id"]) or _holder_or_office(viewer, offer)


def _party_to_license(viewer: Viewer, row: Row) -> bool:
    return viewer.is_any_of(row["licensee_id"]) or _holder_or_office(viewer, row)


def _pledge(viewer: Viewer, row: Row) -> bool:
    """Everybody once it has been registered; else pledgor, pledgee and the office."""
    parties = row["pledgor_id"], row["pledgee_id"]
    was_registered = row["registered_at"] is not None
    return was_registered or viewer.is_any_of(*parties) or viewer.is_of_the_office


ROWS: dict[str, Callable[[Viewer, Row], bool]] = {
    "Party": everybody,
    "Member": _member,
    "Document": _document,
    "Application": _application,
    "Announcement": everybody,
    "Objection": everybody,
    "Certificate": everybody,
    "Encumbrance": everybody,
    "Consent": _consent,
    "Freeze": everybody,
    "Listing": _listing,
    "Offer": _offer,
    "Negotiation": _negotiation,
    "License": everybody,
    "Pledge": _pledge,
}

FIELDS: dict[tuple[str, str], Callable[[Viewer, Row], bool]] = {
    ("Application", "examiner"): the_office,
    ("Objection", "statement"): _concerned,
    ("Objection", "reasons"): _concerned,
    ("Objection", "objector"): _concerned,
    ("Objection", "evidence"): _concerned,
    ("Encumbrance", "protectedParty"): _protection,
    ("Freeze", "instrumentNumber"): _holder_or_office,
    ("Listing", "reasons"): _party_to_listing,
    ("License", "price"): _party_to_license,
    ("License", "licensee"): _party_to_license,
    ("License", "negotiation"): _party_to_license,
    ("License", "terminatedBecause"): _party_to_license,
}
