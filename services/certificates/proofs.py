"""What the ledger says of certificates: their histories, and proof files for whoever does not
trust the register.
"""

import re
from collections.abc import Sequence

from ledger.formats.proof_file import Form
from ledger.keeping.log import RecordedEvent
from services.registry import Registry
from services.views import Batch

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


async def proofs_of(registry: Registry, numbers: Sequence[str], form: Form) -> dict[str, str]:
    """The proof files of those certificates that have one, in one form."""
    proofs = {number: await proof_of(registry, number, form=form) for number in numbers}
    return {number: proof for number, proof in proofs.items() if proof is not None}


async def lookup_salts_of(registry: Registry, numbers: Sequence[str]) -> dict[str, str]:
    """What is printed beside certificates' numbers, in hex: both lead to one in the ledger."""
    async with registry.reading() as tx:
        salts = await tx.log.salts_of(tx.connection, numbers)
    return {number: salt.hex() for number, salt in salts.items()}


async def histories_of(
    registry: Registry, numbers: Sequence[str]
) -> dict[str, list[RecordedEvent]]:
    """Every event on certificates' chains, oldest first. Callers show the public facts only."""
    async with registry.reading() as tx:
        return await tx.log.histories_of(tx.connection, numbers)


def parse_salt(text: str) -> bytes | None:
    """A salt as it is printed: 16 bytes in lower-case hex; None for anything else."""
    return bytes.fromhex(text) if _SALT.fullmatch(text) else None


HISTORIES = Batch(histories_of, "number")
LOOKUP_SALTS = Batch(lookup_salts_of, "number")
PROOFS = Batch(proofs_of, "number")
