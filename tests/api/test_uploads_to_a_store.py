"""Documents through the door, when they lie in an object store: there, away, and half lost."""

import socket
from dataclasses import replace
from hashlib import sha256

import httpx
import obstore
import pytest
from obstore.store import MemoryStore, S3Store

from api.opening import open_app
from api.settings import read_settings
from services.blobs.objects import ObjectBlobs
from services.documents.actions import receive_document
from tests.builders.documents import PDF, an_upload
from tests.founding import a_key

LARGE = PDF + b" " * 50_000


@pytest.fixture
def nobody():
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def away(nobody, tmp_path):
    """A store that does not answer."""
    store = S3Store(
        "register",
        endpoint=nobody,
        region="us-east-1",
        access_key_id="any",
        secret_access_key="any",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    return ObjectBlobs(store, tmp_path / "spool")


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def there(store, tmp_path):
    return ObjectBlobs(store, tmp_path / "spool")


def client_of(registry, tmp_path):
    app = open_app(read_settings({"DATATITLE_DATA": str(tmp_path)}), registry)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door")


def permit(registry, holder):
    expires_at = registry.clock.now().replace(year=2099)
    return f"/uploads/{registry.permits.issue(holder, '说明.pdf', expires_at)}"


async def test_what_is_brought_lies_in_the_store_and_nowhere_else(
    registry, holder, there, store, tmp_path
):
    stored = replace(registry, blobs=there)
    async with client_of(stored, tmp_path) as client:
        answer = await client.put(permit(registry, holder), content=LARGE)
    name = sha256(LARGE).hexdigest()
    assert (answer.status_code, answer.json()["sha256"]) == (201, name)
    assert bytes(obstore.get(store, f"{name[:2]}/{name[2:4]}/{name}").bytes()) == LARGE
    assert list((tmp_path / "spool").iterdir()) == []
    assert b"".join([chunk async for chunk in await there.open(name)]) == LARGE


async def test_a_store_that_is_away_is_no_fault_and_the_same_permit_serves_later(
    registry, holder, away, there, tmp_path
):
    url = permit(registry, holder)
    async with client_of(replace(registry, blobs=away), tmp_path) as client:
        answer = await client.put(url, content=PDF)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["errors"][0]["extensions"]["code"] == "TRY_AGAIN"
    async with client_of(replace(registry, blobs=there), tmp_path) as client:
        assert (await client.put(url, content=PDF)).status_code == 201


async def test_a_second_time_with_one_key_nothing_is_brought_to_the_store(
    registry, holder, there, away
):
    key = a_key()
    stored = replace(registry, blobs=there)
    first = await receive_document(stored, holder, an_upload(PDF), key)
    assert await receive_document(replace(registry, blobs=away), holder, an_upload(PDF), key) == (
        first
    )
