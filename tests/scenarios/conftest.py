"""The whole register behind its real door, by a clock that is moved on, and people before it."""

from contextlib import asynccontextmanager

import httpx
import pytest

from api.opening import open_app
from api.publishing import open_publisher
from api.sealing import open_sealing
from api.settings import read_settings
from services.actors import Role
from tests.founding import ORIGIN, enter_party
from tests.scenarios.actors import Stage, certificate_of


@pytest.fixture
async def stage(registry, tmp_path):
    data = {"DATATITLE_DATA": str(tmp_path / "data"), "DATATITLE_LOG_ORIGIN": ORIGIN}
    settings = read_settings(data)
    sealing = open_sealing(settings, registry, open_publisher(settings))

    @asynccontextmanager
    async def door():
        transport = httpx.ASGITransport(open_app(settings, registry))
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as http:
            yield http

    async with door() as http:
        yield Stage(settings, http, registry.clock, sealing.seal)


@pytest.fixture
def public(stage):
    return stage.public()


@pytest.fixture
def registrar(stage, office):
    return stage.sign_in(office, Role.REGISTRAR)


@pytest.fixture
def examiner(stage, office):
    return stage.sign_in(office, Role.EXAMINER)


@pytest.fixture
def acme(stage, holder):
    """The registrant whose products the stories are about."""
    return stage.sign_in(holder, Role.REGISTRANT)


@pytest.fixture
def passer_by(stage, stranger):
    """A registrant who has no part in the story, but may object."""
    return stage.sign_in(stranger, Role.REGISTRANT)


@pytest.fixture
def venue(stage, exchange):
    return stage.sign_in(exchange, Role.EXCHANGE)


@pytest.fixture
def user(stage, licensee):
    return stage.sign_in(licensee, Role.LICENSEE)


@pytest.fixture
async def second_user(stage, registry, office):
    actor = await enter_party(registry, office, "样例第二被许可公司", Role.LICENSEE)
    return stage.sign_in(actor, Role.LICENSEE)


@pytest.fixture
def lender(stage, bank):
    return stage.sign_in(bank, Role.LENDER)


@pytest.fixture
def second_lender(stage, rival_bank):
    return stage.sign_in(rival_bank, Role.LENDER)


@pytest.fixture
async def title(certificate, public):
    """A certificate in force, held by `acme`, as the public reads it."""
    return await certificate_of(public, certificate.number)
