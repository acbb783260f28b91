"""What everybody may fetch of the ledger: the published files, each under its one spelling."""

import gzip
from hashlib import sha256

import pytest

NOTE = "datatitle.local/log\n1\nq83vEjRWeJA=\n\n— datatitle.local/log AAAA\n"
TILE = bytes(range(32)) * 256
BUNDLE = b"\x00\x05entry" * 40
FILES = {
    "checkpoint": NOTE.encode(),
    "log.vkey": b"datatitle.local/log+c74f20a3+ASg\n",
    "policy": b"log datatitle.local/log+c74f20a3+ASg\nquorum none\n",
    "tile/0/000": TILE,
    "tile/0/001.p/40": TILE[: 40 * 32],
    "tile/2/x001/x234/067": TILE,
    "tile/entries/001.p/40": BUNDLE,
}
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def published(door):
    for path, content in FILES.items():
        file = door.settings.ledger_files / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return door.settings.ledger_files


@pytest.fixture
def reader(client, published):
    """A client before a door behind which something is published."""
    assert published.is_dir()
    return client


@pytest.mark.parametrize("path", FILES)
async def test_a_published_file_is_given_byte_for_byte(reader, path):
    response = await reader.get(f"/ledger/{path}", headers={"Accept-Encoding": "identity"})
    assert response.content == FILES[path]
    assert response.headers["etag"] == f'"{sha256(FILES[path]).hexdigest()[:32]}"'
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("path", "content_type", "cache_control"),
    [
        ("checkpoint", TEXT, "public, max-age=1"),
        ("log.vkey", TEXT, "public, max-age=300"),
        ("policy", TEXT, "public, max-age=300"),
        ("tile/0/000", BYTES, FOR_EVER),
        ("tile/0/001.p/40", BYTES, FOR_EVER),
        ("tile/entries/001.p/40", BYTES, FOR_EVER),
    ],
)
async def test_types_and_ages_are_those_of_the_standard(reader, path, content_type, cache_control):
    headers = (await reader.get(f"/ledger/{path}")).headers
    assert (headers["content-type"], headers["cache-control"]) == (content_type, cache_control)


@pytest.mark.parametrize("path", FILES)
async def test_before_anything_is_published_there_is_nothing(client, path):
    response = await client.get(f"/ledger/{path}")
    assert (response.status_code, response.headers["cache-control"]) == (404, "no-store")
    assert response.json()["errors"][0]["extensions"] == {"code": "NOT_FOUND"}


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/0/000.p/256",
        "tile/0/001.p/040",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/2/001/234/067",
        "tile/0/000/",
        "tile/0//000",
        "tile/0",
        "tile/",
        "tile/entries/000",
        "tile/data/000",
        "tile/0/%30%30%30",
        "tile%2F0%2F000",
        "tile/0/000%00",
        "tile/0/000%0A",
        "tile/0/..%2F..%2Fcheckpoint",
        "tile/..%2Fcheckpoint",
        "tile/0/000.p/..%2F..%2F000",
        "tile/%ff%fe",
        "tile/0/٠٠٠",
        "tile/0/" + "x001/" * 5000 + "067",
        "checkpoint/",
        "checkpoint%00",
        "%63heckpoint",
        "Checkpoint",
        ".checkpoint.0011223344556677.draft",
        "",
    ],
)
async def test_another_spelling_is_no_file(reader, path):
    assert (await reader.get(f"http://door/ledger/{path}")).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_nothing_can_be_written(reader, method):
    assert (await reader.request(method, "/ledger/checkpoint")).status_code == 405


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
async def test_head_tells_what_get_would(reader, path, coding):
    headers = {"Accept-Encoding": coding}
    head = await reader.head(f"/ledger/{path}", headers=headers)
    get = await reader.get(f"/ledger/{path}", headers=headers)
    assert head.content == b""
    assert without_id(head.headers) == without_id(get.headers)


def without_id(headers):
    return {name: value for name, value in headers.items() if name != "x-request-id"}


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}', '"other",W/{} ,"third"', "*"])
async def test_who_has_a_file_is_told_that_it_is_the_same(reader, known):
    tag = (await reader.get("/ledger/checkpoint")).headers["etag"]
    headers = {"If-None-Match": known.format(tag)}
    response = await reader.get("/ledger/checkpoint", headers=headers)
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == tag
    assert response.headers["cache-control"] == "public, max-age=1"


@pytest.mark.parametrize("known", ['"other"', "", ",,,", "W/", "\x7f", '"' * 3000])
async def test_who_has_another_file_gets_this_one(reader, known):
    response = await reader.get("/ledger/checkpoint", headers={"If-None-Match": known})
    assert (response.status_code, response.content) == (200, NOTE.encode())


async def test_a_checkpoint_that_has_changed_is_given_anew(client, published):
    tag = (await client.get("/ledger/checkpoint")).headers["etag"]
    (published / "checkpoint").write_text(NOTE.replace("1", "2", 1))
    response = await client.get("/ledger/checkpoint", headers={"If-None-Match": tag})
    assert response.status_code == 200
    assert response.headers["etag"] != tag


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "GZIP ; q=1.0", "gzip,identity"])
async def test_entries_are_compressed_for_who_takes_that(reader, accepted):
    headers = {"Accept-Encoding": accepted}
    async with reader.stream("GET", "/ledger/tile/entries/001.p/40", headers=headers) as response:
        raw = b"".join([chunk async for chunk in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == BUNDLE
    assert int(response.headers["content-length"]) == len(raw) < len(BUNDLE)
    plain = await reader.get("/ledger/tile/entries/001.p/40", headers={"Accept-Encoding": "br"})
    assert [each.headers["vary"] for each in (response, plain)] == ["Accept-Encoding"] * 2
    assert response.headers["etag"] != plain.headers["etag"]


@pytest.mark.parametrize("accepted", ["", "identity", "gzip;q=0", "gzip;q=0.000", "xgzip", "gzip;"])
async def test_entries_are_as_they_are_for_who_does_not(reader, accepted):
    headers = {"Accept-Encoding": accepted}
    response = await reader.get("/ledger/tile/entries/001.p/40", headers=headers)
    assert "content-encoding" not in response.headers
    assert response.content == BUNDLE


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000"])
async def test_nothing_else_is_compressed(reader, path):
    response = await reader.get(f"/ledger/{path}", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in response.headers
    assert "vary" not in response.headers
