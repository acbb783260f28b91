"""Who sees which records and fields: everything there is, asked for by everybody."""

import pytest
import sqlalchemy as sa

from services.applications.views import APPLICATION
from services.certificates.views import CONSENT
from services.documents.views import DOCUMENT
from services.licensing.views import NEGOTIATION, OFFER
from services.listings.views import LISTING
from services.parties.views import MEMBER
from services.pledges.views import PLEDGE
from tests.conftest import on_sqlite
from tests.schema.reading.both_readers import Judge
from tests.schema.reading.compiled import compiled_reader
from tests.schema.reading.contract_by_hand import TABLES
from tests.schema.reading.documents_at_random import Asked
from tests.schema.reading.rounds import CONTRACT
from tests.schema.reading.who_may_see import FIELDS, ROWS, everybody
from tests.schema.reading.whole_records import asked_for_every_record

AT_ONCE = 9  # A document may have ten fields at its root.
GUARDED = [APPLICATION, CONSENT, DOCUMENT, LISTING, MEMBER, NEGOTIATION, OFFER, PLEDGE]


@pytest.fixture
async def judge(play):
    """Compares what both readers say with what the rows tell."""
    async with compiled_reader(play.registry) as compiled:
        yield Judge(CONTRACT, play.registry, compiled, play.register)


async def test_everybody_sees_of_every_record_what_is_theirs_to_see(play, judge):
    found = [
        (viewer, fault)
        for viewer, actor in play.viewers().items()
        for asked in asked_for_every_record(CONTRACT, play.register)
        if (fault := await judge.fault_of(asked, actor)) is not None
    ]

    assert found == []


async def test_what_may_not_be_seen_is_answered_as_what_is_not_there(play, judge):
    """Every hidden record of every kind, for every viewer, at every place an id is asked for."""
    for viewer, actor in play.viewers().items():
        for kind, table in TABLES.items():
            hidden = [
                row["id"]
                for row in play.register.tables[table]
                if not judge.viewer(actor).sees(kind, row)
            ]
            for begin in range(0, len(hidden), AT_ONCE):
                some = hidden[begin : begin + AT_ONCE]
                made_up = [f"{kind.lower()}_{number:032x}" for number in range(len(some))]
                nothing = await _answers(judge, _finding(kind, made_up), actor)
                assert await _answers(judge, _finding(kind, some), actor) == nothing, viewer


def _finding(kind, ids):
    """Asks for records wherever the contract takes an id."""
    finder = kind.lower() if kind.lower() in CONTRACT.query_type.fields else "node"
    each = " ".join(f"own{n}: {finder}(id: $id{n}) {{ id }}" for n in range(len(ids)))
    declared = ", ".join(f"$id{n}: ID!" for n in range(len(ids)))
    document = f"query($ids: [ID!]!, {declared}) {{ nodes(ids: $ids) {{ id }} {each} }}"
    return Asked(document, {"ids": ids, **{f"id{n}": key for n, key in enumerate(ids)}})


async def _answers(judge, asked, actor):
    compiled = await judge.compiled.read(asked, actor)
    reference = await judge.by_reference(asked, actor)
    assert b"errors" not in reference
    return compiled, reference


async def test_every_rule_hides_something_here_from_some_and_shows_it_to_others(play, judge):
    """Else the tests above would be about nothing."""
    everyone = [judge.viewer(actor) for actor in play.viewers().values()]
    idle = []
    for kind, may_see in ROWS.items():
        rows = play.register.tables[TABLES[kind]]
        seen = {may_see(viewer, row) for viewer in everyone for row in rows}
        if seen != ({True} if may_see is everybody else {True, False}):
            idle.append(kind)
    for (kind, field), may_see in FIELDS.items():
        rows = play.register.tables[TABLES[kind]]
        seen = {may_see(viewer, row) for viewer in everyone for row in rows}
        if seen != {True, False}:
            idle.append(f"{kind}.{field}")

    assert idle == []


@on_sqlite
@pytest.mark.parametrize("view", GUARDED, ids=lambda view: view.name)
async def test_a_view_that_showed_too_much_would_be_found_out(view, play):
    judge = Judge(CONTRACT, play.registry, None, play.register)
    every = asked_for_every_record(CONTRACT, play.register)
    asked = [each for each in every if f"... on {view.name} " in each.document]
    before = {await judge.fault_of(each, None) for each in asked}
    hides = view.visible

    object.__setattr__(view, "visible", lambda _: sa.true())
    try:
        after = {await judge.fault_of(each, None) for each in asked}
    finally:
        object.__setattr__(view, "visible", hides)

    assert before == {None}
    assert None not in after
