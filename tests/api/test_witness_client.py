"""Asking a witness over a real connection, and a register that is sealed with one."""

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import uvicorn

from api.sealing import load_signers, open_sealing, open_signers, read_witnesses
from api.settings import read_settings
from api.witness import open_witness, witness_app
from api.witness_client import LARGEST_ANSWER, ask_witness
from ledger.formats.policy import TrustedLog
from ledger.signing.faults import NotWitnessedError
from ledger.signing.witnesses import Answer
from tests.founding import ORIGIN


@asynccontextmanager
async def answering(raw):
    """The address of a server that answers everything with these bytes, and what it was asked."""
    asked = []

    async def answer(reader, writer):
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(raw)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/w", asked


def response(status, body=b"", kind=b"text/plain"):
    head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (status, kind, len(body)) + body


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (response(b"200 OK", "— w x\n".encode()), Answer(200, "text/plain", "— w x\n")),
        (
            response(b"409 Conflict", b"5\n", b"text/x.tlog.size"),
            Answer(409, "text/x.tlog.size", "5\n"),
        ),
        (response(b"404 Not Found"), Answer(404, "text/plain", "")),
        (response(b"500 Oh", b"\xff"), Answer(500, "text/plain", "\ufffd")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Answer(204, "", "")),
    ],
)
async def test_whatever_a_witness_says_comes_back(raw, answer):
    async with answering(raw) as (url, asked):
        assert await ask_witness(url, "old 0\n\nnote\n") == answer
    head = asked[0].decode().lower()
    assert head.startswith("post /w http/1.1\r\n")
    assert "content-type: text/plain; charset=utf-8\r\n" in head


async def test_nobody_is_led_to_another_address():
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    async with answering(moved) as (url, _):
        assert (await ask_witness(url, "old 0\n")).status == 307


@pytest.mark.parametrize(
    "raw", [b"", b"nonsense\r\n\r\n", response(b"200 OK", bytes(LARGEST_ANSWER + 1))]
)
async def test_what_is_no_answer_is_a_connection_that_failed(raw):
    async with answering(raw) as (url, _):
        with pytest.raises(ConnectionError):
            await ask_witness(url, "old 0\n")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "https://witness.invalid/", "nowhere"])
async def test_where_nobody_is_a_connection_fails(url):
    with pytest.raises(ConnectionError):
        await ask_witness(url, "old 0\n")


@asynccontextmanager
async def serving(app):
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


async def test_a_register_is_witnessed_over_http(registry, office, tmp_path):
    settings = read_settings(
        {"DATATITLE_DATA": str(tmp_path / "data"), "DATATITLE_LOG_ORIGIN": ORIGIN}
    )
    assert office.party_id is not None
    (tmp_path / "logs").write_text(open_signers(settings)[0].verifying_key.vkey() + "\n")
    witness = open_witness(
        logs=tmp_path / "logs",
        key=tmp_path / "witness.key",
        name="witness.example/court",
        memory=tmp_path / "memory",
        now=lambda: int(registry.clock.now().timestamp()),
    )
    async with serving(witness_app(witness)) as address:
        vkey = witness.signer.verifying_key.vkey()
        (tmp_path / "policy").write_text(f"witness court {vkey} {address}/\nquorum court\n")
        settings = replace(settings, witnesses=tmp_path / "policy")
        note = await open_sealing(settings, registry).seal()

    keys = tuple(TrustedLog(key.verifying_key) for key in load_signers(settings))
    witnessed = replace(read_witnesses(settings), logs=keys).open(note)
    assert (witnessed.by, witnessed.as_of) == (("court",), int(registry.clock.now().timestamp()))
    async with registry.deciding() as tx:
        await tx.log.append(
            tx.connection, subject="a", kind="tried", at=tx.now, public={}, private={}
        )
    with pytest.raises(NotWitnessedError, match="court: it could not be reached"):
        await open_sealing(settings, registry).seal()
