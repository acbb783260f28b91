"""An outside provider's keys, fetched from a real server on this machine."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from api.provider_keys import ProviderKeys
from api.tokens import Claims, Unauthenticated, check_token
from services.clock import SystemClock

ISSUER, AUDIENCE = "https://provider.example", "register"
ALGORITHMS = {
    "EdDSA": jwt.algorithms.OKPAlgorithm,
    "ES256": jwt.algorithms.ECAlgorithm,
    "RS256": jwt.algorithms.RSAAlgorithm,
}
ELLIPTIC = ec.generate_private_key(ec.SECP256R1())
EDWARDS = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(65537, 2048)
EXPIRY = 4_102_444_800  # The year 2100.
ACCEPTED = Claims("li.wei", ISSUER, "party_1", None, EXPIRY)


def public_jwk(key, key_id, algorithm, **more):
    document = json.loads(ALGORITHMS[algorithm].to_jwk(key.public_key()))
    return document | {"kid": key_id} | more


def token(key, key_id, algorithm):
    now = int(SystemClock().now().timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "li.wei", "party": "party_1"}
    times = {"iat": now, "exp": EXPIRY}
    return jwt.encode(claims | times, key, algorithm, headers={"kid": key_id} if key_id else {})


@dataclass
class Provider:
    """Serves a key set over HTTP and counts how often it is asked."""

    keys: list = field(default_factory=list)
    body: bytes | None = None
    status: str = "200 OK"
    asked: int = 0
    url: str = ""

    async def answer(self, reader, writer):
        self.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"keys": self.keys}).encode() if self.body is None else self.body
        writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: {len(body)}\r\n".encode())
        writer.write(b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    @asynccontextmanager
    async def serve(self):
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"
        async with server:
            yield


@pytest.fixture
async def provider(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    provider = Provider()
    async with provider.serve():
        yield provider


async def check(keys, shown):
    return await check_token(shown, keys, issuer=ISSUER, audience=AUDIENCE)


@pytest.mark.parametrize(
    ("key", "algorithm"), [(EDWARDS, "EdDSA"), (ELLIPTIC, "ES256"), (RSA, "RS256")]
)
async def test_a_token_of_the_provider_is_accepted(provider, key, algorithm):
    provider.keys = [public_jwk(key, "one", algorithm)]
    assert await check(ProviderKeys(provider.url), token(key, "one", algorithm)) == ACCEPTED


async def test_keys_are_fetched_once_for_many_who_sign_in_at_the_same_time(provider):
    provider.keys = [public_jwk(EDWARDS, "one", "EdDSA")]
    keys = ProviderKeys(provider.url)
    shown = token(EDWARDS, "one", "EdDSA")
    assert await asyncio.gather(*(check(keys, shown) for _ in range(20))) == [ACCEPTED] * 20
    assert provider.asked == 1


async def test_a_rotated_key_is_found_and_the_old_one_is_forgotten(provider):
    provider.keys = [public_jwk(EDWARDS, "one", "EdDSA")]
    keys = ProviderKeys(provider.url, pause=0)
    assert await check(keys, token(EDWARDS, "one", "EdDSA")) == ACCEPTED

    provider.keys = [public_jwk(ELLIPTIC, "two", "ES256")]
    assert await check(keys, token(ELLIPTIC, "two", "ES256")) == ACCEPTED
    with pytest.raises(Unauthenticated):
        await check(keys, token(EDWARDS, "one", "EdDSA"))


async def test_invented_key_names_do_not_make_the_provider_be_asked_again(provider):
    provider.keys = [public_jwk(EDWARDS, "one", "EdDSA")]
    keys = ProviderKeys(provider.url)
    for number in range(10):
        with pytest.raises(Unauthenticated):
            await check(keys, token(EDWARDS, f"invented-{number}", "EdDSA"))
    assert provider.asked == 1
    assert await check(keys, token(EDWARDS, "one", "EdDSA")) == ACCEPTED


async def test_while_the_provider_is_down_known_keys_stay_good(provider):
    provider.keys = [public_jwk(EDWARDS, "one", "EdDSA")]
    keys = ProviderKeys(provider.url, pause=0)
    await keys.refresh()
    provider.status = "503 Service Unavailable"
    await keys.refresh()
    assert provider.asked == 2
    assert await check(keys, token(EDWARDS, "one", "EdDSA")) == ACCEPTED


async def test_keys_not_confirmed_for_too_long_are_good_no_longer(provider):
    provider.keys = [public_jwk(EDWARDS, "one", "EdDSA")]
    keys = ProviderKeys(provider.url, trust_for=0)
    with pytest.raises(Unauthenticated):
        await check(keys, token(EDWARDS, "one", "EdDSA"))
    assert provider.asked == 1


async def test_a_provider_that_cannot_be_reached_lets_nobody_in(provider):
    url = provider.url.replace("/keys", ":nonsense")
    for unreachable in (url, "http://127.0.0.1:1/keys"):
        with pytest.raises(Unauthenticated):
            await check(ProviderKeys(unreachable), token(EDWARDS, "one", "EdDSA"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"keys": {}}',
        b'{"keys": [1]}',
        b'{"keys": []}',
        b"[" * 100_000,
        b'{"keys": [' + b" " * 300_000 + b"]}",
        b'{"keys": [{"kid": "one", "kty": ["OKP"], "crv": {}, "x": 1}]}',
        b'{"keys": [{"kid": "one", "kty": "OKP", "crv": "Ed25519", "x": 1}]}',
        b'{"keys": [{"kid": "one", "kty": "RSA", "n": "AQ", "e": "AQ"}]}',
    ],
)
async def test_an_answer_that_is_no_key_set_lets_nobody_in(provider, body):
    provider.body = body
    with pytest.raises(Unauthenticated):
        await check(ProviderKeys(provider.url), token(EDWARDS, "one", "EdDSA"))


SECRET = {"kty": "oct", "kid": "one", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}
PRIVATE = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(EDWARDS)) | {"kid": "one"}


@pytest.mark.parametrize(
    "unfit",
    [
        SECRET,
        SECRET | {"alg": "EdDSA"},
        PRIVATE,
        public_jwk(EDWARDS, "one", "EdDSA", use="enc"),
        public_jwk(EDWARDS, "one", "EdDSA", alg="HS256"),
        public_jwk(EDWARDS, None, "EdDSA"),
        public_jwk(rsa.generate_private_key(65537, 1024), "one", "RS256"),
    ],
    ids=[
        "shared secret",
        "shared secret in disguise",
        "private key",
        "encryption key",
        "other algorithm",
        "nameless",
        "short",
    ],
)
async def test_a_key_unfit_for_signing_is_passed_over(provider, unfit):
    fit = public_jwk(ELLIPTIC, "two", "ES256")
    provider.keys = [unfit, fit]
    keys = ProviderKeys(provider.url)
    assert await keys.key_called("one") is None
    assert await check(keys, token(ELLIPTIC, "two", "ES256")) == ACCEPTED


async def test_a_token_that_names_no_key_is_refused_without_asking_the_provider(provider):
    provider.keys = [public_jwk(EDWARDS, "one", "EdDSA")]
    keys = ProviderKeys(provider.url)
    with pytest.raises(Unauthenticated):
        await check(keys, token(EDWARDS, None, "EdDSA"))
    assert provider.asked == 0


async def test_a_key_of_one_kind_does_not_check_tokens_of_another(provider):
    provider.keys = [public_jwk(RSA, "one", "RS256")]
    with pytest.raises(Unauthenticated):
        await check(ProviderKeys(provider.url), token(RSA, "one", "PS256"))


async def test_a_door_with_an_outside_provider_accepts_its_tokens_alone(provider, door):
    provider.keys = [public_jwk(EDWARDS, "one", "EdDSA")]
    own = door.token()
    door.environment = {
        "DATATITLE_JWKS_URL": provider.url,
        "DATATITLE_ISSUER": ISSUER,
        "DATATITLE_AUDIENCE": AUDIENCE,
    }
    async with door.client() as client:
        for shown, status in ((token(EDWARDS, "one", "EdDSA"), 200), (own, 401)):
            headers = {"Authorization": f"Bearer {shown}"}
            response = await client.post("/graphql", json={"query": "{actor}"}, headers=headers)
            assert response.status_code == status
