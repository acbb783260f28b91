"""Both readers at one door: the same bytes, to those who may have them, as things are now."""

import asyncio

import httpx
import pytest

from api.opening import open_app
from api.settings import read_settings
from services.parties.actions import dismiss_member
from tests.collateral import placed
from tests.conftest import on_sqlite
from tests.databases import rows
from tests.scenarios.actors import token_of

SHORT = {"Content-Type": "application/json"}
WHOLE = {"Content-Type": "application/json; charset=utf8"}  # Which the shortest way leaves.
DOCUMENTS = {
    "who asks": "{ me { id name roles } }",
    "a page": "{ certificates(first: 2) { nodes { id number holder { name } } totalCount } }",
    "several": "{ a: me { __typename } certificates(first: 1) { edges { cursor } } me { id } }",
    "pledges": "{ certificates(first: 5) { nodes { pledges { status pledgee { id } } } } }",
    "nothing there": '{ certificate(by: {number: "none"}) { id } }',
    "an error": "{ certificates(first: 0) { nodes { id } } }",
    "no such field": "{ certificates(first: 1) { nothing } }",
}
WHO = "{ me { id } }"
MEMBER = "SELECT id FROM members WHERE subject = ?"


class AtTheDoor:
    def __init__(self, settings, client):
        self.settings = settings
        self.client = client

    def headers_of(self, actor):
        if actor is None:
            return {}
        token = token_of(self.settings, actor)
        return {"Authorization": f"Bearer {token}"}

    async def ask(self, document, headers, way=SHORT):
        sent = {"query": document}
        content = httpx.Request("POST", "http://door", json=sent).content
        return await self.client.post("/graphql", content=content, headers=way | headers)


@pytest.fixture
async def door(registry, tmp_path):
    settings = read_settings({"DATATITLE_DATA": str(tmp_path / "data")})
    transport = httpx.ASGITransport(open_app(settings, registry))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield AtTheDoor(settings, client)


@pytest.fixture
def only_compiled(monkeypatch):
    """What the compiled reader leaves is a fault."""

    async def fail(*_):
        raise LookupError("the reference reader was asked")

    monkeypatch.setattr("api.graphql_view.answer_to", fail)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
async def test_both_readers_give_the_same_bytes(
    door, registry, certificate, holder, bank, stranger, document
):
    await placed(registry, certificate, holder, bank)
    for actor in (None, holder, bank, stranger):
        headers = door.headers_of(actor) | {"X-Request-Id": "mine"}
        short, whole = [await door.ask(document, headers, way) for way in (SHORT, WHOLE)]
        assert short.status_code == whole.status_code == 200
        assert (short.content, short.headers) == (whole.content, whole.headers)


@pytest.mark.usefixtures("only_compiled")
async def test_what_can_be_planned_is_answered_by_the_compiled_reader(door, certificate, holder):
    answer = await door.ask(DOCUMENTS["a page"], door.headers_of(holder))
    (shown,) = answer.json()["data"]["certificates"]["nodes"]
    assert shown["number"] == certificate.number


async def test_a_dismissed_member_reads_nothing_from_the_next_request_on(
    door, registry, office, holder, database
):
    headers = door.headers_of(holder)
    for _ in range(3):
        assert (await door.ask(WHO, headers)).json() == {"data": {"me": {"id": holder.party_id}}}
    ((member,),) = rows(database, MEMBER, holder.subject)
    await dismiss_member(registry, office, member)
    for way in (SHORT, WHOLE):
        assert (await door.ask(WHO, headers, way)).status_code == 401


@pytest.mark.usefixtures("only_compiled")
async def test_those_who_ask_at_the_same_time_are_told_apart(door, holder, bank, stranger, office):
    asking = [holder, bank, None, stranger, office] * 20
    answers = await asyncio.gather(*(door.ask(WHO, door.headers_of(actor)) for actor in asking))
    ids = [(answer.json()["data"]["me"] or {"id": None})["id"] for answer in answers]
    assert ids == [actor and actor.party_id for actor in asking]


@on_sqlite
async def test_how_much_was_compiled_is_told_and_why_the_rest_was_not(door, holder):
    for document in (WHO, WHO, "{ __schema { queryType { name } } }"):
        await door.ask(document, door.headers_of(holder))
    answer = await door.client.get("/readyz")
    assert answer.json()["reading"] == {"status": "ok", "planned": 2, "introspection": 1}
