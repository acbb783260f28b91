"""`datatitle sweep`: record what time has already decided."""

from collections import Counter
from typing import TYPE_CHECKING

from api.cli.installation import settings_or_exit, with_register

if TYPE_CHECKING:
    from services.registry import Registry


def sweep() -> None:
    """Record as events what time has decided: what has expired, lapsed or closed.

    Servers do it by themselves every minute. Nothing legal depends on it.
    """
    recorded = with_register(settings_or_exit(), _swept)
    for event, count in recorded.items():
        print(f"{count:>8}  {event}")
    if not recorded:
        print("There is nothing to record.")


async def _swept(registry: "Registry") -> Counter[str]:
    """All there is, in rounds of a bounded size."""
    from services.sweeping import sweep

    recorded = Counter[str]()
    while some := +Counter(await sweep(registry)):
        recorded += some
    return recorded
