"""`kill -9` amid a stream of acts: what was acknowledged is kept, and nothing is half done."""

import asyncio
import os
import sqlite3
from asyncio.subprocess import PIPE, STDOUT
from base64 import b64encode
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random

import httpx

from api.opening import open_registry
from api.settings import Settings, read_settings
from api.tokens import OwnIssuer, issue_token
from services.actors import Actor
from services.clock import SystemClock
from tests.founding import a_key, open_office
from tests.server_process import DATATITLE, ROOT, ServerProcess, server_on

SEED = 20_260_105
CLIENTS = 4
EARLIEST, LATEST = 0.02, 0.5  # Seconds after the clients have begun.
BETWEEN_LOOKS = 0.02
FSCK = (*DATATITLE, "ledger", "fsck", "--full", "--quiet")
REGISTER = """
mutation ($name: String!, $key: String!) {
  registerParty(
    input: {idempotencyKey: $key, kind: ORGANISATION, name: $name, roles: [LENDER]}
  ) { party { id } userErrors { code } }
}
"""
UPLOAD = """
mutation ($name: String!) {
  requestUpload(input: {name: $name}) { upload { url } userErrors { code } }
}
"""
OFFICE = "样例登记机构"
RECORDS = "SELECT id FROM parties UNION ALL SELECT id FROM documents"
EVENTS = "SELECT value, COUNT(*) FROM ledger_opening WHERE name = 'kind' GROUP BY value"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


@dataclass
class Registration:
    """A party to be registered, under a key. `record_id` is there once it was acknowledged."""

    name: str
    key: str
    record_id: str | None = None

    async def run(self, client: httpx.AsyncClient) -> None:
        data = await ask(client, REGISTER, name=self.name, key=self.key)
        assert data["registerParty"]["userErrors"] == []
        self.record_id = data["registerParty"]["party"]["id"]


@dataclass
class Deposit:
    """A document to be brought, under a permit, which is its key."""

    name: str
    url: str | None = None
    record_id: str | None = None

    async def run(self, client: httpx.AsyncClient) -> None:
        if self.url is None:
            data = await ask(client, UPLOAD, name=self.name)
            self.url = data["requestUpload"]["upload"]["url"]
        answer = await client.put(self.url, content=f"样例 {self.name}".encode())
        assert answer.status_code == 201
        self.record_id = answer.json()["documentId"]


Errand = Registration | Deposit


async def ask(client: httpx.AsyncClient, document: str, **variables):
    answer = await client.post("/graphql", json={"query": document, "variables": variables})
    assert answer.status_code == 200
    return answer.json()["data"]


async def stream(client: httpx.AsyncClient, name: str, errands: list[Errand]) -> None:
    """One errand after the other, every third a document, until the server is gone."""
    for number in count():
        errand_name = f"{name}.{number}"
        is_document = number % 3 == 2
        errand = Deposit(errand_name) if is_document else Registration(errand_name, a_key())
        errands.append(errand)
        try:
            await errand.run(client)
        except httpx.TransportError:
            return


async def watch(client: httpx.AsyncClient, checkpoints: set[tuple[str, str]]) -> None:
    """Note every checkpoint that is shown, by its size and root, until the server is gone."""
    with suppress(httpx.TransportError):
        while True:
            answer = await client.get("/ledger/checkpoint")
            if answer.is_success:
                _, size, root, *_ = answer.text.split("\n")
                checkpoints.add((size, root))
            await asyncio.sleep(BETWEEN_LOOKS)


async def test_what_was_acknowledged_survives_every_kill_and_nothing_is_half_done(tmp_path, kills):
    random = Random(SEED)
    settings = read_settings({"DATATITLE_DATA": str(tmp_path)})
    headers = signed(settings, await found_office(settings))
    errands: list[Errand] = []
    checkpoints: set[tuple[str, str]] = set()
    cut_off = 0
    for kill in range(kills):
        async with restarted(tmp_path, headers) as (server, client):
            cut_off += await require_kept_and_repeat(client, settings, errands)
            streams = [stream(client, f"{kill}.{n}", errands) for n in range(CLIENTS)]
            await asyncio.gather(
                kill_after(random.uniform(EARLIEST, LATEST), server),
                watch(client, checkpoints),
                *streams,
            )
    async with restarted(tmp_path, headers) as (_, client):
        cut_off += await require_kept_and_repeat(client, settings, errands)

    assert cut_off >= kills
    assert len(errands) - cut_off >= kills * CLIENTS
    require_nothing_half_done(tmp_path)
    require_all_signed(tmp_path, checkpoints)
    for table, kind in (("parties", Registration), ("documents", Deposit)):
        sent = [errand.name for errand in errands if isinstance(errand, kind)]
        kept = [name for (name,) in rows(tmp_path, f"SELECT name FROM {table}")]
        assert sorted(kept) == sorted(sent + ([OFFICE] if kind is Registration else []))


