"""What time and other records make of a record: over rows as stored, in plain Python."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.schema.reading.rows import Register, Row

Effect = Callable[[Register, Row, datetime], Any]


def _earliest(*instants: datetime | None) -> datetime:
    return min(instant for instant in instants if instant is not None)


def _certificate(register: Register, row: Row) -> Row:
    return register.by_id[row["certificate_id"]]


def _certificate_end(_: Register, row: Row, __: datetime) -> datetime:
    return _earliest(row["valid_until"], row["source_authorised_until"], row["ended_at"])


def _certificate_status(register: Register, row: Row, now: datetime) -> str:
    has_ended = row["status"] == "ACTIVE" and _certificate_end(register, row, now) <= now
    return "EXPIRED" if has_ended else str(row["status"])


def _certificate_limit(register: Register, row: Row, now: datetime) -> str:
    end = _certificate_end(register, row, now)
    if row["ended_at"] == end:
        return "CANCELLATION" if row["status"] == "CANCELLED" else "REVOCATION"
    return "SOURCE_AUTHORISATION" if row["source_authorised_until"] == end else "VALIDITY"


def is_in_force(register: Register, row: Row, now: datetime) -> bool:
    """Whether the certificate a row is about is in force."""
    return _certificate_status(register, _certificate(register, row), now) == "ACTIVE"


def _application_status(_: Register, row: Row, now: datetime) -> str:
    if row["status"] == "CORRECTION_REQUIRED" and row["correction_due_at"] <= now:
        return "DEEMED_WITHDRAWN"
    if row["status"] == "ANNOUNCED" and row["announcement_closes_at"] <= now:
        return "OBJECTION_PENDING" if row["open_objections"] else "APPROVED"
    return str(row["status"])


def _has_ended(application: Row) -> bool:
    return application["status"] in {"REFUSED", "WITHDRAWN"}


def _announcement_status(register: Register, row: Row, now: datetime) -> str:
    application = register.by_id[row["application_id"]]
    if _has_ended(application) and application["decided_at"] < row["closes_at"]:
        return "CANCELLED"
    if now < row["closes_at"]:
        return "OPEN"
    contested = register.where("objections", "announcement_id", row["id"])
    return "CLOSED_CONTESTED" if contested else "CLOSED_CLEAR"


def _objection_status(register: Register, row: Row, _: datetime) -> str:
    announcement = register.by_id[row["announcement_id"]]
    is_over = _has_ended(register.by_id[announcement["application_id"]])
    return "MOOT" if row["status"] == "FILED" and is_over else str(row["status"])


def _burden_is_active(_: Register, row: Row, now: datetime) -> bool:
    return row["lifted_at"] is None and (row["until"] is None or now < row["until"])


def _listing_status(register: Register, row: Row, now: datetime) -> str:
    """It falls with its certificate; freezes and later pledges without consent suspend it."""
    if row["status"] in {"LISTED", "SUSPENDED"} and not is_in_force(register, row, now):
        return "DELISTED"
    if row["status"] != "LISTED":
        return str(row["status"])
    burdens = register.where("encumbrances", "certificate_id", row["certificate_id"])
    held_up = any(
        _burden_is_active(register, burden, now) and _holds_up(register, burden, row, now)
        for burden in burdens
    )
    return "SUSPENDED" if held_up else "LISTED"


def _holds_up(register: Register, burden: Row, listing: Row, now: datetime) -> bool:
    if burden["kind"] == "FREEZE":
        return True
    is_later = burden["kind"] == "PLEDGE" and listing["listed_at"] < burden["since"]
    consents = register.where("consents", "encumbrance_id", burden["id"])
    return is_later and not any(_opens(consent, listing, now) for consent in consents)


def _opens(consent: Row, listing: Row, now: datetime) -> bool:
    """A standing consent to this kind of listing, without conditions on terms."""
    return (
        consent["standing"]
        and consent["operation"] == f"LIST_FOR_{listing['mode']}"
        and consent["revoked_at"] is None
        and (consent["until"] is None or now < consent["until"])
        and consent["counterparty_id"] in (None, listing["exchange_id"])
        and consent["longest_months"] is None
        and consent["lowest_price_minor"] is None
    )


def _offer_status(register: Register, row: Row, now: datetime) -> str:
    if row["status"] != "PUBLISHED":
        return str(row["status"])
    if row["ends_at"] <= now:
        return "EXPIRED"
    return "PUBLISHED" if is_in_force(register, row, now) else "VOIDED"


def _license_status(register: Register, row: Row, now: datetime) -> str:
    if row["status"] == "TERMINATED":
        return "TERMINATED"
    if row["ends_at"] <= now:
        return "EXPIRED"
    if not is_in_force(register, row, now):
        return "IMPAIRED"
    return "PENDING_EFFECT" if now < row["begins_at"] else "ACTIVE"


def _license_end(register: Register, row: Row, now: datetime) -> datetime:
    end = _certificate_end(register, _certificate(register, row), now)
    return _earliest(row["ends_at"], row["terminated_at"], end)


def _license_limit(register: Register, row: Row, now: datetime) -> str:
    end = _license_end(register, row, now)
    if row["terminated_at"] == end:
        return "TERMINATION"
    if row["ends_at"] == end:
        return "AGREED_END"
    return _certificate_limit(register, _certificate(register, row), now)


def _pledge_status(register: Register, row: Row, now: datetime) -> str:
    impaired = row["status"] == "REGISTERED" and not is_in_force(register, row, now)
    return "IMPAIRED" if impaired else str(row["status"])


def _pledge_rank(register: Register, row: Row, _: datetime) -> int | None:
    """Its place among those that bind now, in the order of registration."""
    if row["status"] != "REGISTERED":
        return None
    others = register.where("pledges", "certificate_id", row["certificate_id"])
    binding = [each["sequence"] for each in others if each["status"] == "REGISTERED"]
    return sorted(binding).index(row["sequence"]) + 1


EFFECTS: dict[tuple[str, str], Effect] = {
    ("Application", "status"): _application_status,
    ("Announcement", "status"): _announcement_status,
    ("Objection", "status"): _objection_status,
    ("Certificate", "effectiveStatus"): _certificate_status,
    ("Certificate", "effectiveEnd"): _certificate_end,
    ("Certificate", "bindingLimit"): _certificate_limit,
    ("Encumbrance", "active"): _burden_is_active,
    ("Listing", "status"): _listing_status,
    ("Offer", "effectiveStatus"): _offer_status,
    ("License", "effectiveStatus"): _license_status,
    ("License", "effectiveEnd"): _license_end,
    ("License", "bindingLimit"): _license_limit,
    ("Pledge", "status"): _pledge_status,
    ("Pledge", "rank"): _pledge_rank,
}
