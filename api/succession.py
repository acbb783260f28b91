"""An ended log is put away, and the register goes on with one of another name."""

import asyncio
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from api.sealing import LOG_KEY, ML_DSA_KEY, NEXT_LOG_KEY, log_key, open_guard, open_signers
from api.settings import Settings
from ledger.files import write_through
from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.entry import ENTRY_SIZE_MAX, Origin
from ledger.formats.note import Note, parse_note
from ledger.keeping.reading import read_head
from ledger.keeping.succession import (
    CannotSucceedError,
    begin_successor,
    predecessor_of,
    successor_of,
)
from ledger.publishing.export import export
from ledger.publishing.shelf import FolderShelf
from ledger.signing.checkpoints import newest_signed, note_of
from ledger.signing.key_file import load_secret
from services.postgresql import reads_by_key
from services.registry import Registry, Transaction

# A line with Ed25519 has some 130 characters, one with ML-DSA-44 more than 3,000.
LONGEST_SIGNATURE = 100


@dataclass(frozen=True, slots=True)
class Progress:
    """What is told how far it has come: entries exported, and entries in their new places."""

    exported: Callable[[int], object]
    placed: Callable[[int, int], None]


def former_folder(settings: Settings) -> Path:
    """Where all that was the former log's is kept: `export`, `ledger`, `keys` and `guard`."""
    return settings.data / "former" / re.sub(r"[^A-Za-z0-9.-]", "_", settings.log_origin)


async def succeed(registry: Registry, settings: Settings, origin: str, progress: Progress) -> None:
    """Begin the log `origin`, which the ended log in `settings` names as its successor.

    The former log is exported; then the same database carries the new one, in one transaction;
    then keys, public files and guard of the former one are put away, and new keys are made.
    Taken up where it was interrupted when it is called again. Raises `CannotSucceedError`,
    `GuardBusyError`, and what an export raises.
    """
    with open_guard(settings).held():
        async with registry.reading() as tx:
            begun = await _is_begun(tx, settings.log_origin)
            note = "" if begun else await _last_note(tx, origin)
            if not begun:
                await reads_by_key(tx.connection)
                shelf = FolderShelf(former_folder(settings) / "export")
                vkey = log_key(settings).vkey()
                await export(tx.connection, shelf, vkey, progress.exported)
        if not begun:
            async with registry.deciding() as tx:
                await begin_successor(tx.connection, note.encode(), tx.now, progress.placed)
    await asyncio.to_thread(_put_away, settings, origin)


async def _is_begun(tx: Transaction, former: str) -> bool:
    """Whether the database carries the successor of the former log already."""
    last = await predecessor_of(tx.connection)
    if last is None or await successor_of(tx.connection) is not None:
        return False
    return parse_checkpoint(parse_note(last.decode()).text).origin == former


async def _last_note(tx: Transaction, origin: str) -> str:
    """The last checkpoint of a log that has ended in favour of `origin`."""
    successor = await successor_of(tx.connection)
    if successor is None:
        raise CannotSucceedError("The log has not ended: run `datatitle ledger freeze` first.")
    if successor != origin:
        raise CannotSucceedError(f"The log has ended in favour of {successor}, not of {origin}.")
    newest, head = await newest_signed(tx.connection), await read_head(tx.connection)
    if newest is None or not newest.is_published or newest.size != head.size:
        raise CannotSucceedError(
            "The last checkpoint of the log is not published yet: let the register run until it "
            "is, or see what `datatitle ledger checkpoint` says."
        )
    return _fitting(await note_of(tx.connection, newest.size))


def _fitting(text: str) -> str:
    """The note with as many short signatures as an entry holds; those of the log come first."""
    note = parse_note(text)
    short = [each for each in note.signatures if len(each.signature) <= LONGEST_SIGNATURE]
    while True:
        fitting = Note(note.text, tuple(short)).encode()
        if len(Origin(fitting.encode()).encode()) <= ENTRY_SIZE_MAX:
            return fitting
        short.pop()


def _put_away(settings: Settings, origin: str) -> None:
    """The guard goes last: while it is there, no other log can be sealed in this folder."""
    former, keys = former_folder(settings), settings.data / "keys"
    for path in [keys / LOG_KEY, keys / NEXT_LOG_KEY, keys / ML_DSA_KEY]:
        if path.exists() and load_secret(path).name != origin:
            _move(path, former / "keys")
    for path in keys.glob("log.*.retired"):
        _move(path, former / "keys")
    if settings.ledger_files.exists():
        _move(settings.ledger_files, former)
    open_signers(replace(settings, log_origin=origin))
    open_guard(settings).put_away(former / "guard")


def _move(path: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(path, folder / path.name)
    write_through(folder)
    write_through(path.parent)
