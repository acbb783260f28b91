"""The life of a certificate: what each act demands of how it stands, and what it makes of it.

The services decide by rules of their own. This is told a second time so that whoever holds a
proof, and knows neither them nor us, can see that no event was recorded which could not be.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from ledger.formats.fields import AT, KIND
from ledger.formats.proofs import ProofFailed
from ledger.formats.spelling import Malformed, parse_instant, parse_number

STATUS, HOLDER, EFFECTIVE_END = "status", "holder", "effective_end"
PLEDGES, BURDENED_UNTIL = "pledges", "burdened_until"

# The facts of every event, from the first slot on. Each has a slot of its own, so that one event
# cannot say two things, and is always there, so that none can be concealed.
ALWAYS = (KIND, AT, STATUS, HOLDER, EFFECTIVE_END, PLEDGES, BURDENED_UNTIL)

UNBURDENED = "none"

# What the acts that lay a burden with an end of its own say of that end.
FROZEN_UNTIL, LICENSE_KIND, PERIOD = "until", "license_kind", "period"
HARMLESS_LICENSES = frozenset({"NON_EXCLUSIVE"})


class Status(StrEnum):
    """EXPIRED is never the recorded status: it is a fact about a moment."""

    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    REVOKED = "REVOKED"


class Needs(StrEnum):
    """What an act demands, in the words that say so when it is missing."""

    NOTHING = "needs nothing"
    NO_CERTIFICATE = "needs that there is no certificate yet"
    ACTIVE = "needs an active certificate"
    IN_FORCE = "needs a certificate in force"
    RUN_OUT = "needs a certificate that has run out"


class Burdens(StrEnum):
    """What an act does to burdens that end by themselves: freezes, exclusive and sole licenses."""

    KEEPS = "KEEPS"
    LAYS = "LAYS"
    LIFTS = "LIFTS"


@dataclass(frozen=True, slots=True)
class Act:
    needs: Needs = Needs.NOTHING
    makes: Status | None = None
    pledges: int = 0
    burdens: Burdens = Burdens.KEEPS


_HARMLESS = Act()
_DISPOSING = Act(Needs.IN_FORCE)

OPENINGS_ERASED = "openings-erased"

# The facts that a life is followed by: without one of them no proof of it holds any more.
STANDING_FACTS = frozenset({*ALWAYS, FROZEN_UNTIL, LICENSE_KIND, PERIOD})

LIFE: Mapping[str, Act] = {
    "certificate-issued": Act(Needs.NO_CERTIFICATE, makes=Status.ACTIVE),
    "certificate-revoked": Act(Needs.ACTIVE, makes=Status.REVOKED),
    "certificate-cancelled": Act(Needs.IN_FORCE, makes=Status.CANCELLED),
    "certificate-expired": Act(Needs.RUN_OUT),
    "freeze-placed": Act(Needs.IN_FORCE, burdens=Burdens.LAYS),
    "freeze-lifted": Act(burdens=Burdens.LIFTS),
    "freeze-lapsed": _HARMLESS,
    "consent-given": _HARMLESS,
    "consent-revoked": _HARMLESS,
    "listing-requested": _DISPOSING,
    "listing-admitted": _DISPOSING,
    "listing-rejected": _HARMLESS,
    "listing-suspended": _HARMLESS,
    "listing-resumed": _DISPOSING,
    "delisted": _HARMLESS,
    "listing-request-withdrawn": _HARMLESS,
    "offer-published": _DISPOSING,
    "offer-withdrawn": _HARMLESS,
    "license-requested": _DISPOSING,
    "license-granted": Act(Needs.IN_FORCE, burdens=Burdens.LAYS),
    "license-refused": _HARMLESS,
    "license-expired": _HARMLESS,
    "license-request-withdrawn": _HARMLESS,
    "license-terminated": Act(burdens=Burdens.LIFTS),
    "pledge-placed": _DISPOSING,
    "pledge-registered": Act(Needs.IN_FORCE, pledges=+1),
    "pledge-declined": _HARMLESS,
    "pledge-withdrawn": _HARMLESS,
    "pledge-released": Act(pledges=-1),
    OPENINGS_ERASED: _HARMLESS,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a certificate stands after an event, as the event's public facts tell it.

    `pledges` counts those that are registered and not released. `burdened_until` is the latest
    end of all freezes and all exclusive and sole licenses that bind; None when there are none.
    """

    status: Status
    holder: str
    effective_end: datetime
    pledges: int
    burdened_until: datetime | None

    def effective_status(self, at: datetime) -> Status:
        has_run_out = self.status is Status.ACTIVE and at >= self.effective_end
        return Status.EXPIRED if has_run_out else self.status

    def is_encumbered(self, at: datetime) -> bool:
        return self.pledges > 0 or (self.burdened_until is not None and at < self.burdened_until)

    def at(self, now: datetime) -> Self:
        """With burdens left out that have ended by themselves."""
        over = self.burdened_until is not None and now >= self.burdened_until
        return replace(self, burdened_until=None) if over else self


