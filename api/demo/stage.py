"""Where the story is played: who is on stage, and how they reach the register."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import httpx

from api.demo.people import Person
from api.demo.steps import PassTime, Play
from api.settings import Settings
from api.tokens import OwnIssuer, issue_token
from services.clock import SystemClock

SHOW_LASTS = timedelta(hours=1)
SECONDS_TO_ANSWER = 30.0

# Who plays what: the subject of the sign-in token, and the role it asks for.
CAST = {
    "registrant": ("sample-company", "REGISTRANT"),
    "stranger": ("sample-person", "REGISTRANT"),
    "objector": ("sample-objector", "REGISTRANT"),
    "examiner": ("sample-examiner-1", "EXAMINER"),
    "registrar": ("sample-registrar", "REGISTRAR"),
    "exchange": ("sample-exchange", "EXCHANGE"),
    "licensee": ("sample-licensee-1", "LICENSEE"),
    "second_licensee": ("sample-licensee-2", "LICENSEE"),
    "bank": ("sample-lender-1", "LENDER"),
    "second_bank": ("sample-lender-2", "LENDER"),
}


class NoStage(Exception):  # noqa: N818 - a finding about a server, not an error of ours.
    """The story cannot be played on this register; the message says why."""


async def set_stage(
    settings: Settings,
    http: httpx.AsyncClient,
    now: Callable[[], datetime],
    pass_time: PassTime | None,
) -> Play:
    """Everybody signed in. Raises `NoStage` when the sample parties are not on the register."""
    issuer = OwnIssuer.at(settings.data)
    people = {"public": Person("Anybody", "", http)}
    for who, (subject, role) in CAST.items():
        token = issue_token(
            issuer,
            issued_by=settings.issuer,
            audience=settings.audience,
            subject=subject,
            party_id=None,
            role=role,
            now=SystemClock().now(),
            lifetime=SHOW_LASTS,
        )
        people[who] = await _signed_in(http, role, token)
    product = f"样例演示客流数据 Demo footfall {uuid4().hex[:8]}"
    return Play(people, product, now, pass_time)


async def _signed_in(http: httpx.AsyncClient, role: str, token: str) -> Person:
    person = Person("", role.lower(), http, token)
    if not await person.introduces():
        raise NoStage("the sample parties are not on its register")
    party = person.answers.pop().record
    person.name = party["nameEn"] or party["name"]
    return person
