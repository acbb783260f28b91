"""`datatitle sweep`: what time has decided is recorded, and told in numbers."""

import asyncio
from datetime import UTC, datetime

from api.opening import open_registry
from services.clock import ManualClock
from services.registry import Registry
from tests.api.cli.registers import settings_of
from tests.founding import enter_party, open_office
from tests.titles import certify, terms_of

LONG_AGO = datetime(2020, 1, 6, 2, 0, tzinfo=UTC)


async def certificates_of_long_ago(data, count):
    registry: Registry = await open_registry(settings_of(data), ManualClock(LONG_AGO))
    office = await open_office(registry)
    holder = await enter_party(registry, office, "样例数据公司", "REGISTRANT")
    for number in range(count):
        await certify(registry, office, holder, terms_of(f"产品{number}"))
    await registry.close()


def test_what_has_expired_is_recorded_once(datatitle, data):
    asyncio.run(certificates_of_long_ago(data, 2))

    swept = datatitle("sweep")
    assert (swept.exit_code, swept.stdout) == (0, "       2  certificate-expired\n")
    again = datatitle("sweep")
    assert (again.exit_code, again.stdout) == (0, "There is nothing to record.\n")


def test_without_a_register_there_is_nothing_to_sweep(datatitle, data):
    swept = datatitle("sweep")
    assert swept.exit_code == 1
    assert swept.stderr.startswith(f"datatitle: there is no register in {data}")
