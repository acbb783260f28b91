"""Documents the register trusts: planned for all on both databases, and named by a hash."""

from hashlib import sha256
from itertools import product

import httpx
import pytest

from api.opening import open_app
from api.settings import read_settings
from api.tokens import OwnIssuer
from api.trusted_documents import TRUSTED
from schema import schema
from schema.reading.documents import Documents
from schema.reading.planning import Contract
from schema.reading.reader import compiled_for, needed_texts
from services.actors import Role

CONTRACT = Contract.of(schema)
DOCUMENTS = sorted(TRUSTED.values())
ROLES = [None, *Role]
LENDERS_CHECK = next(each for each in DOCUMENTS if each.name == "lenders_check")


@pytest.fixture
async def ask(tmp_path, registry):
    settings = read_settings({"DATATITLE_DATA": str(tmp_path)})
    OwnIssuer.at(tmp_path)
    transport = httpx.ASGITransport(open_app(settings, registry))
    async with httpx.AsyncClient(transport=transport, base_url="http://register") as client:

        async def post(**body):
            return await client.post("/graphql", json=body)

        yield post


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_each_is_answered_by_one_statement_whoever_asks(document):
    query = Documents(CONTRACT.schema).query(document.text, None)
    taken = query.variables.read(needed_texts(query))
    for role, database in product(ROLES, ("sqlite", "postgresql")):
        roles = None if role is None else frozenset({role})
        compiled = compiled_for(CONTRACT, query, taken.values, roles, database)
        assert len(compiled.questions) == 1


def test_each_is_known_by_the_hash_of_its_text():
    assert len(DOCUMENTS) == 8
    for document in DOCUMENTS:
        digest = sha256(document.text.encode()).hexdigest()
        assert TRUSTED[f"sha256:{digest}"] == document


async def test_one_that_is_named_is_answered_as_if_it_had_been_sent(ask):
    variables = {"number": "2" * 17}
    named = await ask(documentId=LENDERS_CHECK.id, variables=variables)
    sent = await ask(query=LENDERS_CHECK.text, variables=variables)

    assert named.json() == {"data": {"certificate": None}}
    assert (named.status_code, named.content) == (sent.status_code, sent.content)


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": f"sha256:{'0' * 64}"},
        {"documentId": LENDERS_CHECK.id, "query": "{ me { id } }"},
        {"documentId": ""},
        {"documentId": 1},
        {},
    ],
)
async def test_what_names_no_document_is_refused(ask, body):
    answer = await ask(**body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
