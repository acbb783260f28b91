"""What was proven: line by line for a person, as JSON for a program."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ledger import Verified, VerifiedEvent
from ledger.checking.life import Standing
from ledger.formats.proof_file import Form

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def told(verified: Verified) -> dict[str, object]:
    status = verified.effective_status
    return {
        "proven": True,
        "form": verified.form.value,
        "subject": verified.subject,
        "asOf": _iso(verified.as_of),
        "toldBy": list(verified.told_by),
        "effectiveStatus": status and status.value,
        "encumbered": verified.is_encumbered,
        "standing": verified.standing and _told_standing(verified.standing),
        "eventCount": verified.count,
        "events": [_told_event(event) for event in verified.events],
        "log": verified.origin,
        "treeSize": verified.tree_size,
        "root": verified.root.hex(),
        "witnesses": list(verified.witnesses),
        "stateAt": _iso(verified.state_at),
    }


def spoken(verified: Verified, now: datetime) -> Iterator[str]:
    """Each line is one thing the file establishes, and the last the answer to what was asked."""
    yield f"PROVEN for certificate {verified.subject}"
    yield f"  The log {verified.origin} signed a checkpoint over {verified.tree_size} entries."
    yield f"  {_witnessed(verified)}"
    yield f"  Its last entry is the state of the log, written at {_second(verified.state_at)} UTC."
    yield from (f"  {line}" for line in _history(verified))
    yield f"  So it stood {_age(now - verified.as_of)} ago, by the word of {_told_by(verified)}."
    yield f"As of {_second(verified.as_of)} UTC {_answer(verified)}"


def _witnessed(verified: Verified) -> str:
    if not verified.witnesses:
        return "No witness is asked for: that others see the same tree is the log's word alone."
    return f"It was cosigned by {', '.join(verified.witnesses)}, who knew of no larger tree."


def _history(verified: Verified) -> Iterator[str]:
    if verified.form is Form.ABSENT:
        yield "The state map holds nothing for this number and this salt."
        return
    if verified.form is Form.SHORT:
        yield f"The last of the certificate's {verified.count} events is in the log."
        yield "The state map says that none follows."
        yield "What the file tells of it is what was recorded; the events before are not shown."
    else:
        yield f"All {verified.count} events of the certificate are in the log, none left out."
        yield "The state map says that none follows."
        yield "What the file tells of them is what was recorded, and a certificate can live so."
    yield "What happened (instants in UTC):"
    for event in verified.events:
        yield f"{event.number:>4}  {_second(event.at)}  {event.kind}"
        yield from (f"        {name}: {value}" for name, value in sorted(event.facts.items()))


def _age(age: timedelta) -> str:
    seconds = max(int(age.total_seconds()), 0)
    units = (("day", DAY), ("hour", HOUR), ("minute", MINUTE))
    unit, length = next((each for each in units if seconds >= 2 * each[1]), ("second", 1))
    return f"{seconds // length} {unit}s"


def _told_by(verified: Verified) -> str:
    return ", ".join(verified.told_by)


def _answer(verified: Verified) -> str:
    standing, status = verified.standing, verified.effective_status
    if standing is None or status is None:
        return "the log knows no certificate with this number and this salt."
    return (
        f"the certificate is {status}, its effect ends at {_second(standing.effective_end)} UTC, "
        f"{standing.holder} holds it, and {_burdens(standing)}."
    )


def _burdens(standing: Standing) -> str:
    pledges = {0: "no pledge lies on it", 1: "1 pledge lies on it"}.get(
        standing.pledges, f"{standing.pledges} pledges lie on it"
    )
    if standing.burdened_until is None:
        return pledges
    until = _second(standing.burdened_until)
    return f"{pledges}; a freeze or a license that excludes others binds it until {until} UTC"


def _told_standing(standing: Standing) -> dict[str, object]:
    until = standing.burdened_until
    return {
        "status": standing.status.value,
        "holder": standing.holder,
        "effectiveEnd": _iso(standing.effective_end),
        "pledges": standing.pledges,
        "burdenedUntil": until and _iso(until),
    }


def _told_event(event: VerifiedEvent) -> dict[str, object]:
    return {
        "number": event.number,
        "index": event.index,
        "kind": event.kind,
        "at": _iso(event.at),
        "standing": _told_standing(event.standing),
        "facts": dict(event.facts),
    }


def _iso(instant: datetime) -> str:
    return instant.isoformat()


def _second(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}"