async def found_office(settings: Settings) -> Actor:
    registry = await open_registry(settings)
    try:
        return await open_office(registry)
    finally:
        await registry.close()


def signed(settings: Settings, actor: Actor) -> dict[str, str]:
    token = issue_token(
        OwnIssuer.at(settings.data),
        issued_by=settings.issuer,
        audience=settings.audience,
        subject=actor.subject,
        party_id=actor.party_id,
        role=None,
        now=SystemClock().now(),
        lifetime=timedelta(hours=1),
    )
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def restarted(folder: Path, headers: dict[str, str]):
    """A server over what the one before has left, and somebody signed in at it."""
    with server_on(folder) as server:
        async with httpx.AsyncClient(base_url=server.address, headers=headers) as client:
            yield server, client


async def kill_after(seconds: float, server: ServerProcess) -> None:
    await asyncio.sleep(seconds)
    server.kill()


async def require_kept_and_repeat(
    client: httpx.AsyncClient, settings: Settings, errands: list[Errand]
) -> int:
    """Look for all that was acknowledged; repeat, under its key, what was not. How much that was.

    What was cut off may have been done or not; repeating it must do it exactly once.
    """
    acknowledged = [errand for errand in errands if errand.record_id is not None]
    kept = set(
        rows(settings.data, "SELECT id, name FROM parties UNION SELECT id, name FROM documents")
    )
    assert {(errand.record_id, errand.name) for errand in acknowledged} - kept == set()
    latest = [errand.record_id for errand in acknowledged[-100:]]
    found = (await ask(client, NODES, ids=latest))["nodes"]
    assert found == [{"id": record_id} for record_id in latest]
    require_nothing_half_done(settings.data)
    await require_sound_ledger(settings)
    cut_off = [errand for errand in errands if errand.record_id is None]
    for errand in cut_off:
        await errand.run(client)
    return len(cut_off)


async def require_sound_ledger(settings: Settings) -> None:
    """The whole ledger is recomputed, and compared with all that was signed and published."""
    environment = {"DATATITLE_DATA": str(settings.data), "PATH": os.environ["PATH"]}
    fsck = await asyncio.create_subprocess_exec(
        *FSCK, cwd=ROOT, env=environment, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await fsck.communicate()
    assert fsck.returncode == 0, said.decode()


def require_all_signed(folder: Path, checkpoints: set[tuple[str, str]]) -> None:
    """No size has two roots, and what anybody was ever shown is still what was signed."""
    assert len({size for size, _ in checkpoints}) == len(checkpoints) > 0
    signed = rows(folder, "SELECT size, root FROM ledger_checkpoint")
    assert checkpoints <= {(str(size), b64encode(root).decode()) for size, root in signed}


def require_nothing_half_done(folder: Path) -> None:
    """Each record has one event and one answer, and each of them a record; documents have bytes."""
    events = dict(rows(folder, EVENTS))
    founded = events.pop("office-founded")
    ((parties,),) = rows(folder, "SELECT COUNT(*) FROM parties")
    ((documents,),) = rows(folder, "SELECT COUNT(*) FROM documents")
    assert (founded, events.get("party-registered", 0)) == (1, parties - 1)
    assert events.get("document-received", 0) == documents
    assert dict(rows(folder, "SELECT act, COUNT(*) FROM answers GROUP BY act")) == events
    assert sorted(rows(folder, RECORDS)) == sorted(
        rows(folder, "SELECT subject FROM ledger_entry WHERE kind = 'event'")
    )
    assert rows(folder, f"SELECT record_id FROM answers EXCEPT SELECT id FROM ({RECORDS})") == []
    for (name,) in rows(folder, "SELECT sha256 FROM documents"):
        content = (folder / "documents" / name[:2] / name[2:4] / name).read_bytes()
        assert sha256(content).hexdigest() == name


def rows(folder: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(folder / "register.sqlite3")) as connection:
        return connection.execute(query).fetchall()
