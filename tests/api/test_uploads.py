"""Documents through the door: permitted, brought, refused, broken off, read back."""

import asyncio
from datetime import timedelta
from hashlib import sha256

import httpx
import pytest

from api.opening import open_app
from api.settings import read_settings
from api.tokens import OwnIssuer, issue_token
from services.clock import SystemClock
from services.documents.store import open_document_to
from services.parties.actions import dismiss_member
from services.parties.store import active_member
from tests.builders.documents import JPEG, PDF, PNG, TEXT, a_word_file, a_zip_file
from tests.founding import UPLOAD_LIMIT
from tests.ledger_counts import kinds_on
from tests.upload_traces import trace_of_uploads

REQUEST_UPLOAD = """
mutation ($name: String!) {
  requestUpload(input: {name: $name}) {
    upload { url permit expiresAt limitBytes acceptedTypes }
    userErrors { code path }
  }
}
"""
DOCUMENT = """
query ($id: ID!) {
  document(id: $id) { id name mediaType size sha256 receivedAt depositor { id } downloadUrl }
  node(id: $id) { id }
}
"""


@pytest.fixture
def settings(tmp_path):
    return read_settings({"DATATITLE_DATA": str(tmp_path)})


@pytest.fixture
def app(settings, registry):
    return open_app(settings, registry)


@pytest.fixture
async def client(app):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        yield client


@pytest.fixture
def signed(settings):
    """The header that signs an actor in."""

    def headers(actor):
        token = issue_token(
            OwnIssuer.at(settings.data),
            issued_by=settings.issuer,
            audience=settings.audience,
            subject=actor.subject,
            party_id=actor.party_id,
            role=None,
            now=SystemClock().now(),
            lifetime=timedelta(minutes=5),
        )
        return {"Authorization": f"Bearer {token}"}

    return headers


@pytest.fixture
def permitted(client, signed, holder):
    """Where the holder may bring a document of that name."""

    async def url(name="说明.pdf"):
        body = {"query": REQUEST_UPLOAD, "variables": {"name": name}}
        answer = await client.post("/graphql", json=body, headers=signed(holder))
        return answer.json()["data"]["requestUpload"]["upload"]["url"]

    return url


@pytest.fixture
def trace(registry, tmp_path):
    return lambda: trace_of_uploads(registry, tmp_path / "documents")


def codes(answer):
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


async def test_an_upload_is_asked_for_with_all_there_is_to_know(client, signed, holder):
    body = {"query": REQUEST_UPLOAD, "variables": {"name": "说明.pdf"}}
    answer = await client.post("/graphql", json=body, headers=signed(holder))

    payload = answer.json()["data"]["requestUpload"]
    assert payload == {
        "upload": {
            "url": f"/uploads/{payload['upload']['permit']}",
            "permit": payload["upload"]["permit"],
            "expiresAt": "2026-01-05T02:15:00Z",
            "limitBytes": str(UPLOAD_LIMIT),
            "acceptedTypes": ["PDF", "DOCX", "PNG", "JPEG", "TEXT"],
        },
        "userErrors": [],
    }


async def test_an_upload_without_a_name_is_refused(client, signed, holder):
    body = {"query": REQUEST_UPLOAD, "variables": {"name": ""}}
    answer = await client.post("/graphql", json=body, headers=signed(holder))
    assert answer.json()["data"]["requestUpload"] == {
        "upload": None,
        "userErrors": [{"code": "TEXT_MISSING", "path": ["name"]}],
    }


async def test_the_public_gets_no_permit(client):
    body = {"query": REQUEST_UPLOAD, "variables": {"name": "说明.pdf"}}
    answer = await client.post("/graphql", json=body)
    assert codes(answer) == ["UNAUTHENTICATED"]


