"""What a rival does in a race, by itself, in a process that knows nothing of the race."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from services.actors import Actor
from services.certificates.actions import record_expiry
from services.licensing.model import License, Negotiation, Offer
from services.pledges.actions import confirm_pledge
from services.pledges.model import Pledge
from services.refusals import RefusalCode, Refused
from services.registry import Registry
from tests.licenses import ask, grant, version_of

MOVED_ON = RefusalCode.CERTIFICATE_HAS_MOVED_ON

T = TypeVar("T")


async def grant_anew(
    registry: Registry,
    holder: Actor,
    negotiation: Negotiation,
    certificate_id: str,
    seen: int | None,
) -> License:
    def act(version: int) -> Awaitable[License]:
        return grant(registry, holder, negotiation, version)

    return await _anew(registry, certificate_id, seen, act)


async def confirm_anew(
    registry: Registry, lender: Actor, pledge_id: str, certificate_id: str, seen: int | None
) -> Pledge:
    def act(version: int) -> Awaitable[Pledge]:
        return confirm_pledge(registry, lender, pledge_id, version)

    return await _anew(registry, certificate_id, seen, act)


async def ask_for(
    registry: Registry, licensee: Actor, offer: Offer, places: Sequence[str]
) -> Negotiation:
    return await ask(registry, licensee, offer, territories=frozenset(places))


async def write_down(registry: Registry, certificate_id: str) -> None:
    await record_expiry(registry, certificate_id)


async def _anew(
    registry: Registry,
    certificate_id: str,
    seen: int | None,
    act: Callable[[int], Awaitable[T]],
) -> T:
    """Act on the certificate as it was seen; or as it is, as often as it has only moved on."""
    while True:
        version = await version_of(registry, certificate_id) if seen is None else seen
        try:
            return await act(version)
        except Refused as refused:
            if seen is not None:
                raise
            if others := [each for each in refused.refusals if each.code is not MOVED_ON]:
                raise Refused(*others) from None
