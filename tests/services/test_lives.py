"""The life of a certificate as the proof tells it, against what the services do and record."""

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest

from ledger import verify
from ledger.checking.life import LIFE, Needs, Status, live_on
from ledger.formats.proofs import ProofFailed
from services.applications.model import RefusalGround
from services.certificates.actions import (
    cancel_certificate,
    lift_freeze,
    place_freeze,
    revoke_certificate,
    revoke_consent,
)
from services.certificates.model import TRANSITIONS, CertificateStatus, Operation
from services.erasures.actions import erase_facts
from services.erasures.model import ErasureTerms
from services.licensing.actions import (
    refuse_license,
    terminate_license,
    withdraw_license_request,
    withdraw_offer,
)
from services.licensing.model import LicenseKind
from services.listings.actions import (
    admit_listing,
    delist,
    reject_listing,
    request_listing,
    resume_listing,
    suspend_listing,
    withdraw_listing_request,
)
from services.listings.model import ListingTerms, TradeMode
from services.pledges.actions import (
    decline_pledge,
    release_pledge,
    withdraw_pledge,
)
from services.pledges.model import ReleaseReason
from services.sweeping import sweep
from tests.builders.certificates import freeze_terms
from tests.collateral import consented, placed, registered
from tests.founding import a_key
from tests.ledger.sealing_log import TRUST, sealing_of
from tests.licenses import ask, license_under, publish
from tests.titles import certify, terms_of

DAY = timedelta(days=1)
SERVICES = Path(__file__).parents[2] / "services"
CAPABILITIES = ("certificates", "erasures", "licensing", "listings", "pledges")
ACT = re.compile(r"[a-z]+(-[a-z]+)*ed|[a-z]+-[a-z]+-[a-z]+n|[a-z]+-[a-z]+n")


def acts_recorded_on_certificates():
    """Every text in the services' acts that names something done."""
    for capability in CAPABILITIES:
        tree = ast.parse((SERVICES / capability / "actions.py").read_text(encoding="utf-8"))
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        yield from (text for text in texts if isinstance(text, str) and ACT.fullmatch(text))


def test_every_act_the_services_record_on_a_certificate_is_known():
    # The last one is named by the ledger itself.
    assert {*acts_recorded_on_certificates(), "openings-erased"} == LIFE.keys()


def test_a_certificate_has_the_same_states_for_both():
    assert [each.value for each in Status] == [each.value for each in CertificateStatus]


def test_an_act_changes_the_status_just_as_the_services_have_it():
    changes = {(kind, act.makes.value) for kind, act in LIFE.items() if act.makes is not None}
    by_services = {
        (f"certificate-{event.lower()}", after.value)
        for (before, event), after in TRANSITIONS.items()
        if before is CertificateStatus.ACTIVE
    }

    assert {before for before, _ in TRANSITIONS} == {CertificateStatus.ACTIVE}
    assert changes == by_services | {("certificate-issued", "ACTIVE")}


@pytest.fixture
def stage(registry, office, holder, exchange, licensee, bank, tmp_path):
    return Stage(registry, office, holder, exchange, licensee, bank, tmp_path)


class Stage:
    """The parties of a story, the certificate they deal with, and its proof."""

    def __init__(self, registry, office, holder, exchange, licensee, bank, folder):
        self.registry, self.office, self.holder = registry, office, holder
        self.exchange, self.licensee, self.bank = exchange, licensee, bank
        self.folder = folder
        self.certificate = None

    async def issue(self):
        product = terms_of(f"产品 {a_key()}")
        self.certificate = await certify(self.registry, self.office, self.holder, product)

    async def verified(self):
        number = self.certificate.number
        now = self.registry.clock.now()
        sealing = sealing_of(self.registry.engine, self.folder, now=now)
        await sealing.seal()
        async with self.registry.reading() as tx:
            return verify(await tx.log.prove_subject(tx.connection, number), TRUST.text())

    async def listing(self):
        terms = ListingTerms(
            certificate_id=self.certificate.id,
            exchange_id=self.exchange.party_id,
            mode=TradeMode.LICENSING,
        )
        return await request_listing(self.registry, self.holder, terms, a_key())

    async def pledge(self):
        return await registered(self.registry, self.certificate, self.holder, self.bank)

    async def license(self, kind, **scope):
        offer = await publish(self.registry, self.holder, self.certificate, kind, **scope)
        return await license_under(self.registry, self.holder, self.licensee, offer)

    async def freeze(self, **changes):
        terms = freeze_terms(
            certificate_id=self.certificate.id,
            until=self.registry.clock.now() + 30 * DAY,
            **changes,
        )
        return await place_freeze(self.registry, self.office, terms, a_key())


async def list_it(stage):
    await reject_listing(stage.registry, stage.exchange, (await stage.listing()).id, "no")
    await withdraw_listing_request(stage.registry, stage.holder, (await stage.listing()).id)
    listing = await stage.listing()
    await admit_listing(stage.registry, stage.exchange, listing.id)
    await suspend_listing(stage.registry, stage.exchange, listing.id, "review")
    await resume_listing(stage.registry, stage.exchange, listing.id)
    await delist(stage.registry, stage.exchange, listing.id, "sold out")


async def license_it(stage):
    registry, holder, licensee = stage.registry, stage.holder, stage.licensee
    offer = await publish(registry, holder, stage.certificate)
    await refuse_license(registry, holder, (await ask(registry, licensee, offer)).id, "no")
    await withdraw_license_request(registry, licensee, (await ask(registry, licensee, offer)).id)
    granted = await license_under(registry, holder, licensee, offer)
    await terminate_license(registry, holder, granted.id, "done")
    await withdraw_offer(registry, holder, offer.id)


