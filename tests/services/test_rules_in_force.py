"""The log says by which rules it was kept, and says it again only when they are others."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from api.opening import open_registry
from api.settings import read_settings
from ledger.formats.entry import Freeze, PolicyInForce, parse_entry
from ledger.keeping.append import append_mark
from ledger.keeping.reading import entries_between, read_head
from services.profiles import PROFILES, SH_2024
from services.rules_in_force import record_rules_in_force
from tests.ledger_counts import put_in_order

LONGER = replace(SH_2024, announcement_days=16)
NEXT = replace(SH_2024, version=2)


def policy_of(profile):
    return PolicyInForce(profile.name, sha256(profile.canonical()).digest())


async def recorded(registry):
    """The entries of the log that are no events, and how many events there are."""
    await put_in_order(registry)
    async with registry.reading() as tx:
        rows = await entries_between(tx.connection, 0, (await read_head(tx.connection)).size)
    marks = [parse_entry(row.entry) for row in rows if row.kind != "event"]
    return marks, len(rows) - len(marks)


def test_a_profile_has_one_spelling_which_says_all_its_numbers():
    said = SH_2024.canonical()
    assert said.startswith(b'{"announcement_days":15,"cap_by_source_authorisation":true,"code":')
    assert len(json.loads(said)) == 11
    assert json.dumps(json.loads(said), sort_keys=True, separators=(",", ":")).encode() == said


async def test_a_new_register_begins_with_its_rules_and_says_them_once(tmp_path):
    settings = read_settings({"DATATITLE_DATA": str(tmp_path / "data")})
    for _ in range(2):
        registry = await open_registry(settings)
        assert await recorded(registry) == ([policy_of(each) for each in PROFILES.values()], 0)
        await registry.close()


@pytest.mark.usefixtures("office")
async def test_rules_that_change_are_said_again(registry):
    for profiles in ([SH_2024], [SH_2024], [LONGER], [LONGER, NEXT], [SH_2024, NEXT]):
        await record_rules_in_force(registry, profiles)
    said, events = await recorded(registry)
    assert said == [policy_of(each) for each in (SH_2024, LONGER, NEXT, SH_2024)]
    assert events == 1


async def test_a_log_that_has_ended_says_nothing_more(registry):
    async with registry.deciding() as tx:
        await append_mark(tx.connection, Freeze("register.test/log/2"), tx.now)
    await record_rules_in_force(registry)
    assert await recorded(registry) == ([Freeze("register.test/log/2")], 0)
