"""A certificate's proof as a file to keep: all that a stranger needs, beside the log's key."""

import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.answers import json_answer, problem
from services.certificates.views import proof_of
from services.registry import Registry

PROOF_MEDIA_TYPE = "application/vnd.datatitle.proof+text"
# Only certificates are public subjects of the log; other records' names begin otherwise.
CERTIFICATE_NUMBER = re.compile(r"[0-9]{17}", re.ASCII)


def proof_routes(registry: Registry) -> list[Route]:
    async def certificate_proof(request: Request) -> Response:
        number = request.path_params["number"]
        is_number = CERTIFICATE_NUMBER.fullmatch(number) is not None
        proof = await proof_of(registry, number) if is_number else None
        if proof is None:
            nothing = problem("NOT_FOUND", "No checkpoint covers a certificate of this number.")
            return json_answer(nothing, status=404)
        return PlainTextResponse(
            proof,
            media_type=PROOF_MEDIA_TYPE,
            headers={
                "Content-Disposition": f'attachment; filename="{number}.proof"',
                # It grows with every event, and with every checkpoint.
                "Cache-Control": "public, max-age=1",
                "Access-Control-Allow-Origin": "*",
            },
        )

    return [Route("/ledger/certificates/{number}.proof", certificate_proof)]
