"""Which records a page at the top is about, and what its filter means: over rows as stored."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.schema.reading.rows import Row
from tests.schema.reading.spelling import printed
from tests.schema.reading.who_may_see import Viewer

UNDER_EXAMINATION = ["SUBMITTED", "FORMALITY_EXAMINATION", "SUBSTANTIVE_EXAMINATION"]


def _everything(_: Viewer, __: Row) -> bool:
    return True


def _mine(*columns: str) -> Callable[[Viewer, Row], bool]:
    return lambda viewer, row: viewer.is_any_of(*(row[column] for column in columns))


def _mine_or_held(column: str) -> Callable[[Viewer, Row], bool]:
    return lambda viewer, row: viewer.is_any_of(row[column], viewer.register.holder_of(row))


def _my_negotiation(viewer: Viewer, row: Row) -> bool:
    offer = viewer.register.by_id[row["offer_id"]]
    holder = viewer.register.holder_of(offer)
    return viewer.is_any_of(row["licensee_id"], holder)


def _was_filed(viewer: Viewer, row: Row) -> bool:
    return viewer.is_of_the_office and row["filed_at"] is not None


PAGES: dict[str, tuple[str, Callable[[Viewer, Row], bool]]] = {
    "gazette": ("Announcement", _everything),
    "certificates": ("Certificate", _everything),
    "listings": ("Listing", _everything),
    "offers": ("Offer", _everything),
    "myApplications": ("Application", _mine("applicant_id")),
    "examinerQueue": ("Application", _was_filed),
    "myListings": ("Listing", _mine_or_held("exchange_id")),
    "myLicenses": ("License", _mine_or_held("licensee_id")),
    "myNegotiations": ("Negotiation", _my_negotiation),
    "myPledges": ("Pledge", _mine("pledgor_id", "pledgee_id")),
}


def _has_status(viewer: Viewer, kind: str, row: Row, wanted: Any) -> bool:
    status = printed(viewer.effect(kind, "status", row))
    return status in wanted if isinstance(wanted, list) else status == wanted


def _column(name: str) -> Callable[[Viewer, str, Row, Any], bool]:
    return lambda _, __, row, wanted: row[name] == wanted


def _is_held_by(viewer: Viewer, kind: str, row: Row, wanted: str) -> bool:
    held = row if kind == "Certificate" else viewer.register.by_id[row["certificate_id"]]
    return bool(held["holder_id"] == wanted)


def _serves(_: Viewer, __: str, row: Row, code: str) -> bool:
    places = row["territories"]
    return not places or code in places or code.partition("-")[0] in places


def _serves_use(_: Viewer, __: str, row: Row, use: str) -> bool:
    return not row["fields_of_use"] or use in row["fields_of_use"]


CRITERIA: dict[str, Callable[[Viewer, str, Row, Any], bool]] = {
    "status": _has_status,
    "holderId": _is_held_by,
    "kind": _column("kind"),
    "industry": _column("industry"),
    "effectiveStatus": lambda viewer, kind, row, wanted: (
        printed(viewer.effect(kind, "effectiveStatus", row)) in wanted
    ),
    "endsBefore": lambda viewer, kind, row, wanted: (
        viewer.effect(kind, "effectiveEnd", row) < datetime.fromisoformat(wanted)
    ),
    "exchangeId": _column("exchange_id"),
    "certificateId": _column("certificate_id"),
    "mode": _column("mode"),
    "territory": _serves,
    "fieldOfUse": _serves_use,
    "productNameContains": lambda _, __, row, wanted: wanted.lower() in row["product_name"].lower(),
}
