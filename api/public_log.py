"""What everybody may fetch of the ledger: the newest checkpoint, and the key it is signed with."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.answers import json_answer, problem

LatestCheckpoint = Callable[[], Awaitable[str | None]]

# A checkpoint may be a second old when it is fetched; a shared cache may add one more.
CHECKPOINT_HEADERS = {"Cache-Control": "public, max-age=1", "Access-Control-Allow-Origin": "*"}
KEY_HEADERS = {"Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*"}


def public_log_routes(latest_checkpoint: LatestCheckpoint, verifier_key: str) -> list[Route]:
    """The plain files of the log (C2SP tlog-tiles, signed-note).

    `latest_checkpoint` gives the signed note, `None` while there is none; `verifier_key` is the
    log's public key in the form `name+hash+base64`.
    """

    async def checkpoint(_request: Request) -> Response:
        note = await latest_checkpoint()
        if note is None:
            return json_answer(problem("NOT_FOUND", "No checkpoint is signed yet."), status=404)
        return PlainTextResponse(note, headers=CHECKPOINT_HEADERS)

    async def log_key(_request: Request) -> Response:
        return PlainTextResponse(verifier_key + "\n", headers=KEY_HEADERS)

    return [Route("/ledger/checkpoint", checkpoint), Route("/ledger/log.vkey", log_key)]
