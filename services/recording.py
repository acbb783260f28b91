"""Beat four of every act: one event in the ledger, in the act's own transaction."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from ledger.keeping.append import LogFrozenError, Recorded
from services.actors import Actor
from services.general import require_running_ledger
from services.hearing import RecordedAct
from services.money import Money
from services.refusals import Refused
from services.registry import Transaction

Fact = str | int | StrEnum | datetime | date | Money | None
Facts = Mapping[str, Fact]


async def record(
    tx: Transaction,
    actor: Actor,
    act: str,
    subject: str,
    *,
    public: Facts | None = None,
    private: Facts | None = None,
) -> Recorded:
    """Append what happened to `subject`: a certificate number, or another record's id.

    `public` facts are opened to anyone who asks for proof; `private` ones, and who acted,
    only to the parties. The ledger's public bytes hold neither. Refused when the ledger has
    ended, and with it the act (rule 0.8).
    """
    begins = subject in tx.begun
    tx.begun.discard(subject)
    try:
        recorded = await tx.log.append(
            tx.connection,
            subject=subject,
            kind=act,
            at=tx.now,
            public=_spelled(public or {}),
            private=_spelled({"actor": actor.subject, "party": actor.party_id, **(private or {})}),
            begins=begins,
        )
    except LogFrozenError:
        raise Refused(*require_running_ledger(is_frozen=True)) from None
    tx.recorded.append(RecordedAct(recorded.subject, recorded.number, recorded.index))
    return recorded


def hash_of_text(text: str) -> str:
    """SHA-256 in hex of a text too long, or too private, to stand among the facts."""
    return sha256(text.encode()).hexdigest()


def _spelled(facts: Facts) -> dict[str, str]:
    return {name: spell(fact) for name, fact in facts.items() if fact is not None}


def spell(fact: Fact) -> str:
    """A fact in its one spelling."""
    match fact:
        case datetime():
            return fact.isoformat(timespec="microseconds").replace("+00:00", "Z")
        case date():
            return fact.isoformat()
        case Money():
            return f"{fact.amount_minor} {fact.currency}"
        case _:
            return str(fact)
