"""What everybody may fetch of the ledger."""

NOTE = "datatitle.local/log\n1\nq83vEjRWeJA=\n\n— datatitle.local/log AAAA\n"


async def test_before_the_first_checkpoint_there_is_none(client):
    response = await client.get("/ledger/checkpoint")
    assert response.status_code == 404
    assert response.json()["errors"][0]["extensions"] == {"code": "NOT_FOUND"}


async def test_the_newest_checkpoint_is_given_byte_for_byte(door):
    async def latest():
        return NOTE

    door.latest_checkpoint = latest
    async with door.client() as client:
        response = await client.get("/ledger/checkpoint")
    assert response.content == NOTE.encode()
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "public, max-age=1"
    assert response.headers["access-control-allow-origin"] == "*"


async def test_the_key_of_the_log_is_one_line(client):
    response = await client.get("/ledger/log.vkey")
    assert response.text == "datatitle.local/log+c74f20a3+ASg\n"
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
