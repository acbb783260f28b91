"""What tests ask to see whether an upload has left a trace."""

from pathlib import Path

import sqlalchemy as sa

from services.documents.store import documents
from tests.ledger_counts import size_of_ledger


async def trace_of_uploads(registry, folder: Path) -> tuple[int, int, int]:
    """How many documents, events and files in the documents' folder there are."""
    query = sa.select(sa.func.count()).select_from(documents)
    async with registry.reading() as tx:
        rows = (await tx.connection.execute(query)).scalar_one()
    return rows, await size_of_ledger(registry), _number_of_files(folder)


def _number_of_files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))
