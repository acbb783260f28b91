"""`datatitle found-office`: the first act on an empty register."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import fail, opened, own_name, settings_or_exit

if TYPE_CHECKING:
    from services.parties.model import Party


def found_office(
    name: Annotated[str, typer.Option(help="The name of the registration office.")],
    registrar: Annotated[
        str, typer.Option(help="The subject of the first registrar's sign-in token.")
    ],
    name_en: Annotated[str | None, typer.Option(help="The office's name in English.")] = None,
) -> None:
    """Found the office of an empty register; its first member is registrar and examiner."""
    import asyncio

    office = asyncio.run(_found(name, name_en, registrar))
    print(f"{office.name} is founded: {office.id}")
    print(f'Sign in as its registrar: {own_name()} token --as "{name}" --role registrar')


async def _found(name: str, name_en: str | None, registrar: str) -> "Party":
    from services.actors import OFFICE_ROLES
    from services.parties import actions
    from services.parties.model import PartyKind, PartyTerms
    from services.refusals import Refused

    terms = PartyTerms(kind=PartyKind.ORGANISATION, name=name, name_en=name_en, roles=OFFICE_ROLES)
    async with opened(settings_or_exit()) as registry:
        try:
            return await actions.found_office(registry, terms, registrar)
        except Refused as refused:
            told = [f"{each.message} {each.cure}" for each in refused.refusals]
            fail("\n  ".join(["the office is not founded.", *told]))
