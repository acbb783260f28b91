"""The door as a whole: what every answer carries, and how it begins and ends."""

import asyncio
import logging
import re

import pytest

from api.readiness import Part, Seen


async def test_every_answer_carries_headers_that_keep_browsers_from_harm(client):
    for path in ("/healthz", "/nothing", "/graphql", "/ledger/log.vkey"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"] == (
            "default-src 'none'; frame-ancestors 'none'; sandbox"
        )


async def test_answers_are_kept_by_nobody_unless_they_say_so(client):
    response = await client.post("/graphql", json={"query": "{hello}"})
    assert response.headers["cache-control"] == "no-store"


async def test_a_request_keeps_the_id_it_came_with(client):
    response = await client.get("/healthz", headers={"X-Request-Id": "proxy-1.2_3"})
    assert response.headers.get_list("x-request-id") == ["proxy-1.2_3"]


@pytest.mark.parametrize("given", ["", "two words", "a" * 65, "a\tb", "é", "<script>"])
async def test_an_id_unfit_for_a_log_line_is_replaced(client, given):
    headers = [("X-Request-Id", given.encode())]
    new = (await client.get("/healthz", headers=headers)).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", new)


async def test_every_request_has_an_id_of_its_own(client):
    ids = {(await client.get("/healthz")).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


async def test_a_fault_at_the_door_is_masked_and_logged_with_the_request_id(door, client, caplog):
    (door.settings.ledger_files / "checkpoint").mkdir(parents=True)
    response = await client.get("/ledger/checkpoint")
    request_id = response.headers["x-request-id"]
    assert response.status_code == 500
    assert response.json() == {
        "errors": [
            {
                "message": "Unexpected error.",
                "extensions": {"code": "INTERNAL", "requestId": request_id},
            }
        ]
    }
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == f"{request_id} fault"
    assert isinstance(record.exc_info[1], IsADirectoryError)


async def test_the_door_is_ready_when_the_register_answers(client):
    assert (await client.get("/healthz")).json() == {"status": "alive"}
    assert (await client.get("/readyz")).json() == {"status": "ready", "failing": []}


async def test_the_door_is_alive_but_not_ready_while_a_part_of_the_register_does_not_serve(door):
    door.ready = Seen((Part("database"), Part("sequencer", {"waiting": 3}, "it is behind")))
    async with door.client() as client:
        assert (await client.get("/healthz")).status_code == 200
        response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "failing": ["sequencer"],
        "database": {"status": "ok"},
        "sequencer": {"status": "failing", "reason": "it is behind", "waiting": 3},
    }


async def test_work_goes_on_whatever_goes_wrong_and_a_cause_is_told_once(door, caplog):
    again = asyncio.Event()
    tried = []

    async def work():
        tried.append(len(tried))
        if len(tried) < 3:
            raise LookupError("of its own")
        if len(tried) > 3:
            again.set()

    door.work = work
    app = door.app()
    async with asyncio.timeout(10), app.router.lifespan_context(app):
        await again.wait()
    assert tried == [0, 1, 2, 3]
    told, recovered = caplog.records
    assert (told.levelname, str(told.exc_info[1])) == ("ERROR", "of its own")
    assert (recovered.levelname, recovered.getMessage()) == (
        "WARNING",
        "the work goes on again",
    )


async def test_a_database_that_is_away_is_told_in_a_sentence(door, caplog):
    again = asyncio.Event()
    tried = []

    async def work():
        tried.append(len(tried))
        if len(tried) < 3:
            raise ConnectionError(len(tried))
        again.set()

    door.work = work
    app = door.app()
    async with asyncio.timeout(10), app.router.lifespan_context(app):
        await again.wait()
        await asyncio.sleep(0)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "the work: the database is away; trying again"),
        ("WARNING", "the work goes on again"),
    ]
    assert caplog.records[0].exc_info is None


async def test_work_in_hand_is_finished_before_the_register_is_closed(door):
    happened = []
    begun = asyncio.Event()

    async def work():
        begun.set()
        await asyncio.sleep(0.05)
        happened.append("worked")

    async def close():
        happened.append("closed")

    door.work, door.close = work, close
    app = door.app()
    async with app.router.lifespan_context(app):
        await begun.wait()
    assert happened == ["worked", "closed"]


async def test_the_register_is_closed_even_when_the_server_fails(door):
    closed = []

    async def close():
        closed.append(True)

    door.close = close
    app = door.app()
    with pytest.raises(ExceptionGroup):
        async with app.router.lifespan_context(app):
            raise OSError("the port is taken")
    assert closed == [True]
