"""Two registries witness each other, over real HTTP."""

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx
import pytest
import uvicorn

from api.opening import open_app, open_registry
from api.sealing import open_signers
from api.settings import Settings, read_settings
from api.witness import WITNESS_KEY, cosigner_at, witness_name
from ledger.formats.policy import parse_policy
from services.parties.actions import found_office
from services.parties.model import PartyKind, PartyTerms

SECONDS = 20


@dataclass
class Installation:
    """A register that is about to listen, its address known before it starts."""

    settings: Settings
    listening: socket.socket

    @property
    def address(self):
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    @property
    def log_lines(self):
        keys = [signer.verifying_key for signer in open_signers(self.settings)]
        return [f"log {key.vkey()}" for key in keys]

    @property
    def witness_line(self):
        name = witness_name(self.settings.log_origin)
        key = cosigner_at(self.settings.data / "keys" / WITNESS_KEY, name).verifying_key
        return f"witness other {key.vkey()} {self.address}/witness"

    @asynccontextmanager
    async def serving(self):
        registry = await open_registry(self.settings)
        configuration = uvicorn.Config(
            open_app(self.settings, registry), log_level="warning", lifespan="on", ws="none"
        )
        server = uvicorn.Server(configuration)
        task = asyncio.create_task(server.serve(sockets=[self.listening.dup()]))
        try:
            yield registry
        finally:
            server.should_exit = True
            await task


@pytest.fixture
def installations(tmp_path):
    """Each one's policy asks for the other as a witness, and each witnesses for the other."""
    pair = []
    for name in ("north", "south"):
        environment = {
            "DATATITLE_DATA": str(tmp_path / name),
            "DATATITLE_LOG_ORIGIN": f"{name}.example/log",
        }
        listening = socket.create_server(("127.0.0.1", 0))
        pair.append(Installation(read_settings(environment), listening))
    for one, other in (pair, pair[::-1]):
        policy, logs = one.settings.data / "policy", one.settings.data / "logs"
        policy.parent.mkdir(exist_ok=True)
        policy.write_text("\n".join([*one.log_lines, other.witness_line, "quorum other", ""]))
        logs.write_text("\n".join([*other.log_lines, ""]))
        one.settings = replace(one.settings, witnesses=policy, witness_for=logs)
    yield pair
    for each in pair:
        each.listening.close()


async def published(client, installation):
    """The checkpoint a stranger fetches; None while there is none."""
    answer = await client.get(f"{installation.address}/ledger/checkpoint")
    return answer.text if answer.status_code == 200 else None


async def act(registry):
    await found_office(registry, PartyTerms(kind=PartyKind.ORGANISATION, name="样例机构"), "r")


async def until(condition):
    for _ in range(SECONDS * 10):
        if met := await condition():
            return met
        await asyncio.sleep(0.1)
    pytest.fail("it did not come about in time")


async def test_each_checkpoint_is_cosigned_by_the_other_registry(installations):
    north, south = installations
    async with (
        north.serving() as north_registry,
        south.serving(),
        httpx.AsyncClient(trust_env=False) as client,
    ):
        for installation in installations:
            note = await until(lambda each=installation: published(client, each))
            witnessed = parse_policy(installation.settings.witnesses.read_text()).open(note)
            assert witnessed.by == ("other",)
            assert witnessed.checkpoint.origin == installation.settings.log_origin

        async def grown(above):
            note = await published(client, north)
            size = parse_policy(north.settings.witnesses.read_text()).open(note).checkpoint
            return note if size.tree_size > above else None

        note = await published(client, north)
        before = parse_policy(north.settings.witnesses.read_text()).open(note).checkpoint
        await act(north_registry)
        note = await until(lambda: grown(before.tree_size))
        assert parse_policy(north.settings.witnesses.read_text()).open(note).by == ("other",)


async def test_without_its_witness_a_registry_publishes_nothing_new(installations):
    north, south = installations
    async with httpx.AsyncClient(trust_env=False) as client:
        async with north.serving() as registry:
            await act(registry)
            await asyncio.sleep(1)
            assert await published(client, north) is None
            async with south.serving():
                note = await until(lambda: published(client, north))
        assert parse_policy(north.settings.witnesses.read_text()).open(note).by == ("other",)


async def test_the_witness_in_the_server_answers_as_the_protocol_says(installations):
    north, south = installations
    key = cosigner_at(north.settings.data / "keys" / WITNESS_KEY, "").verifying_key
    async with (
        north.serving(),
        south.serving(),
        httpx.AsyncClient(trust_env=False) as client,
    ):
        note = await until(lambda: published(client, south))
        size = parse_policy(south.settings.witnesses.read_text()).open(note).checkpoint.tree_size
        url = f"{north.address}/witness/add-checkpoint"

        async def asked(body, **options):
            answer = await client.post(url, content=body, **options)
            return answer.status_code, answer.headers["content-type"], answer.text

        again = await asked(f"old {size}\n\n{note}")
        assert (again[0], again[2].startswith(f"— {key.name} ")) == (200, True)
        assert await asked(f"old 0\n\n{note}") == (409, "text/x.tlog.size", f"{size}\n")
        assert (await asked(b"\xff"))[0] == 400
        assert (await asked(b"x" * 70_000))[0] == 413
        assert (await client.get(url)).status_code == 405
        vkey = await client.get(f"{north.address}/witness/witness.vkey")
        assert vkey.text == f"{key.vkey()}\n"
