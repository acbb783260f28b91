"""A database that goes away, comes back, or keeps one waiting: what the client is told of it."""

import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from subprocess import Popen

import asyncpg
import httpx
import pytest
from sqlalchemy.exc import TimeoutError as PoolIsEmptyError

from api.opening import open_app
from api.settings import read_settings
from api.tokens import OwnIssuer, issue_token
from services.actors import Actor
from services.certificates.store import lock_certificate
from services.clock import ManualClock, SystemClock
from services.limits import Limits
from services.registry import Registry, open_engine
from tests.collateral import placed, version_of
from tests.databases import rows
from tests.founding import a_key, create_tables, registry_on
from tests.postgres import (
    SETTINGS,
    Programs,
    address,
    create_cluster,
    find_programs,
    run_beside,
    start_server,
)

IMPATIENT = Limits(lock_timeout=timedelta(seconds=1), statement_timeout=timedelta(seconds=2))
PARTIES = "{ me { id } certificates(first: 1) { totalCount } }"
REGISTER = """
mutation ($key: String!) {
  registerParty(input: {idempotencyKey: $key, kind: ORGANISATION, name: "样例", roles: [LENDER]}) {
    party { id } userErrors { code }
  }
}
"""
CONFIRM = """
mutation ($id: ID!, $seen: Int!) {
  confirmPledge(input: {pledgeId: $id, expectedVersion: $seen}) { userErrors { code } }
}
"""
UPLOAD = """
mutation { requestUpload(input: {name: "样例.txt"}) { upload { url } userErrors { code } } }
"""
# Ends its own connection amid COMMIT: the first so many times, as a sequence counts them.
LOSE_COMMITS = """
CREATE SEQUENCE commits;
CREATE FUNCTION lose_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF nextval('commits') <= {times} THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER lost AFTER INSERT ON ledger_entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lose_commit();
"""


