"""`datatitle ledger key`: show the key that the ledger is signed with."""

from api.cli.installation import require_register, settings_or_exit
from api.settings import Settings


def key() -> None:
    """Print the public key that checkpoints and proofs are checked with."""
    print(verifier_key(settings_or_exit()))


def verifier_key(settings: Settings) -> str:
    """The key of the log that is there; ends the command when none is, and makes none."""
    from api.sealing import log_key

    require_register(settings)
    return log_key(settings).vkey()
