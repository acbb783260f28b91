"""The keys of an outside sign-in provider, kept fresh without making anybody wait."""

import asyncio
import logging

import httpx
import msgspec

from api.tokens import KeySet, SigningKey, signing_keys_of

logger = logging.getLogger(__name__)

PATIENCE = httpx.Timeout(5.0)
FETCH_WITHIN = 10.0
LARGEST_KEY_SET = 256 * 1024
PROVIDER_FAULTS = (TimeoutError, httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError)


class ProviderKeys:
    """A provider's JSON Web Key Set (RFC 7517), fetched from `url`.

    Fetched when `refresh` is called, and at once when a token names a key not known yet, but
    never within `pause` seconds of the last attempt: otherwise anybody with invented key names
    could make this server hammer the provider. What has not been confirmed for `trust_for`
    seconds is trusted no longer, so that a key the provider took back does not live on here
    while the provider cannot be reached.
    """

    def __init__(
        self,
        url: str,
        *,
        pause: float = 10.0,
        trust_for: float = 3600.0,
    ) -> None:
        self._url = url
        self._pause = pause
        self._trust_for = trust_for
        self._keys: dict[str, SigningKey] = {}
        self._confirmed_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key_called(self, key_id: str | None) -> SigningKey | None:
        """The key of that name; `None` for no name, a name unknown, or keys grown too old."""
        if not isinstance(key_id, str):
            return None
        if key_id not in self._trusted():
            await self.refresh()
        return self._trusted().get(key_id)

    async def refresh(self) -> None:
        """Fetch the keys unless that was tried a moment ago; a failure is logged, not raised."""
        async with self._lock:
            if _seconds() - self._tried_at < self._pause:
                return
            self._tried_at = _seconds()
            try:
                self._keys = await self._fetch()
            except PROVIDER_FAULTS as fault:
                logger.warning("sign-in keys could not be fetched: %s", type(fault).__name__)
            else:
                self._confirmed_at = _seconds()

    def _trusted(self) -> dict[str, SigningKey]:
        return self._keys if _seconds() - self._confirmed_at < self._trust_for else {}

    async def _fetch(self) -> dict[str, SigningKey]:
        async with (
            asyncio.timeout(FETCH_WITHIN),
            httpx.AsyncClient(timeout=PATIENCE) as client,
            client.stream("GET", self._url) as response,
        ):
            response.raise_for_status()
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LARGEST_KEY_SET:
                    raise ValueError("the key set is too large")
        return signing_keys_of(msgspec.json.decode(body, type=KeySet))


def _seconds() -> float:
    """Seconds of a clock that is never set back; it measures spans and tells no time."""
    return asyncio.get_running_loop().time()