async def pledge_it(stage):
    registry, holder, bank = stage.registry, stage.holder, stage.bank
    first = await placed(registry, stage.certificate, holder, bank)
    await decline_pledge(registry, bank, first.id)
    await withdraw_pledge(
        registry, holder, (await placed(registry, stage.certificate, holder, bank)).id
    )
    pledge = await stage.pledge()
    consent = await consented(registry, pledge, bank, Operation.CANCEL)
    await revoke_consent(registry, bank, consent.id)
    await release_pledge(registry, bank, pledge.id, ReleaseReason.PAID)


async def freeze_it(stage):
    freeze = await stage.freeze()
    await lift_freeze(stage.registry, stage.office, freeze.id)


async def erase_some_of_it(stage):
    terms = ErasureTerms(stage.certificate.number, 0, frozenset({"actor"}))
    await erase_facts(stage.registry, stage.office, terms)


async def cancel_it(stage):
    await cancel_certificate(stage.registry, stage.holder, stage.certificate.id, "done")


async def revoke_it(stage):
    ground = RefusalGround.OWNERSHIP_DISPUTED
    await revoke_certificate(stage.registry, stage.office, stage.certificate.id, ground, "judgment")


async def let_it_run_out(stage):
    registry = stage.registry
    await stage.freeze()
    registry.clock.advance(30 * DAY)
    await stage.license(LicenseKind.EXCLUSIVE, end=registry.clock.now() + DAY)
    registry.clock.advance_to(stage.certificate.effective_end)
    swept = await sweep(registry)
    assert {event: count for event, count in swept.items() if count} == {
        "freeze-lapsed": 1,
        "license-expired": 1,
        "certificate-expired": 1,
    }


async def test_every_act_there_is_follows_the_life_that_is_proven(stage):
    lived = set()
    for end, status, effective_status in (
        (cancel_it, Status.CANCELLED, Status.CANCELLED),
        (revoke_it, Status.REVOKED, Status.REVOKED),
        (let_it_run_out, Status.ACTIVE, Status.EXPIRED),
    ):
        await stage.issue()
        for part in (list_it, license_it, pledge_it, freeze_it, erase_some_of_it, end):
            await part(stage)
            stage.registry.clock.advance(DAY)
        verified = await stage.verified()
        assert (verified.standing.status, verified.effective_status) == (status, effective_status)
        assert not verified.is_encumbered
        lived |= {event.kind for event in verified.events}

    assert lived == LIFE.keys()


async def test_pledges_are_counted_in_every_event(stage):
    await stage.issue()
    pledge = await stage.pledge()
    await revoke_it(stage)
    await release_pledge(stage.registry, stage.bank, pledge.id, ReleaseReason.COLLATERAL_LOST)

    verified = await stage.verified()
    assert [(event.kind, event.standing.pledges) for event in verified.events] == [
        ("certificate-issued", 0),
        ("pledge-placed", 0),
        ("pledge-registered", 1),
        ("certificate-revoked", 1),
        ("pledge-released", 0),
    ]


async def test_burdens_that_end_by_themselves_are_told_by_the_last_of_their_ends(stage):
    await stage.issue()
    now = stage.registry.clock.now()
    longer = await stage.license(LicenseKind.EXCLUSIVE, end=now + 60 * DAY)
    shorter = await stage.freeze()
    await lift_freeze(stage.registry, stage.office, shorter.id)
    again = await stage.freeze()
    await terminate_license(stage.registry, stage.holder, longer.id, "done")
    stage.registry.clock.advance(30 * DAY)
    await stage.license(LicenseKind.NON_EXCLUSIVE)

    verified = await stage.verified()
    assert [
        (event.kind, (event.standing.burdened_until or now) - now) for event in verified.events[3:]
    ] == [
        ("license-granted", 60 * DAY),
        ("freeze-placed", 60 * DAY),
        ("freeze-lifted", 60 * DAY),
        ("freeze-placed", 60 * DAY),
        ("license-terminated", again.terms.until - now),
        ("offer-published", timedelta()),
        ("license-requested", timedelta()),
        ("license-granted", timedelta()),
    ]
    assert not verified.is_encumbered


async def test_a_burden_is_over_for_the_reader_when_its_time_has_come(stage):
    await stage.issue()
    await stage.freeze()
    assert (await stage.verified()).is_encumbered

    stage.registry.clock.advance(30 * DAY)
    assert not (await stage.verified()).is_encumbered


async def test_an_ended_certificate_allows_no_more_than_the_services_do(stage):
    """Of each act, tried when the certificate has run out."""
    await stage.issue()
    verified = await stage.verified()
    before, end = verified.standing, verified.standing.effective_end
    facts = {
        "status": "ACTIVE",
        "holder": before.holder,
        "effective_end": end.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "pledges": "0",
        "burdened_until": "none",
    }
    still_possible = set()
    for kind, act in LIFE.items():
        if act.needs in {Needs.NOTHING, Needs.ACTIVE, Needs.RUN_OUT}:
            still_possible.add(kind)
            continue
        with pytest.raises(ProofFailed, match="and that was not so"):
            live_on(before, kind, end, facts)
    assert still_possible == {
        "certificate-expired",
        "certificate-revoked",
        "consent-given",
        "consent-revoked",
        "delisted",
        "freeze-lapsed",
        "freeze-lifted",
        "license-expired",
        "license-refused",
        "license-request-withdrawn",
        "license-terminated",
        "listing-rejected",
        "listing-request-withdrawn",
        "listing-suspended",
        "offer-withdrawn",
        "openings-erased",
        "pledge-declined",
        "pledge-released",
        "pledge-withdrawn",
    }
