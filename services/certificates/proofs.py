"""Proof files of certificates: how each stands, for whoever does not trust the register."""

import re

from ledger.formats.proof_file import Form
from services.registry import Registry

# Only certificates are public subjects of the ledger; other records' names begin otherwise.
CERTIFICATE_NUMBER = re.compile(r"[0-9]{17}", re.ASCII)
_SALT = re.compile(r"[0-9a-f]{32}", re.ASCII)


async def proof_of(
    registry: Registry, number: str, *, form: Form = Form.FULL, salt: bytes | None = None
) -> str | None:
    """The proof file of a certificate, full or short, under the newest published checkpoint.

    With a salt that is not the certificate's own it proves that there is no such certificate.
    None when no published checkpoint covers it yet, or, without a salt, when there is none.
    """
    if not CERTIFICATE_NUMBER.fullmatch(number):
        return None
    async with registry.reading() as tx:
        return await tx.log.prove_subject(tx.connection, number, form=form, salt=salt)


async def lookup_salt_of(registry: Registry, number: str) -> str | None:
    """What is printed beside a certificate's number, in hex: both lead to it in the ledger."""
    async with registry.reading() as tx:
        salt = await tx.log.salt_of(tx.connection, number)
    return None if salt is None else salt.hex()


def parse_salt(text: str) -> bytes | None:
    """A salt as it is printed: 16 bytes in lower-case hex; None for anything else."""
    return bytes.fromhex(text) if _SALT.fullmatch(text) else None
