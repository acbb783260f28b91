"""Every act keeps others from what it decides about, before it looks how that stands."""

import asyncio
import inspect
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
import sqlalchemy as sa

import services
from services.actors import Role
from services.announcements.model import Decision, DecisionTerms
from services.applications.model import DocumentRole, RefusalGround
from services.certificates.actions import place_freeze, revoke_certificate
from services.certificates.store import lock_certificate
from services.clock import ManualClock
from services.documents.actions import receive_document
from services.erasures.model import ErasureTerms
from services.licensing.model import GrantTerms, RequestTerms
from services.listings.model import ListingTerms, TradeMode
from services.locks import lock_names
from services.parties.model import MemberTerms, PartyKind, PartyTerms
from services.pledges.model import ReleaseReason
from services.refusals import Refused
from tests.builders.announcements import objection_terms
from tests.builders.applications import application_terms
from tests.builders.certificates import a_scope, consent_terms, freeze_terms
from tests.builders.documents import an_upload
from tests.builders.licensing import offer_terms
from tests.builders.pledges import pledge_terms
from tests.conftest import on_postgresql
from tests.founding import a_key, open_office
from tests.ledger_counts import size_of_ledger

GROUND = RefusalGround.OWNERSHIP_DISPUTED
PARTY = PartyTerms(kind=PartyKind.ORGANISATION, name="样例", roles=frozenset({Role.LENDER}))
LISTING = ListingTerms(certificate_id="none", exchange_id="none", mode=TradeMode.LICENSING)
DECIDING = DecisionTerms(objection_id="none", decision=Decision.UPHELD, reasons="样例")
MEMBER = MemberTerms(party_id="none", subject="li", roles=frozenset({Role.LENDER}))
CONTENT = b"x,y\n1,2\n"
ERASING = ErasureTerms("none", 0, frozenset({"name"}))

# What each act is told beside the registry and the actor: well formed, about nothing there is.
ACTS = {
    "announcements.announce_application": ("none", a_key()),
    "announcements.raise_objection": (objection_terms(), a_key()),
    "announcements.decide_objection": (DECIDING,),
    "announcements.withdraw_objection": ("none",),
    "applications.draft_application": (application_terms(), a_key()),
    "applications.amend_application": ("none", application_terms()),
    "applications.attach_document": ("none", DocumentRole.PRODUCT_SUMMARY, "none"),
    "applications.submit_application": ("none",),
    "applications.begin_examination": ("none",),
    "applications.pass_formalities": ("none",),
    "applications.request_correction": ("none", "样例"),
    "applications.resubmit_application": ("none",),
    "applications.refuse_application": ("none", GROUND, "样例"),
    "applications.withdraw_application": ("none",),
    "certificates.issue_certificate": ("none", a_key()),
    "certificates.revoke_certificate": ("none", GROUND, "样例"),
    "certificates.cancel_certificate": ("none", "样例"),
    "certificates.place_freeze": (freeze_terms(), a_key()),
    "certificates.lift_freeze": ("none",),
    "certificates.give_consent": (consent_terms(), a_key()),
    "certificates.revoke_consent": ("none",),
    "documents.receive_document": (an_upload(b"x"), a_key()),
    "erasures.erase_facts": (ERASING,),
    "licensing.publish_offer": (offer_terms(), a_key()),
    "licensing.withdraw_offer": ("none",),
    "licensing.request_license": (RequestTerms(offer_id="none", scope=a_scope()), a_key()),
    "licensing.grant_license": (GrantTerms(negotiation_id="none", expected_version=1), a_key()),
    "licensing.refuse_license": ("none", "样例"),
    "licensing.withdraw_license_request": ("none",),
    "licensing.terminate_license": ("none", "样例"),
    "listings.request_listing": (LISTING, a_key()),
    "listings.admit_listing": ("none",),
    "listings.reject_listing": ("none", "样例"),
    "listings.suspend_listing": ("none", "样例"),
    "listings.resume_listing": ("none",),
    "listings.delist": ("none", "样例"),
    "listings.withdraw_listing_request": ("none",),
    "parties.register_party": (PARTY, a_key()),
    "parties.admit_member": (MEMBER, a_key()),
    "parties.dismiss_member": ("none",),
    "pledges.place_pledge": (pledge_terms(), a_key()),
    "pledges.confirm_pledge": ("none", 1),
    "pledges.decline_pledge": ("none",),
    "pledges.withdraw_pledge": ("none",),
    "pledges.release_pledge": ("none", ReleaseReason.PAID),
}
# What they enter rests on nothing that may change. Whether it is there already, the key says.
WITHOUT_LOCK = {"applications.draft_application", "documents.receive_document"}
# Nobody acts: they write down what time has decided, of one record.
BY_TIME = {
    "announcements.record_closing",
    "applications.record_lapse",
    "certificates.record_expiry",
    "certificates.record_lapse",
    "licensing.record_license_expiry",
}
# It has no actor, and is asked of an empty register only.
FOUNDING = "parties.found_office"


