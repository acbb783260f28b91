"""What the public files of a log are to HTTP, wherever they are served (c2sp.org/tlog-tiles)."""

from typing import NamedTuple

from ledger.formats.tile_paths import CHECKPOINT_PATH

KEY_PATH = "log.vkey"
POLICY_PATH = "policy"
TILE_FOLDER = "tile/"

_TEXT = "text/plain; charset=utf-8"
_YEAR = 365 * 24 * 60 * 60


class PublicHeaders(NamedTuple):
    """The values of Content-Type and of Cache-Control."""

    content_type: str
    cache_control: str


# A checkpoint is a second old when it is fetched; a shared cache may add one more.
_NAMED = {
    CHECKPOINT_PATH: PublicHeaders(_TEXT, "public, max-age=1"),
    KEY_PATH: PublicHeaders(_TEXT, "public, max-age=300"),
    POLICY_PATH: PublicHeaders(_TEXT, "public, max-age=300"),
}
_IMMUTABLE = PublicHeaders("application/octet-stream", f"public, max-age={_YEAR}, immutable")


def headers_of(path: str) -> PublicHeaders:
    """Those of a public file, which is one of the named ones, a tile or a bundle of entries."""
    assert path in _NAMED or path.startswith(TILE_FOLDER), path
    return _NAMED.get(path, _IMMUTABLE)
