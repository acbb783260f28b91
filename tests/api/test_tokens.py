"""Sign-in: every wrong token gets the very same answer, and a right one lets its member in."""

import base64
import hmac
import json
import stat

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from api.tokens import OwnIssuer
from services.clock import SystemClock

HEADER = {"kid": "datatitle-1", "typ": "at+jwt"}
RIGHT = {
    "iss": "datatitle",
    "aud": "datatitle",
    "sub": "li.wei",
    "iat": 0,
    "exp": 300,
    "party": "party_1",
    "role": "REGISTRANT",
}
REFUSED = (
    b'{"errors":[{"message":"The sign-in token is not accepted.",'
    b'"extensions":{"code":"UNAUTHENTICATED"}}]}'
)


def but(**changes):
    """The right claims but for these. `None` leaves one out; times count seconds from now."""
    now = int(SystemClock().now().timestamp())
    claims = {name: value for name, value in (RIGHT | changes).items() if value is not None}
    times = [name for name in ("iat", "exp", "nbf") if isinstance(claims.get(name), int)]
    return claims | {name: now + claims[name] for name in times}


def own_key(door):
    path = door.folder / "keys" / "token-issuer.pem"
    return load_pem_private_key(path.read_bytes(), password=None)


def signed(door, claims=None, header=None):
    """Signed by the door's own key, whatever it says."""
    payload = json.dumps(claims or but()).encode()
    algorithm = (header or {}).get("alg", "EdDSA")
    return jwt.api_jws.encode(payload, own_key(door), algorithm, headers=HEADER | (header or {}))


def encoded(*parts):
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join(texts)


def with_shared_secret(door, encoding, public_format):
    """By hand, since no library would take a public key for a secret."""
    secret = own_key(door).public_key().public_bytes(encoding, public_format)
    text = encoded(HEADER | {"alg": "HS256"}, but())
    seal = base64.urlsafe_b64encode(hmac.digest(secret, text, "sha256")).rstrip(b"=")
    return (text + b"." + seal).decode()


def unsigned(algorithm):
    return encoded(HEADER | {"alg": algorithm}, but()).decode() + "."


def carrying_its_own_key(_door):
    """RFC 7515 section 4.1.3 lets a token bring its key along; nobody should look at it."""
    key = Ed25519PrivateKey.generate()
    brought = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key()))
    return jwt.encode(but(), key, "EdDSA", headers=HEADER | {"jwk": brought})


def pointing_to_its_own_keys(_door):
    header = HEADER | {"jku": "https://evil.example/keys", "x5u": "https://evil.example/x5"}
    return jwt.encode(but(), Ed25519PrivateKey.generate(), "EdDSA", headers=header)


RAW, PEM = (
    (Encoding.Raw, PublicFormat.Raw),
    (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
)

WRONG = {
    "garbage": lambda _: "garbage",
    "three empty parts": lambda _: "..",
    "very long": lambda _: "a" * 9_000,
    "deep header": lambda _: base64.urlsafe_b64encode(b"[" * 4_000).decode() + ".e30.AA",
    "alg none": lambda _: unsigned("none"),
    "alg None": lambda _: unsigned("None"),
    "alg missing": lambda _: unsigned(None),
    "HS256 with the public key's bytes": lambda door: with_shared_secret(door, *RAW),
    "HS256 with the public key's text": lambda door: with_shared_secret(door, *PEM),
    "RS256": lambda _: jwt.encode(but(), generate_private_key(65537, 2048), "RS256", HEADER),
    "another key": lambda _: jwt.encode(but(), Ed25519PrivateKey.generate(), "EdDSA", HEADER),
    "its own key": carrying_its_own_key,
    "its own key's address": pointing_to_its_own_keys,
    "another kid": lambda door: signed(door, header={"kid": "datatitle-2"}),
    "another type": lambda door: signed(door, header={"typ": "logout+jwt"}),
    "critical extension": lambda door: signed(door, header={"crit": ["strange"], "strange": 1}),
    "claims are a list": lambda door: signed(door, [1]),
    "expired": lambda door: signed(door, but(exp=-6)),
    "not yet valid": lambda door: signed(door, but(nbf=10)),
    "issued in the future": lambda door: signed(door, but(iat=10)),
    "exp of text": lambda door: signed(door, but(exp="tomorrow")),
    "exp without end": lambda door: signed(door, but(exp=float("inf"))),
    "no iss": lambda door: signed(door, but(iss=None)),
    "no aud": lambda door: signed(door, but(aud=None)),
    "no sub": lambda door: signed(door, but(sub=None)),
    "no exp": lambda door: signed(door, but(exp=None)),
    "no iat": lambda door: signed(door, but(iat=None)),
    "wrong iss": lambda door: signed(door, but(iss="datatitle.evil")),
    "list of iss": lambda door: signed(door, but(iss=["datatitle"])),
    "part of iss": lambda door: signed(door, but(iss="data")),
    "wrong aud": lambda door: signed(door, but(aud="another-service")),
    "empty aud": lambda door: signed(door, but(aud=[])),
    "empty sub": lambda door: signed(door, but(sub="")),
    "sub of a number": lambda door: signed(door, but(sub=1)),
    "party of a number": lambda door: signed(door, but(party=1)),
    "role of a list": lambda door: signed(door, but(role=["REGISTRAR"])),
    "a member nobody knows": lambda door: door.token("expelled"),
    "cut short": lambda door: door.token()[:-4],
}


async def ask(client, *authorizations):
    headers = [("Authorization", value) for value in authorizations]
    return await client.post("/graphql", json={"query": "{actor}"}, headers=headers)


def assert_refused(response):
    assert response.status_code == 401
    assert response.content == REFUSED
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG.keys())
async def test_every_wrong_token_gets_the_very_same_answer(door, client, make):
    assert_refused(await ask(client, f"Bearer {make(door)}"))


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", "Basic bGk6d2Vp", "bearertoken"])
async def test_anything_but_a_bearer_token_is_refused(client, shown):
    assert_refused(await ask(client, shown))


async def test_two_tokens_are_refused_even_if_both_are_right(door, client):
    bearer = f"Bearer {door.token()}"
    assert_refused(await ask(client, bearer, bearer))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"exp": -1},
        {"iat": 2},
        {"nbf": 2},
        {"aud": ["another-service", "datatitle"]},
        {"role": None},
        {"jku": "https://evil.example"},
    ],
)
async def test_a_right_token_lets_its_member_in(door, client, change):
    """The clocks of issuer and register may differ by 5 s."""
    response = await ask(client, f"Bearer {signed(door, but(**change))}")
    assert response.json() == {"data": {"actor": "li.wei for party_1"}}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_an_issued_token_lets_its_member_in(door, client, scheme):
    response = await ask(client, f"{scheme} {door.token('zhang')}")
    assert response.json() == {"data": {"actor": "zhang for party_1"}}


async def test_no_token_is_the_public(client):
    response = await ask(client)
    assert response.json() == {"data": {"actor": None}}


def test_the_own_key_is_made_once_and_for_its_owner_alone(door):
    assert OwnIssuer.at(door.folder).sign(RIGHT) == OwnIssuer.at(door.folder).sign(RIGHT)
    path = door.folder / "keys" / "token-issuer.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
