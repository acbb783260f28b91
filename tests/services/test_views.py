"""A view is read from no more tables than are asked for something."""

import pytest
import sqlalchemy as sa

from services.actors import Role
from services.certificates.store import certificates
from services.licensing.store import offers
from services.licensing.views.records import NEGOTIATION, OFFER
from services.views import Asking, View

PUBLIC = Asking(None)
HOLDER = Asking(frozenset({Role.REGISTRANT}))


def tables_of(query):
    """Those that the rows are made of."""
    [source] = query.get_final_froms()
    names = set()
    while isinstance(source, sa.Join):
        names.add(source.right.name)
        source = source.left
    return names | {source.name}


@pytest.mark.parametrize("asking", [PUBLIC, HOLDER])
def test_a_table_nobody_asks_for_anything_is_left_out(asking):
    assert tables_of(OFFER.select(asking, names=["name", "kind"])) == {"offers"}
    assert tables_of(OFFER.count(asking)) == {"offers"}


@pytest.mark.parametrize("name", ["holder_id", "effective_status"])
def test_one_that_a_field_rests_on_is_there(name):
    assert tables_of(OFFER.select(PUBLIC, names=[name])) == {"offers", "certificates"}


def test_one_that_a_condition_rests_on_is_there():
    query = OFFER.select(PUBLIC, certificates.c.holder_id == "party_1", names=["name"])
    assert tables_of(query) == {"offers", "certificates"}
    assert tables_of(OFFER.count(PUBLIC, certificates.c.holder_id == "1")) == tables_of(query)


def test_one_that_may_have_no_row_stays_and_so_does_what_it_stands_on():
    names = {"negotiations", "offers", "certificates", "licenses"}
    assert tables_of(NEGOTIATION.select(HOLDER, names=["id"])) == names


def test_one_that_has_more_rows_or_none_stays():
    source = certificates.join(offers, offers.c.certificate_id == certificates.c.id)
    view = View(
        name="Offered",
        source=source,
        fields={"id": certificates.c.id},
        visible=lambda _: sa.true(),
    )
    assert tables_of(view.select(PUBLIC)) == {"certificates", "offers"}
