"""Tokens are checked once, and believed no longer than they and their keys hold."""

import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api import known_tokens
from api.known_tokens import KnownTokens
from api.tokens import LEEWAY, OwnIssuer, Unauthenticated, check_token, issue_token
from services.clock import SystemClock

NAMES = {"issuer": "datatitle", "audience": "datatitle"}


class Keys:
    """An issuer that takes a new key under the same name."""

    def __init__(self):
        self.renew()

    def renew(self):
        self.issuer = OwnIssuer(Ed25519PrivateKey.generate())

    async def key_called(self, key_id):
        return await self.issuer.key_called(key_id)

    def token(self, subject="li.wei", lifetime=timedelta(minutes=5)):
        return issue_token(
            self.issuer,
            issued_by="datatitle",
            audience="datatitle",
            subject=subject,
            party_id="party_1",
            role=None,
            now=SystemClock().now(),
            lifetime=lifetime,
        )


@pytest.fixture
def keys():
    return Keys()


@pytest.fixture
def tokens(keys):
    return KnownTokens(keys, **NAMES)


@pytest.fixture
def checked(monkeypatch):
    """The tokens that were checked whole."""
    seen = []

    async def check(token, *keys, **names):
        seen.append(token)
        return await check_token(token, *keys, **names)

    monkeypatch.setattr(known_tokens, "check_token", check)
    return seen


async def test_a_token_is_checked_once(tokens, keys, checked):
    token = keys.token()
    claims = [await tokens.check(token) for _ in range(3)]
    assert claims == [await check_token(token, keys, **NAMES)] * 3
    assert checked == [token]


async def test_a_token_that_is_not_accepted_is_never_known(tokens, keys):
    token = keys.token()
    await tokens.check(token)
    for wrong in (token[:-4] + "AAAA", token + "A", "", "x.y.z"):
        with pytest.raises(Unauthenticated):
            await tokens.check(wrong)


async def test_a_known_token_ends_when_it_says(tokens, keys):
    token = keys.token(lifetime=timedelta(seconds=1.5) - LEEWAY)
    assert (await tokens.check(token)).subject == "li.wei"
    await asyncio.sleep(1.6)
    with pytest.raises(Unauthenticated):
        await tokens.check(token)


async def test_a_known_token_ends_with_its_key(tokens, keys):
    token = keys.token()
    await tokens.check(token)
    keys.renew()
    with pytest.raises(Unauthenticated):
        await tokens.check(token)
    await tokens.check(keys.token())


async def test_no_more_tokens_are_known_than_may_be(tokens, keys, checked, monkeypatch):
    monkeypatch.setattr(known_tokens, "MOST_KNOWN", 2)
    made = [keys.token(f"member-{number}") for number in range(3)]
    for token in made:
        await tokens.check(token)
    await tokens.check(made[2])
    assert checked == made
    await tokens.check(made[0])
    assert checked == [*made, made[0]]
