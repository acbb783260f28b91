"""Bytes nobody asked for, or not these: no document, no event, and no byte of them is kept."""

from datetime import timedelta

import pytest

from tests.founding import UPLOAD_LIMIT
from tests.scenarios.malformed.world import told

TEXT = "样例文件".encode()
UPLOAD = """
mutation ($name: String!) {
  requestUpload(input: {name: $name}) { upload { url } userErrors { code } }
}
"""
NOT_FOUND = (404, ["NOT_FOUND"])
TOO_LARGE = (413, ["DOCUMENT_TOO_LARGE"])
NOT_ACCEPTED = (415, ["DOCUMENT_TYPE_NOT_ACCEPTED"])


async def permitted(world, name="说明.txt"):
    answer = await world.ask(UPLOAD, {"name": name}, who="holder")
    return answer.json()["data"]["requestUpload"]["upload"]["url"]


FORGERIES = {
    "no permit": lambda _: "permit",
    "a permit of dots": lambda _: "a.b.c",
    "null characters": lambda _: "%00.%00",
    "no UTF-8": lambda _: "%ff.%ff",
    "a seal of other letters": lambda permit: permit.partition(".")[0] + ".数据",
    "no seal": lambda permit: permit.partition(".")[0] + ".",
    "a seal cut short": lambda permit: permit[:-1],
    "a seal in capitals": lambda permit: permit.partition(".")[0] + "." + permit[-64:].upper(),
    "a longer promise": lambda permit: "A" + permit,
    "50 kilobytes": lambda permit: "A" * 50_000 + permit,
    "a token": lambda permit: permit.replace(".", ".e30."),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_a_permit_nobody_has_issued_is_not_found(world, forge):
    permit = (await permitted(world)).removeprefix("/uploads/")
    answer = await world.send("PUT", f"/uploads/{forge(permit)}", content=TEXT)
    assert told(answer) == NOT_FOUND


async def test_a_permit_that_has_expired_permits_nothing(world, clock):
    url = await permitted(world)
    clock.advance(timedelta(minutes=15))
    assert told(await world.send("PUT", url, content=TEXT)) == (410, ["EXPIRED"])


async def test_a_permit_is_not_for_others_to_use(world):
    url = await permitted(world)
    answer = await world.send("PUT", url, content=TEXT, headers=world.signed("bank"))
    assert told(answer) == (403, ["NOT_AUTHORISED"])


async def chunks(size):
    for _ in range(size // 1_000):
        yield b"a" * 1_000


CONTENTS = {
    "nothing": (b"", (422, ["DOCUMENT_EMPTY"])),
    "a byte too many": (b"a" * (UPLOAD_LIMIT + 1), TOO_LARGE),
    "a web page in another charset": ("<p>数据".encode("utf-16"), NOT_ACCEPTED),
    "a program": (b"\x7fELF" + bytes(60), NOT_ACCEPTED),
    "a GIF": (b"GIF89a" + bytes(20), NOT_ACCEPTED),
    "half a ZIP": (b"PK\x03\x04" + bytes(20), NOT_ACCEPTED),
    "a ZIP that ends before it begins": (b"PK\x05\x06" + b"\xff" * 18, NOT_ACCEPTED),
    "half a character": (TEXT[:-1], NOT_ACCEPTED),
    "null characters": (TEXT + b"\0", NOT_ACCEPTED),
}


@pytest.mark.parametrize(("content", "refusal"), CONTENTS.values(), ids=CONTENTS)
async def test_content_that_is_no_document_is_refused(world, content, refusal):
    assert told(await world.send("PUT", await permitted(world), content=content)) == refusal


async def test_too_much_is_refused_when_nobody_has_announced_it(world):
    answer = await world.send("PUT", await permitted(world), content=chunks(2 * UPLOAD_LIMIT))
    assert told(answer) == TOO_LARGE


async def test_too_much_is_refused_when_it_is_announced(world):
    announced = {"Content-Length": str(2**62)}
    answer = await world.send("PUT", await permitted(world), content=TEXT, headers=announced)
    assert told(answer) == TOO_LARGE


async def test_a_document_in_parts_is_refused(world):
    part = {"Content-Range": "bytes 0-9/100"}
    answer = await world.send("PUT", await permitted(world), content=TEXT, headers=part)
    assert told(answer) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("name", ["", "\0", "说" * 201])
async def test_a_document_without_a_decent_name_is_not_permitted(world, name):
    answer = await world.ask(UPLOAD, {"name": name}, who="holder")
    assert answer.json()["data"]["requestUpload"]["upload"] is None


async def test_what_was_announced_and_did_not_come_whole_is_not_kept(world):
    """The server tells the application that the client went away; nobody is there to be told."""
    url = await permitted(world)
    messages = iter(
        [
            {"type": "http.request", "body": TEXT, "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent = []

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message)

    before = world.trace()
    headers = [(b"content-length", b"100")]
    scope = {"type": "http", "method": "PUT", "path": url, "query_string": b"", "headers": headers}
    await world.app(scope, receive, send)
    assert sent == []
    world.require_no_trace_since(before)


async def test_a_document_that_is_in_order_leaves_a_row_and_a_file(world):
    """What the traces above are measured by."""
    rows, files = world.trace()
    answer = await world.client.put(await permitted(world), content=TEXT)
    assert answer.status_code == 201
    rows_after, files_after = world.trace()
    assert rows_after != rows
    assert len(files_after) == len(files) + 1
