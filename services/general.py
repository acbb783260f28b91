"""Rules of chapter 0: what holds for every act, whatever it is about."""

import re
from collections.abc import Sequence
from enum import StrEnum

from services.actors import Actor, Role
from services.refusals import Refusal, RefusalCode, collect, require

LONGEST_NAME = 200
LONGEST_TEXT = 4_000
# Everything below U+0020 but tab, line feed, form feed and carriage return, and U+007F to U+009F.
CONTROL_CHARACTER = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")


def require_role(actor: Actor, *roles: Role) -> list[Refusal]:
    """Rule 0.1. An act belongs to those who act in a role it names."""
    return require(
        "Whoever acts must act in a role this act belongs to.",
        actor.acts_as(*roles),
        RefusalCode.NOT_AUTHORISED,
        found=f"needs {' or '.join(role.lower() for role in roles)}",
    )


def require_text(text: str, *path: str, longest: int = LONGEST_TEXT) -> list[Refusal]:
    """Rule 0.3. What must be said in words is said, and within the length the register keeps."""
    return collect(
        require(
            "The text must not be empty.",
            text.strip() != "",
            RefusalCode.TEXT_MISSING,
            path=path,
        ),
        require(
            "The text must fit the length the register keeps.",
            len(text) <= longest,
            RefusalCode.TEXT_TOO_LONG,
            path=path,
            found=f"{len(text)} characters of at most {longest}",
        ),
        require_printable(text, *path),
    )


def require_printable(text: str, *path: str) -> list[Refusal]:
    """Rule 0.7. What is said in words can be printed; not every database keeps the rest."""
    return require(
        "The text must hold no control characters but tabs and line ends.",
        CONTROL_CHARACTER.search(text) is None,
        RefusalCode.TEXT_UNPRINTABLE,
        path=path,
    )


def require_transition(
    status: StrEnum, event: StrEnum, allowed: Sequence[StrEnum]
) -> list[Refusal]:
    """Rule 0.5. A record moves only as its picture of states allows.

    `allowed` are the events that the present status knows.
    """
    return require(
        "The record's present status must allow the act.",
        event in allowed,
        RefusalCode.ILLEGAL_TRANSITION,
        found=f"{status.lower().replace('_', ' ')}, which allows "
        + (", ".join(sorted(e.lower().replace("_", " ") for e in allowed)) or "nothing more"),
    )


def require_running_ledger(*, is_frozen: bool) -> list[Refusal]:
    """Rule 0.8. Nothing is entered on the register that its ledger cannot record."""
    return require(
        "The ledger must still take entries; this one has ended, for a successor to go on.",
        not is_frozen,
        RefusalCode.LEDGER_FROZEN,
    )
