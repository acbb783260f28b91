"""Sign-in tokens: signed by this server's own key, checked whoever signed them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from api.key_files import key_at

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

LEEWAY = timedelta(seconds=5)
LONGEST_TOKEN = 8192
SMALLEST_RSA_KEY = 2048
OWN_KEY_ID = "datatitle-1"
REQUIRED_CLAIMS = ("iss", "aud", "sub", "exp", "iat")
# RFC 9068 names the first; most providers still write the second, or nothing.
TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})


class Unauthenticated(Exception):  # noqa: N818 - who asks, not an error of ours.
    """Whoever asks is not who they say. It never tells which check failed."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a checked token says: who, by whose word, for which party and in which role.

    `expires_at` in seconds since 1970 UTC.
    """

    subject: str
    issuer: str
    party_id: str | None
    role: str | None
    expires_at: float


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key with the one algorithm (RFC 7518, RFC 8037) its tokens may name."""

    algorithm: str
    key: PublicKey


class KeySource(Protocol):
    """Where the keys of an issuer are looked up."""

    async def key_called(self, key_id: str | None) -> SigningKey | None:
        """The key a token's `kid` names; `None` if there is none."""
        ...


class OwnIssuer:
    """The issuer inside this server: one Ed25519 key in the data folder."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self._signing_key = SigningKey("EdDSA", private_key.public_key())

    @classmethod
    def at(cls, folder: Path) -> "OwnIssuer":
        """The issuer whose key lies in `folder`; the key is made when it is not there."""
        path = folder / "keys" / "token-issuer.pem"
        key = load_pem_private_key(key_at(path, _new_key), password=None)
        assert isinstance(key, Ed25519PrivateKey), path
        return cls(key)

    async def key_called(self, key_id: str | None) -> SigningKey | None:
        return self._signing_key if key_id == OWN_KEY_ID else None

    def sign(self, claims: Mapping[str, Any]) -> str:
        header = {"kid": OWN_KEY_ID, "typ": "at+jwt"}
        return jwt.encode(dict(claims), self._private_key, algorithm="EdDSA", headers=header)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def issue_token(
    issuer: OwnIssuer,
    *,
    issued_by: str,
    audience: str,
    subject: str,
    party_id: str | None,
    role: str | None,
    now: datetime,
    lifetime: timedelta,
) -> str:
    """A token of the embedded issuer for one member, acting for a party in a role."""
    claims = {"iss": issued_by, "aud": audience, "sub": subject, "iat": now, "exp": now + lifetime}
    acting = {"party": party_id, "role": role}
    return issuer.sign(claims | {name: value for name, value in acting.items() if value})


async def check_token(token: str, keys: KeySource, *, issuer: str, audience: str) -> Claims:
    """What the token says, once everything about it holds (RFC 7519, RFC 8725).

    The header may choose a key by `kid` and nothing else: the algorithm is the key's own, and
    `jku`, `jwk`, `x5u` and their like are never looked at. Raises `Unauthenticated`.
    """
    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated
    try:
        header = jwt.get_unverified_header(token)
        _require_token_type(header)
        signing_key = await keys.key_called(header.get("kid"))
        if signing_key is None:
            raise Unauthenticated
        payload = jwt.decode(
            token,
            signing_key.key,
            algorithms=[signing_key.algorithm],
            issuer=issuer,
            audience=audience,
            leeway=LEEWAY,
            options={"require": list(REQUIRED_CLAIMS), "enforce_minimum_key_length": True},
        )
        return _claims_in(payload)
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError):
        raise Unauthenticated from None


def _require_token_type(header: Mapping[str, Any]) -> None:
    if str(header.get("typ", "jwt")).lower() not in TOKEN_TYPES:
        raise Unauthenticated


def _claims_in(payload: Mapping[str, Any]) -> Claims:
    subject, party_id, role = payload["sub"], payload.get("party"), payload.get("role")
    if not isinstance(subject, str) or not subject:
        raise Unauthenticated
    if not isinstance(party_id, str | None) or not isinstance(role, str | None):
        raise Unauthenticated
    subject.encode()  # A ValueError when it holds half of a surrogate pair.
    expires_at = float(payload["exp"])
    return Claims(subject, payload["iss"], party_id, role, expires_at)


class KeySet(msgspec.Struct, frozen=True):
    """A JSON Web Key Set (RFC 7517) as it comes over the wire."""

    keys: list[dict[str, Any]]


def signing_keys_of(key_set: KeySet) -> dict[str, SigningKey]:
    """The usable keys of a set, by `kid`.

    Keys without a `kid`, for encryption, of other kinds, or carrying a private or shared secret
    are passed over.
    """
    found = {key["kid"]: _signing_key_of(key) for key in key_set.keys if _may_sign(key)}
    return {key_id: key for key_id, key in found.items() if key is not None}


def _may_sign(key: Mapping[str, Any]) -> bool:
    is_named = isinstance(key.get("kid"), str)
    return is_named and key.get("use", "sig") == "sig" and "d" not in key


# Key type and curve decide the algorithm; what the key says of itself is only compared with it.
ALGORITHMS = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-256"): "ES256", ("RSA", ""): "RS256"}


def _signing_key_of(key: Mapping[str, Any]) -> SigningKey | None:
    algorithm = ALGORITHMS.get((str(key.get("kty")), str(key.get("crv", ""))))
    if algorithm is None or key.get("alg", algorithm) != algorithm:
        return None
    try:
        public_key = jwt.PyJWK(dict(key), algorithm).key
    except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError):
        return None
    if isinstance(public_key, RSAPublicKey) and public_key.key_size < SMALLEST_RSA_KEY:
        return None
    return SigningKey(algorithm, public_key)
