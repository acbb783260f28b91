"""What SQL says of a certificate is what the model says, at every moment that matters."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services.applications.model import RefusalGround
from services.certificates.actions import cancel_certificate, place_freeze, revoke_certificate
from services.certificates.store import certificates, get_certificate
from services.certificates.views import CERTIFICATE, ENCUMBRANCE
from services.reading.records import Wanted, read_one, read_page
from tests.builders.certificates import freeze_terms
from tests.founding import a_key
from tests.titles import certify, terms_of

MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def titles(registry, office, holder):
    """One of each: in force, capped by its source, revoked, cancelled."""
    free = await certify(registry, office, holder, terms_of("自由"))
    capped = await certify(registry, office, holder, terms_of("封顶", date(2026, 6, 30)))
    revoked = await certify(registry, office, holder, terms_of("撤销"))
    cancelled = await certify(registry, office, holder, terms_of("注销"))
    ground = RefusalGround.OTHER_NON_COMPLIANCE
    await revoke_certificate(registry, office, revoked.id, ground, "found")
    await cancel_certificate(registry, holder, cancelled.id, "surrendered")
    return [free, capped, revoked, cancelled]


async def test_the_view_agrees_with_the_model_before_at_and_after_each_end(registry, titles):
    moments = {c.effective_end + shift for c in titles for shift in (-MOMENT, 0 * MOMENT, MOMENT)}
    for moment in sorted(m for m in moments if m > registry.clock.now()):
        registry.clock.advance_to(moment)
        async with registry.reading() as tx:
            for title in titles:
                seen = await read_one(tx, None, CERTIFICATE, id=title.id)
                model = await get_certificate(tx, title.id)
                assert seen["effective_status"] == model.effective_status(moment)
                assert seen["effective_end"] == model.effective_end
                assert seen["binding_limit"] == model.binding_limit
                assert seen["as_of"] == moment


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ({}, ["注销", "撤销", "封顶", "自由"]),
        ({"effective_status": ["ACTIVE"]}, ["封顶", "自由"]),
        ({"effective_status": ["REVOKED", "CANCELLED"]}, ["注销", "撤销"]),
        ({"product_name_contains": "封"}, ["封顶"]),
        ({"product_name_contains": "%"}, []),
        ({"industry": "finance", "kind": "ALGORITHM"}, []),
    ],
)
async def test_a_filter_gives_what_it_names_newest_first(registry, titles, wanted, names):
    assert len(titles) == 4
    async with registry.reading() as tx:
        page = await read_page(tx, None, CERTIFICATE, Wanted(criteria=wanted), first=10)
    assert [record["product_name"] for record in page.records] == names


async def test_pages_follow_each_other_without_gap_or_double(registry, titles):
    seen, after = [], None
    async with registry.reading() as tx:
        while True:
            page = await read_page(tx, None, CERTIFICATE, first=1, after=after)
            seen += [record["id"] for record in page.records]
            if not page.has_next:
                break
            after = page.cursors[-1]
    assert seen == [title.id for title in reversed(titles)]


async def test_a_freeze_is_seen_by_all_and_its_order_number_by_few(registry, office, certificate):
    until = registry.clock.now() + timedelta(days=30)
    terms = freeze_terms(certificate_id=certificate.id, until=until)
    await place_freeze(registry, office, terms, a_key())
    async with registry.reading() as tx:
        burden = await read_one(tx, None, ENCUMBRANCE, certificate_id=certificate.id)
    assert (burden["active"], burden["protects"]) == (True, None)


async def test_the_database_refuses_a_second_life_even_around_the_rules(
    registry, holder, certificate
):
    await cancel_certificate(registry, holder, certificate.id, "surrendered")
    revive = sa.update(certificates).values(status="ACTIVE", ended_at=None)
    with pytest.raises(IntegrityError, match="an ended certificate stays ended"):
        async with registry.deciding() as tx:
            await tx.connection.execute(revive)
