"""The database held against the guard: is it the one that was signed last, or a copy of before?"""

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.formats.checkpoint import parse_checkpoint
from ledger.formats.hashing import Hash
from ledger.formats.note import parse_note
from ledger.keeping.reading import read_head
from ledger.keeping.succession import predecessor_of
from ledger.signing.checkpoints import SignedCheckpoint, newest_signed
from ledger.signing.faults import LogDamagedError, NotSealedError
from ledger.signing.guard import Guard, LastSigned
from ledger.signing.rereading import reread_tiles
from ledger.signing.second_tree import stored_root, tiles_under

WAY_OUT = (
    "Nothing is signed: stop the register and put the newest database back. If that is lost, this "
    "log can never go on, and a successor has to be begun (see `datatitle ledger --help`)."
)


class DatabaseBehindError(NotSealedError):
    """The database holds less than was signed."""


class DatabaseForkedError(NotSealedError):
    """The database holds something else than was signed."""


class GuardBehindError(NotSealedError):
    """There is no guard, or one that knows less, though the log was signed."""


async def check_against_guard(
    connection: AsyncConnection, guard: Guard, last: LastSigned | None
) -> None:
    """Raise `NotSealedError` unless the database continues what `guard` says was signed last."""
    signed = await newest_signed(connection)
    if signed is not None and (last is None or last.size < signed.size):
        knows = "is missing" if last is None else f"knows of {last.size} entries only"
        raise GuardBehindError(
            f"The guard {guard.place} {knows}, and the database holds a signed checkpoint of "
            f"{signed.size}. Nobody can tell now whether this database is the newest, so nothing "
            "is signed: put the right guard back, or, if there can be no newer database, run "
            "`datatitle ledger guard --adopt`."
        )
    if last is None:
        await _require_own(connection, guard.origin)
        return
    if signed is not None and not _is_what_was_signed(signed, last):
        raise LogDamagedError("The newest checkpoint that is kept is not the one that was signed.")
    size = (await read_head(connection)).size
    if size < last.size:
        raise DatabaseBehindError(
            f"The database is older than what was signed: it holds {size} entries, and the guard "
            f"{guard.place} knows of {last.size}. It was probably restored from a backup. {WAY_OUT}"
        )
    if await root_of(connection, last.size) == last.root:
        return
    if signed is not None and (signed.size, signed.root) == (last.size, last.root):
        raise LogDamagedError("The tree in the database is not the one that was signed.")
    raise DatabaseForkedError(
        f"The database is not the one that was signed: its first {last.size} entries are others "
        f"than those the guard {guard.place} knows. It was probably restored from a backup and "
        f"written to since. {WAY_OUT}"
    )


async def _require_own(connection: AsyncConnection, origin: str) -> None:
    """A process that was not told of the successor must not sign it by the former log's name."""
    before = await predecessor_of(connection)
    if before is None or parse_checkpoint(parse_note(before.decode()).text).origin != origin:
        return
    raise DatabaseForkedError(
        f"The log {origin} has ended, and the database holds the one that follows it: nothing is "
        "signed by the former name. Set DATATITLE_LOG_ORIGIN to the new one, everywhere."
    )


def _is_what_was_signed(signed: SignedCheckpoint, last: LastSigned) -> bool:
    return signed.is_of(last.origin) and (signed.size < last.size or signed.root == last.root)


async def root_of(connection: AsyncConnection, size: int) -> Hash:
    """The root of the first entries, from the tiles."""
    read_tile = await reread_tiles(connection, tiles_under(size))
    return Hash(stored_root(size, read_tile))
