"""Rule 0.4: the same key and the same input give the same answer, and act once."""

import json
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Self

import sqlalchemy as sa

from services.actors import Actor
from services.hearing import RecordedAct
from services.refusals import Refusal, RefusalCode, Refused, require
from services.registry import Transaction
from services.rows import add_row, columns_of, row_with
from services.tables import UtcInstant, metadata

SHORTEST_KEY, LONGEST_KEY = 8, 128

_answers = sa.Table(
    "answers",
    metadata,
    sa.Column("party_id", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(LONGEST_KEY), primary_key=True),
    sa.Column("act", sa.String(64), nullable=False),
    sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
    sa.Column("record_id", sa.String(64), nullable=False),
    sa.Column("given_at", UtcInstant, nullable=False),
    # Which event the act was recorded as.
    sa.Column("subject", sa.String(255)),
    sa.Column("number", sa.BigInteger),
)


@dataclass(frozen=True, slots=True)
class Once:
    """One attempt at a creating act: its key, the act's name, and a hash of its input."""

    key: str
    act: str
    fingerprint: bytes

    @classmethod
    def of(cls, key: str, act: str, terms: object) -> Self:
        assert is_dataclass(terms), terms
        text = json.dumps(terms, default=_plain, sort_keys=True, ensure_ascii=False)
        return cls(key, act, sha256(text.encode()).digest())

    @classmethod
    def of_text(cls, key: str, act: str, text: str) -> Self:
        """For an act whose whole input is one id."""
        return cls(key, act, sha256(text.encode()).digest())


def _plain(value: Any) -> str | list[str] | dict[str, Any]:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value):
        return columns_of(value)
    assert isinstance(value, frozenset), value
    return sorted(str(item) for item in value)


def refusals_to_repeat(once: Once, act: str, fingerprint: bytes) -> list[Refusal]:
    """Rule 0.4. An idempotency key stands for one act with one input."""
    return require(
        "A key already used must come with the act and the input it was first used for.",
        (once.act, once.fingerprint) == (act, fingerprint),
        RefusalCode.IDEMPOTENCY_KEY_REUSED,
        path=("idempotency_key",),
    )


def require_key(once: Once) -> list[Refusal]:
    """Rule 0.6. An idempotency key can be written down and told apart from others."""
    well_formed = once.key.isascii() and once.key.isprintable() and " " not in once.key
    return require(
        "A key must be 8 to 128 printable ASCII characters without spaces.",
        well_formed and SHORTEST_KEY <= len(once.key) <= LONGEST_KEY,
        RefusalCode.IDEMPOTENCY_KEY_MALFORMED,
        path=("idempotency_key",),
    )


async def answer_given(tx: Transaction, actor: Actor, once: Once) -> str | None:
    """The id of the record this key already created, or None when the key is new.

    The event of then counts as this transaction's. Raises `Refused` for a malformed key, and for
    a key used with another act or input.
    """
    if refusals := require_key(once):
        raise Refused(*refusals)
    earlier = await row_with(tx, _answers, party_id=actor.party_id, key=once.key)
    if earlier is None:
        return None
    if refusals := refusals_to_repeat(once, earlier["act"], earlier["fingerprint"]):
        raise Refused(*refusals)
    if earlier["subject"] is not None:
        tx.recorded.append(RecordedAct(earlier["subject"], earlier["number"], index=None))
    return str(earlier["record_id"])


async def keep_answer(tx: Transaction, actor: Actor, once: Once, record_id: str) -> None:
    """Keep what the act has created, and how it was recorded, under its key."""
    event = tx.recorded[-1] if tx.recorded else None
    answer = {
        "party_id": actor.party_id,
        "key": once.key,
        "act": once.act,
        "fingerprint": once.fingerprint,
        "record_id": record_id,
        "given_at": tx.now,
        "subject": event and event.subject,
        "number": event and event.number,
    }
    await add_row(tx, _answers, answer)
