"""The servers that are measured: ours as a user runs it, and its peers, each in its own process."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from api.settings import read_settings
from api.tokens import OwnIssuer, issue_token
from bench.reading.asking import BY_HAND, GRAPHQL, POSTGRAPHILE, Spelling, body_of
from bench.reading.rows import SUBJECT, MadeUp
from services.clock import SystemClock
from tests.cluster.fleet import OK, ApiServer, Installation
from tests.cluster.servers import HOST, free_port
from tests.server_process import ROOT

PEERS = Path(__file__).parent / "peers"
NODE_PEERS = ROOT / ".conformance" / "peers"  # Where `make` installs what they need.
LONGEST_START = 60.0  # Seconds.
OURS = "datatitle"
BARE_HANDS = "by hand, one statement, no GraphQL"


@dataclass(frozen=True, slots=True)
class Peer:
    """What somebody would pick instead, and the command that starts it."""

    name: str
    command: tuple[str, ...]
    spelling: Spelling
    folder: Path = ROOT


PYTHON = (sys.executable, "-m")
PEERS_BY_NAME = {
    peer.name: peer
    for peer in (
        Peer("PostGraphile 5", ("node", "postgraphile.js"), POSTGRAPHILE, NODE_PEERS),
        Peer("Mercurius + graphql-jit", ("node", "mercurius.js"), GRAPHQL, NODE_PEERS),
        Peer("strawberry + ORM + loaders", (*PYTHON, "bench.reading.naive"), GRAPHQL),
        Peer(BARE_HANDS, (*PYTHON, "bench.reading.by_hand"), BY_HAND),
    )
}


@dataclass(frozen=True, slots=True)
class Target:
    """A server that answers, in what words to ask it, and the processes it consists of."""

    name: str
    port: int
    spelling: Spelling
    token: str
    pids: tuple[int, ...]

    def check(self, number: str) -> str:
        body = body_of(self.spelling.check, number=number)
        return self.request(self.spelling.check_at, body)

    def page(self, industry: str, after: str | None) -> str:
        body = body_of(self.spelling.page, industry=industry, after=after)
        return self.request(self.spelling.page_at, body)

    def request(self, path: str, body: bytes) -> str:
        """A whole request, as it goes over the wire."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {HOST}:{self.port}\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\n"
            f"Authorization: Bearer {self.token}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head + body.decode()

    async def answer(self, client: httpx.AsyncClient, path: str, body: bytes) -> Any:
        headers = {
            "content-type": "application/json",
            "accept": "application/json",
            "authorization": f"Bearer {self.token}",
        }
        address = f"http://{HOST}:{self.port}{path}"
        said = await client.post(address, content=body, headers=headers)
        assert said.status_code == OK, said.text
        answer = said.json()
        assert "errors" not in answer, answer
        return answer["data"]


def sign_in(installation: Installation, register: MadeUp) -> str:
    """A token of the register's own issuer for whoever asks."""
    settings = read_settings(installation.settings)
    return issue_token(
        OwnIssuer.at(settings.data),
        issued_by=settings.issuer,
        audience=settings.audience,
        subject=SUBJECT,
        party_id=register.asking,
        role="LENDER",
        now=SystemClock().now(),
        lifetime=timedelta(hours=12),
    )


def public_key_of(installation: Installation) -> str:
    pem = (read_settings(installation.settings).data / "keys" / "token-issuer.pem").read_bytes()
    public = load_pem_private_key(pem, password=None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@asynccontextmanager
async def ours(
    installation: Installation, register: MadeUp, workers: int = 1
) -> AsyncIterator[Target]:
    server = ApiServer(installation, OURS, workers)
    try:
        await server.start()
        token = sign_in(installation, register)
        yield Target(OURS, server.port, GRAPHQL, token, tuple(server.worker_pids()))
    finally:
        server.end()


async def prepare_for_peers(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute((PEERS / "tables.sql").read_text(encoding="utf-8"))
    finally:
        await connection.close()


@asynccontextmanager
async def peer_on(
    peer: Peer, installation: Installation, register: MadeUp
) -> AsyncIterator[Target]:
    """Start a peer over the database of an installation, and wait until it listens."""
    port, token = free_port(), sign_in(installation, register)
    database = installation.database_url.removeprefix("sqlite+aiosqlite:///")
    said = {"database": database, "port": port, "key": public_key_of(installation)}
    settings = installation.folder / f"peer-{port}.json"
    settings.write_text(json.dumps(said), encoding="utf-8")
    with _running(peer, settings) as process:
        await _until_it_listens(process, port)
        yield Target(peer.name, port, peer.spelling, token, (process.pid,))


@contextmanager
def _running(peer: Peer, settings: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = dict(os.environ) | {"NODE_ENV": "production", "GRAPHILE_ENV": "production"}
    with (
        (settings.parent / "peers.log").open("ab") as log,
        subprocess.Popen(
            (*peer.command, str(settings)),
            cwd=peer.folder,
            env=environment,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


async def _until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    async with asyncio.timeout(LONGEST_START):
        while True:
            assert process.poll() is None, f"{process.args!r} ended"
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
