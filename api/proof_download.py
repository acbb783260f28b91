"""A certificate's proof as a file to keep: all that a stranger needs, beside whom they trust."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.answers import BadRequest, json_answer, problem
from ledger.formats.proof_file import Form
from services.certificates.proofs import parse_salt, proof_of
from services.registry import Registry

PROOF_MEDIA_TYPE = "application/vnd.datatitle.proof+text"
FORMS = {"full": Form.FULL, "short": Form.SHORT}


def proof_routes(registry: Registry) -> list[Route]:
    async def certificate_proof(request: Request) -> Response:
        number = request.path_params["number"]
        form, salt = _form(request), _salt(request)
        proof = await proof_of(registry, number, form=form, salt=salt)
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


def _form(request: Request) -> Form:
    given = request.query_params.get("form", "full")
    if given not in FORMS:
        raise BadRequest(400, "A proof has the form full or short.")
    return FORMS[given]


def _salt(request: Request) -> bytes | None:
    given = request.query_params.get("salt")
    salt = None if given is None else parse_salt(given)
    if given is not None and salt is None:
        raise BadRequest(400, "A salt has 32 hex digits, in lower case.")
    return salt
