"""What runs while system calls fail: acts and seals on one register, each told when it is done.

Lines on standard output: `acted <party>` once an act has been answered, `sealed <size> <root>`
once a checkpoint was published. A fault that reaches the caller ends the work, with code 3.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from api.opening import open_registry
from api.publishing import open_publisher
from api.sealing import open_sealing
from api.settings import read_settings
from ledger.formats.note import parse_note
from services.actors import OFFICE_ROLES, Actor, Role
from services.parties.actions import register_party
from services.parties.model import PartyKind, PartyTerms
from tests.founding import a_key

FAULT_MET = 3


async def work(folder: Path, office_id: str, acts: int) -> None:
    settings = read_settings({"DATATITLE_DATA": str(folder)})
    registry = await open_registry(settings)
    try:
        sealing = open_sealing(settings, registry, open_publisher(settings))
        office = Actor("office-registrar", office_id, OFFICE_ROLES)
        for number in range(acts):
            terms = PartyTerms(
                kind=PartyKind.ORGANISATION,
                name=f"样例机构 {number}",
                roles=frozenset({Role.LENDER}),
            )
            party = await register_party(registry, office, terms, a_key())
            print("acted", party.id, flush=True)
            if number % 2 == 0:
                tell(await sealing.seal())
        tell(await sealing.seal())
    finally:
        await registry.close()


def tell(published: str | None) -> None:
    if published is not None:
        _, size, root = parse_note(published).text.split("\n")[:3]
        print("sealed", size, root, flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(work(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
    except Exception as fault:  # noqa: BLE001 - whatever was made to fail, in whichever layer.
        with suppress(OSError):  # It may be this very call that fails.
            print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        sys.exit(FAULT_MET)