async def test_what_is_brought_is_received_and_can_be_asked_for(
    client, signed, holder, registry, permitted
):
    answer = await client.put(await permitted(), content=PDF)

    received = answer.json()
    document_id = received["documentId"]
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/documents/{document_id}"
    assert received == {
        "documentId": document_id,
        "sha256": sha256(PDF).hexdigest(),
        "size": len(PDF),
        "mediaType": "application/pdf",
    }
    assert await kinds_on(registry, document_id) == ["document-received"]
    body = {"query": DOCUMENT, "variables": {"id": document_id}}
    asked = await client.post("/graphql", json=body, headers=signed(holder))
    assert asked.json()["data"] == {
        "document": {
            "id": document_id,
            "name": "说明.pdf",
            "mediaType": "PDF",
            "size": str(len(PDF)),
            "sha256": sha256(PDF).hexdigest(),
            "receivedAt": "2026-01-05T02:00:00Z",
            "depositor": {"id": holder.party_id},
            "downloadUrl": f"/documents/{document_id}",
        },
        "node": {"id": document_id},
    }
    unseen = await client.post("/graphql", json=body)
    assert unseen.json()["data"] == {"document": None, "node": None}


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (a_word_file(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (TEXT, "text/plain; charset=utf-8"),
    ],
    ids=["pdf", "docx", "png", "jpeg", "text"],
)
async def test_every_accepted_kind_comes_back_as_it_went_in(
    client, signed, holder, permitted, content, media_type
):
    brought = await client.put(await permitted("文件"), content=content)
    back = await client.get(f"/documents/{brought.json()['documentId']}", headers=signed(holder))
    assert (back.status_code, back.content) == (200, content)
    assert back.headers["content-type"] == media_type


NOT_ACCEPTED = (415, "DOCUMENT_TYPE_NOT_ACCEPTED")
REFUSED = {
    "empty": (b"", 422, "DOCUMENT_EMPTY"),
    "too large": (b"a" * (UPLOAD_LIMIT + 1), 413, "DOCUMENT_TOO_LARGE"),
    "GIF": (b"GIF89a\x01\x00\x01\x00", *NOT_ACCEPTED),
    "program": (b"MZ\x90\x00" + bytes(60), *NOT_ACCEPTED),
    "ZIP that is no Word file": (a_zip_file({"word/document.xml": b"x"}), *NOT_ACCEPTED),
    "Word file with macros": (a_word_file(more={"word/vbaProject.bin": b"x"}), *NOT_ACCEPTED),
    "Word file that unpacks to a gibibyte": (a_word_file(unpacks_to=2**30), *NOT_ACCEPTED),
    "Word file cut short": (a_word_file()[:-30], *NOT_ACCEPTED),
    "text in another encoding": ("数据".encode("gb18030"), *NOT_ACCEPTED),
    "text with an escape": (TEXT + b"\x1b[31m", *NOT_ACCEPTED),
    "text with a null": (TEXT + b"\x00", *NOT_ACCEPTED),
    "text cut short": (TEXT[:-2], *NOT_ACCEPTED),
}


@pytest.mark.parametrize(("content", "status", "code"), REFUSED.values(), ids=REFUSED)
async def test_what_is_refused_leaves_no_trace(client, permitted, trace, content, status, code):
    url, before = await permitted(), await trace()
    answer = await client.put(url, content=content)
    assert (answer.status_code, codes(answer)) == (status, [code])
    assert await trace() == before


async def test_too_much_is_refused_as_it_comes_when_nobody_has_announced_it(
    client, permitted, trace
):
    async def endless():
        while True:
            yield b"a" * 10_000

    url, before = await permitted(), await trace()
    answer = await client.put(url, content=endless())
    assert (answer.status_code, codes(answer)) == (413, ["DOCUMENT_TOO_LARGE"])
    assert await trace() == before


async def test_the_same_permit_brings_one_document(client, permitted, trace):
    url = await permitted()
    first = await client.put(url, content=PDF)
    after_first = await trace()

    again = await client.put(url, content=PDF)
    other = await client.put(url, content=TEXT)

    assert (again.status_code, again.json()) == (201, first.json())
    assert (other.status_code, codes(other)) == (422, ["IDEMPOTENCY_KEY_REUSED"])
    assert await trace() == after_first


async def test_a_permit_ends_after_fifteen_minutes(client, permitted, clock, trace):
    url, before = await permitted(), await trace()
    clock.advance(timedelta(minutes=15))
    answer = await client.put(url, content=PDF)
    assert (answer.status_code, codes(answer)) == (410, ["EXPIRED"])
    assert await trace() == before


async def test_a_permit_nobody_has_issued_is_not_found(client, permitted, trace):
    url, before = await permitted(), await trace()
    for path in (url[:-1], f"{url}0", "/uploads/x", "/uploads/%E4%B8%80.%E4%BA%8C"):
        answer = await client.put(path, content=PDF)
        assert (answer.status_code, codes(answer)) == (404, ["NOT_FOUND"])
    assert await trace() == before


