"""What is printed before serving is true: the tokens are accepted, the operations answered."""

import re
from dataclasses import replace

import httpx
import pytest

from api.acting import first_in_each_role
from api.cli.banner import banner
from api.cli.examples import examples
from api.opening import open_app, open_registry
from api.settings import read_settings
from services.actors import Role
from tests.conftest import on_sqlite

# What is printed and asked here is the same on every database.
pytestmark = on_sqlite

TOKEN = re.compile(r"^([A-Z]+): (.+)\n(eyJ\S+)$", re.MULTILINE)
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
async def registry(settings):
    registry = await open_registry(settings)
    yield registry
    await registry.close()


@pytest.fixture
def settings(sample):
    return read_settings({"DATATITLE_DATA": str(sample)})


@pytest.fixture
async def printed(settings, registry):
    return await banner(settings, registry, ADDRESS)


@pytest.fixture
async def client(settings, registry):
    transport = httpx.ASGITransport(open_app(settings, registry))
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        yield client


async def asked(client, document, token):
    headers = {"Authorization": f"Bearer {token}"}
    response = await client.post("/graphql", json={"query": document}, headers=headers)
    return response.json()


async def test_there_is_a_token_for_each_role_with_the_name_of_its_party(printed, client):
    tokens = TOKEN.findall(printed)

    assert [role for role, _, _ in tokens] == list(Role)
    for _, whom, token in tokens:
        answer = await asked(client, "{ me { name nameEn } }", token)
        me = answer["data"]["me"]
        assert f"{me['name']}, {me['nameEn']}" == whom
        assert "(sample)" in whom


async def test_the_three_operations_are_answered_as_they_are_printed(printed, client, registry):
    tokens = {role: token for role, _, token in TOKEN.findall(printed)}
    shown = await examples(registry, await first_in_each_role(registry))
    assert [example.role for example in shown] == [Role.EXCHANGE, Role.LICENSEE, Role.LENDER]

    for_exchange, for_licensee, for_lender = [
        await asked(client, printed_operation(printed, example.operation), tokens[example.role])
        for example in shown
    ]

    assert for_exchange["data"]["certificate"]["effectiveStatus"] == "ACTIVE"
    assert for_exchange["data"]["listingEligibility"]["verdict"] == "CLEAR"
    assert len(for_licensee["data"]["offers"]["nodes"]) == 2
    assert for_licensee["data"]["licenseGrantability"]["verdict"] == "CLEAR"
    report = for_lender["data"]["collateralReport"]
    assert [pledge["rank"] for pledge in report["pledges"]] == [1]
    assert report["rankIfRegisteredNow"] == 2


def printed_operation(printed, operation):
    """The operation as it stands in the text, with the text's own line breaks."""
    begin = printed.index(operation.splitlines()[0])
    end = printed.index("\n-----", begin)
    return printed[begin:end]


async def test_it_fits_a_terminal(printed, settings):
    tokens = {token for _, _, token in TOKEN.findall(printed)}
    lines = [line for line in printed.splitlines() if line not in tokens]

    assert [line for line in lines if len(line) > 100 and str(settings.data) not in line] == []


async def test_it_says_how_to_ask_for_a_proof(printed, client):
    (path,) = re.findall(rf"{ADDRESS}(/ledger/certificates/\d{{17}}\.proof)", printed)

    proof = await client.get(path)

    assert proof.status_code == 200
    assert proof.headers["content-type"] == "application/vnd.datatitle.proof+text"
    name = path.rpartition("/")[2]
    assert proof.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert proof.text.startswith("datatitle-proof@v1\n")


@pytest.mark.parametrize(
    "name", ["20990131000000001.proof", "1.proof", "x.proof", "party_1.proof", "%00.proof"]
)
async def test_there_is_no_proof_of_what_is_no_certificate(client, name):
    answer = await client.get(f"/ledger/certificates/{name}")
    assert answer.status_code == 404


async def test_an_empty_register_says_how_to_begin(data):
    settings = read_settings({"DATATITLE_DATA": str(data)})
    registry = await open_registry(settings)
    text = await banner(settings, registry, ADDRESS)
    await registry.close()

    assert 'found-office --name "My Office" --registrar my-name' in text
    assert "eyJ" not in text


async def test_nobody_is_told_to_delete_a_folder_when_the_database_is_elsewhere(settings, registry):
    of_file = await banner(settings, registry, ADDRESS)
    on_server = replace(settings, database_url="postgresql://db.example/register")
    of_server = await banner(on_server, registry, ADDRESS)

    assert "Delete this folder to start anew." in of_file
    assert "Delete this folder" not in of_server
    assert "The database is that of DATATITLE_DATABASE_URL." in of_server
