"""Where this installation publishes its log: a folder, and perhaps a copy elsewhere."""

from api.sealing import load_signers, read_witnesses
from api.settings import Settings
from ledger.publishing.introduction import introduction_of
from ledger.publishing.mirror import Mirror
from ledger.publishing.publisher import LogPublisher
from ledger.publishing.shelf import FolderShelf, open_shelf


def open_publisher(settings: Settings) -> LogPublisher:
    """What publishes the log in its folder, which it makes when there is something to publish."""
    return LogPublisher(FolderShelf(settings.ledger_files), lambda: introduction(settings))


def introduction(settings: Settings) -> dict[str, str]:
    """What lies beside the checkpoint for a stranger to begin with, by name."""
    keys = [signer.verifying_key for signer in load_signers(settings)]
    return introduction_of(keys, read_witnesses(settings))


def open_mirror(settings: Settings) -> Mirror | None:
    """What copies the folder to the place the settings name; None when they name none."""
    place = settings.ledger_mirror
    if place is None:
        return None
    return Mirror(FolderShelf(settings.ledger_files), open_shelf(place), place)
