"""How this installation seals its log: with which keys, guard and witnesses, and how it tells."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from api.settings import BadSettings, Settings
from api.witness_client import ask_witness
from ledger.formats.keys import Algorithm, VerifyingKey
from ledger.formats.policy import NONE, Policy, parse_policy
from ledger.formats.spelling import Malformed
from ledger.signing.command_signer import CommandSigner, parse_command_signer
from ledger.signing.faults import NotSealedError
from ledger.signing.file_guard import FileGuard
from ledger.signing.guard import Guard, GuardBusyError
from ledger.signing.key_file import Signer, create_secret, load_secret
from ledger.signing.ports import Publisher
from ledger.signing.quorum import Quorum
from ledger.signing.sealing import Sealing
from services.registry import Registry

logger = logging.getLogger(__name__)

LOG_KEY = "log.key"
# There only while the log's key is being changed: both sign then.
NEXT_LOG_KEY = "log.next.key"
ML_DSA_KEY = "log-mldsa.key"

# Seconds from a failure to the next attempt: twice as many each time.
FIRST_REST = 1.0
LONGEST_REST = 60.0


def open_signers(settings: Settings) -> list[Signer]:
    """The keys of the log, its Ed25519 key first. Those that lie in files are made if missing."""
    signers = {signer.verifying_key.algorithm: signer for signer in _commands(settings)}
    for name, algorithm in ((LOG_KEY, Algorithm.ED25519), (ML_DSA_KEY, Algorithm.ML_DSA_44)):
        path = settings.data / "keys" / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if algorithm not in signers and not path.exists():
            # Another process that starts at this moment may be the first to write it.
            with suppress(FileExistsError):
                create_secret(path, settings.log_origin, algorithm)
    return load_signers(settings)


def load_signers(settings: Settings) -> list[Signer]:
    """The same keys as they are now, which are all there."""
    commands = {signer.verifying_key.algorithm: signer for signer in _commands(settings)}
    folder = settings.data / "keys"
    own: Signer = commands.get(Algorithm.ED25519) or load_secret(folder / LOG_KEY)
    ml_dsa: Signer = commands.get(Algorithm.ML_DSA_44) or load_secret(folder / ML_DSA_KEY)
    next_own = folder / NEXT_LOG_KEY
    return [own, *([load_secret(next_own)] if next_own.exists() else []), ml_dsa]


def log_key(settings: Settings) -> VerifyingKey:
    """The key that notes of the log are checked with."""
    return open_signers(settings)[0].verifying_key


def open_guard(settings: Settings) -> Guard:
    """The guard in a file, or in the object store that the settings name. Raises `BadSettings`."""
    place, origin = settings.guard, settings.log_origin
    if isinstance(place, Path):
        return FileGuard(place, origin)
    # Only where a store is configured need its library be there.
    from ledger.signing.object_guard import open_object_guard  # noqa: PLC0415

    try:
        return open_object_guard(place, origin)
    except ValueError as fault:
        raise BadSettings(f"DATATITLE_GUARD: {fault}") from None


def open_sealing(
    settings: Settings, registry: Registry, publisher: Publisher | None = None
) -> Sealing:
    """What seals the log of an open register. Makes the log's keys. Raises `BadSettings`."""
    open_signers(settings)
    quorum = Quorum(
        transactions=registry,
        signers=lambda: load_signers(settings),
        trusted=read_witnesses(settings),
        ask=ask_witness,
    )
    return Sealing(registry, open_guard(settings), quorum, publisher, settings.heartbeat)


def read_witnesses(settings: Settings) -> Policy:
    """The policy by which the log is witnessed; without one nobody is asked."""
    path = settings.witnesses
    if path is None:
        return Policy((), (), (), NONE)
    try:
        policy = parse_policy(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, Malformed) as fault:
        raise BadSettings(f"DATATITLE_WITNESSES: {path} cannot be used: {fault}") from None
    for witness in policy.witnesses:
        if witness.url and not witness.url.startswith(("https://", "http://")):
            raise BadSettings(f"DATATITLE_WITNESSES: {witness.url} is no address of a witness")
    return policy


def _commands(settings: Settings) -> list[CommandSigner]:
    try:
        signers = [parse_command_signer(line) for line in settings.signers]
    except Malformed as fault:
        raise BadSettings(f"DATATITLE_SIGNER: {fault}") from None
    for signer in signers:
        key = signer.verifying_key
        if key.name != settings.log_origin or key.algorithm is Algorithm.COSIGNATURE:
            raise BadSettings(f"DATATITLE_SIGNER: {key.vkey()} is no key of this log")
    return signers


class RepeatedSealing:
    """Seals again and again beside everything else, which nothing that happens here may stop.

    What goes wrong is tried again, after a longer rest each time, and told once for each cause.
    `faults` counts, since it last went well, what went wrong that need not go wrong elsewhere.
    """

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self.faults = 0
        self._told: str | None = None
        self._rest = 0.0
        self._not_before = float("-inf")

    async def __call__(self) -> None:
        now = asyncio.get_running_loop().time
        if now() < self._not_before:
            return
        try:
            await self._sealing.seal()
        except GuardBusyError:
            return  # Another process is at it.
        except NotSealedError as reason:
            if self._is_news(reason):
                logger.error("the log is not sealed: %s", reason)  # noqa: TRY400 - for a person.
        except Exception as fault:
            self.faults += 1
            if self._is_news(fault):
                logger.exception("fault while the log was sealed")
        else:
            self._tell_recovery()
            return
        self._rest = min(max(self._rest * 2, FIRST_REST), LONGEST_REST)
        self._not_before = now() + self._rest

    def _is_news(self, fault: Exception) -> bool:
        before, self._told = self._told, f"{type(fault).__name__}: {fault}"
        return self._told != before

    def _tell_recovery(self) -> None:
        if self._told is not None:
            logger.warning("the log is sealed again")
        self._told, self._rest, self.faults = None, 0.0, 0
