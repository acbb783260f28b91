"""`datatitle ledger export`: the log as a folder of files, for whoever wants to check it all."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import fail, settings_or_exit, with_register
from api.cli.progress import bar_shown

if TYPE_CHECKING:
    from services.registry import Registry


def export(
    folder: Annotated[Path, typer.Argument(help="Made if missing; one of this log is continued.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Write the whole log from the database into a folder.

    It holds `checkpoint`, every signed checkpoint as `checkpoint.<size>`, `tile/` as
    c2sp.org/tlog-tiles says, and `log.vkey`, the key that all of them are checked with.
    """
    from api.sealing import log_key
    from ledger.publishing.shelf import NotPublishedError

    settings = settings_or_exit()
    with bar_shown("Exporting the log", quiet=quiet) as show:
        try:
            size = with_register(
                settings,
                lambda registry: _export(registry, folder, log_key(settings).vkey(), show),
            )
        except NotPublishedError as reason:
            fail(str(reason))
    if size is None:
        fail("no checkpoint is published yet: run `datatitle ledger checkpoint` first")
    print(f"{size} entries were exported to {folder}.")


async def _export(
    registry: "Registry", folder: Path, vkey: str, show: Callable[[int, int], None]
) -> int | None:
    from ledger.publishing.export import export as export_log
    from ledger.publishing.shelf import FolderShelf
    from services.postgresql import reads_by_key

    async with registry.reading() as tx:
        await reads_by_key(tx.connection)
        whole = await tx.log.position(tx.connection)
        shelf = FolderShelf(folder)
        return await export_log(tx.connection, shelf, vkey, lambda size: show(size, whole))
