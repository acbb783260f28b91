"""Tokens that are none, or not ours, or no longer: one answer for all, and no hint why."""

import base64
import json
from datetime import timedelta

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
from tests.scenarios.malformed.world import told

DRAFT = """
mutation {
  draftApplication(input: {idempotencyKey: "a-key-of-mine", kind: PRODUCT, name: "样例"}) {
    userErrors { code }
  }
}
"""
KEY_ID = {"kid": "datatitle-1", "typ": "at+jwt"}
REFUSED = (
    401,
    {
        "errors": [
            {
                "message": "The sign-in token is not accepted.",
                "extensions": {"code": "UNAUTHENTICATED"},
            }
        ]
    },
)


def claims(world, **changes):
    now = int(SystemClock().now().timestamp())
    holder = world.cast.holder
    said = {
        "iss": world.settings.issuer,
        "aud": world.settings.audience,
        "sub": holder.subject,
        "party": holder.party_id,
        "iat": now,
        "exp": now + 300,
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def our_own(world, **changes):
    """Signed by the register's own key, whatever it says."""
    return OwnIssuer.at(world.settings.data).sign(claims(world, **changes))


def unsigned(world, header):
    parts = (header, claims(world))
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts)


def by_another_key(world):
    return jwt.encode(claims(world), Ed25519PrivateKey.generate(), "EdDSA", headers=KEY_ID)


def by_another_algorithm(world):
    return jwt.encode(claims(world), generate_private_key(65537, 2048), "RS256", headers=KEY_ID)


def by_our_public_key_as_a_secret(world):
    """The classic: the public key, which everybody has, taken for a shared secret."""
    pem = (world.settings.data / "keys" / "token-issuer.pem").read_bytes()
    public_key = load_pem_private_key(pem, password=None).public_key()
    secret = public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return jwt.encode(claims(world), secret, "HS256", headers=KEY_ID)


def changed_after_signing(world):
    header, _, seal = our_own(world).split(".")
    _, payload, _ = our_own(world, sub="office-registrar").split(".")
    return f"{header}.{payload}.{seal}"


PAST = int(SystemClock().now().timestamp()) - 3_600
TOKENS = {
    "rubbish": lambda _: "rubbish",
    "three dots": lambda _: "...",
    "bytes beyond ASCII": lambda _: "é" * 50,
    "100 kilobytes": lambda _: "a." * 50_000,
    "no signature": lambda world: unsigned(world, {"alg": "none", **KEY_ID}) + ".",
    "no algorithm": lambda world: unsigned(world, KEY_ID) + ".AA",
    "a header that is a list": lambda world: unsigned(world, [1]) + ".AA",
    "a key's name that is a list": lambda world: (
        unsigned(world, {"alg": "EdDSA", "kid": []}) + ".A"
    ),
    "another key of our key's name": by_another_key,
    "another algorithm": by_another_algorithm,
    "a shared secret": by_our_public_key_as_a_secret,
    "another payload": changed_after_signing,
    "cut short": lambda world: our_own(world)[:-10],
    "expired": lambda world: our_own(world, iat=PAST, exp=PAST + 60),
    "issued in the future": lambda world: our_own(world, iat=PAST + 7_200, exp=PAST + 7_500),
    "an end of text": lambda world: our_own(world, exp="never"),
    "an end of no number": lambda world: our_own(world, exp=float("nan")),
    "no end": lambda world: our_own(world, exp=None),
    "no subject": lambda world: our_own(world, sub=None),
    "an empty subject": lambda world: our_own(world, sub=""),
    "a subject with a null character": lambda world: our_own(world, sub="\0"),
    "a subject that is half a surrogate pair": lambda world: our_own(world, sub="\ud800"),
    "half of a surrogate pair": lambda world: our_own(world, party="party_\ud800"),
    "another issuer": lambda world: our_own(world, iss="somebody"),
    "another audience": lambda world: our_own(world, aud=["somebody"]),
    "another party": lambda world: our_own(world, party=world.cast.bank.party_id),
    "a party that is a list": lambda world: our_own(world, party=[world.cast.bank.party_id]),
    "a role nobody has": lambda world: our_own(world, role="EMPEROR"),
    "a role the member has not": lambda world: our_own(world, role="REGISTRAR"),
}


@pytest.mark.parametrize("make", TOKENS.values(), ids=TOKENS)
async def test_a_wrong_token_is_refused_and_not_told_why(world, make):
    headers = {"Authorization": f"Bearer {make(world)}".encode("latin-1")}
    answer = await world.send("POST", "/graphql", json={"query": DRAFT}, headers=headers)
    assert (answer.status_code, answer.json()) == REFUSED


SHOWN = {
    "nothing": b"",
    "no scheme": b"token",
    "another scheme": b"Basic YTpi",
    "no token": b"Bearer ",
}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
async def test_what_is_no_bearer_token_is_refused(world, shown):
    headers = {"Authorization": shown}
    answer = await world.send("POST", "/graphql", json={"query": DRAFT}, headers=headers)
    assert (answer.status_code, answer.json()) == REFUSED


async def test_two_tokens_are_one_too_many(world):
    shown = ("Authorization", f"Bearer {world.token('holder')}")
    answer = await world.send("POST", "/graphql", json={"query": DRAFT}, headers=[shown, shown])
    assert (answer.status_code, answer.json()) == REFUSED


async def test_without_a_token_nothing_is_done(world):
    assert told(await world.ask(DRAFT)) == (200, ["UNAUTHENTICATED"])


async def test_a_token_of_our_own_is_accepted(world):
    """What the refusals above differ from by one thing each."""
    body = {"query": DRAFT}
    lifetime = timedelta(minutes=1)
    for token in (our_own(world), world.token("holder", lifetime=lifetime)):
        headers = {"Authorization": f"Bearer {token}"}
        answer = await world.client.post("/graphql", json=body, headers=headers)
        assert told(answer) == (200, [])
