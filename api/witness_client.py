"""Asking a witness over HTTP (c2sp.org/tlog-witness)."""

import ssl
from functools import cache

import httpx

from ledger.signing.witnesses import Answer

PATIENCE = httpx.Timeout(10.0)
LARGEST_ANSWER = 64 * 1024
TEXT = "text/plain; charset=utf-8"


async def ask_witness(url: str, body: str) -> Answer:
    """Post a request and read the answer, whatever it says.

    Raises `ConnectionError` when there is none, or one too large to be a witness's.
    """
    try:
        async with (
            httpx.AsyncClient(timeout=PATIENCE, verify=_trust()) as client,
            client.stream(
                "POST", url, content=body.encode(), headers={"Content-Type": TEXT}
            ) as response,
        ):
            answer = b""
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > LARGEST_ANSWER:
                    raise ConnectionError("the answer is too large")
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise ConnectionError(str(fault) or type(fault).__name__) from None
    kind = response.headers.get("Content-Type", "")
    return Answer(response.status_code, kind, answer.decode(errors="replace"))


@cache
def _trust() -> ssl.SSLContext:
    """Whom to trust for https; reading it from the disk takes longer than asking."""
    return httpx.create_ssl_context()
