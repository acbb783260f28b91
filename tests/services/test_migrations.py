"""The steps lead to the very tables the code speaks of, triggers included, and are taken once."""

import sqlite3
from contextlib import closing

import pytest
from alembic import command

from services.migrations import OtherVersionError, bring_up_to_date, configuration
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


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [
        ("0001", "made by a version before 0.1, .* move its folder away and start anew"),
        ("9999", "made by a newer version, which took the step 9999: use that"),
    ],
)
async def test_a_register_of_another_version_is_left_as_it_is(tmp_path, revision, sentence):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
        database.commit()
    engine = open_engine(f"sqlite+aiosqlite:///{path}")

    with pytest.raises(OtherVersionError, match=sentence):
        await bring_up_to_date(engine)
    await engine.dispose()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [
            (revision,)
        ]
        assert database.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
