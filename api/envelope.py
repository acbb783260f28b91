"""What every answer carries: the request's id, headers for browsers, and never a traceback."""

import logging
import re
from itertools import count
from secrets import token_hex

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import json_answer, problem
from api.unavailable import log_unavailable, unavailability

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PROCESS, _numbers = token_hex(8), count()  # No id is made twice, in whichever process.
SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Envelope:
    """Middleware around all routes. What a route sets itself is left alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        has_begun = False

        async def send_enveloped(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                _put_headers(message, request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_enveloped)
        except ClientDisconnect:
            logger.info("%s went away before it was answered", request_id)
        except Exception as error:
            answer = _answer_to(error, request_id)
            if has_begun:
                raise  # Only closing the connection can still tell that something is missing.
            await answer(scope, receive, send_enveloped)


def _answer_to(error: Exception, request_id: str) -> Response:
    """The answer to what nobody caught, and its line in the log."""
    if explained := unavailability(error):
        message, extensions = explained
        log_unavailable(request_id, error)
        headers = {"Retry-After": str(extensions["retryAfter"])}
        return json_answer(problem(message=message, **extensions), status=503, headers=headers)
    logger.error("%s fault", request_id, exc_info=error)
    fault = problem("INTERNAL", "Unexpected error.", requestId=request_id)
    return json_answer(fault, status=500)


def request_id_of(scope: Scope) -> str:
    return request_id(Headers(scope=scope).get("x-request-id", ""))


def request_id(given: str) -> str:
    """The id a proxy or client gave, if it is fit for a log line; otherwise a new one."""
    return given if REQUEST_ID.fullmatch(given) else f"{_PROCESS}{next(_numbers):016x}"


def _put_headers(message: Message, request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    headers["X-Request-Id"] = request_id
    for name, value in SAFE_HEADERS.items():
        headers.setdefault(name, value)