async def test_a_token_shown_with_a_permit_must_be_of_the_same_party(
    client, signed, holder, stranger, permitted, trace
):
    url, before = await permitted(), await trace()

    somebody_else = await client.put(url, content=PDF, headers=signed(stranger))
    nobody = await client.put(url, content=PDF, headers={"Authorization": "Bearer wrong"})
    assert (somebody_else.status_code, codes(somebody_else)) == (403, ["NOT_AUTHORISED"])
    assert (nobody.status_code, codes(nobody)) == (401, ["UNAUTHENTICATED"])
    assert await trace() == before

    assert (await client.put(url, content=PDF, headers=signed(holder))).status_code == 201


async def test_the_permit_of_a_member_since_dismissed_is_void(
    client, registry, office, holder, permitted
):
    url = await permitted()
    async with registry.reading() as tx:
        member = await active_member(tx, holder.party_id, holder.subject)
    await dismiss_member(registry, office, member.id)

    answer = await client.put(url, content=PDF)
    assert (answer.status_code, codes(answer)) == (403, ["NOT_AUTHORISED"])


async def test_a_document_does_not_come_in_parts(client, permitted):
    part = {"Content-Range": "bytes 0-9/100"}
    answer = await client.put(await permitted(), content=PDF[:10], headers=part)
    assert (answer.status_code, codes(answer)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("announced", ["-1", "many", "9" * 5_000, "²"])
async def test_a_size_announced_in_no_number_is_not_believed(client, permitted, announced):
    strange = {"Content-Length": announced.encode("latin-1")}
    answer = await client.put(await permitted(), content=PDF, headers=strange)
    assert answer.status_code == 201


async def test_what_is_announced_as_too_large_is_not_read(app, permitted, trace):
    url, before = await permitted(), await trace()

    async def never():
        raise AssertionError("the body was read")

    sent = await put_by_hand(app, url, [(b"content-length", b"99999999")], never)
    assert sent[0]["status"] == 413
    assert await trace() == before


async def test_a_client_that_goes_away_leaves_nothing(app, permitted, trace):
    url, before = await permitted(), await trace()
    messages = iter(
        [
            {"type": "http.request", "body": PDF[:10], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive():
        return next(messages)

    assert await put_by_hand(app, url, [], receive) == []
    assert await trace() == before


async def test_eight_who_bring_the_same_at_once_get_one_document(client, permitted, trace):
    url, (rows, events, files) = await permitted(), await trace()
    answers = await asyncio.gather(*(client.put(url, content=PDF) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["documentId"] for answer in answers}) == 1
    assert await trace() == (rows + 1, events + 1, files + 1)


async def test_a_document_is_to_be_saved_and_never_shown(client, signed, holder, permitted):
    brought = await client.put(await permitted('a"b\r\n说明.html'), content=TEXT)
    back = await client.get(f"/documents/{brought.json()['documentId']}", headers=signed(holder))

    disposition = "attachment; filename*=UTF-8''a%22b%0D%0A%E8%AF%B4%E6%98%8E.html.txt"
    assert back.headers["content-disposition"] == disposition
    assert back.headers["content-length"] == str(len(TEXT))
    assert back.headers["x-content-type-options"] == "nosniff"
    policy = {part.strip() for part in back.headers["content-security-policy"].split(";")}
    assert {"sandbox", "default-src 'none'"} <= policy
    assert back.headers["etag"] == f'"{sha256(TEXT).hexdigest()}"'
    assert back.headers["cache-control"] == "no-store"


async def test_a_document_is_read_back_by_those_entitled_and_by_nobody_else(
    client, signed, registry, office, holder, stranger, bank, permitted
):
    document_id = (await client.put(await permitted(), content=PDF)).json()["documentId"]
    async with registry.deciding() as tx:
        await open_document_to(tx, document_id, bank.party_id)

    async def status_for(actor, path=f"/documents/{document_id}"):
        headers = signed(actor) if actor else {}
        return (await client.get(path, headers=headers)).status_code

    assert [await status_for(actor) for actor in (holder, office, bank)] == [200] * 3
    assert [await status_for(actor) for actor in (stranger, None)] == [404] * 2
    assert await status_for(office, "/documents/document_0") == 404


async def put_by_hand(app, path, headers, receive):
    """A PUT as the server hands it over; what was sent back."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "PUT",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("door", 80),
        "headers": headers,
    }
    await app(scope, receive, send)
    return sent
