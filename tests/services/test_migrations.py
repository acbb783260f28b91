"""The steps lead to the very tables the code speaks of, triggers included, and are taken once."""

import sqlite3

from alembic import command

from services.migrations import bring_up_to_date, configuration
from services.registry import open_engine


def triggers_of(path) -> dict[str, str]:
    rows = sqlite3.connect(path).execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    )
    return {name: " ".join(sql.split()) for name, sql in rows}


async def test_the_steps_make_the_tables_of_the_code(tmp_path, empty_database):
    path = tmp_path / "migrated.db"
    engine = open_engine(f"sqlite+aiosqlite:///{path}")
    await bring_up_to_date(engine)
    await bring_up_to_date(engine)

    async with engine.connect() as connection:
        await connection.run_sync(lambda sync: command.check(configuration(sync)))
    await engine.dispose()
    assert triggers_of(path) == triggers_of(empty_database)


async def test_every_step_can_be_taken_back(tmp_path):
    engine = open_engine(f"sqlite+aiosqlite:///{tmp_path / 'migrated.db'}")
    await bring_up_to_date(engine)
    async with engine.connect() as connection:
        await connection.execution_options(decides=True)
        async with connection.begin():
            await connection.run_sync(lambda sync: command.downgrade(configuration(sync), "base"))
    await bring_up_to_date(engine)
    await engine.dispose()