class OwnServer:
    """A PostgreSQL of these tests, which may be stopped."""

    def __init__(self, folder: Path, programs: Programs) -> None:
        self._folder, self._programs = folder, programs
        create_cluster(programs, folder)
        self._process: Popen | None = None
        self.url = address(folder)

    def start(self) -> None:
        if self._process is None:
            with ThreadPoolExecutor(1) as thread:
                start = thread.submit(start_server, self._programs, self._folder, SETTINGS)
                self._process = start.result()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait()
            self._process = None

    def do(self, *statements: str, database: str = "postgres") -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(address(self._folder, database))
            for statement in statements:
                await connection.execute(statement)
            await connection.close()

        run_beside(execute())

    def create(self, name: str) -> str:
        self.do(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        return address(self._folder, name)


@dataclass(frozen=True)
class Register:
    """A register at the door, and how it is asked."""

    registry: Registry
    client: httpx.AsyncClient
    token_of: object

    async def ask(self, document: str, actor: Actor | None = None, **variables):
        headers = {"Authorization": f"Bearer {self.token_of(actor)}"} if actor else {}
        body = {"query": document, "variables": variables}
        return await self.client.post("/graphql", json=body, headers=headers)


@pytest.fixture(scope="module")
def cluster():
    """In a folder whose name is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="datatitle-") as name:
        server = OwnServer(Path(name), find_programs(Path(name)))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def server(cluster):
    yield cluster
    cluster.start()


@pytest.fixture
def database(server):
    return server.create("register")


@pytest.fixture
async def registry(tmp_path, clock, database):
    await create_tables(database)
    usual = registry_on(database, tmp_path, clock)
    await usual.close()
    registry = replace(usual, engine=open_engine(database, IMPATIENT))
    yield registry
    await registry.close()


@pytest.fixture
async def register(registry, tmp_path):
    settings = read_settings({"DATATITLE_DATA": str(tmp_path)})
    app = open_app(settings, registry)

    def token_of(actor: Actor) -> str:
        return issue_token(
            OwnIssuer.at(settings.data),
            issued_by=settings.issuer,
            audience=settings.audience,
            subject=actor.subject,
            party_id=actor.party_id,
            role=None,
            now=SystemClock().now(),
            lifetime=timedelta(minutes=5),
        )

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield Register(registry, client, token_of)


@asynccontextmanager
async def held(registry, certificate):
    """The certificate is being decided about by somebody who takes long."""
    async with registry.deciding() as tx:
        await lock_certificate(tx, certificate.id)
        yield


def told(answer: httpx.Response):
    """The status, what is said of trying again, and the codes."""
    errors = answer.json().get("errors", [])
    codes = {error["extensions"]["code"] for error in errors}
    waits = {error["extensions"].get("retryAfter") for error in errors}
    return answer.status_code, answer.headers.get("retry-after"), codes, waits


def only(status: int, code: str):
    return status, "1", {code}, {1}


async def test_a_server_that_is_away_is_told_as_that_and_heals_by_itself(register, office, server):
    url = (await register.ask(UPLOAD, office)).json()["data"]["requestUpload"]["upload"]["url"]
    assert (await register.ask(PARTIES)).status_code == 200
    server.stop()

    assert told(await register.ask(PARTIES)) == only(200, "UNAVAILABLE")
    assert told(await register.ask(PARTIES, office)) == only(503, "TRY_AGAIN")
    assert told(await register.client.put(url, content=b"x")) == only(503, "TRY_AGAIN")
    assert told(await register.client.get("/documents/d")) == only(503, "UNAVAILABLE")
    assert (await register.client.get("/healthz")).status_code == 200

    server.start()
    assert (await register.ask(PARTIES, office)).json()["data"]["me"]["id"] == office.party_id
    assert (await register.client.put(url, content="样例".encode())).status_code == 201


async def test_a_server_that_goes_before_an_act_has_done_nothing(
    register, office, server, monkeypatch
):
    async def let_in(*_, **_named):
        return office

    monkeypatch.setattr("services.parties.views.Memberships.find_actor", let_in)
    server.stop()
    assert told(await register.ask(REGISTER, office, key=a_key())) == only(200, "TRY_AGAIN")


async def test_connections_that_are_cut_are_made_anew(register, office, server):
    for _ in range(3):
        server.do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname='register'")
        answer = await register.ask(REGISTER, office, key=a_key())
        assert answer.json()["data"]["registerParty"]["userErrors"] == []


async def test_who_waits_too_long_for_a_certificate_is_told_to_try_again(
    register, certificate, holder, bank
):
    registry = register.registry
    pledge = await placed(registry, certificate, holder, bank)
    sent = {"id": pledge.id, "seen": await version_of(registry, certificate)}
    async with held(registry, certificate):
        assert told(await register.ask(CONFIRM, bank, **sent)) == only(200, "TRY_AGAIN")
    answer = await register.ask(CONFIRM, bank, **sent)
    assert answer.json()["data"] == {"confirmPledge": {"userErrors": []}}


async def test_reads_and_acts_wait_for_a_connection_only_so_long(register, office, monkeypatch):
    engine = register.registry.engine
    monkeypatch.setattr(engine.sync_engine.pool, "_timeout", 0.1)
    async with AsyncExitStack() as taken:
        with suppress(PoolIsEmptyError):
            while True:
                await taken.enter_async_context(engine.connect())
        assert told(await register.ask(PARTIES)) == only(200, "UNAVAILABLE")
        assert told(await register.ask(PARTIES, office)) == only(503, "TRY_AGAIN")


async def test_a_statement_that_takes_too_long_is_cut_off(register, database):
    lock = await asyncpg.connect(database)
    try:
        await lock.execute("BEGIN; LOCK TABLE certificates")
        assert told(await register.ask(PARTIES)) == only(200, "UNAVAILABLE")
    finally:
        await lock.close()


async def test_a_server_that_only_reads_answers_questions_and_no_acts(register, office, server):
    server.do("ALTER DATABASE register SET default_transaction_read_only = on")
    await register.registry.engine.dispose()
    assert (await register.ask(PARTIES, office)).json()["data"]["me"]["id"] == office.party_id
    assert told(await register.ask(REGISTER, office, key=a_key())) == only(200, "TRY_AGAIN")


async def test_an_act_with_a_key_whose_commit_is_lost_is_looked_for_and_done_once(
    register, office, server, database
):
    server.do(LOSE_COMMITS.format(times=2), database="register")
    answer = await register.ask(REGISTER, office, key=a_key())
    assert answer.json()["data"]["registerParty"]["userErrors"] == []
    assert rows(database, "SELECT count(*) FROM parties") == [(2,)]


async def test_when_nobody_knows_whether_it_was_done_that_is_said(
    register, server, certificate, holder, bank
):
    registry = register.registry
    pledge = await placed(registry, certificate, holder, bank)
    sent = {"id": pledge.id, "seen": await version_of(registry, certificate)}
    server.do(LOSE_COMMITS.format(times=1), database="register")
    assert told(await register.ask(CONFIRM, bank, **sent)) == only(200, "OUTCOME_UNKNOWN")
    answer = await register.ask(CONFIRM, bank, **sent)
    assert answer.json()["data"] == {"confirmPledge": {"userErrors": []}}


async def test_an_act_with_a_key_is_not_said_to_be_undone_when_nobody_knows(
    register, office, server
):
    server.do(LOSE_COMMITS.format(times=99), database="register")
    assert told(await register.ask(REGISTER, office, key=a_key())) == only(200, "OUTCOME_UNKNOWN")


async def test_a_clock_that_is_behind_what_is_recorded_does_nothing(
    register, certificate, holder, bank
):
    registry = register.registry
    pledge = await placed(registry, certificate, holder, bank)
    sent = {"id": pledge.id, "seen": await version_of(registry, certificate)}
    right = registry.clock
    object.__setattr__(registry, "clock", ManualClock(right.now() - timedelta(seconds=0.1)))
    assert told(await register.ask(CONFIRM, bank, **sent)) == only(200, "TRY_AGAIN")
    object.__setattr__(registry, "clock", right)
    answer = await register.ask(CONFIRM, bank, **sent)
    assert answer.json()["data"] == {"confirmPledge": {"userErrors": []}}
