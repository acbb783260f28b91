"""Steps from an empty database to the present tables; `bring_up_to_date` takes those missing."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from services.writing_turn import writing_turn

HERE = Path(__file__).parent
BEFORE_0_1 = "0001"
STEPS = int.from_bytes(b"dt-steps")  # The advisory lock of whoever takes steps.


class OtherVersionError(OSError):
    """The database there was made by another version, and is none this one can open."""


def configuration(connection: sa.Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    return config


@cache
def _steps() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


async def bring_up_to_date(engine: AsyncEngine) -> None:
    """Take every step the database has not taken yet, in one transaction.

    Raises `OtherVersionError`, with a sentence for a person, for one that took steps unknown here.
    """
    async with writing_turn(engine), engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            await connection.run_sync(_upgrade)


async def missing_steps(engine: AsyncEngine) -> list[str]:
    """The steps the database has not taken yet, in their order, each with what it does.

    Raises `OtherVersionError` as `bring_up_to_date` does.
    """
    async with engine.connect() as connection:
        return await connection.run_sync(_missing)


def _upgrade(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        _stand_in_line(connection)
    _missing(connection)
    command.upgrade(configuration(connection), "head")


def _stand_in_line(connection: sa.Connection) -> None:
    """Until the transaction ends nobody else takes steps; and a step may take its time."""
    for limit in ("lock_timeout", "statement_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(STEPS)))


def _missing(connection: sa.Connection) -> list[str]:
    steps = _steps()
    present = MigrationContext.configure(connection).get_current_revision()
    _require_known(steps, present)
    missing = reversed([*steps.iterate_revisions("head", present or "base")])
    return [f"{step.revision}: {step.doc}" for step in missing]


def _require_known(steps: ScriptDirectory, present: str | None) -> None:
    known = {step.revision for step in steps.walk_revisions()}
    if present == BEFORE_0_1:
        raise OtherVersionError(
            "this register was made by a version before 0.1, from which nothing is carried over: "
            "move its folder away and start anew."
        )
    if present is not None and present not in known:
        raise OtherVersionError(
            f"this register was made by a newer version, which took the step {present}: use that."
        )
