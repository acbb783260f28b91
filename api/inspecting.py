"""What the ledger of an installation is held against, and the look at it when a server starts."""

import logging

from api.publishing import introduction
from api.sealing import load_signers, open_guard, read_witnesses
from api.settings import Settings
from ledger.formats.keys import VerifyingKey
from ledger.inspecting.fsck import Surroundings
from ledger.inspecting.published_notes import PublicFolder
from ledger.inspecting.quick import inspect_quickly
from ledger.inspecting.signers import Trust
from ledger.signing.key_file import load_secret
from services.registry import Registry

logger = logging.getLogger(__name__)

AUDITOR_KEY = "auditor.key"
SHOWN_AT_START = 3


def surroundings_of(settings: Settings) -> Surroundings:
    """The keys, the guard and the public folder, if there is one yet. Makes nothing.

    Raises `BadSettings` and `OSError` for keys and witnesses that cannot be read.
    """
    files = settings.ledger_files
    public = PublicFolder(files, introduction(settings)) if files.is_dir() else None
    return Surroundings(trust_of(settings), open_guard(settings), public)


def trust_of(settings: Settings) -> Trust:
    """Whose signatures count. Of the policy's logs those of this log's name: its former keys."""
    policy = read_witnesses(settings)
    own = tuple(signer.verifying_key for signer in load_signers(settings))
    former = [log.key for log in policy.logs if log.key.name == settings.log_origin]
    cosigners = [witness.key for witness in policy.witnesses]
    return Trust(settings.log_origin, own, (*former, *cosigners, *_auditors(settings)))


async def look_at_start(settings: Settings, registry: Registry) -> None:
    """Look at the end of the ledger, and log what is wrong there; nothing else comes of it."""
    try:
        around = surroundings_of(settings)
        async with registry.reading() as tx:
            report = await tx.connection.run_sync(inspect_quickly, around)
    except Exception:
        logger.exception("fault while the ledger was looked at")
        return
    for found in report.findings[:SHOWN_AT_START]:
        logger.error(
            "the ledger is damaged at entry %s, %s: %s", found.index, found.place, found.problem
        )
    if not report.is_sound:
        logger.error("have `datatitle ledger fsck` say what is wrong with the ledger")


def _auditors(settings: Settings) -> list[VerifyingKey]:
    """The auditor's key, where it is kept beside the log's own."""
    path = settings.data / "keys" / AUDITOR_KEY
    return [load_secret(path).verifying_key] if path.exists() else []
