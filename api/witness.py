"""A witness over HTTP (c2sp.org/tlog-witness), in a server of its own or in the register's."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.answers import BadRequest, answer_bad_request
from api.bodies import read_body
from api.envelope import Envelope
from ledger.formats.keys import Algorithm, MalformedKey
from ledger.signing.key_file import SecretKey, create_secret, load_secret
from ledger.witnessing.memory import Memory
from ledger.witnessing.witness import Witness, parse_logs

LARGEST_REQUEST = 64 * 1024

# The file of the key with which the register's own server witnesses.
WITNESS_KEY = "witness.key"


def witness_name(origin: str) -> str:
    """What the witness in a register's own server is called: like its log, but for the path."""
    return f"{origin.partition('/')[0]}/witness"


def open_witness(
    *, logs: Path, key: Path, name: str, memory: Path, now: Callable[[], int]
) -> Witness:
    """A witness for the logs in a file, with the key in a file, made under `name` if not there.

    Raises `Malformed` for a file of logs or a key that cannot be read as such.
    """
    return Witness(
        signer=cosigner_at(key, name),
        logs=parse_logs(logs.read_text(encoding="utf-8")),
        memory=Memory(memory),
        now=now,
    )


def cosigner_at(path: Path, name: str) -> SecretKey:
    """The cosigner's key that lies at `path`; one is made under `name` when none is there.

    Raises `Malformed` for a key of another kind, `PermissionError` for one that others may read.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        # Another process that starts at this moment may be the first to write it.
        with suppress(FileExistsError):
            create_secret(path, name, Algorithm.COSIGNATURE)
    key = load_secret(path)
    if not key.algorithm.is_timestamped:
        raise MalformedKey(f"{path} holds a key that signs notes, not one that cosigns.")
    return key


def witness_routes(witness: Witness, prefix: str = "") -> list[Route]:
    async def add_checkpoint(request: Request) -> Response:
        body = await read_body(request, LARGEST_REQUEST)
        # It waits for other processes and for the disk.
        answer = await run_in_threadpool(witness.add_checkpoint, body)
        # Starlette would add a charset to the type, which the witness has chosen to the letter.
        return Response(answer.body, answer.status, headers={"Content-Type": answer.content_type})

    async def key(_request: Request) -> Response:
        return PlainTextResponse(witness.signer.verifying_key.vkey() + "\n")

    return [
        Route(f"{prefix}/add-checkpoint", add_checkpoint, methods=["POST"]),
        Route(f"{prefix}/witness.vkey", key),
    ]


def witness_app(witness: Witness) -> Starlette:
    app = Starlette(
        routes=witness_routes(witness),
        middleware=[Middleware(Envelope)],
        exception_handlers={BadRequest: answer_bad_request},
    )
    app.router.redirect_slashes = False
    return app