def live_on(before: Standing | None, kind: str, at: datetime, facts: Mapping[str, str]) -> Standing:
    """The standing after an event, which must follow from the one before and from the act.

    `facts` are those of `ALWAYS` and the act's own. `before` is None for the first event. Raises
    `ProofFailed` with a part of a sentence.
    """
    act, after = _act(kind), _read(facts)
    if before is None:
        expected = _begin(act, after, kind, at)
    else:
        expected = _continue(act, before, after, kind, at, facts)
    if after != expected:
        raise ProofFailed(f"the certificate cannot stand so after {kind}")
    return after


def live_at_last(kind: str, at: datetime, facts: Mapping[str, str]) -> Standing:
    """The standing after a later event, when nothing is known of those before it."""
    act, after = _act(kind), _read(facts)
    fits = act.needs is not Needs.NO_CERTIFICATE and after.pledges >= act.pledges
    if act.makes is not None:
        fits = fits and after.status is act.makes and after.effective_end <= at
    else:
        fits = fits and _is_met(act.needs, after, at)
    if not fits:
        raise ProofFailed(f"the certificate cannot stand so after {kind}")
    return after


def _read(facts: Mapping[str, str]) -> Standing:
    try:
        until = facts[BURDENED_UNTIL]
        standing = Standing(
            Status(facts[STATUS]),
            facts[HOLDER],
            parse_instant(facts[EFFECTIVE_END]),
            parse_number(facts[PLEDGES]),
            None if until == UNBURDENED else parse_instant(until),
        )
    except (Malformed, ValueError):
        raise ProofFailed("its facts are not spelt as those of a certificate") from None
    if standing.status is Status.EXPIRED:
        raise ProofFailed("its end tells when a certificate expires, and never its status")
    return standing


def _act(kind: str) -> Act:
    act = LIFE.get(kind)
    if act is None:
        raise ProofFailed(f"{kind} is no act this program knows; a newer one may")
    return act


def _begin(act: Act, after: Standing, kind: str, at: datetime) -> Standing:
    if act.needs is not Needs.NO_CERTIFICATE:
        raise ProofFailed(f"{kind} {Needs.ACTIVE.value}, and there was none yet")
    if at >= after.effective_end:
        raise ProofFailed("the certificate had ended when it was issued")
    return replace(after, status=Status.ACTIVE, pledges=0, burdened_until=None)


def _continue(
    act: Act,
    earlier: Standing,
    after: Standing,
    kind: str,
    at: datetime,
    facts: Mapping[str, str],
) -> Standing:
    """What an act must make of the standing before it. `after` is asked only where more than
    one outcome is possible: lifting a burden may leave another that ends no later.
    """
    before = earlier.at(at)
    _require_need(act, before, kind, at)
    if before.pledges + act.pledges < 0:
        raise ProofFailed("a pledge ends where there is none")
    status, end, until = before.status, before.effective_end, before.burdened_until
    if act.makes is not None:
        status, end = act.makes, min(end, at)
    if act.burdens is Burdens.LAYS and (laid_until := _laid_until(facts)) is not None:
        until = max(until or laid_until, laid_until)
    if act.burdens is Burdens.LIFTS and _is_shorter(after, before, at):
        until = after.burdened_until
    return Standing(status, before.holder, end, before.pledges + act.pledges, until)


def _require_need(act: Act, before: Standing, kind: str, at: datetime) -> None:
    if not _is_met(act.needs, before, at):
        raise ProofFailed(f"{kind} {act.needs.value}, and that was not so")


def _is_met(needs: Needs, standing: Standing, at: datetime) -> bool:
    match needs:
        case Needs.ACTIVE:
            return standing.status is Status.ACTIVE
        case Needs.IN_FORCE:
            return standing.effective_status(at) is Status.ACTIVE
        case Needs.RUN_OUT:
            return standing.effective_status(at) is Status.EXPIRED
        case _:
            return needs is Needs.NOTHING


def _laid_until(facts: Mapping[str, str]) -> datetime | None:
    """When the burden that an act lays will end; None if it lays none."""
    if facts.get(LICENSE_KIND, "") in HARMLESS_LICENSES:
        return None
    until = facts.get(FROZEN_UNTIL) or facts.get(PERIOD, "").partition("/")[2]
    try:
        return parse_instant(until)
    except Malformed:
        raise ProofFailed("it does not show until when it burdens the certificate") from None


def _is_shorter(after: Standing, before: Standing, at: datetime) -> bool:
    if before.burdened_until is None:
        return False
    left = after.burdened_until
    return left is None or at < left <= before.burdened_until
