"""What an auditor reads: the register's own database, or the public files of any log."""

from collections.abc import Callable
from pathlib import Path

import httpx

from ledger.inspecting.auditor.audit import Audit, Auditor
from ledger.inspecting.auditor.database import DatabaseLog
from ledger.inspecting.auditor.public_files import PublicFiles, ReadFile
from ledger.signing.checkpoints import Cosignature, keep_cosignatures
from services.postgresql import reads_by_key
from services.registry import Registry

Progress = Callable[[int, int], None]

NOT_FOUND = 404
SECONDS = 30
LARGEST_FILE = 32 * 1024 * 1024  # 256 entries of 65,535 bytes are 16 MiB.


async def audit_own_log(
    registry: Registry, auditor: Auditor, progress: Progress, *, from_start: bool
) -> Audit | None:
    """Audit the log in the database, with all that can be opened, and keep the cosignature there.

    The next time that the checkpoint is published, it bears the auditor's line.
    """
    async with registry.reading() as tx:
        await reads_by_key(tx.connection)
        log = DatabaseLog(tx.connection)
        audit = await auditor.audit(log, from_start=from_start, progress=progress)
    if audit is not None and audit.signature is not None:
        time = auditor.signer.verifying_key.check(
            audit.checkpoint.text(), audit.signature.signature
        )
        assert time is not None, audit
        async with registry.deciding() as tx:
            size, line = audit.checkpoint.tree_size, Cosignature(audit.signature, time)
            await keep_cosignatures(tx.connection, size, [line])
    return audit


async def audit_public_log(
    place: str, auditor: Auditor, progress: Progress, *, from_start: bool
) -> Audit | None:
    """Audit any log by its public files, below a folder or an address. Raises `OSError`."""
    if "://" not in place:
        log = PublicFiles(_in_folder(Path(place)))
        return await auditor.audit(log, from_start=from_start, progress=progress)
    with httpx.Client(timeout=SECONDS) as client:
        log = PublicFiles(_at_address(client, place.rstrip("/")))
        return await auditor.audit(log, from_start=from_start, progress=progress)


def _in_folder(folder: Path) -> ReadFile:
    def read(path: str) -> bytes | None:
        try:
            return (folder / path).read_bytes()
        except FileNotFoundError:
            return None

    return read


def _at_address(client: httpx.Client, address: str) -> ReadFile:
    def read(path: str) -> bytes | None:
        try:
            with client.stream("GET", f"{address}/{path}") as answer:
                if answer.status_code == NOT_FOUND:
                    return None
                answer.raise_for_status()
                return _limited(answer)
        except httpx.HTTPError as fault:
            raise OSError(f"{address}/{path} could not be fetched: {fault}") from None

    return read


def _limited(answer: httpx.Response) -> bytes:
    content = bytearray()
    for chunk in answer.iter_bytes():
        content += chunk
        if len(content) > LARGEST_FILE:
            raise OSError(f"{answer.url} is larger than any file of a log")
    return bytes(content)
