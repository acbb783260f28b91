"""How the door writes its answers: JSON in UTF-8, errors in the shape GraphQL gives them."""

import logging
from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

logger = logging.getLogger(__name__)

JSON = "application/json"


class BadRequest(Exception):  # noqa: N818 - what the asker did, not an error of ours.
    """The request cannot be understood. `headers` go into the answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "BAD_REQUEST",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers


async def answer_bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadRequest)
    logger.info("%s refused: %s", request.state.request_id, error.code)
    content = problem(error.code, error.message)
    return json_answer(content, status=error.status, headers=error.headers)


def problem(code: str, message: str, **extensions: Any) -> dict[str, Any]:
    """An answer that is one error and nothing else (GraphQL specification, section 7.1)."""
    return {"errors": [{"message": message, "extensions": {"code": code, **extensions}}]}


def json_answer(
    content: Mapping[str, Any],
    *,
    status: int = 200,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    return Response(
        orjson.dumps(content),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers=headers,
    )
