"""A pooler drops what the register asks of each session: `deploy/database` must say all of it."""

import re
from pathlib import Path

import sqlalchemy as sa

from tests.conftest import on_postgresql

FILES = Path(__file__).parents[2] / "deploy" / "database"
# What a pooler passes on by itself (PgBouncer, `track_extra_parameters` and what it always tracks).
PASSED_ON = {"application_name", "client_encoding", "TimeZone"}


@on_postgresql
async def test_all_that_a_session_asks_for_is_ignored_by_the_pooler_and_set_for_the_role(registry):
    async with registry.engine.connect() as connection:
        asked = sa.text("SELECT name FROM pg_settings WHERE source = 'client'")
        names = set((await connection.execute(asked)).scalars()) - PASSED_ON

    (ignored,) = re.findall(
        r"ignore_startup_parameters = (.*)", (FILES / "pgbouncer.ini").read_text()
    )
    set_for_the_role = re.findall(r"datatitle SET (\w+)", (FILES / "pooler.sql").read_text())
    assert "plan_cache_mode" in names
    assert set(ignored.split(",")) == names
    assert set(set_for_the_role) - PASSED_ON == names
