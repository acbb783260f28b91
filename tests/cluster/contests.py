"""What rivals race for, what becomes of each race, and what must not become of it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import sqlalchemy as sa

from services.actors import Actor, Role
from services.announcements.actions import announce_application
from services.applications.actions import (
    attach_document,
    begin_examination,
    draft_application,
    pass_formalities,
    refuse_application,
    submit_application,
    withdraw_application,
)
from services.applications.model import DocumentRole, RefusalGround
from services.applications.store import applications
from services.certificates.model import Certificate
from services.certificates.store import lock_certificate
from services.clock import SystemClock
from services.documents.model import Document
from services.licensing.model import LicenseKind, Negotiation
from services.listings.actions import admit_listing, delist, request_listing
from services.listings.model import Listing, ListingTerms, TradeMode
from services.money import Currency, Money
from services.parties.actions import register_party
from services.parties.model import PartyKind, PartyTerms
from services.parties.store import parties
from services.pledges.actions import place_pledge, release_pledge
from services.pledges.model import Pledge, PledgeTerms, ReleaseReason
from services.pledges.store import pledges
from services.refusals import RefusalCode
from services.registry import Registry
from tests.cluster.attempts import MOVED_ON, ask_for, confirm_anew, grant_anew, write_down
from tests.cluster.rivals import NO_SHIFT, Attempt, Outcome, shifted
from tests.cluster.stage import Stage
from tests.collateral import placed
from tests.founding import a_key
from tests.licenses import YEAR, publish, version_of
from tests.titles import deposit, terms_of

GROUND = RefusalGround.OWNERSHIP_DISPUTED
# In each, all meet in the first place that is named, and none meets one of another.
PLACES = [
    [("CN-SH",), ("CN",), ("CN-SH", "CN-BJ"), ("CN-SH", "CN-GD")],
    [("US-CA",), ("US",), ("US-CA", "US-NY"), ("US-CA", "US-TX")],
    [("JP-13",), ("JP",), ("JP-13", "JP-27"), ("JP-13", "JP-01")],
    [("FR-IDF",), ("FR",), ("FR-IDF", "FR-BRE"), ("FR-IDF", "FR-NOR")],
]
AHEAD = timedelta(seconds=40)  # Before the end of a certificate, for what a race rests on.
BEFORE_THE_END = 0.05, 0.5  # Seconds, from and to, that a race begins before its end.
A_LITTLE = timedelta(milliseconds=20)
LANES_MOST = 100


@dataclass(slots=True)
class Lane:
    """One of several places in which a contest is run at once, with what it keeps."""

    number: int
    certificate: Certificate
    random: Random
    pledges: dict[str, Pledge] = field(default_factory=dict)
    listings: dict[str, Listing] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)
    ranks: int = 0


@dataclass(slots=True)
class Result:
    """What one race came to, and what is wrong with it, in sentences."""

    won: int
    lost: int
    wrong: list[str]


Contest = Callable[[Stage, Lane, int], Awaitable[Result]]


async def exclusive_license(stage: Stage, lane: Lane, n: int) -> Result:
    """One scope to one of sixteen. Every other time the losers look again."""
    kind = (LicenseKind.EXCLUSIVE, LicenseKind.SOLE)[n % 2]
    wanted = await _requests(stage, lane, kind, f"独占 {n}", [()] * len(stage.licensees))
    seen = None if n % 4 > 1 else await version_of(stage.registry, lane.certificate.id)
    outcomes = await stage.field.race([_grant(stage, lane, each, seen) for each in wanted])
    codes = (RefusalCode.ENCUMBRANCE_FORBIDS,)
    return _one_winner(outcomes, codes if seen is None else (MOVED_ON, *codes))


async def overlapping_scope(stage: Stage, lane: Lane, n: int) -> Result:
    """Four places to one each of those who want them, in whatever words; all look again."""
    rivals = len(stage.licensees)
    groups = [number % len(PLACES) for number in range(rivals)]
    wanted = await _requests(
        stage,
        lane,
        LicenseKind.EXCLUSIVE,
        f"重叠 {n}",
        [PLACES[group][number // 4 % 4] for number, group in enumerate(groups)],
    )
    outcomes = await stage.field.race([_grant(stage, lane, each, None) for each in wanted])
    winners = Counter(
        group for group, each in zip(groups, outcomes, strict=True) if each.record is not None
    )
    expected = Counter(dict.fromkeys(groups, 1))
    wrong = [] if winners == expected else [f"places were granted {dict(winners)} times"]
    return _judged(outcomes, {(RefusalCode.ENCUMBRANCE_FORBIDS,)}, wrong)


async def pledge_rank(stage: Stage, lane: Lane, n: int) -> Result:
    """The first rank to one of sixteen lenders, and the next place in the order."""
    certificate = lane.certificate
    for lender in stage.lenders:
        if lender.party_id not in lane.pledges:
            lane.pledges[lender.party_id] = await placed(
                stage.registry, certificate, stage.holder, lender, matures_on=_in_a_year()
            )
    seen = None if n % 2 else await version_of(stage.registry, certificate.id)
    attempts = [
        Attempt(confirm_anew, (lender, lane.pledges[lender.party_id].id, certificate.id, seen))
        for lender in stage.lenders
    ]
    outcomes = await stage.field.race(attempts)
    codes = (RefusalCode.CONSENT_MISSING,)
    result = _one_winner(outcomes, codes if seen is None else (*codes, MOVED_ON))
    for outcome, lender in zip(outcomes, stage.lenders, strict=True):
        if outcome.record is not None:
            lane.ranks += 1
            if outcome.record.sequence != lane.ranks:
                result.wrong.append(f"place {outcome.record.sequence}, not {lane.ranks}")
            pledge = lane.pledges.pop(lender.party_id)
            await release_pledge(stage.registry, lender, pledge.id, ReleaseReason.PAID)
    return result


async def reservation(stage: Stage, lane: Lane, _n: int) -> Result:
    """A title shown for sale on one of sixteen exchanges."""
    for exchange in stage.exchanges:
        if exchange.party_id not in lane.listings:
            terms = ListingTerms(
                certificate_id=lane.certificate.id,
                exchange_id=exchange.party_id,
                mode=TradeMode.TITLE_SALE,
            )
            lane.listings[exchange.party_id] = await request_listing(
                stage.registry, stage.holder, terms, a_key()
            )
    outcomes = await stage.field.race(
        [
            Attempt(admit_listing, (exchange, lane.listings[exchange.party_id].id))
            for exchange in stage.exchanges
        ]
    )
    for outcome, exchange in zip(outcomes, stage.exchanges, strict=True):
        if outcome.record is not None:
            listing = lane.listings.pop(exchange.party_id)
            await delist(stage.registry, exchange, listing.id, "样例")
    return _one_winner(outcomes, (RefusalCode.TITLE_SALE_ELSEWHERE,))


async def decision(stage: Stage, lane: Lane, n: int) -> Result:
    """An application is refused, or else announced; every other time, or else withdrawn."""
    registry, office, holder = stage.registry, stage.office, stage.holder
    case = (await draft_application(registry, holder, terms_of(_name(lane, n)), a_key())).id
    while len(lane.documents) < len(DocumentRole):
        lane.documents.append(await deposit(registry, holder, a_key()))
    lane.documents[0] = await deposit(registry, holder, a_key())
    for role, document in zip(DocumentRole, lane.documents, strict=True):
        await attach_document(registry, holder, case, role, document.id)
    await submit_application(registry, holder, case)
    await begin_examination(registry, office, case)
    await pass_formalities(registry, office, case)
    refusing = Attempt(refuse_application, (office, case, GROUND, "样例"))
    withdrawing = Attempt(withdraw_application, (holder, case))
    attempts = [
        refusing
        if number // 2 % 2
        else withdrawing
        if n % 2
        else Attempt(announce_application, (office, case, a_key()))
        for number in range(len(stage.licensees))
    ]
    outcomes = await stage.field.race(attempts)
    return _one_winner(outcomes, (RefusalCode.ILLEGAL_TRANSITION,))


async def expiry(stage: Stage, lane: Lane, n: int) -> Result:
    """Licenses are granted until a certificate ends, and none after it.

    Every other time somebody decides about the certificate while it ends: then whoever waits
    began in time and is judged too late. One of them writes down that it has ended.
    """
    certificate = stage.expiring[n]
    early_shift = stage.end - AHEAD - SystemClock().now()
    early = shifted(stage.registry, early_shift)
    lasting = {"begin": early.clock.now(), "end": stage.end}
    offer = await publish(early, stage.holder, certificate, **lasting)
    asks = [Attempt(ask_for, (licensee, offer, ())) for licensee in stage.licensees[1:]]
    wanted = await _all_of(stage, asks, early_shift)
    attempts = [Attempt(grant_anew, (stage.holder, each, certificate.id, None)) for each in wanted]
    attempts.insert(n % len(stage.licensees), Attempt(write_down, (certificate.id,)))
    before = timedelta(seconds=lane.random.uniform(*BEFORE_THE_END))
    shift = stage.end - before - SystemClock().now()
    async with AsyncExitStack() as meanwhile:
        if n % 2:
            late = shifted(stage.registry, shift)
            await meanwhile.enter_async_context(
                _decided_about(late, certificate, stage.end + A_LITTLE)
            )
        outcomes = await stage.field.race(attempts, shift)
    granted = [each.record for each in outcomes if each.record is not None]
    wrong = [f"granted at {each.granted_at}" for each in granted if each.granted_at >= stage.end]
    if n % 2 and granted:
        wrong.append(f"{len(granted)} granted by who waited until the end was over")
    expired = {each.codes for each in outcomes if RefusalCode.CERTIFICATE_EXPIRED in each.codes}
    return _judged(outcomes, expired, wrong)


async def one_key(stage: Stage, lane: Lane, n: int) -> Result:
    """Sixteen requests under one key act once. Every other time half of them ask for another."""
    asks = KEYED[n // 2 % len(KEYED)]
    version = await version_of(stage.registry, lane.certificate.id)
    key, kinds = a_key(), [number % 2 * (n % 2) for number in range(len(stage.licensees))]
    asked = [asks(stage, lane, 2 * n + kind, version) for kind in kinds]
    outcomes = await stage.field.race([Attempt(each.act, (*each.told, key)) for each in asked])
    times = {each.value: await _times(stage.registry, each.column, each.value) for each in asked}
    records = {each.record.id for each in outcomes if each.record is not None}
    won = {kind for kind, each in zip(kinds, outcomes, strict=True) if each.record is not None}
    wrong = []
    if (len(records), len(won), sum(times.values())) != (1, 1, 1):
        wrong.append(f"one key gave {len(records)} records, and acted {times} times")
    reused = {(RefusalCode.IDEMPOTENCY_KEY_REUSED,)} if n % 2 else set()
    return _judged(outcomes, reused, wrong)


class Keyed(NamedTuple):
    """An act with a key, what it is told before that, and by what its record is known."""

    act: Callable[..., Coroutine[Any, Any, Any]]
    told: tuple[Any, ...]
    column: sa.Column[Any]
    value: object


def _registering(stage: Stage, lane: Lane, n: int, _version: int) -> Keyed:
    roles = frozenset({Role.LENDER})
    terms = PartyTerms(kind=PartyKind.ORGANISATION, name=_name(lane, n), roles=roles)
    return Keyed(register_party, (stage.office, terms), parties.c.name, terms.name)


def _drafting(stage: Stage, lane: Lane, n: int, _version: int) -> Keyed:
    terms = terms_of(f"草稿 {_name(lane, n)}")
    return Keyed(draft_application, (stage.holder, terms), applications.c.name, terms.name)


def _pledging(stage: Stage, lane: Lane, n: int, version: int) -> Keyed:
    amount = n * LANES_MOST + lane.number + 1
    terms = _debt(stage.lenders[0], lane, amount, version)
    return Keyed(place_pledge, (stage.holder, terms), pledges.c.amount_minor, amount)


KEYED = (_registering, _drafting, _pledging)

CONTESTS: dict[str, Contest] = {
    "exclusive license": exclusive_license,
    "overlapping scope": overlapping_scope,
    "pledge rank": pledge_rank,
    "reservation": reservation,
    "decide twice": decision,
    "one key": one_key,
    # The last: clocks are put forward for it.
    "expire while granting": expiry,
}


async def _requests(
    stage: Stage, lane: Lane, kind: LicenseKind, use: str, places: Sequence[Sequence[str]]
) -> list[Negotiation]:
    """What each licensee asks for under an offer of one use."""
    registry, uses = stage.registry, frozenset({use})
    offer = await publish(registry, stage.holder, lane.certificate, kind, fields_of_use=uses)
    asks = [
        Attempt(ask_for, (licensee, offer, names))
        for licensee, names in zip(stage.licensees, places, strict=True)
    ]
    return await _all_of(stage, asks)


async def _all_of(
    stage: Stage, attempts: Sequence[Attempt], shift: timedelta = NO_SHIFT
) -> list[Negotiation]:
    """What is asked for at once, and must not be refused."""
    outcomes = await stage.field.race(attempts, shift)
    assert all(outcome.record is not None for outcome in outcomes), outcomes
    return [outcome.record for outcome in outcomes]


def _grant(stage: Stage, lane: Lane, wanted: Negotiation, seen: int | None) -> Attempt:
    return Attempt(grant_anew, (stage.holder, wanted, lane.certificate.id, seen))


def _debt(lender: Actor, lane: Lane, amount: int, version: int) -> PledgeTerms:
    return PledgeTerms(
        certificate_id=lane.certificate.id,
        pledgee_id=lender.party_id,
        secured_amount=Money(amount, Currency.CNY),
        matures_on=_in_a_year(),
        expected_version=version,
    )


def _in_a_year() -> date:
    return (SystemClock().now() + YEAR).date()


def _name(lane: Lane, n: int) -> str:
    return f"样例 {lane.number}.{n}"


@asynccontextmanager
async def _decided_about(registry: Registry, certificate: Certificate, until: datetime):
    """Somebody holds the certificate's lock until that instant has passed."""
    is_held = asyncio.Event()

    async def hold() -> None:
        async with registry.deciding() as tx:
            await lock_certificate(tx, certificate.id)
            is_held.set()
            await asyncio.sleep((until - registry.clock.now()).total_seconds())

    holding = asyncio.create_task(hold())
    await is_held.wait()
    yield
    await holding


async def _times(registry: Registry, column: sa.Column[Any], value: object) -> int:
    """In how many rows there is this value."""
    query = sa.select(sa.func.count()).where(column == value)
    async with registry.reading() as tx:
        return int((await tx.connection.execute(query)).scalar_one())


def _one_winner(outcomes: Sequence[Outcome], codes: tuple[RefusalCode, ...]) -> Result:
    won = sum(outcome.record is not None for outcome in outcomes)
    return _judged(outcomes, {codes}, [] if won == 1 else [f"{won} have won"])


def _judged(
    outcomes: Sequence[Outcome], allowed: Collection[tuple[RefusalCode, ...]], wrong: list[str]
) -> Result:
    """Nobody met a fault, and whoever lost was told why."""
    lost = [outcome.codes for outcome in outcomes if outcome.codes]
    wrong += [outcome.fault for outcome in outcomes if outcome.fault]
    wrong += [f"refused because of {codes}" for codes in lost if codes not in allowed]
    return Result(sum(outcome.record is not None for outcome in outcomes), len(lost), wrong)
