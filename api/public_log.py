"""What everybody may fetch of the ledger: its published files (c2sp.org/tlog-tiles)."""

import asyncio
import gzip
import re
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import json_answer, problem
from ledger.formats.spelling import Malformed
from ledger.formats.tile_paths import CHECKPOINT_PATH, parse_entries_path, parse_tile_path
from ledger.publishing.headers import KEY_PATH, POLICY_PATH, headers_of

PREFIX = "/ledger/"
NAMED = (CHECKPOINT_PATH, KEY_PATH, POLICY_PATH)
# Pages of any origin may check the log.
FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
NOT_MODIFIED = 304

# An element of Accept-Encoding (RFC 9110, section 12.5.3) that does not weigh nothing.
_GZIP = re.compile(
    r"(?:^|,) *gzip *(?:; *q=(?:1(?:\.0*)?|0\.0*[1-9][0-9]*) *)?(?:,|$)", re.IGNORECASE
)


def public_log_routes(folder: Path) -> list[Route]:
    """The files that the log is published in, each under its one spelling."""

    async def file(request: Request) -> Response:
        path = request.scope["path"].removeprefix(PREFIX)
        if not _is_spelt_as(request) or not _is_public(path):
            return _not_found()
        try:
            content = await asyncio.to_thread((folder / path).read_bytes)
        except FileNotFoundError:
            return _not_found()
        return await _answer(request, path, content)

    return [
        *(Route(f"{PREFIX}{name}", file) for name in NAMED),
        Route(f"{PREFIX}tile/{{path:path}}", file),
    ]


def _is_spelt_as(request: Request) -> bool:
    """Nothing is written with percent signs: each spelling more is one more in every cache."""
    path: str = request.scope["path"]
    return bool(request.scope.get("raw_path", path.encode()) == path.encode())


def _is_public(path: str) -> bool:
    return path in NAMED or _is_tile(path) or _is_bundle(path)


def _is_tile(path: str) -> bool:
    try:
        parse_tile_path(path)
    except Malformed:
        return False
    return True


def _is_bundle(path: str) -> bool:
    try:
        parse_entries_path(path)
    except Malformed:
        return False
    return True


async def _answer(request: Request, path: str, content: bytes) -> Response:
    types = headers_of(path)
    headers = {**FOR_ALL, "Content-Type": types.content_type, "Cache-Control": types.cache_control}
    tag = sha256(content).hexdigest()[:32]
    if _is_bundle(path):
        headers["Vary"] = "Accept-Encoding"
        if _GZIP.search(request.headers.get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            tag += "-gzip"
            # The same bytes every time, or the tag would say too much.
            content = await asyncio.to_thread(gzip.compress, content, mtime=0)
    headers["ETag"] = f'"{tag}"'
    if _is_known(request, headers["ETag"]):
        headers.pop("Content-Type")
        return Response(status_code=NOT_MODIFIED, headers=headers)
    headers["Content-Length"] = str(len(content))
    return Response(b"" if request.method == "HEAD" else content, headers=headers)


def _is_known(request: Request, tag: str) -> bool:
    """Whether the asker has this very content (RFC 9110, section 13.1.2)."""
    known = request.headers.get("if-none-match", "").split(",")
    return any(each.strip().removeprefix("W/") in {tag, "*"} for each in known)


def _not_found() -> Response:
    return json_answer(problem("NOT_FOUND", "There is no such file."), status=404, headers=FOR_ALL)
