"""The secrets in the data folder, and whether what is published goes with them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from api.checkup.checks import Check, fault, note, ok, warning
from api.publishing import introduction
from api.sealing import load_signers
from api.settings import BadSettings, Settings
from ledger.formats.spelling import Malformed
from ledger.publishing.headers import KEY_PATH
from ledger.signing.command_signer import CommandSigner
from ledger.signing.key_file import Signer

OTHERS = 0o077
SUBJECT = "keys"


def check_keys(settings: Settings) -> Iterable[Check]:
    """Present, of this log, readable by their owner alone; and the published key is theirs."""
    folder = settings.data / "keys"
    yield from _exposed(folder)
    try:
        signers = load_signers(settings)
    except FileNotFoundError as missing:
        to_do = "Put it back where it was: with another key the log cannot go on by itself."
        yield fault(SUBJECT, f"{missing.filename} is missing, so nothing is signed.", to_do)
    except (OSError, Malformed, BadSettings) as reason:
        yield fault(SUBJECT, str(reason), "Nothing is signed until this is put right.")
    else:
        yield from _of_the_log(settings, signers)
        yield from _published(settings)


def _exposed(folder: Path) -> Iterator[Check]:
    """Files that others may read, or a folder others may look into, which lets them in later."""
    for path in [folder, *sorted(folder.glob("*"))]:
        mode = path.stat().st_mode & OTHERS if path.exists() else 0
        if mode:
            mine = "700" if path.is_dir() else "600"
            found = f"Others may get at {path}."
            yield fault(SUBJECT, found, f"chmod {mine} it; if they did, the key has to be changed.")


def _of_the_log(settings: Settings, signers: list[Signer]) -> Iterator[Check]:
    strange = [each for each in signers if each.verifying_key.name != settings.log_origin]
    for each in strange:
        name = each.verifying_key.name
        found = f"A key here is that of the log {name}, and this log is {settings.log_origin}."
        yield fault(SUBJECT, found, "Set DATATITLE_LOG_ORIGIN to the name the log has always had.")
    if strange:
        return
    names = [each.verifying_key.algorithm.name.replace("_", "-") for each in signers]
    commands = sum(isinstance(each, CommandSigner) for each in signers)
    where = f", {commands} of them by a command" if commands else ""
    yield ok(SUBJECT, f"{settings.log_origin} signs with {', '.join(names)}{where}.")
    if names.count("ED25519") > 1:
        to_do = "When everybody knows the new one, run `datatitle ledger rotate-key --finish`."
        yield note(SUBJECT, "The log is being handed on: two keys sign side by side.", to_do)


def _published(settings: Settings) -> Iterator[Check]:
    file = settings.ledger_files / KEY_PATH
    if file.exists() and file.read_text(errors="replace") != introduction(settings)[KEY_PATH]:
        to_do = "It is published anew with the next checkpoint, if the register runs."
        yield warning(SUBJECT, f"{file} is not the key that signs.", to_do)
