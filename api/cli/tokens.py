"""`datatitle token`: a sign-in token of this installation's own issuer, for a member of a party."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.installation import fail, settings_or_exit, with_register
from api.settings import Settings

if TYPE_CHECKING:
    from api.acting import Acting

HOURS_OF_A_TOKEN = 12
MOST_HOURS = 24 * 366


def token(
    party: Annotated[
        str, typer.Option("--as", help="The party: its name, English name, credit code or id.")
    ],
    role: Annotated[str, typer.Option(help="The role to act in, such as registrant or lender.")],
    subject: Annotated[
        str | None, typer.Option(help="Which member, where several act in this role.")
    ] = None,
    hours: Annotated[
        float, typer.Option(help="How long it is valid.", min=0.01, max=MOST_HOURS)
    ] = HOURS_OF_A_TOKEN,
) -> None:
    """Print a sign-in token, and nothing else, for somebody who acts for a party."""
    from services.clock import SystemClock

    settings = settings_or_exit()
    if not settings.has_own_issuer:
        fail(f"sign-in tokens come from the provider at {settings.issuer}, not from here")
    member = _member(settings, party, role, subject)
    print(sign_in_token(settings, member, SystemClock().now(), timedelta(hours=hours)))


def sign_in_token(settings: Settings, member: "Acting", now: datetime, lifetime: timedelta) -> str:
    """A token of the embedded issuer with which `member` acts for the party in that one role."""
    from api.tokens import OwnIssuer, issue_token

    return issue_token(
        OwnIssuer.at(settings.data),
        issued_by=settings.issuer,
        audience=settings.audience,
        subject=member.subject,
        party_id=member.party_id,
        role=member.role,
        now=now,
        lifetime=lifetime,
    )


def _member(settings: Settings, party: str, role: str, subject: str | None) -> "Acting":
    from api.acting import NobodyActs, who_acts
    from services.actors import Role

    named = role.upper()
    if named not in list(Role):
        fail(f"there is no role {role}: say one of " + ", ".join(each.lower() for each in Role))
    try:
        return with_register(
            settings, lambda registry: who_acts(registry, party, Role(named), subject)
        )
    except NobodyActs as nobody:
        fail(str(nobody))
