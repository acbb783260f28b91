"""Parties act at random, and much of what they try is refused: a register nobody planned."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from services.actors import Actor
from services.announcements.actions import (
    announce_application,
    decide_objection,
    raise_objection,
    withdraw_objection,
)
from services.announcements.model import Decision, DecisionTerms, ObjectionTerms
from services.applications import actions as applications
from services.applications.model import (
    ApplicationTerms,
    DocumentRole,
    ProductKind,
    RefusalGround,
    UpdateFrequency,
)
from services.certificates import actions as certificates
from services.certificates.model import ConsentTerms, FreezeKind, FreezeTerms, Operation, Scope
from services.licensing import actions as licensing
from services.licensing.model import GrantTerms, LicenseKind, OfferTerms, RequestTerms
from services.listings import actions as listings
from services.listings.model import ListingTerms, TradeMode
from services.parties.actions import admit_member, dismiss_member
from services.parties.model import MemberTerms
from services.pledges import actions as pledges
from services.pledges.model import PledgeTerms, ReleaseReason
from services.refusals import Refused
from tests.founding import a_key
from tests.schema.reading.play import PARTIES, NothingToDo, Play
from tests.schema.reading.rows import Row
from tests.titles import ANNOUNCEMENT, announce, deposit, terms_of

HOLDERS = ("holder", "other holder")
# Mostly as little as there is: then instants have digits to spare, and much is open at once.
MOMENT = timedelta(microseconds=1)
SPANS = (*[MOMENT] * 20, *(timedelta(days=days) for days in (0.01, 0.3, 1, 3, 16)))


async def act_at_random(play: Play, times: int) -> None:
    """Try so many acts."""
    for _ in range(times):
        (act,) = play.dice.choices(list(ACTS), list(ACTS.values()))
        # What is refused in the end may have begun with something done.
        with suppress(Refused, NothingToDo):
            await act(play)
        await play.look()
        play.registry.clock.advance(play.dice.choice(SPANS))


async def begin(play: Play, products: int) -> None:
    """Carry so many products to their certificates."""
    office = play.actors["office"]
    filed = [
        await announce(play.registry, office, play.some(*HOLDERS), _terms(play))
        for _ in range(products)
    ]
    play.registry.clock.advance(ANNOUNCEMENT)
    for application in filed:
        await certificates.issue_certificate(play.registry, office, application.id, a_key())
    await play.look()


def _terms(play: Play) -> ApplicationTerms:
    end = (play.registry.clock.now() + timedelta(days=play.dice.choice([20, 60, 300]))).date()
    return replace(
        terms_of(f"{play.words()} {play.dice.random()}", end if play.chance(0.2) else None),
        kind=play.dice.choice(list(ProductKind)),
        industry=play.dice.choice(["finance", "健康", "Data & <tags>"]),
        update_frequency=play.dice.choice(list(UpdateFrequency)),
    )


async def _file(play: Play) -> None:
    """A new application: perhaps with its documents, perhaps submitted."""
    applicant, terms = play.some(*HOLDERS), _terms(play)
    drafted = await applications.draft_application(play.registry, applicant, terms, a_key())
    if play.chance(0.1):
        return
    for role in DocumentRole:
        document = await deposit(play.registry, applicant, f"{role} {a_key()}")
        await applications.attach_document(play.registry, applicant, drafted.id, role, document.id)
    if play.chance(0.9):
        await applications.submit_application(play.registry, applicant, drafted.id)
    if play.chance(0.6):
        await applications.begin_examination(play.registry, play.actors["office"], drafted.id)
        await applications.pass_formalities(play.registry, play.actors["office"], drafted.id)


async def _examine(play: Play) -> None:
    application = play.any_of("applications")
    office, key, registry = play.actors["office"], application["id"], play.registry
    applicant, ground = play.by(application["applicant_id"]), play.dice.choice(list(RefusalGround))
    match play.dice.randrange(10):
        case 0 | 1:
            await applications.begin_examination(registry, office, key)
        case 2 | 3:
            await applications.pass_formalities(registry, office, key)
        case 4 | 5 | 6:
            await applications.request_correction(registry, office, key, play.words())
        case 7:
            await applications.refuse_application(registry, office, key, ground, play.words())
        case 8:
            await applications.resubmit_application(registry, applicant, key)
        case 9:
            await applications.withdraw_application(registry, applicant, key)


async def _announce(play: Play) -> None:
    application = play.any_of("applications", status="SUBSTANTIVE_EXAMINATION")
    await announce_application(play.registry, play.actors["office"], application["id"], a_key())


async def _object(play: Play) -> None:
    application = play.any_of("applications", status="ANNOUNCED")
    objector = play.some(*PARTIES)
    evidence = await deposit(play.registry, objector, f"evidence {a_key()}")
    terms = ObjectionTerms(
        announcement_id=application["announcement_id"],
        ground=play.dice.choice(list(RefusalGround)),
        statement=play.words(),
        document_ids=(evidence.id,),
    )
    await raise_objection(play.registry, objector, terms, a_key())


async def _answer_objection(play: Play) -> None:
    objection = play.any_of("objections", status="FILED")
    if play.chance(0.3):
        await withdraw_objection(play.registry, play.by(objection["objector_id"]), objection["id"])
        return
    terms = DecisionTerms(
        objection_id=objection["id"],
        decision=Decision.UPHELD if play.chance(0.2) else Decision.DISMISSED,
        reasons=play.words(),
    )
    await decide_objection(play.registry, play.actors["office"], terms)


async def _issue(play: Play) -> None:
    application = play.any_of("applications", status="ANNOUNCED")
    await certificates.issue_certificate(
        play.registry, play.actors["office"], application["id"], a_key()
    )


async def _end(play: Play) -> None:
    certificate = play.any_of("certificates")
    if play.chance(0.5):
        await certificates.cancel_certificate(
            play.registry, play.by(certificate["holder_id"]), certificate["id"], play.words()
        )
        return
    ground = play.dice.choice(list(RefusalGround))
    await certificates.revoke_certificate(
        play.registry, play.actors["office"], certificate["id"], ground, play.words()
    )


async def _freeze(play: Play) -> None:
    office, registry = play.actors["office"], play.registry
    if play.chance(0.3):
        await certificates.lift_freeze(registry, office, play.any_of("freezes")["id"])
        return
    terms = FreezeTerms(
        certificate_id=play.any_of("certificates")["id"],
        kind=play.dice.choice(list(FreezeKind)),
        authority=play.words(),
        instrument_number=play.words(),
        until=registry.clock.now() + timedelta(days=play.dice.choice([1, 40])),
    )
    await certificates.place_freeze(registry, office, terms, a_key())


async def _consent(play: Play) -> None:
    burden = play.any_of("encumbrances", kind=("PLEDGE", "EXCLUSIVE_LICENSE"), lifted_at=None)
    now = play.registry.clock.now()
    terms = ConsentTerms(
        encumbrance_id=burden["id"],
        operation=play.dice.choice(list(Operation)),
        standing=play.chance(0.5),
        counterparty_id=play.some(*PARTIES).party_id if play.chance(0.3) else None,
        lowest_price=play.money() if play.chance(0.2) else None,
        longest_months=12 if play.chance(0.1) else None,
        proceeds_to=play.words() if play.chance(0.3) else None,
        until=now + timedelta(days=9) if play.chance(0.3) else None,
    )
    await certificates.give_consent(play.registry, play.by(burden["protects"]), terms, a_key())


async def _revoke_consent(play: Play) -> None:
    consent = play.any_of("consents")
    await certificates.revoke_consent(play.registry, play.by(consent["given_by"]), consent["id"])


async def _pledge(play: Play) -> None:
    certificate = play.any_of("certificates", status="ACTIVE")
    lender = play.some("lender", "other lender")
    terms = PledgeTerms(
        certificate_id=certificate["id"],
        pledgee_id=lender.party_id,
        secured_amount=play.money(),
        matures_on=play.day(),
        expected_version=certificate["version"],
    )
    holder = play.by(certificate["holder_id"])
    placed = await pledges.place_pledge(play.registry, holder, terms, a_key())
    if play.chance(0.6):
        seen = certificate["version"] + 1
        await pledges.confirm_pledge(play.registry, lender, placed.id, seen)


async def _end_pledge(play: Play) -> None:
    pledge = play.any_of("pledges", status=("SUBMITTED", "REGISTERED"))
    pledgee, key = play.by(pledge["pledgee_id"]), pledge["id"]
    if pledge["status"] == "REGISTERED":
        reason = play.dice.choice(list(ReleaseReason))
        await pledges.release_pledge(play.registry, pledgee, key, reason)
    elif play.chance(0.5):
        await pledges.decline_pledge(play.registry, pledgee, key)
    else:
        await pledges.withdraw_pledge(play.registry, play.by(pledge["pledgor_id"]), key)


async def _offer(play: Play) -> None:
    certificate = play.any_of("certificates", status="ACTIVE")
    terms = OfferTerms(
        certificate_id=certificate["id"],
        kind=play.dice.choice(list(LicenseKind)),
        scope=play.scope(),
        price=play.money(),
        name=play.words(),
        description=play.words(),
    )
    holder = play.by(certificate["holder_id"])
    await licensing.publish_offer(play.registry, holder, terms, a_key())


def _holder_of(play: Play, row: Row) -> Actor:
    return play.by(play.register.holder_of(row))


async def _withdraw_offer(play: Play) -> None:
    offer = play.any_of("offers", status="PUBLISHED")
    await licensing.withdraw_offer(play.registry, _holder_of(play, offer), offer["id"])


async def _ask(play: Play) -> None:
    offer = play.any_of("offers", status="PUBLISHED")
    licensee = play.some("licensee", "other licensee")
    scope = Scope(
        begin=max(offer["begins_at"], play.registry.clock.now()),
        end=offer["ends_at"],
        territories=offer["territories"],
        fields_of_use=offer["fields_of_use"],
    )
    terms = RequestTerms(offer_id=offer["id"], scope=scope)
    await licensing.request_license(play.registry, licensee, terms, a_key())


async def _answer_request(play: Play) -> None:
    negotiation = play.any_of("negotiations", status="REQUESTED")
    offer = play.register.by_id[negotiation["offer_id"]]
    holder, key = _holder_of(play, offer), negotiation["id"]
    if play.chance(0.7):
        seen = play.register.by_id[offer["certificate_id"]]["version"]
        terms = GrantTerms(negotiation_id=key, expected_version=seen)
        await licensing.grant_license(play.registry, holder, terms, a_key())
    elif play.chance(0.5):
        await licensing.refuse_license(play.registry, holder, key, play.words())
    else:
        licensee = play.by(negotiation["licensee_id"])
        await licensing.withdraw_license_request(play.registry, licensee, key)


async def _terminate(play: Play) -> None:
    granted = play.any_of("licenses", status="ACTIVE")
    party = play.dice.choice([granted["licensee_id"], play.register.holder_of(granted)])
    await licensing.terminate_license(play.registry, play.by(party), granted["id"], play.words())


async def _list(play: Play) -> None:
    certificate = play.any_of("certificates", status="ACTIVE")
    terms = ListingTerms(
        certificate_id=certificate["id"],
        exchange_id=play.some("exchange", "other exchange").party_id,
        mode=play.dice.choice(list(TradeMode)),
    )
    await listings.request_listing(play.registry, play.by(certificate["holder_id"]), terms, a_key())


async def _answer_listing(play: Play) -> None:
    listing = play.any_of("listings", status=("SUBMITTED", "LISTED", "SUSPENDED"))
    exchange, key, registry = play.by(listing["exchange_id"]), listing["id"], play.registry
    if listing["status"] == "SUSPENDED":
        await listings.resume_listing(registry, exchange, key)
    elif listing["status"] == "LISTED":
        end = listings.suspend_listing if play.chance(0.6) else listings.delist
        await end(registry, exchange, key, play.words())
    elif play.chance(0.8):
        await listings.admit_listing(registry, exchange, key)
    elif play.chance(0.5):
        await listings.reject_listing(registry, exchange, key, play.words())
    else:
        await listings.withdraw_listing_request(registry, _holder_of(play, listing), key)


async def _members(play: Play) -> None:
    """Somebody is admitted to a party, or one who was is dismissed."""
    office = play.actors["office"]
    if play.chance(0.5):
        acting = {actor.subject for actor in play.actors.values()}
        member = play.any_of("members")
        if member["subject"] not in acting:
            await dismiss_member(play.registry, office, member["id"])
        return
    party = play.some(*PARTIES)
    terms = MemberTerms(party_id=party.party_id, subject=a_key(), roles=party.roles)
    await admit_member(play.registry, office, terms, a_key())


ACTS: dict[Callable[[Play], Awaitable[None]], int] = {
    _file: 8,
    _examine: 6,
    _announce: 8,
    _object: 7,
    _answer_objection: 4,
    _issue: 8,
    _end: 1,
    _freeze: 5,
    _consent: 6,
    _revoke_consent: 1,
    _pledge: 6,
    _end_pledge: 3,
    _offer: 8,
    _withdraw_offer: 4,
    _ask: 14,
    _answer_request: 10,
    _terminate: 3,
    _list: 7,
    _answer_listing: 7,
    _members: 2,
}
