"""The sample register as loaded: through the acts, in the order of time, and as the file says."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.inspecting import surroundings_of
from api.sample.cases import SampleRegister, Story, read_cases
from api.sample.folder import NotEmpty, make_sample_folder
from api.sample.loading import OPENING
from api.settings import read_settings
from ledger.inspecting.fsck import inspect_fully
from services.actors import OFFICE_ROLES, Actor
from services.applications.model import ApplicationStatus, DocumentRole
from services.applications.store import (
    applications,
    documents_of_application,
    get_application,
)
from services.certificates.model import CertificateStatus
from services.certificates.views import CERTIFICATE, ENCUMBRANCE
from services.documents.store import documents
from services.parties.store import parties
from services.periods import SHANGHAI
from services.pledges.views import PLEDGE
from services.reading.records import read_page

README = Path(__file__).parents[3] / "README.md"
SAMPLE = read_cases()
OFFICE = Actor("office", "party_office", OFFICE_ROLES)


async def every(registry, view):
    async with registry.reading() as tx:
        return (await read_page(tx, OFFICE, view, first=100)).records


async def filed(registry):
    """Every application, drafts too, each with the instant it is looked at."""
    async with registry.reading() as tx:
        ids = (await tx.connection.execute(sa.select(applications.c.id))).scalars().all()
        return [(await get_application(tx, each), tx.now) for each in ids]


async def test_every_case_stands_where_its_story_says(loaded):
    by_name = {each.name: each.effective_status(now) for each, now in await filed(loaded)}
    stands = {case.story: by_name[case.product.name] for case in SAMPLE.sample_cases}

    certified = {
        Story.SOURCE_AUTHORISATION_ENDED,
        Story.REVOKED,
        Story.CANCELLED,
        Story.FROZEN,
        Story.PLEDGED,
        Story.EXCLUSIVELY_LICENSED,
        Story.OFFERED,
    }
    assert stands == dict.fromkeys(certified, ApplicationStatus.REGISTERED) | {
        Story.DRAFT: ApplicationStatus.DRAFT,
        Story.SUBMITTED: ApplicationStatus.SUBMITTED,
        Story.UNDER_EXAMINATION: ApplicationStatus.FORMALITY_EXAMINATION,
        Story.CORRECTION_REQUIRED: ApplicationStatus.CORRECTION_REQUIRED,
        Story.ANNOUNCED: ApplicationStatus.ANNOUNCED,
        Story.READY: ApplicationStatus.APPROVED,
    }
    assert {by_name[case.product.name] for case in SAMPLE.reported_cases} == {
        ApplicationStatus.REGISTERED
    }


async def test_certificates_are_of_different_ages_and_one_of_each_end_is_there(loaded):
    certificates = await every(loaded, CERTIFICATE)

    assert len(certificates) == 40
    assert Counter(record["effective_status"] for record in certificates) == {
        CertificateStatus.ACTIVE: 37,
        CertificateStatus.EXPIRED: 1,
        CertificateStatus.REVOKED: 1,
        CertificateStatus.CANCELLED: 1,
    }
    months = {f"{record['issued_at']:%Y-%m}" for record in certificates}
    assert min(months) == "2025-01"
    assert len(months) > 15


async def test_the_office_certifies_on_working_days(loaded):
    days = {
        record["issued_at"].astimezone(SHANGHAI).weekday()
        for record in await every(loaded, CERTIFICATE)
    }
    assert days & {5, 6} == set()


async def test_nothing_but_pledges_lies_on_a_real_company(loaded):
    real = {party.name for party in SAMPLE.reported_parties}
    async with loaded.reading() as tx:
        rows = await tx.connection.execute(sa.select(parties.c.id, parties.c.name))
        real_ids = {row.id for row in rows if row.name in real}
    held = {r["id"]: r for r in await every(loaded, CERTIFICATE) if r["holder_id"] in real_ids}

    assert {r["effective_status"] for r in held.values()} == {CertificateStatus.ACTIVE}
    burdens = await every(loaded, ENCUMBRANCE)
    assert Counter(b["kind"] for b in burdens if b["certificate_id"] in held) == {"PLEDGE": 9}


async def test_pledges_are_as_the_file_says(loaded):
    names = {r["id"]: r["product_name"] for r in await every(loaded, CERTIFICATE)}
    loaded_pledges = {
        names[pledge["certificate_id"]]: (pledge["amount_minor"], pledge["matures_on"])
        for pledge in await every(loaded, PLEDGE)
    }

    assert loaded_pledges == {
        case.product.name: (case.pledged_amount_minor, case.sample.pledge.matures_on)
        for case in SAMPLE.cases
        if case.sample.pledge
    }


async def test_the_certificates_that_the_readme_names_are_there(loaded):
    named = set(re.findall(r"\b\d{17}\b", README.read_text(encoding="utf-8")))
    assert named
    assert named <= {each["number"] for each in await every(loaded, CERTIFICATE)}


async def test_the_ledger_is_sound_and_wholly_signed(loaded, settings):
    async with loaded.reading() as tx:
        report = await tx.connection.run_sync(inspect_fully, surroundings_of(settings))
        note = await tx.log.latest_checkpoint(tx.connection)

    assert report.findings == ()
    assert report.size > 800
    assert report.read["checkpoints"] > 20
    assert int(note.splitlines()[1]) == report.size


async def test_every_act_happened_between_the_opening_and_now(loaded):
    begun = [application.created_at for application, _ in await filed(loaded)]
    async with loaded.reading() as tx:
        query = sa.select(sa.func.max(documents.c.received_at))
        last = (await tx.connection.execute(query)).scalar_one()

    assert timedelta(0) < min(begun) - OPENING < timedelta(days=2)
    assert OPENING < last < loaded.clock.now()


async def test_the_documents_say_that_they_are_samples(loaded):
    async with loaded.reading() as tx:
        hashes = (await tx.connection.execute(sa.select(documents.c.sha256))).scalars().all()
    texts = [loaded.blobs.path(sha256).read_text(encoding="utf-8") for sha256 in hashes]

    assert len(texts) == 52 * 4 + 2 + 1
    assert [text for text in texts if "SAMPLE DOCUMENT" not in text] == []


async def test_a_draft_lacks_two_of_its_documents(loaded):
    (draft,) = [each for each, _ in await filed(loaded) if each.status is ApplicationStatus.DRAFT]
    async with loaded.reading() as tx:
        attached = await documents_of_application(tx, draft.id)

    assert set(attached) == {DocumentRole.APPLICATION_FORM, DocumentRole.PRODUCT_SUMMARY}


SMALL = SampleRegister(
    about="Two cases",
    reported_parties=(),
    sample_parties=SAMPLE.sample_parties,
    reported_cases=(),
    sample_cases=SAMPLE.sample_cases[7:9],
)


@pytest.fixture
def empty(tmp_path):
    return read_settings({"DATATITLE_DATA": str(tmp_path / "data")})


async def test_the_folder_is_there_when_it_is_complete(empty, tmp_path):
    def not_yet(_: datetime) -> None:
        assert not empty.data.exists()

    await make_sample_folder(empty, not_yet, SMALL)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
    names = sorted(path.name for path in empty.data.iterdir())
    locks = ["register.sqlite3.lock", "register.sqlite3.queue"]
    assert names == ["documents", "guard", "keys", "ledger", "register.sqlite3", *locks]
    keys = sorted(path.name for path in (empty.data / "keys").iterdir())
    assert keys == ["log-mldsa.key", "log.key", "permits.key", "token-issuer.pem"]


async def test_an_interrupted_loading_leaves_nothing_and_is_redone(empty, tmp_path):
    def interrupt(instant: datetime) -> None:
        if instant > datetime(2025, 1, 1, tzinfo=UTC):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await make_sample_folder(empty, interrupt, SMALL)
    assert list(tmp_path.iterdir()) == []

    await make_sample_folder(empty, lambda _: None, SMALL)
    assert (empty.data / "register.sqlite3").exists()


async def test_what_a_killed_loading_left_behind_is_cleared_away(empty, tmp_path):
    left = tmp_path / ".data.loading" / "register.sqlite3"
    left.parent.mkdir()
    left.write_bytes(b"half a register")

    await make_sample_folder(empty, lambda _: None, SMALL)

    assert [path.name for path in tmp_path.iterdir()] == ["data"]


async def test_a_folder_with_something_in_it_is_left_alone(empty):
    empty.data.mkdir()
    (empty.data / "letter.txt").write_text("mine")

    with pytest.raises(NotEmpty):
        await make_sample_folder(empty, lambda _: None, SMALL)
    assert [path.name for path in empty.data.iterdir()] == ["letter.txt"]
