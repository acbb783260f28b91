"""How Alembic finds the database: through the connection it is handed."""

from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

import ledger.keeping.store
from services import tables

SERVICES = Path(__file__).parent.parent

# A table is known once its store has been imported.
for store in sorted(SERVICES.glob("*/store*")):
    import_module(f"services.{store.parent.name}.store")
import_module("services.once")


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """A step keeps what the database saw, not our types, which may change after it."""
    if kind == "type" and isinstance(item, sa.types.TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[tables.metadata, ledger.keeping.store.metadata],
    render_item=render_item,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
