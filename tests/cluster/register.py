"""The register of a campaign: founded through the acts, with certificates in force and who acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from api.opening import open_registry
from api.settings import read_settings
from services.actors import Actor, Role
from services.clock import ManualClock, SystemClock
from tests.cluster.fleet import Installation
from tests.founding import enter_party, open_office
from tests.scenarios.test_kill import signed
from tests.titles import ANNOUNCEMENT, certify, terms_of

CERTIFICATES = 8


@dataclass(frozen=True, slots=True)
class Register:
    """Who acts, with the headers that sign them in, and what they act on.

    `certificates` gives the number of each id.
    """

    office: Actor
    holder: Actor
    headers: Mapping[str, Mapping[str, str]]
    certificates: Mapping[str, str]


async def found_register(installation: Installation) -> Register:
    """On an empty database. Its certificates were issued in the months before today."""
    code, said = await installation.run("migrate")
    assert code == 0, said
    settings = read_settings(installation.settings)
    begin = SystemClock().now() - (CERTIFICATES + 1) * ANNOUNCEMENT - timedelta(days=1)
    registry = await open_registry(settings, ManualClock(begin))
    try:
        office = await open_office(registry)
        holder = await enter_party(registry, office, "样例数据公司", Role.REGISTRANT)
        certificates = [
            await certify(registry, office, holder, terms_of(f"样例产品 {number}"))
            for number in range(CERTIFICATES)
        ]
    finally:
        await registry.close()
    return Register(
        office=office,
        holder=holder,
        headers={"office": signed(settings, office), "holder": signed(settings, holder)},
        certificates={certificate.id: certificate.number for certificate in certificates},
    )
