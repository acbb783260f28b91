"""A subject's events opened, and held against the rules of a certificate's life."""

from collections.abc import Sequence
from datetime import datetime

from ledger.checking.life import ALWAYS, LIFE, OPENINGS_ERASED, Standing, live_on
from ledger.formats.entry import parse_event
from ledger.formats.fields import AT, KIND, commitment_of
from ledger.formats.proofs import ProofFailed
from ledger.formats.spelling import Malformed, parse_instant
from ledger.formats.tree import split_hashes
from ledger.inspecting.auditor.replay import RuleBroken
from ledger.keeping.reading import EventRow, OpeningRow

# Kinds of events that only certificates have. That openings were erased is told of any subject.
CERTIFICATE_KINDS = LIFE.keys() - {OPENINGS_ERASED}

History = Sequence[tuple[EventRow, Sequence[OpeningRow]]]


def judge_life(history: History) -> bool:
    """Whether these are the events of a certificate, which then has lived by the rules.

    Raises `RuleBroken` where it has not, and where what is opened is not what was recorded.
    """
    told = [(event.index, _open(event, openings)) for event, openings in history]
    if CERTIFICATE_KINDS.isdisjoint(facts[KIND] for _, facts in told):
        return False
    for event, openings in history:
        first = [(each.field.slot, each.field.name) for each in openings[: len(ALWAYS)]]
        if first != list(enumerate(ALWAYS)):
            raise RuleBroken(event.index, f"not all of its facts {', '.join(ALWAYS)} are shown")
    standing: Standing | None = None
    last_at: datetime | None = None
    for index, facts in told:
        try:
            at = parse_instant(facts[AT])
            standing = live_on(standing, facts[KIND], at, facts)
        except (Malformed, ProofFailed) as failed:
            raise RuleBroken(index, str(failed)) from None
        if last_at is not None and at < last_at:
            raise RuleBroken(index, "it is older than the event before of its subject")
        last_at = at
    return True


def _open(event: EventRow, openings: Sequence[OpeningRow]) -> dict[str, str]:
    """The public facts of an event. Erased ones are not among them; all others are held against
    what the event commits to.
    """
    digests = split_hashes(event.digests)
    if commitment_of(digests) != parse_event(event.entry).commitment:
        raise RuleBroken(event.index, "its digests are not what it commits to")
    for opening in openings:
        if opening.field.digest() != digests[opening.field.slot]:
            raise RuleBroken(event.index, f"slot {opening.field.slot} opens something else")
    facts = {each.field.name: each.field.value for each in openings if each.is_public}
    if not {KIND, AT} <= facts.keys():
        raise RuleBroken(event.index, "its kind and its instant are not shown")
    return facts