def acts():
    """Every act there is, by its capability and name."""
    folder = Path(services.__file__).parent
    for path in sorted(folder.glob("*/actions.py")):
        module = import_module(f"services.{path.parent.name}.actions")
        for name, function in vars(module).items():
            is_own = getattr(function, "__module__", None) == module.__name__
            is_public = inspect.iscoroutinefunction(function) and not name.startswith("_")
            if is_own and is_public:
                yield f"{path.parent.name}.{name}", function


BY_NAME = dict(acts())


def test_every_act_is_known_here():
    assert set(BY_NAME) == {*ACTS, *BY_TIME, FOUNDING}


def test_every_act_is_decided_anew_when_it_was_turned_away():
    """A document's bytes come once, so what is repeated is what follows them."""
    anew = {name for name, act in BY_NAME.items() if hasattr(act, "__wrapped__")}
    assert anew == set(BY_NAME) - {"documents.receive_document"}


@pytest.fixture
def heard(registry):
    """The statements of the last transaction that began, as the server was told them."""
    statements: list[str] = []

    def hear(logged):
        if logged.query.startswith("BEGIN"):
            statements.clear()
        else:
            statements.append(" ".join(logged.query.split()))

    def listen(dbapi_connection, _record, _proxy):
        dbapi_connection.driver_connection.add_query_logger(hear)

    sa.event.listen(registry.engine.sync_engine, "checkout", listen)
    return statements


def is_lock(statement: str) -> bool:
    return "FOR NO KEY UPDATE" in statement or "pg_advisory_xact_lock" in statement


@on_postgresql
async def test_an_act_looks_at_nothing_before_it_has_its_lock(registry, heard):
    """Whatever else it does: here it is refused, or enters what rests on nothing."""
    office = await open_office(registry)
    with suppress(Refused):
        await BY_NAME[FOUNDING](registry, PARTY, "registrar")
    await asyncio.sleep(0)
    assert is_lock(heard[0]), FOUNDING
    for name, told in ACTS.items():
        with suppress(Refused):
            await BY_NAME[name](registry, office, *told)
        await asyncio.sleep(0)  # What was logged is heard.
        if name in WITHOUT_LOCK:
            questions = [each for each in heard if each.startswith("SELECT")]
            asked = [each.partition(" FROM ")[2].split()[0] for each in questions]
            assert set(asked) <= {"answers", "ledger_subject"}, name
        else:
            assert is_lock(heard[0]), name
    for name in BY_TIME:
        with suppress(Refused):
            await BY_NAME[name](registry, "none")
        await asyncio.sleep(0)
        assert is_lock(heard[0]), name


@on_postgresql
async def test_a_certificate_is_locked_before_its_application(registry, office, certificate, heard):
    await revoke_certificate(registry, office, certificate.id, GROUND, "样例")
    await asyncio.sleep(0)
    locked = [each.split(" FROM ")[1].split()[0] for each in heard if is_lock(each)]
    assert locked == ["certificates", "applications", "ledger_subject"]


async def test_an_act_that_waited_goes_by_what_happened_meanwhile_and_by_the_clock_after_it(
    registry, office, certificate
):
    """An order that would end while one waits is refused by the time at which it is judged."""
    now = registry.clock.now()
    terms = freeze_terms(certificate_id=certificate.id, until=now + timedelta(minutes=1))
    async with registry.deciding() as tx:
        await lock_certificate(tx, certificate.id)
        waiting = asyncio.create_task(place_freeze(registry, office, terms, a_key()))
        await asyncio.sleep(0.2)
        registry.clock.advance(timedelta(minutes=2))
    with pytest.raises(Refused):
        await waiting


async def test_a_lock_looks_at_the_clock_and_never_goes_back(registry):
    begun = registry.clock.now()
    async with registry.deciding() as tx:
        registry.clock.advance(timedelta(seconds=1))
        await lock_names(tx, name="a")
        after = begun if tx.has_everything else begun + timedelta(seconds=1)
        assert tx.now == after
        object.__setattr__(tx, "_clock", ManualClock(begun))
        await lock_names(tx, name="b")
        assert tx.now == after


@on_postgresql
async def test_whoever_names_the_same_waits_and_whoever_names_another_does_not(registry):
    async def name(**names):
        async with registry.deciding() as tx:
            await lock_names(tx, **names)

    async with registry.deciding() as tx:
        await lock_names(tx, product="a")
        same = asyncio.create_task(name(product="a"))
        await name(product="b")
        await name(uscc="a")
        assert not same.done()
    await same


async def test_a_document_is_received_once_though_its_first_commit_was_lost(
    registry, holder, monkeypatch
):
    keep = registry.blobs.keep
    kept = []

    async def keep_and_lose_the_server(draft):
        await keep(draft)
        kept.append(draft)
        if len(kept) == 1:
            raise ConnectionResetError

    monkeypatch.setattr(registry.blobs, "keep", keep_and_lose_the_server)
    before = await size_of_ledger(registry)
    document = await receive_document(registry, holder, an_upload(CONTENT, name="a.csv"), a_key())
    assert len(kept) == 2
    assert registry.blobs.path(document.sha256).read_bytes() == CONTENT
    assert await size_of_ledger(registry) == before + 1
