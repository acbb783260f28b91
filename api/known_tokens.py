"""Tokens that were checked before: a signature that held once holds, as long as its key does."""

from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

import jwt

from api.tokens import LEEWAY, Claims, KeySource, SigningKey, check_token
from services.clock import SystemClock

MOST_KNOWN = 10_000


class _Known(NamedTuple):
    claims: Claims
    key_id: str | None
    key: SigningKey


@dataclass(slots=True)
class KnownTokens:
    """Checks each token once for as long as it lasts and the source has the same key for it."""

    keys: KeySource
    issuer: str
    audience: str
    _known: OrderedDict[bytes, _Known] = field(default_factory=OrderedDict)

    async def check(self, token: str) -> Claims:
        """What the token says. Raises `Unauthenticated`."""
        name = sha256(token.encode()).digest()
        known = self._known.get(name)
        if known is not None and await self._holds(known):
            return known.claims
        claims = await check_token(token, self.keys, issuer=self.issuer, audience=self.audience)
        key_id = jwt.get_unverified_header(token).get("kid")
        key = await self.keys.key_called(key_id)
        if key is not None:
            self._known[name] = _Known(claims, key_id, key)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return claims

    async def _holds(self, known: _Known) -> bool:
        lasts = known.claims.expires_at + LEEWAY.total_seconds()
        is_over = SystemClock().now().timestamp() >= lasts
        return not is_over and await self.keys.key_called(known.key_id) is known.key
