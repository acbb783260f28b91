"""An exchange follows what happens to certificates, and an act comes back with its proof."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest

import schema.acts
import schema.context
from api.opening import open_app
from ledger import verify
from services.proving import wait_for_proof
from tests.api.served import served, socket_to
from tests.founding import ORIGIN, a_key
from tests.ledger_counts import put_in_order
from tests.scenarios.actors import pledge, publish_offer

SECONDS = 20
CHANGES = """
query ($after: BigInt, $first: Int! = 100) {
  certificateChanges(after: $after, first: $first) {
    changes {
      sequence number isCovered
      event { number index kind at leafHash facts { name value } }
      certificate { number version pledges { id } }
    }
    next ledger hasMore ledgerPosition
  }
}"""
HISTORY = """
query ($number: String!) {
  certificate(by: {number: $number}) {
    history { number index kind at leafHash facts { name value } }
  }
}"""
FOLLOWED = CHANGES.replace("query", "subscription", 1)
PUBLISH = """
mutation ($input: PublishOfferInput!, $wait: Boolean! = false) {
  publishOffer(input: $input, waitForProof: $wait) {
    offer { id }
    userErrors { code }
    event { subject number index proof }
  }
}"""


@pytest.fixture
def ask(stage):
    async def run(document, person=None, **variables):
        headers = {"Authorization": f"Bearer {person.token}"} if person else {}
        content = {"query": document, "variables": variables}
        answer = (await stage.http.post("/graphql", json=content, headers=headers)).json()
        assert "errors" not in answer, answer
        (content,) = answer["data"].values()
        return content

    return run


@pytest.fixture
def an_offer(stage, title):
    return lambda **changes: {
        "idempotencyKey": a_key(),
        "certificateId": title["id"],
        "kind": "NON_EXCLUSIVE",
        "name": "样例许可",
        "description": "样例条款",
        "territories": ["CN-SH"],
        "fieldsOfUse": [],
        "price": {"amountMinor": "5000000", "currency": "CNY"},
        "begin": stage.months_on(0),
        "end": stage.months_on(6),
        **changes,
    }


@asynccontextmanager
async def signing(stage, registry):
    """The log is put in order and signed all the time, as a server does."""
    stop = asyncio.Event()

    async def work():
        while not stop.is_set():
            await put_in_order(registry)
            await stage.sign()
            await asyncio.sleep(0.05)

    async with asyncio.TaskGroup() as beside:
        beside.create_task(work())
        yield
        stop.set()


async def test_the_feed_tells_the_history_of_every_certificate_and_goes_on_where_one_was(
    stage, registry, ask, acme, lender, title
):
    await publish_offer(stage, acme, title)
    await pledge(stage, acme, title, lender)
    await put_in_order(registry)
    told = await ask(CHANGES)
    history = (await ask(HISTORY, number=title["number"]))["history"]
    assert [change["event"] for change in told["changes"]] == history
    assert [change["sequence"] for change in told["changes"]] == [each["index"] for each in history]
    assert {change["number"] for change in told["changes"]} == {title["number"]}
    assert {change["certificate"]["version"] for change in told["changes"]} == {len(history)}

    found, after = [], None
    while True:
        page = await ask(CHANGES, after=after, first=1)
        found, after = found + page["changes"], page["next"]
        if not page["hasMore"]:
            break
    assert found == told["changes"]
    assert told["ledger"] == ORIGIN
    assert after == told["next"] == str(int(told["ledgerPosition"]) - 1)
    assert (await ask(CHANGES, after=after))["changes"] == []


async def test_the_feed_tells_strangers_nothing_that_only_parties_may_know(
    stage, registry, ask, acme, lender, title
):
    await publish_offer(stage, acme, title, name="样例密约")
    await pledge(stage, acme, title, lender)
    await put_in_order(registry)
    told = json.dumps(await ask(CHANGES), ensure_ascii=False)
    for secret in ("300000000", "样例密约", acme.name, lender.name, lender.party_id):
        assert secret not in told
    everybody = await ask(CHANGES)
    party = await ask(CHANGES, lender)
    for mine, theirs in zip(party["changes"], everybody["changes"], strict=True):
        assert mine["event"] == theirs["event"]


@pytest.mark.parametrize("first", [0, -1, 501, 2**31 - 1])
async def test_a_page_has_its_limits(stage, first):
    content = {"query": CHANGES, "variables": {"first": first}}
    answer = (await stage.http.post("/graphql", json=content)).json()
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.usefixtures("title")
async def test_who_is_ahead_of_the_ledger_is_told_so(stage, registry, ask):
    await put_in_order(registry)
    everything = await ask(CHANGES)
    for after in ("-1", "-9223372036854775807"):
        assert await ask(CHANGES, after=after) == everything
    beyond = {"after": "9223372036854775807"}
    content = {"query": CHANGES, "variables": beyond}
    answer = (await stage.http.post("/graphql", json=content)).json()
    assert answer["errors"][0]["extensions"]["code"] == "AHEAD_OF_LEDGER"

    content = {"query": FOLLOWED, "variables": beyond}
    accept = {"Accept": "text/event-stream"}
    told = (await stage.http.post("/graphql", json=content, headers=accept)).text
    assert told.startswith('event: next\ndata: {"errors":[')
    assert '"code":"AHEAD_OF_LEDGER"' in told
    assert told.endswith("event: complete\ndata:\n\n")


async def test_whether_a_checkpoint_covers_a_change_is_told(stage, registry, ask, acme, title):
    await put_in_order(registry)
    await stage.sign()
    await publish_offer(stage, acme, title)
    await put_in_order(registry)
    told = await ask(CHANGES)
    assert [change["isCovered"] for change in told["changes"]] == [True, False]


async def test_a_lender_follows_over_a_socket_what_is_done_meanwhile(
    stage, registry, acme, lender, title
):
    app = open_app(stage.settings, registry)
    async with asyncio.timeout(SECONDS), served(app) as place, socket_to(place) as client:
        await client.send(json.dumps({"type": "connection_init"}))
        await client.recv()
        asking = {"query": FOLLOWED, "variables": {"first": 500}}
        await client.send(json.dumps({"type": "subscribe", "id": "1", "payload": asking}))
        told = json.loads(await client.recv())["payload"]["data"]["certificateChanges"]
        before = [change["event"]["kind"] for change in told["changes"]]
        await pledge(stage, acme, title, lender)
        await put_in_order(registry)
        versions, kinds = [], []
        while len(kinds) < 2:
            told = json.loads(await client.recv())["payload"]["data"]["certificateChanges"]
            kinds += [change["event"]["kind"] for change in told["changes"]]
            versions += [change["certificate"]["version"] for change in told["changes"]]
    assert before == (["certificate-issued"] if before else [])
    assert [*before, *kinds][-2:] == ["pledge-placed", "pledge-registered"]
    assert versions[-1] == 3


async def test_each_operation_of_a_socket_reads_anew(stage, registry, acme, title):
    app = open_app(stage.settings, registry)
    query = f'{{ certificate(by: {{number: "{title["number"]}"}}) {{ version }} }}'
    async with asyncio.timeout(SECONDS), served(app) as place, socket_to(place) as client:
        await client.send(json.dumps({"type": "connection_init"}))
        await client.recv()
        versions = []
        for _ in range(2):
            asking = {"type": "subscribe", "id": "1", "payload": {"query": query}}
            await client.send(json.dumps(asking))
            told = json.loads(await client.recv())["payload"]["data"]
            versions.append(told["certificate"]["version"])
            assert json.loads(await client.recv())["type"] == "complete"
            await publish_offer(stage, acme, title)
    assert versions == [1, 2]


async def test_an_exchange_follows_by_server_sent_events(stage, registry, acme, title):
    await put_in_order(registry)
    app = open_app(stage.settings, registry)
    content = {"query": FOLLOWED.replace("pledges { id }", "")}
    accept = {"Accept": "text/event-stream"}
    async with asyncio.timeout(SECONDS), served(app) as place, httpx.AsyncClient() as http:
        address = f"http://{place}/graphql"
        async with http.stream("POST", address, json=content, headers=accept) as response:
            lines = response.aiter_lines()

            async def next_changes():
                assert await anext(lines) == "event: next"
                told = json.loads((await anext(lines)).removeprefix("data: "))
                assert await anext(lines) == ""
                return told["data"]["certificateChanges"]["changes"]

            (issued,) = await next_changes()
            assert issued["event"]["kind"] == "certificate-issued"
            await publish_offer(stage, acme, title)
            await put_in_order(registry)
            (published,) = await next_changes()
    assert published["event"]["kind"] == "offer-published"
    assert int(published["sequence"]) > int(issued["sequence"])


async def test_an_act_comes_back_with_its_event_and_without_a_proof_as_yet(
    registry, ask, acme, title, an_offer
):
    done = await ask(PUBLISH, acme, input=an_offer())
    history = (await ask(HISTORY, number=title["number"]))["history"]
    await put_in_order(registry)
    index = (await ask(CHANGES))["changes"][-1]["sequence"]
    assert [event["kind"] for event in history] == ["certificate-issued", "offer-published"]
    assert history[-1]["index"] == done["event"]["index"]
    assert done["userErrors"] == []
    assert done["event"] == {
        "subject": title["number"],
        "number": 1,
        "index": done["event"]["index"],
        "proof": None,
    }
    assert done["event"]["index"] in {None, index}


async def test_an_act_can_wait_for_its_proof(stage, registry, ask, acme, title, an_offer):
    async with signing(stage, registry):
        done = await ask(PUBLISH, acme, input=an_offer(), wait=True)
    policy = (await stage.http.get("/ledger/policy")).text
    verified = verify(done["event"]["proof"], policy)
    assert verified.subject == title["number"]
    assert [event.kind for event in verified.events] == ["certificate-issued", "offer-published"]
    assert verified.events[-1].index == int(done["event"]["index"])


async def test_a_proof_that_does_not_come_is_not_waited_for_for_ever(
    registry, ask, acme, an_offer, monkeypatch
):
    waits = []

    async def wait(registry, act, seconds):
        waits.append(seconds)
        await wait_for_proof(registry, act, seconds)

    monkeypatch.setattr(schema.context, "LONGEST_WAIT", 0.3)
    monkeypatch.setattr(schema.acts, "wait_for_proof", wait)
    document = """
    mutation ($a: PublishOfferInput!, $b: PublishOfferInput!) {
      a: publishOffer(input: $a, waitForProof: true) { event { number proof } }
      b: publishOffer(input: $b, waitForProof: true) { event { number proof } }
    }"""
    headers = {"Authorization": f"Bearer {acme.token}"}
    variables = {"a": an_offer(), "b": an_offer()}
    answer = await acme.http.post(
        "/graphql", json={"query": document, "variables": variables}, headers=headers
    )
    first, second = waits
    assert (first, second < 0.05) == (0.3, True)
    assert answer.json()["data"] == {
        "a": {"event": {"number": 1, "proof": None}},
        "b": {"event": {"number": 2, "proof": None}},
    }
    await put_in_order(registry)
    assert [change["event"]["number"] for change in (await ask(CHANGES))["changes"]] == [0, 1, 2]


async def test_an_act_done_again_under_its_key_comes_back_with_the_event_of_then(
    stage, registry, ask, acme, an_offer
):
    offer = an_offer()
    first = await ask(PUBLISH, acme, input=offer)
    await ask(PUBLISH, acme, input=an_offer())
    async with signing(stage, registry):
        again = await ask(PUBLISH, acme, input=offer, wait=True)
    assert again["offer"] == first["offer"]
    assert (again["event"]["subject"], again["event"]["number"]) == (
        first["event"]["subject"],
        first["event"]["number"],
    )
    assert again["event"]["index"] is not None
    assert "event 1 " in again["event"]["proof"]


async def test_an_act_that_is_refused_has_no_event(ask, venue, an_offer):
    refused = await ask(PUBLISH, venue, input=an_offer())
    assert refused["userErrors"] != []
    assert refused["event"] is None
